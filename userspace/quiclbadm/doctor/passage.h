/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the firewall and conntrack let a kind of packet pass. */
#ifndef _QUICLBADM_DOCTOR_PASSAGE_H
#define _QUICLBADM_DOCTOR_PASSAGE_H

#include "doctor/forwarding.h"
#include "doctor/report.h"
#include "firewall/firewall.h"

/* One kind of packet on its way through the firewall, and what lets it pass. */
struct passage {
	const char *what;
	const char *hooks[3];		/* the last is NULL */
	struct fw_packet packet;
	char rule[160];
};

/* The tunnel's packets for a VIP of @af; hooks and devices are the caller's. */
void doctor_tunnel_passage(const struct forwarding *fwd, uint16_t af,
			   struct passage *passage);

/* Adds checks for rules that cannot be read.  Return: whether any can. */
bool doctor_can_ask(struct report *report, const struct firewall *fw);

/* Whether the packet certainly passes. */
bool doctor_passes(const struct firewall *fw, const struct passage *passage);

/* Adds a check unless the packet passes. */
void doctor_passage(struct report *report, const struct firewall *fw,
		    const struct passage *passage);

/*
 * How many flows conntrack follows; -1 when it is not there.  That its table is full is a
 * fault, which is added, and *@full is set.
 */
int doctor_conntrack(struct report *report, bool *full);

#endif /* _QUICLBADM_DOCTOR_PASSAGE_H */
