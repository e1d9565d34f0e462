/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads JSON of the draft's module ietf-quic-lb-middlebox. */
#ifndef _QUICLBADM_RESTORE_YANG_READ_H
#define _QUICLBADM_RESTORE_YANG_READ_H

#include "restore/input_file.h"
#include "restore/yang.h"

/*
 * Configs and server IDs; the endpoints of these have no port, and @line of each is its
 * index in the list "server-id-mappings".  @at[ID] is the config's in "cid-configs".
 */
struct yang_document {
	struct service svc;
	unsigned int at[QLB_CONFIG_ID_MAX + 1];
};

/*
 * Key files are read; with @check as state_file_parse() does.
 * Return: 0, or EXIT_REFUSED after a message about each error, with the place as a JSON
 * pointer (RFC 6901); yang_document_destroy() in any case.
 */
int yang_read(const struct input_file *file, bool check,
	      struct yang_document *document);

void yang_document_destroy(struct yang_document *document);

/* Later sentences begin with the place of @member of that config or server ID. */
void yang_set_config_place(const struct yang_document *document,
			   unsigned int id, const char *member);
void yang_set_mapping_place(const struct yang_document *document,
			    const struct mapping *map, const char *member);

#endif /* _QUICLBADM_RESTORE_YANG_READ_H */
