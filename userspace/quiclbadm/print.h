/* SPDX-License-Identifier: GPL-2.0-only */
/* What the lists look like, for people and as JSON.  States come sorted. */
#ifndef _QUICLBADM_PRINT_H
#define _QUICLBADM_PRINT_H

#include "args.h"
#include "ipvs.h"
#include "quic.h"

void print_services(const struct state *state, const struct ipvs_info *info,
		    enum view view, bool exact);
void print_configs(const struct state *state);
void print_server_ids(const struct state *state, const struct endpoint *only);
void print_express(const struct state *state);
void print_decoded(const struct quic_decoded *decoded);

void print_services_json(const struct state *state,
			 const struct ipvs_info *info);
void print_configs_json(const struct state *state);
void print_server_ids_json(const struct state *state,
			   const struct endpoint *only);
void print_express_json(const struct state *state);
void print_decoded_json(const struct quic_decoded *decoded);
void print_cid_json(const char *cid);

/* Names of what the kernel tells by number; NULL for an unknown number. */
const char *forward_name(uint32_t forward);
const char *tunnel_name(uint8_t tun_type);
const char *algorithm_name(const struct config *config);

/*
 * The first mapping, from *@at on, of a server that is not in the pool; moves
 * *@at behind all of that server's.  NULL at the end.
 */
const struct mapping *next_absent(const struct service *svc, size_t *at,
				  size_t *count);

#endif /* _QUICLBADM_PRINT_H */
