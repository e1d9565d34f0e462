/* SPDX-License-Identifier: GPL-2.0-only */
/* The lists as text, for people.  States come sorted. */
#ifndef _QUICLBADM_OUTPUT_TEXT_H
#define _QUICLBADM_OUTPUT_TEXT_H

#include "cli/args.h"
#include "kernel/ipvs.h"
#include "kernel/quic.h"

/* How much of the services is shown. */
struct list_style {
	enum view view;
	bool exact;			/* numbers are not rounded */
	bool all;			/* outcomes that are 0, and every server ID */
};

void print_services(const struct state *state, const struct ipvs_info *info,
		    const struct list_style *style);
/* IPVS's connections to these services.  Return: 0 or a negative errno. */
int print_conns(const struct state *state);

void print_timeouts(const struct ipvs_timeouts *timeouts);
void print_daemons(const struct ipvs_daemon *daemons, size_t count);

void print_configs(const struct state *state);
void print_server_ids(const struct state *state, const struct endpoint *only);
void print_express(const struct state *state);
void print_decoded(const struct quic_decoded *decoded);

#endif /* _QUICLBADM_OUTPUT_TEXT_H */
