// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "hex.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* All ones when low <= c <= high, else zero; the arguments are below 256. */
static unsigned int between(unsigned int c, unsigned int low, unsigned int high)
{
	return ~(((c - low) | (high - c)) >> 8) & 0xff;
}

unsigned int quiclb_hex_value(unsigned char c)
{
	unsigned int digit = between(c, '0', '9');
	unsigned int upper = between(c, 'A', 'F');
	unsigned int lower = between(c, 'a', 'f');

	return (digit & (c - '0')) | (upper & (c - 'A' + 10)) |
	       (lower & (c - 'a' + 10)) |
	       (~(digit | upper | lower) & QUICLB_HEX_BAD);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

long quiclb_hex_read(uint8_t *out, size_t room, const char *text, size_t len)
{
	unsigned int bad = 0;
	size_t digits = 0;
	unsigned int value;
	size_t i;

	memset(out, 0, room);
	for (i = 0; i < len; i++) {
		if (is_space(text[i]))
			continue;
		value = quiclb_hex_value((unsigned char)text[i]);
		bad |= value & QUICLB_HEX_BAD;
		if (digits / 2 < room)
			out[digits / 2] |= (uint8_t)((value & 0xf) <<
						     (digits % 2 ? 0 : 4));
		digits++;
	}
	return bad ? -EINVAL : (long)digits;
}

/* Of the low four bits: 'a' - '0' - 10 is added when @value > 9. */
static char hex_digit(unsigned int value)
{
	return (char)('0' + value + ((9 - value) >> 8 & ('a' - '0' - 10)));
}

void quiclb_hex_write(char *out, const uint8_t *octets, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		out[2 * i] = hex_digit(octets[i] >> 4);
		out[2 * i + 1] = hex_digit(octets[i] & 0xf);
	}
	out[2 * len] = '\0';
}
