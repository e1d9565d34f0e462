/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Datagrams through the tunnel to a real server, as a director sends them, and what
 * comes back.  The only part of the doctor that sends anything.
 */
#ifndef _QUICLBADM_DOCTOR_PROBE_H
#define _QUICLBADM_DOCTOR_PROBE_H

#include "doctor/forwarding.h"

enum probe_result {
	PROBE_SILENT,
	PROBE_ANSWERED,
	PROBE_REFUSED,		/* ICMP: no socket */
};

struct probe {
	struct endpoint vip;
	struct forwarding fwd;
	struct endpoint source;		/* the tunnel's; af 0: as the kernel likes */
	struct endpoint from;		/* filled in with a port of its own */
	enum probe_result result;
};

/*
 * Sends all of them with the source @from, an address of this host, and waits until
 * each is answered or it has taken too long.
 * Return: 0 or EXIT_REFUSED after an error message.
 */
int probe_run(struct probe *probes, size_t count, const struct endpoint *from);

#endif /* _QUICLBADM_DOCTOR_PROBE_H */
