/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Datagrams to a real server by the path that a director's take, and what comes back.
 * The only part of the doctor that sends anything; "probe" is the same for one server.
 */
#ifndef _QUICLBADM_DOCTOR_PROBE_H
#define _QUICLBADM_DOCTOR_PROBE_H

#include "doctor/probe_send.h"

struct probe_params {
	struct endpoint from;		/* an address of this host, which answers reach */
	unsigned int timeout_ms;	/* of all tries together */
};

/*
 * Sends all of them, again when there is no answer, and waits until each is answered or
 * it has taken too long.
 * Return: 0 or EXIT_REFUSED after an error message, when none can be sent at all.
 */
int probe_run(struct probe *probes, size_t count, const struct probe_params *params);

/*
 * Where the answer goes: an address of this host that the server reaches, and never the VIP.
 * Return: 0, or EXIT_USAGE after an error message.
 */
int probe_find_source(const struct probe *probe, struct endpoint *from);

/*
 * Reads an answer to @probe that has its addresses and ports: is it Version
 * Negotiation with our connection IDs (RFC 8999 section 6)?
 * @try: filled in with the number of the datagram that it answers
 */
bool probe_read_answer(struct probe *probe, const uint8_t *data, size_t len,
		       unsigned int *try);

#endif /* _QUICLBADM_DOCTOR_PROBE_H */
