/* SPDX-License-Identifier: GPL-2.0-only */
/* Does a director send on what a tunnel has room for, and tell clients of what it has not? */
#ifndef _QUICLBADM_DOCTOR_SERVICE_SIZES_H
#define _QUICLBADM_DOCTOR_SERVICE_SIZES_H

#include "doctor/journey.h"
#include "doctor/service_subject.h"

/* A service, and a datagram of QUIC_MIN octets that was followed. */
struct sized {
	const struct service_subject *s;
	const struct journey *first;
};

/* The real server that a packet has left for; NULL: none, or not known which one. */
const struct dest *service_dest_of(const struct service *svc, const struct journey_step *sent);

/*
 * Where the first was sent on, two more arrive: one that fills the tunnel's packets, and one
 * of an octet more.  Where it was lost, one as small as an acknowledgement.
 */
void service_check_sizes(struct follower *follower, const struct sized *sized, size_t count);

#endif /* _QUICLBADM_DOCTOR_SERVICE_SIZES_H */
