/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Servers' keys as an attacker would choose them, who knows the seeds and can run the
 * hash backwards: every permutation has stride 1 and begins where he likes.
 */
#ifndef _CHOSEN_H
#define _CHOSEN_H

#include "maglev.h"

/* x such that x * odd is 1: each step doubles the number of right bits. */
static inline u64 chosen_inverse(u64 odd)
{
	u64 x = odd;
	int i;

	for (i = 0; i < 6; i++)
		x *= 2 - odd * x;
	return x;
}

static inline u64 chosen_unshift(u64 h, unsigned int bits)
{
	u64 x = h;
	unsigned int i;

	for (i = 0; i < 64; i += bits)
		x = h ^ x >> bits;
	return x;
}

static inline u64 chosen_mix(u64 h)
{
	h = (h ^ h >> 32) * 0xb7e151628aed2a6b;
	h = (h ^ h >> 29) * 0x9e3779b97f4a7c15;
	return h ^ h >> 32;
}

static inline u64 chosen_unmix(u64 h)
{
	h = chosen_unshift(h, 32) * chosen_inverse(0x9e3779b97f4a7c15);
	h = chosen_unshift(h, 29) * chosen_inverse(0xb7e151628aed2a6b);
	return chosen_unshift(h, 32);
}

/*
 * The next key after *@low, below 2^32, whose permutation has stride 1 and begins in
 * the first @window slots of @size.
 */
static inline u64 chosen_key(u32 *low, u32 window, u32 size)
{
	u64 mixed;

	do {
		mixed = chosen_unmix((*low)++) ^ 0x736b697000000001;
	} while (maglev_slot(chosen_mix(mixed ^ 0x6f66667365740001), size) >=
		 window);
	return chosen_unmix(mixed);
}

#endif /* _CHOSEN_H */
