/* SPDX-License-Identifier: GPL-2.0-only */
/* Random numbers from a seed: the same seed yields the same numbers. */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static uint64_t random_state;

/* splitmix64 */
static inline uint64_t random_next(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* 0 to @n - 1 */
static inline unsigned int below(unsigned int n)
{
	return random_next() % n;
}

static inline bool one_in(unsigned int n)
{
	return !below(n);
}

static inline void random_fill(void *p, size_t len)
{
	uint8_t *octets = p;

	while (len--)
		*octets++ = random_next() >> 56;
}

#endif
