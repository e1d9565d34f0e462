// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The mask is SipHash-2-4, because what reads the octet, a BPF program for SO_REUSEPORT, has no
 * AES.
 */
#include "worker.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotated(uint64_t word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

static void rounds(struct sip *sip, unsigned int n)
{
	while (n--) {
		sip->v0 += sip->v1;
		sip->v1 = rotated(sip->v1, 13) ^ sip->v0;
		sip->v0 = rotated(sip->v0, 32);
		sip->v2 += sip->v3;
		sip->v3 = rotated(sip->v3, 16) ^ sip->v2;
		sip->v0 += sip->v3;
		sip->v3 = rotated(sip->v3, 21) ^ sip->v0;
		sip->v2 += sip->v1;
		sip->v1 = rotated(sip->v1, 17) ^ sip->v2;
		sip->v2 = rotated(sip->v2, 32);
	}
}

static void take_word(struct sip *sip, uint64_t word)
{
	sip->v3 ^= word;
	rounds(sip, 2);
	sip->v0 ^= word;
}

/* Little endian; at most 8 octets. */
static uint64_t read_word(const uint8_t *octets, size_t len)
{
	uint64_t word = 0;

	while (len--)
		word = word << 8 | octets[len];
	return word;
}

static uint64_t siphash(const uint8_t *key, const uint8_t *octets, size_t len)
{
	uint64_t k0 = read_word(key, 8), k1 = read_word(key + 8, 8);
	struct sip sip = {
		k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
		k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573,
	};
	size_t left = len;

	for (; left >= 8; left -= 8, octets += 8)
		take_word(&sip, read_word(octets, 8));
	take_word(&sip, (uint64_t)len << 56 | read_word(octets, left));
	sip.v2 ^= 0xff;
	rounds(&sip, 4);
	return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

uint8_t quiclb_worker_mask(const uint8_t key[QUICLB_WORKER_KEY_LEN], const uint8_t *cid,
			   size_t len)
{
	return siphash(key, cid, len) & 0xff;
}

unsigned int quiclb_worker_of(const uint8_t key[QUICLB_WORKER_KEY_LEN], const uint8_t *cid,
			      size_t cid_len)
{
	return cid[cid_len - 1] ^ quiclb_worker_mask(key, cid, cid_len - 1);
}
