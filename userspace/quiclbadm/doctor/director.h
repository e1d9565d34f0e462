/* SPDX-License-Identifier: GPL-2.0-only */
/* A director as a whole, in the doctor's hands. */
#ifndef _QUICLBADM_DOCTOR_DIRECTOR_H
#define _QUICLBADM_DOCTOR_DIRECTOR_H

#include "doctor/forwarding.h"
#include "doctor/report.h"
#include "firewall/firewall.h"
#include "system/host.h"

struct director {
	const struct host *host;
	struct firewall *fw;
	struct report *report;
	const struct state *state;	/* with the devices of the express path */
};

/* What is about no single service. */
void director_check(const struct director *d);

#endif /* _QUICLBADM_DOCTOR_DIRECTOR_H */
