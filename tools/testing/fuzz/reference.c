// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reference.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

enum {
	BLOCK = 16,
	HALF_MAX = 10,
};

/* The names are the draft's, whose left_0, left_1, ... are one array here. */
struct halves {
	const uint8_t *key;
	size_t len;			/* plaintext_len */
	size_t half_len;
	uint8_t left[HALF_MAX];
	uint8_t right[HALF_MAX];
};

static void aes_ecb(const uint8_t *key, const uint8_t *in, uint8_t *out,
		    int encrypt)
{
	static EVP_CIPHER_CTX *ctx;
	int n = 0;

	if (!ctx)
		ctx = EVP_CIPHER_CTX_new();
	if (!ctx ||
	    !EVP_CipherInit_ex(ctx, EVP_aes_128_ecb(), NULL, key, NULL,
			       encrypt) ||
	    !EVP_CIPHER_CTX_set_padding(ctx, 0) ||
	    !EVP_CipherUpdate(ctx, out, &n, in, BLOCK) || n != BLOCK)
		abort();
}

static void clear_nibbles(struct halves *h)
{
	if (h->len % 2 == 0)
		return;
	h->left[h->half_len - 1] &= 0xf0;
	h->right[0] &= 0x0f;
}

static void one_pass(struct halves *h, unsigned int number)
{
	const uint8_t *source = number % 2 ? h->left : h->right;
	uint8_t *target = number % 2 ? h->right : h->left;
	uint8_t expanded[BLOCK] = { 0 }, result[BLOCK];
	size_t i;

	memcpy(expanded, source, h->half_len);
	expanded[14] = (uint8_t)h->len;
	expanded[15] = (uint8_t)number;
	aes_ecb(h->key, expanded, result, 1);
	for (i = 0; i < h->half_len; i++)
		target[i] ^= result[i];
	clear_nibbles(h);
}

/* Octets on both sides of the middle belong to one half; the middle of an odd number to both. */
static void split(struct halves *h, const uint8_t *key, const uint8_t *octets,
		  size_t len)
{
	memset(h, 0, sizeof(*h));
	h->key = key;
	h->len = len;
	h->half_len = (len + 1) / 2;
	memcpy(h->left, octets, h->half_len);
	memcpy(h->right, octets + len - h->half_len, h->half_len);
	clear_nibbles(h);
}

static void join(const struct halves *h, uint8_t *octets)
{
	size_t i;

	memset(octets, 0, h->len);
	for (i = 0; i < h->half_len; i++) {
		octets[i] |= h->left[i];
		octets[h->len - h->half_len + i] |= h->right[i];
	}
}

void reference_encrypt(const uint8_t *key, const uint8_t *plain, size_t len,
		       uint8_t *cipher)
{
	struct halves h;
	unsigned int number;

	if (!key) {
		memcpy(cipher, plain, len);
		return;
	}
	if (len == BLOCK) {
		aes_ecb(key, plain, cipher, 1);
		return;
	}
	split(&h, key, plain, len);
	for (number = 1; number <= 4; number++)
		one_pass(&h, number);
	join(&h, cipher);
}

void reference_decrypt(const uint8_t *key, const uint8_t *cipher, size_t len,
		       uint8_t *plain)
{
	struct halves h;
	unsigned int number;

	if (!key) {
		memcpy(plain, cipher, len);
		return;
	}
	if (len == BLOCK) {
		aes_ecb(key, cipher, plain, 0);
		return;
	}
	split(&h, key, cipher, len);
	for (number = 4; number >= 1; number--)
		one_pass(&h, number);
	join(&h, plain);
}
