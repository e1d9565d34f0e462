// SPDX-License-Identifier: GPL-2.0
/*
 * AES-128 for the codec, one block at a time in softirq.
 *
 * This is for CPUs without the instructions of core/qlb_aes_kernel.h.  It uses the
 * kernel API that is accelerated: up to 6.12 the single-block crypto cipher, because
 * the AES library of those kernels is generic C and costs three times the rest of a
 * packet; later the AES library, which is accelerated itself.
 */
#include "aes.h"

#include <crypto/aes.h>
#include <linux/module.h>
#include <linux/string.h>

#include "core/qlb_aes.h"

static bool has_direct(void)
{
#ifdef QLB_AES_DIRECT
	return cpu_feature_enabled(X86_FEATURE_AES);
#else
	return false;
#endif
}

#ifdef HAVE_AES_LIB_KEY

static int init_kernel(struct qlb_aes *aes, const u8 key[16])
{
	return aes_preparekey(&aes->key, key, AES_KEYSIZE_128);
}

static void destroy_kernel(struct qlb_aes *aes)
{
	/* it is all in the struct */
}

static void encrypt_kernel(const struct qlb_aes *aes, u8 out[16],
			   const u8 in[16])
{
	aes_encrypt(&aes->key, out, in);
}

static void decrypt_kernel(const struct qlb_aes *aes, u8 out[16],
			   const u8 in[16])
{
	aes_decrypt(&aes->key, out, in);
}

static int check_kernel(void)
{
	return 0;
}

#else

#include <crypto/internal/cipher.h>

/*
 * Which implementation does it is known only when there is a key: built-in ciphers may
 * be registered after this module (aesni's are, by late_initcall()).
 */
static void report_kernel(struct crypto_cipher *tfm)
{
	if (!has_direct())
		pr_info_once("AES by %s\n",
			     crypto_tfm_alg_driver_name(crypto_cipher_tfm(tfm)));
}

static int init_kernel(struct qlb_aes *aes, const u8 key[16])
{
	int err;

	aes->tfm = crypto_alloc_cipher("aes", 0, 0);
	if (IS_ERR(aes->tfm))
		return PTR_ERR(aes->tfm);
	report_kernel(aes->tfm);

	err = crypto_cipher_setkey(aes->tfm, key, 16);
	if (err)
		crypto_free_cipher(aes->tfm);
	return err;
}

/* The expanded key lies in the tfm, which crypto_free_cipher() wipes. */
static void destroy_kernel(struct qlb_aes *aes)
{
	crypto_free_cipher(aes->tfm);
}

static void encrypt_kernel(const struct qlb_aes *aes, u8 out[16],
			   const u8 in[16])
{
	crypto_cipher_encrypt_one(aes->tfm, out, in);
}

static void decrypt_kernel(const struct qlb_aes *aes, u8 out[16],
			   const u8 in[16])
{
	crypto_cipher_decrypt_one(aes->tfm, out, in);
}

/*
 * Loads "aes" before a request with a key needs it.  Without instructions of our own,
 * aesni_intel has to be loaded by name: the built-in generic cipher already answers to
 * "aes", and a cipher keeps its implementation for life.
 */
static int check_kernel(void)
{
	struct crypto_cipher *tfm;

	if (IS_ENABLED(CONFIG_X86_32))
		request_module("aesni_intel");

	tfm = crypto_alloc_cipher("aes", 0, 0);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	crypto_free_cipher(tfm);
	return 0;
}

ivq_import_ns(CRYPTO_INTERNAL);
#endif

#ifdef QLB_AES_DIRECT

static int init_direct(struct qlb_aes *aes, const u8 key[16])
{
	struct crypto_aes_ctx ctx;
	int err = aes_expandkey(&ctx, key, AES_KEYSIZE_128);

	memcpy(aes->enc, ctx.key_enc, sizeof(aes->enc));
	memcpy(aes->dec, ctx.key_dec, sizeof(aes->dec));
	memzero_explicit(&ctx, sizeof(ctx));
	return err;
}

static bool decrypt_direct(const struct qlb_aes *aes, u8 out[16],
			   const u8 in[16])
{
	u64 w[2];

	if (!qlb_aes_begin())
		return false;
	memcpy(w, in, sizeof(w));
	qlb_aes_rounds(aes->dec, w, "aesdec", "aesdeclast");
	qlb_aes_end(true);
	memcpy(out, w, sizeof(w));
	return true;
}

static bool encrypt_direct(const struct qlb_aes *aes, u8 out[16],
			   const u8 in[16])
{
	u64 w[2];

	if (!qlb_aes_begin())
		return false;
	memcpy(w, in, sizeof(w));
	qlb_aes_rounds(aes->enc, w, "aesenc", "aesenclast");
	qlb_aes_end(true);
	memcpy(out, w, sizeof(w));
	return true;
}

void ivq_aes_encrypt_words(const struct qlb_aes *aes, u64 w[2])
{
	encrypt_kernel(aes, (u8 *)w, (const u8 *)w);
}

#else

static int init_direct(struct qlb_aes *aes, const u8 key[16])
{
	return 0;
}

static bool decrypt_direct(const struct qlb_aes *aes, u8 out[16],
			   const u8 in[16])
{
	return false;
}

static bool encrypt_direct(const struct qlb_aes *aes, u8 out[16],
			   const u8 in[16])
{
	return false;
}

#endif

int ivq_aes_init(void)
{
	if (has_direct())
		pr_info("AES by the CPU's instructions (AES-NI)\n");
	return check_kernel();
}

int qlb_aes_init(struct qlb_aes *aes, const u8 key[16])
{
	int err = init_direct(aes, key);

	if (!err)
		err = init_kernel(aes, key);
	/* the caller frees it as it is */
	if (err)
		memzero_explicit(aes, sizeof(*aes));
	return err;
}

void qlb_aes_destroy(struct qlb_aes *aes)
{
	destroy_kernel(aes);
	memzero_explicit(aes, sizeof(*aes));
}

void qlb_aes_encrypt(const struct qlb_aes *aes, u8 out[16], const u8 in[16])
{
	if (!encrypt_direct(aes, out, in))
		encrypt_kernel(aes, out, in);
}

void qlb_aes_decrypt(const struct qlb_aes *aes, u8 out[16], const u8 in[16])
{
	if (!decrypt_direct(aes, out, in))
		decrypt_kernel(aes, out, in);
}

/* For CPUs whose instructions are not used here; quiclbadm doctor looks for it too. */
MODULE_SOFTDEP("pre: aesni_intel");
