/* SPDX-License-Identifier: GPL-2.0-only */
/* By which ways a real server is asked: the method, and each source that its packets may have. */
#ifndef _QUICLBADM_DOCTOR_PROBE_WAYS_H
#define _QUICLBADM_DOCTOR_PROBE_WAYS_H

#include "doctor/probe_send.h"

enum {
	PROBE_WAYS_MAX = 2,		/* with the director's source, and with one by flow */
};

/*
 * IPVS would take an IPv6 packet for the VIP from this host for a client's, masquerading
 * needs a port, and no path leads to a server on this host.
 */
bool probe_can_ask(const struct forwarding *fwd);

/* A question of QUIC_MIN octets for @server, which is reached as @dest is. */
struct probe probe_of_dest(const struct service *svc, const struct dest *dest,
			   const struct endpoint *server);

/*
 * @probe for each source: where outer sources are by flow, some packets have the
 * director's own nevertheless.  @svc may be NULL.  Return: how many of @ways.
 */
size_t probe_ways(const struct probe *probe, const struct service *svc,
		  struct probe ways[PROBE_WAYS_MAX]);

#endif /* _QUICLBADM_DOCTOR_PROBE_WAYS_H */
