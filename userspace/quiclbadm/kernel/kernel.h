/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel's refusals mean, and the state it is asked for. */
#ifndef _QUICLBADM_KERNEL_KERNEL_H
#define _QUICLBADM_KERNEL_KERNEL_H

#include "common/err.h"
#include "kernel/nl.h"
#include "kernel/quic.h"
#include "model/model.h"

/*
 * Says in one sentence why @family refused @cmd with @error: the kernel's own
 * sentence when there is one.  The rest is the format of what it was about.
 * Return: EXIT_REFUSED.
 */
int kernel_refusal(enum nl_family family, uint8_t cmd, int error,
		   const char *format, ...) __printf(4, 5);

/* The same for IPVS_CMD_NEW_SERVICE and _SET_SERVICE of @svc, which may name what is not there. */
int kernel_service_refusal(uint8_t cmd, int error, const struct service *svc);

/*
 * Reads services, destinations, configs, server IDs and counters: of the service
 * that @id names or, when it is NULL, of all.  Sorted.  Without our module there
 * are no services of ours, and nothing is missing.  With all come the devices that
 * have the express path.
 * Return: 0 or EXIT_REFUSED.
 */
int kernel_load(struct state *state, const struct service_id *id);

/* The same for one service that must be there with scheduler "quic". */
int kernel_load_quic(struct state *state, const struct service_id *id);

/* The devices alone. */
int kernel_load_express(struct state *state);

/* Has the service decode a CID.  Return: 0 or EXIT_REFUSED. */
int kernel_decode(const struct service_id *id, const uint8_t *cid, size_t len,
		  struct quic_decoded *decoded);

/*
 * Between the requests of one transaction no signal of a terminal or of a
 * service manager ends the program; those that come meanwhile do so afterwards.
 */
void kernel_hold_signals(bool hold);

#endif /* _QUICLBADM_KERNEL_KERNEL_H */
