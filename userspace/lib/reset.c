// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reset.h"

#include <string.h>

/* RFC 4493, section 2.3: a doubling in GF(2^128). */
static void doubled(uint8_t block[CMAC_LEN])
{
	uint8_t carry = block[0] >> 7;
	int i;

	for (i = 0; i < CMAC_LEN - 1; i++)
		block[i] = block[i] << 1 | block[i + 1] >> 7;
	/* by arithmetic: the bit is secret */
	block[i] = block[i] << 1 ^ (0x87 & -carry);
}

/* RFC 4493, section 2.4. */
void quiclb_cmac(const struct qlb_aes *aes, const uint8_t *message, size_t len,
		 uint8_t mac[CMAC_LEN])
{
	uint8_t subkey[CMAC_LEN] = {}, block[CMAC_LEN] = {};
	size_t i;

	qlb_aes_encrypt(aes, subkey, subkey);
	doubled(subkey);
	for (; len > CMAC_LEN; len -= CMAC_LEN, message += CMAC_LEN) {
		for (i = 0; i < CMAC_LEN; i++)
			block[i] ^= message[i];
		qlb_aes_encrypt(aes, block, block);
	}
	for (i = 0; i < len; i++)
		block[i] ^= message[i];
	if (len < CMAC_LEN) {
		block[len] ^= 0x80;
		doubled(subkey);
	}
	for (i = 0; i < CMAC_LEN; i++)
		block[i] ^= subkey[i];
	qlb_aes_encrypt(aes, mac, block);
	explicit_bzero(subkey, sizeof(subkey));
}

int quiclb_derive(struct qlb_aes *aes, const uint8_t *octets, size_t len)
{
	static const uint8_t zero[CMAC_LEN];
	uint8_t key[CMAC_LEN];
	int err = qlb_aes_init(aes, zero);

	if (err)
		return err;
	quiclb_cmac(aes, octets, len, key);
	qlb_aes_destroy(aes);
	err = qlb_aes_init(aes, key);
	explicit_bzero(key, sizeof(key));
	return err;
}
