/* SPDX-License-Identifier: GPL-2.0-only */
/* Who answers for an address on a link: frames of ARP and neighbour discovery. */
#ifndef _QUICLBADM_DOCTOR_ASKING_H
#define _QUICLBADM_DOCTOR_ASKING_H

#include <stddef.h>

#include "model/model.h"

enum {
	ASKING_FRAME_MAX = 128,		/* octets */
};

/*
 * The question of a host that is about to take @target as its own address: no answer is kept
 * for it, and none of those who hear it keeps anything (RFC 5227 section 2.1.1; RFC 4862
 * section 5.4.2).  Return: its length.
 */
size_t asking_put_frame(const struct endpoint *target, uint8_t *frame);

/* Whether a frame of @len octets says that its sender has @target. */
bool asking_is_answer(const struct endpoint *target, const uint8_t *frame, size_t len);

#endif /* _QUICLBADM_DOCTOR_ASKING_H */
