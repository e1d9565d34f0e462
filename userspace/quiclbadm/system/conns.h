/* SPDX-License-Identifier: GPL-2.0-only */
/* IPVS's connection table, as /proc/net/ip_vs_conn has it. */
#ifndef _QUICLBADM_SYSTEM_CONNS_H
#define _QUICLBADM_SYSTEM_CONNS_H

#include "model/model.h"

struct conn {
	char protocol[4];
	struct endpoint client;
	struct endpoint vip;
	struct endpoint server;
	char state[16];
	uint32_t expires;		/* s */
};

/* Return: false when @line is none, as the first is not. */
bool conn_read(const char *line, struct conn *conn);

/*
 * Calls @each for every connection of a UDP service in @state; of those of a
 * firewall mark the real server tells, as the table has no marks.
 * Return: 0 or a negative errno.
 */
int conns_each(const struct state *state,
	       void (*each)(const struct conn *conn, void *data), void *data);

#endif /* _QUICLBADM_SYSTEM_CONNS_H */
