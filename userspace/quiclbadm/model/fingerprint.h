/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that decides where a service's datagrams go, as one number: directors of a VIP that
 * have the same send each datagram to the same real server.
 */
#ifndef _QUICLBADM_MODEL_FINGERPRINT_H
#define _QUICLBADM_MODEL_FINGERPRINT_H

#include "model/model.h"

enum { FINGERPRINT_STRLEN = sizeof("0123456789ab") };

/*
 * Of a sorted service: its configs with the fingerprints of their keys, its server IDs and
 * whether their servers are in the pool, the servers that have weight, in proportion, the
 * size of the table and the contract.  What directors may differ in is not in it: the
 * order, ports that nothing is delivered to, forwarding methods, outer sources, timeouts
 * and limits, counters.
 * Return: 48 bits, which a Prometheus value holds exactly; 0 if the module does not tell
 * its contract.
 */
uint64_t service_fingerprint(const struct service *svc);

/* 12 hex digits; writes FINGERPRINT_STRLEN octets at most and returns @buf. */
char *fingerprint_str(uint64_t fingerprint, char *buf);

#endif /* _QUICLBADM_MODEL_FINGERPRINT_H */
