/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared by the fuzzers: takes an input apart; checks properties that must hold. */
#ifndef _FUZZ_H
#define _FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What libFuzzer calls with each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process if the property does not hold, and prints it; libFuzzer keeps the input. */
#define must(property)							\
	do {								\
		if (!(property)) {					\
			fprintf(stderr, "%s:%d: must(%s)\n", __FILE__,	\
				__LINE__, #property);			\
			abort();					\
		}							\
	} while (0)

struct input {
	const uint8_t *at;
	size_t left;
};

/* After the input's end this returns zeros, so that short inputs are useful too. */
static inline void take(struct input *in, void *out, size_t len)
{
	size_t there = len < in->left ? len : in->left;

	memset(out, 0, len);
	if (there)
		memcpy(out, in->at, there);
	in->at += there;
	in->left -= there;
}

static inline uint8_t take_octet(struct input *in)
{
	uint8_t octet;

	take(in, &octet, sizeof(octet));
	return octet;
}

/* In memory of its own, so that the sanitizer sees a read beyond the end. */
static inline uint8_t *copy_of(const void *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, data, len);
	return copy;
}

#endif /* _FUZZ_H */
