/* SPDX-License-Identifier: GPL-2.0-only */
/* A real server, as seen from one VIP, in the doctor's hands. */
#ifndef _QUICLBADM_DOCTOR_REALSERVER_H
#define _QUICLBADM_DOCTOR_REALSERVER_H

#include "doctor/forwarding.h"
#include "doctor/report.h"
#include "firewall/firewall.h"
#include "system/host.h"

struct follower;

struct realserver {
	const struct host *host;
	struct firewall *fw;
	struct report *report;
	struct follower *follower;	/* NULL: nothing can be followed */
	struct forwarding fwd;
	struct endpoint vip;		/* port 0: not known */
	struct endpoint client;
	unsigned int await_seconds;	/* for a director's probe; 0: none is waited for */
	struct endpoint from;		/* of the tunnel's packets; af 0: not known */
	bool vip_is_local;
	int vrf;			/* the VIP's, in which clients are reached; 0: none */
	char vip_text[ENDPOINT_STRLEN];	/* the address alone */
	const struct link *uplink;	/* where tunnel packets arrive, or NULL */
	const struct link *tunnel;	/* that takes them apart, or NULL */
};

uint16_t realserver_outer_af(const struct realserver *rs);

/*
 * The route to clients, with the VIP as source, because rules may match it.  A VIP that is
 * no address of this host would be refused, and has a check of its own: then without it.
 */
int realserver_route_back(const struct realserver *rs, struct route *route);

#endif /* _QUICLBADM_DOCTOR_REALSERVER_H */
