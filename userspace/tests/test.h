/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every test program here needs: cmocka, hex, random input, guard pages. */
#ifndef _TEST_H
#define _TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Reads @hex into @out.  Return: octets. */
size_t from_hex(uint8_t *out, const char *hex);

/*
 * Repeatable numbers: the same in every run, so that a failure can be looked at
 * again.
 */
uint64_t random_u64(void);
void random_fill(void *out, size_t len);

/* Below @limit, which is small: the bias does not matter here. */
static inline uint32_t random_below(uint32_t limit)
{
	return random_u64() % limit;
}

enum { GUARDED_MAX = 4096 };

/*
 * A copy of @data, at most GUARDED_MAX octets, that ends where the readable
 * memory ends: reading one octet more kills the test.  The next call replaces it.
 */
const uint8_t *guarded(const void *data, size_t len);

#endif /* _TEST_H */
