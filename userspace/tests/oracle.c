// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A block of n octets is 2n digits.  Cut in the middle, each half has n of them,
 * whether n is even or odd, so a half is a string of n digits; the draft's cleared
 * nibble is the '0' that fills the odd half up to whole octets: after a left half's
 * digits, before a right half's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/aes.h>

#include "oracle.h"

static const char digits[] = "0123456789abcdef";

static int value(char digit)
{
	const char *at = strchr(digits, digit);

	if (!digit || !at)
		abort();
	return at - digits;
}

static void to_octets(uint8_t *out, const char *hex)
{
	for (; *hex; hex += 2)
		*out++ = value(hex[0]) * 16 + value(hex[1]);
}

static void to_hex(char *out, const uint8_t *octets, int n)
{
	for (; n--; octets++) {
		*out++ = digits[*octets / 16];
		*out++ = digits[*octets % 16];
	}
	*out = 0;
}

/* One block of AES-128-ECB, 32 digits in and out. */
static void aes(char *out, const char *key, const char *in, int decrypt)
{
	uint8_t k[16], b[16];
	struct aes128_ctx ctx;

	to_octets(k, key);
	to_octets(b, in);
	if (decrypt) {
		aes128_set_decrypt_key(&ctx, k);
		aes128_decrypt(&ctx, 16, b, b);
	} else {
		aes128_set_encrypt_key(&ctx, k);
		aes128_encrypt(&ctx, 16, b, b);
	}
	to_hex(out, b, 16);
}

/* XORs one half with what the other one, of @n digits, gives in this pass. */
static void pass(char *target, const char *source, int n, int number,
		 const char *key)
{
	int from_left = number % 2;
	char in[64], out[33];
	const char *stream;
	int i;

	sprintf(in, "%s%s%s", n % 2 && !from_left ? "0" : "", source,
		n % 2 && from_left ? "0" : "");
	while (strlen(in) < 28)
		strcat(in, "0");
	sprintf(in + 28, "%02x%02x", n, number);
	aes(out, key, in, 0);
	/* a right half's first digit is the second of its first octet */
	stream = n % 2 && from_left ? out + 1 : out;
	for (i = 0; i < n; i++)
		target[i] = digits[value(target[i]) ^ value(stream[i])];
}

static const char *four_pass(const char *key, const char *block,
			     const char *order)
{
	static char result[39];
	char left[20] = "", right[20] = "";
	int n = strlen(block) / 2;

	memcpy(left, block, n);
	memcpy(right, block + n, n);
	for (; *order; order++) {
		if (value(*order) % 2)
			pass(right, left, n, value(*order), key);
		else
			pass(left, right, n, value(*order), key);
	}
	sprintf(result, "%s%s", left, right);
	return result;
}

static const char *transform(const char *key, const char *block, int decrypt)
{
	static char result[33];

	if (!*key)
		return block;
	if (strlen(block) != 32)
		return four_pass(key, block, decrypt ? "4321" : "1234");
	aes(result, key, block, decrypt);
	return result;
}

const char *oracle_encrypt(const char *key, const char *block)
{
	return transform(key, block, 0);
}

const char *oracle_decrypt(const char *key, const char *block)
{
	return transform(key, block, 1);
}
