/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * SipHash-2-4 of at most 23 octets, without a loop that the BPF verifier has to follow.
 * ../lib/worker.c is the same for any length.
 */
#ifndef STEER_SIPHASH_H
#define STEER_SIPHASH_H

#include <linux/types.h>

struct siphash {
	__u64 v0, v1, v2, v3;
};

static inline __u64 siphash_rotated(__u64 word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

static inline __attribute__((always_inline)) void siphash_round(struct siphash *sip)
{
	sip->v0 += sip->v1;
	sip->v1 = siphash_rotated(sip->v1, 13) ^ sip->v0;
	sip->v0 = siphash_rotated(sip->v0, 32);
	sip->v2 += sip->v3;
	sip->v3 = siphash_rotated(sip->v3, 16) ^ sip->v2;
	sip->v0 += sip->v3;
	sip->v3 = siphash_rotated(sip->v3, 21) ^ sip->v0;
	sip->v2 += sip->v1;
	sip->v1 = siphash_rotated(sip->v1, 17) ^ sip->v2;
	sip->v2 = siphash_rotated(sip->v2, 32);
}

static inline __attribute__((always_inline)) void siphash_word(struct siphash *sip, __u64 word)
{
	sip->v3 ^= word;
	siphash_round(sip);
	siphash_round(sip);
	sip->v0 ^= word;
}

/*
 * @words: three, of the octets, the first one lowest, in the host's order, with zeros behind them
 * @len: octets, at most 23
 */
static inline __attribute__((always_inline)) __u64 siphash(const __u64 key[2], const __u64 *words,
							   __u32 len)
{
	struct siphash sip = {
		key[0] ^ 0x736f6d6570736575ULL, key[1] ^ 0x646f72616e646f6dULL,
		key[0] ^ 0x6c7967656e657261ULL, key[1] ^ 0x7465646279746573ULL,
	};
	__u64 last = (__u64)len << 56;

	if (len < 8) {
		siphash_word(&sip, words[0] | last);
	} else if (len < 16) {
		siphash_word(&sip, words[0]);
		siphash_word(&sip, words[1] | last);
	} else {
		siphash_word(&sip, words[0]);
		siphash_word(&sip, words[1]);
		siphash_word(&sip, words[2] | last);
	}
	sip.v2 ^= 0xff;
	siphash_round(&sip);
	siphash_round(&sip);
	siphash_round(&sip);
	siphash_round(&sip);
	return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

#endif
