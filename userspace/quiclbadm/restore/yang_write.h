/* SPDX-License-Identifier: GPL-2.0-only */
/* The model as JSON of the draft's YANG modules. */
#ifndef _QUICLBADM_RESTORE_YANG_WRITE_H
#define _QUICLBADM_RESTORE_YANG_WRITE_H

#include <stdio.h>
#include <jansson.h>

#include "restore/yang.h"

/* What a server is told of one config. */
struct yang_server {
	const struct config *config;
	const struct qlb_server_id *sid;
	const char *key_file;		/* there; NULL without a key */
};

/*
 * ietf-quic-lb-middlebox for a sorted service.  A config that has a key has it as a value
 * if @keys (config_read_key() came first), else as the name of its file.
 */
json_t *yang_middlebox(const struct service *svc, bool keys);

/* Warns of what yang_middlebox() has no place for. */
void yang_warn_left_out(const struct service *svc);

/* ietf-quic-lb-server */
json_t *yang_server(const struct yang_server *server, bool keys);

/* For output_write(); @json is a json_t. */
void yang_write(FILE *out, const void *json);

#endif /* _QUICLBADM_RESTORE_YANG_WRITE_H */
