/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AES as an arbitrary permutation of blocks: a block that was not asked about is mapped to any
 * block, by which none was found before; one that was is mapped to the same again.  What holds
 * for all permutations holds for AES with any key.
 */
#ifndef _PROOF_AES_H
#define _PROOF_AES_H

#include "core/qlb_aes.h"
#include "proof.h"

enum {
	AES_ASKED_MAX = 8,	/* encode and decode, four passes each */
};

struct aes_block {
	u64 w[2];
};

static struct {
	unsigned int count;
	struct aes_block plain[AES_ASKED_MAX];
	struct aes_block cipher[AES_ASKED_MAX];
} aes_known;

static bool aes_same(struct aes_block a, struct aes_block b)
{
	return a.w[0] == b.w[0] && a.w[1] == b.w[1];
}

/* What @block has in @to, where it is in @from, or any that @to does not have. */
static struct aes_block aes_map(const struct aes_block *from,
				const struct aes_block *to,
				struct aes_block block)
{
	struct aes_block image = { { any_u64(), any_u64() } };
	bool known = false;
	unsigned int i;

	for (i = 0; i < aes_known.count; i++) {
		if (aes_same(from[i], block)) {
			image = to[i];
			known = true;
		}
	}
	for (i = 0; i < aes_known.count; i++)
		suppose(known || !aes_same(to[i], image));
	return image;
}

static void aes_learn(struct aes_block plain, struct aes_block cipher)
{
	must(aes_known.count < AES_ASKED_MAX);
	aes_known.plain[aes_known.count] = plain;
	aes_known.cipher[aes_known.count++] = cipher;
}

/* Another key. */
static void aes_forget(void)
{
	aes_known.count = 0;
}

void qlb_aes_encrypt(const struct qlb_aes *aes, u8 out[16], const u8 in[16])
{
	struct aes_block plain, cipher;

	memcpy(&plain, in, sizeof(plain));
	cipher = aes_map(aes_known.plain, aes_known.cipher, plain);
	aes_learn(plain, cipher);
	memcpy(out, &cipher, sizeof(cipher));
}

void qlb_aes_decrypt(const struct qlb_aes *aes, u8 out[16], const u8 in[16])
{
	struct aes_block plain, cipher;

	memcpy(&cipher, in, sizeof(cipher));
	plain = aes_map(aes_known.cipher, aes_known.plain, cipher);
	aes_learn(plain, cipher);
	memcpy(out, &plain, sizeof(plain));
}

int qlb_aes_init(struct qlb_aes *aes, const u8 key[16])
{
	return 0;
}

void qlb_aes_destroy(struct qlb_aes *aes)
{
}

#endif /* _PROOF_AES_H */
