// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Hex text of keys and server IDs.  A digit's value is worked out by arithmetic
 * only: a table look-up or a branch would let a neighbour on the same CPU learn
 * about the key from the cache or from time.  What may show is the shape of the
 * text: how long it is and where there is white space.
 */
#include <errno.h>

#include "qlb.h"
#include "quiclb.h"

/* All ones when low <= c <= high, else zero; the arguments are below 256. */
static unsigned int between(unsigned int c, unsigned int low, unsigned int high)
{
	return ~(((c - low) | (high - c)) >> 8) & 0xff;
}

/* 0..15, or more than that when @c is no hex digit. */
static unsigned int digit_value(unsigned char c)
{
	unsigned int digit = between(c, '0', '9');
	unsigned int upper = between(c, 'A', 'F');
	unsigned int lower = between(c, 'a', 'f');

	return (digit & (c - '0')) | (upper & (c - 'A' + 10)) |
	       (lower & (c - 'a' + 10)) | (~(digit | upper | lower) & 0x10);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/*
 * Reads all of @text, storing the first 2 x @room digits.
 * Return: the number of digits, or -EINVAL when there was anything else.
 */
static long read_digits(uint8_t *out, size_t room, const char *text, size_t len)
{
	unsigned int bad = 0;
	size_t digits = 0;
	unsigned int value;
	size_t i;

	memset(out, 0, room);
	for (i = 0; i < len; i++) {
		if (is_space(text[i]))
			continue;
		value = digit_value(text[i]);
		bad |= value & 0x10;
		if (digits / 2 < room)
			out[digits / 2] |= (value & 0xf) << (digits % 2 ? 0 : 4);
		digits++;
	}
	return bad ? -EINVAL : (long)digits;
}

static const char *key_fault(long digits)
{
	if (digits < 0)
		return "the key has a character that is not a hex digit";
	if (digits < 2 * QLB_KEY_LEN)
		return "the key is shorter than 32 hex digits";
	if (digits > 2 * QLB_KEY_LEN)
		return "the key is longer than 32 hex digits";
	return NULL;
}

static const char *server_id_fault(long digits)
{
	if (digits < 0)
		return "the server ID has a character that is not a hex digit";
	if (!digits)
		return "the server ID is empty";
	if (digits % 2)
		return "the server ID has an odd number of hex digits";
	if (digits > 2 * QLB_SERVER_ID_LEN_MAX)
		return "the server ID is longer than 15 octets";
	return NULL;
}

static int report(const char *fault, const char **error)
{
	if (!fault)
		return 0;
	if (error)
		*error = fault;
	return -EINVAL;
}

int quiclb_parse_key(uint8_t key[QUICLB_KEY_LEN], const char *text, size_t len,
		     const char **error)
{
	uint8_t octets[QLB_KEY_LEN];
	int err;

	err = report(key_fault(read_digits(octets, sizeof(octets), text, len)),
		     error);
	if (!err)
		memcpy(key, octets, sizeof(octets));
	quiclb_wipe(octets, sizeof(octets));
	return err;
}

int quiclb_parse_server_id(uint8_t *server_id, size_t *server_id_len,
			   const char *text, const char **error)
{
	uint8_t octets[QLB_SERVER_ID_LEN_MAX];
	long digits;
	int err;

	digits = read_digits(octets, sizeof(octets), text, strlen(text));
	err = report(server_id_fault(digits), error);
	if (err)
		return err;
	*server_id_len = digits / 2;
	memcpy(server_id, octets, *server_id_len);
	return 0;
}

void quiclb_wipe(void *memory, size_t len)
{
	explicit_bzero(memory, len);
}
