// SPDX-License-Identifier: GPL-2.0
/*
 * AES-128 for the codec, one block at a time in softirq, by the kernel API that
 * uses AES-NI there: the single-block crypto cipher up to 6.12 (the AES library
 * of those kernels is generic C, three times the cost of all the rest of a
 * packet), the AES library where it has become accelerated itself.
 */
#include "qlb_aes.h"

#include <linux/module.h>
#include <linux/string.h>

#ifdef HAVE_AES_LIB_KEY

int ip_vs_quic_aes_init(void)
{
	return 0;
}

int qlb_aes_init(struct qlb_aes *aes, const u8 key[16])
{
	return aes_preparekey(&aes->key, key, AES_KEYSIZE_128);
}

void qlb_aes_destroy(struct qlb_aes *aes)
{
	memzero_explicit(aes, sizeof(*aes));
}

void qlb_aes_encrypt(const struct qlb_aes *aes, u8 out[16], const u8 in[16])
{
	aes_encrypt(&aes->key, out, in);
}

void qlb_aes_decrypt(const struct qlb_aes *aes, u8 out[16], const u8 in[16])
{
	aes_decrypt(&aes->key, out, in);
}

#else

#include <crypto/internal/cipher.h>

/*
 * A cipher allocated before aesni_intel is loaded stays with the generic code
 * for its life, and nothing asks for the module: "aes" is already answered by
 * the built-in one.  modprobe follows the softdep, insmod needs the request.
 */
int ip_vs_quic_aes_init(void)
{
	struct crypto_cipher *tfm;

	if (IS_ENABLED(CONFIG_X86))
		request_module("aesni_intel");

	tfm = crypto_alloc_cipher("aes", 0, 0);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	pr_info("AES by %s\n",
		crypto_tfm_alg_driver_name(crypto_cipher_tfm(tfm)));
	crypto_free_cipher(tfm);
	return 0;
}

int qlb_aes_init(struct qlb_aes *aes, const u8 key[16])
{
	int err;

	aes->tfm = crypto_alloc_cipher("aes", 0, 0);
	if (IS_ERR(aes->tfm))
		return PTR_ERR(aes->tfm);

	err = crypto_cipher_setkey(aes->tfm, key, 16);
	if (err)
		crypto_free_cipher(aes->tfm);
	return err;
}

/* The expanded key lies in the tfm, which crypto_free_cipher() wipes. */
void qlb_aes_destroy(struct qlb_aes *aes)
{
	crypto_free_cipher(aes->tfm);
	aes->tfm = NULL;
}

void qlb_aes_encrypt(const struct qlb_aes *aes, u8 out[16], const u8 in[16])
{
	crypto_cipher_encrypt_one(aes->tfm, out, in);
}

void qlb_aes_decrypt(const struct qlb_aes *aes, u8 out[16], const u8 in[16])
{
	crypto_cipher_decrypt_one(aes->tfm, out, in);
}

ip_vs_quic_import_ns(CRYPTO_INTERNAL);
#endif

MODULE_SOFTDEP("pre: aesni_intel");
