/* SPDX-License-Identifier: GPL-2.0-only */
/* Connections: IPVS's table, as /proc/net/ip_vs_conn has it, and the module's own of 4-tuples. */
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

typedef void (*conn_fn)(const struct conn *conn, void *data);

/*
 * Calls @each for every entry of the module's for a service in @state, with state "TUPLE"
 * or, when its connection is routed by connection ID, "ROUTED"; and for every
 * connection of IPVS's of a UDP service there: of those of a firewall mark the real
 * server tells, as IPVS's table has no marks.
 * Return: 0 or a negative errno.
 */
int conns_each(const struct state *state, conn_fn each, void *data);

#endif /* _QUICLBADM_SYSTEM_CONNS_H */
