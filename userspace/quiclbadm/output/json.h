/* SPDX-License-Identifier: GPL-2.0-only */
/* The lists as JSON.  States come sorted. */
#ifndef _QUICLBADM_OUTPUT_JSON_H
#define _QUICLBADM_OUTPUT_JSON_H

#include <stdio.h>

#include "kernel/ipvs.h"
#include "kernel/quic.h"

void print_services_json(const struct state *state,
			 const struct ipvs_info *info);
/* What -S saves; nothing reads it back. */
void print_saved_json(FILE *out, const struct state *state);
/* Return: 0 or a negative errno. */
int print_conns_json(const struct state *state);
void print_timeouts_json(const struct ipvs_timeouts *timeouts);
void print_daemons_json(const struct ipvs_daemon *daemons, size_t count);
void print_configs_json(const struct state *state);
void print_server_ids_json(const struct state *state,
			   const struct endpoint *only);
void print_express_json(const struct state *state);
void print_decoded_json(const struct quic_decoded *decoded);
void print_cid_json(const char *cid);
/* Lines of a state file that one of the two states has, and the other has not. */
void print_diff_json(char *const *here, size_t here_count, char *const *there,
		     size_t there_count);
void print_key_fingerprint_json(const char *fingerprint);
void print_service_fingerprint_json(const struct service *svc);
void print_version_json(const char *version);

#endif /* _QUICLBADM_OUTPUT_JSON_H */
