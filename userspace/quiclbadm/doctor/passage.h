/* SPDX-License-Identifier: GPL-2.0-only */
/* Which rule dropped a packet, where that can be worked out, and what lets it pass. */
#ifndef _QUICLBADM_DOCTOR_PASSAGE_H
#define _QUICLBADM_DOCTOR_PASSAGE_H

#include "doctor/journey.h"
#include "doctor/report.h"
#include "firewall/firewall.h"

/* One kind of packet on its way through the firewall, and what lets it pass. */
struct passage {
	const char *const *hooks;	/* the last is NULL */
	struct fw_packet packet;
	bool is_invented;		/* its source: no rule of this host can know it */
	char rule[160];
};

/* Clients' datagrams to a VIP, of any source, by the device @in. */
void passage_of_clients(const struct endpoint *vip, const char *in, unsigned int ct_state,
			struct passage *passage);

/* What the kernel dropped at that step of @journey. */
void passage_of_drop(const struct journey *journey, const struct journey_step *drop,
		     struct passage *passage);

/* Whether the packet certainly passes. */
bool passage_is_free(struct firewall *fw, const struct passage *passage);

/*
 * Says which rule dropped a packet, after @seen.  Return: whether there is one, or
 * a rule that may have.
 */
bool passage_explain(struct report *report, struct firewall *fw,
		     const struct passage *passage, const char *seen);

#endif /* _QUICLBADM_DOCTOR_PASSAGE_H */
