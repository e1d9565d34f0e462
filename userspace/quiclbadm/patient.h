/* SPDX-License-Identifier: GPL-2.0-only */
/* A real server, as seen from one VIP, in the doctor's hands. */
#ifndef _QUICLBADM_PATIENT_H
#define _QUICLBADM_PATIENT_H

#include "doctor.h"

struct patient {
	const struct host *host;
	const struct firewall *fw;
	struct report *report;
	struct way way;
	struct endpoint vip;		/* port 0: not known */
	struct endpoint client;
	struct endpoint from;		/* of the tunnel's packets; af 0: not known */
	bool vip_is_local;
	char vip_text[ENDPOINT_STRLEN];	/* the address alone */
	const struct link *uplink;	/* where tunnel packets arrive, or NULL */
	const struct link *tunnel;	/* that takes them apart, or NULL */
};

uint16_t patient_outer_af(const struct patient *p);

/*
 * The route to clients.  With the VIP as source, which rules may ask for; one that is
 * no address of this host would be refused, and is another check's fault.
 */
int patient_way_back(const struct patient *p, struct route *route);

/* The tunnel: GUE's port and the device, which is looked for, */
void examine_tunnel(struct patient *p);
/* and what that lets pass.  Return: 0 or EXIT_REFUSED, then the sentence is said. */
int examine_tunnel_device(const struct patient *p);

#endif /* _QUICLBADM_PATIENT_H */
