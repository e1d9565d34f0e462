// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "qlb_aes.h"

int qlb_aes_init(struct qlb_aes *aes, const u8 key[16])
{
	aes128_set_encrypt_key(&aes->encrypt, key);
	aes128_invert_key(&aes->decrypt, &aes->encrypt);
	return 0;
}

/* explicit_bzero() is not optimised away although @aes may be dead after it. */
void qlb_aes_destroy(struct qlb_aes *aes)
{
	explicit_bzero(aes, sizeof(*aes));
}

void qlb_aes_encrypt(const struct qlb_aes *aes, u8 out[16], const u8 in[16])
{
	aes128_encrypt(&aes->encrypt, AES_BLOCK_SIZE, out, in);
}

void qlb_aes_decrypt(const struct qlb_aes *aes, u8 out[16], const u8 in[16])
{
	aes128_decrypt(&aes->decrypt, AES_BLOCK_SIZE, out, in);
}
