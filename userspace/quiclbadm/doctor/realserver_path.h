/* SPDX-License-Identifier: GPL-2.0-only */
/* What becomes of a client's datagram on a real server, by the kernel's own word. */
#ifndef _QUICLBADM_DOCTOR_REALSERVER_PATH_H
#define _QUICLBADM_DOCTOR_REALSERVER_PATH_H

#include "doctor/realserver.h"

struct journey;

/*
 * Has a datagram for the VIP arrive as a director's does and follows it to the server and
 * its answer to the way out.
 * Return: NULL when none was sent; for realserver_judge_path() and free().
 */
struct journey *realserver_follow(const struct realserver *rs);

/*
 * The same of a probe that a director sends meanwhile.
 * Return: NULL when none came, which the report says then.
 */
struct journey *realserver_await(const struct realserver *rs);

/* The device that the datagram came out of a tunnel by; NULL: it did not, or none was sent. */
const struct link *realserver_seen_tunnel(const struct realserver *rs,
					  const struct journey *journey);

/*
 * What it says of one that has been followed, or of none.  Checks that say otherwise are
 * taken back.
 */
void realserver_judge_path(const struct realserver *rs, const struct journey *journey);

/*
 * Masquerading does not touch answers to what conntrack knows, so this is seen of what the
 * server sends of its own accord, as after a pause that conntrack has forgotten the flow in.
 * @journey: of a datagram whose answer was seen; of others nothing is said
 */
void realserver_check_unasked(const struct realserver *rs, const struct journey *journey);

#endif /* _QUICLBADM_DOCTOR_REALSERVER_PATH_H */
