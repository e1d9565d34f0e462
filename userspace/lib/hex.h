/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hex text of octets, also of keys.  A digit's value is worked out by arithmetic
 * only: a table look-up or a branch would let a neighbour on the same CPU learn
 * about the key from the cache or from time.  What may show is the shape of the
 * text: how long it is and where there is white space.
 */
#ifndef QUICLB_HEX_H
#define QUICLB_HEX_H

#include <stddef.h>
#include <stdint.h>

enum {
	QUICLB_HEX_BAD = 0x10,		/* this bit is set when it is no digit */
};

/* 0 to 15, or a value with QUICLB_HEX_BAD. */
unsigned int quiclb_hex_value(unsigned char c);

/*
 * Reads all of @text but white space, and stores the first 2 x @room digits; the
 * rest of @out becomes 0.
 * Return: the number of digits, or -EINVAL when there was anything else.
 */
long quiclb_hex_read(uint8_t *out, size_t room, const char *text, size_t len);

/* Two digits for each octet, in lower case, and a NUL. */
void quiclb_hex_write(char *out, const uint8_t *octets, size_t len);

#endif /* QUICLB_HEX_H */
