/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The codec's AES in the kernel: see qlb_aes.h.
 *
 * On x86 this is the CPU's own instructions, inline.  The kernel's interfaces take one
 * block at a time; getting the FPU, the call and the copy cost three times as much as the
 * block itself.  Other CPUs use the kernel's AES.
 */
#ifndef _QLB_AES_KERNEL_H
#define _QLB_AES_KERNEL_H

#include <linux/types.h>

#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#define QLB_AES_DIRECT
#endif

#ifdef HAVE_AES_LIB_KEY
#include <crypto/aes.h>
#else
struct crypto_cipher;
#endif

enum {
	QLB_AES_KEY_WORDS = 44,	/* eleven round keys of AES-128 */
};

/*
 * Round keys in the order of use, those of decryption for the equivalent inverse
 * cipher (FIPS 197 section 5.3.5); and what the kernel's AES needs.
 */
struct qlb_aes {
#ifdef QLB_AES_DIRECT
	u32 enc[QLB_AES_KEY_WORDS] __aligned(16);
	u32 dec[QLB_AES_KEY_WORDS] __aligned(16);
#endif
#ifdef HAVE_AES_LIB_KEY
	struct aes_key key;
#else
	struct crypto_cipher *tfm;
#endif
};

#ifdef QLB_AES_DIRECT
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>

/* Neither x87 nor MXCSR matter to these instructions: no need to set them up. */
#define qlb_aes_begin qlb_aes_begin
static inline bool qlb_aes_begin(void)
{
	if (!cpu_feature_enabled(X86_FEATURE_AES) || !irq_fpu_usable())
		return false;
	kernel_fpu_begin_mask(0);
	return true;
}

static inline void qlb_aes_end(bool direct)
{
	if (likely(direct))
		kernel_fpu_end();
}

/* The kernel is built without SSE, so these registers are free. */
#define QLB_AES_ROUNDS(round, last)					\
	"movq	%[w0], %%xmm0\n\t"					\
	"movq	%[w1], %%xmm1\n\t"					\
	"punpcklqdq	%%xmm1, %%xmm0\n\t"				\
	"pxor	(%[k]), %%xmm0\n\t"					\
	round "	16(%[k]), %%xmm0\n\t"					\
	round "	32(%[k]), %%xmm0\n\t"					\
	round "	48(%[k]), %%xmm0\n\t"					\
	round "	64(%[k]), %%xmm0\n\t"					\
	round "	80(%[k]), %%xmm0\n\t"					\
	round "	96(%[k]), %%xmm0\n\t"					\
	round "	112(%[k]), %%xmm0\n\t"					\
	round "	128(%[k]), %%xmm0\n\t"					\
	round "	144(%[k]), %%xmm0\n\t"					\
	last "	160(%[k]), %%xmm0\n\t"					\
	"movq	%%xmm0, %[w0]\n\t"					\
	"psrldq	$8, %%xmm0\n\t"						\
	"movq	%%xmm0, %[w1]"

#define qlb_aes_rounds(k_, w, round, last)				\
	asm volatile(QLB_AES_ROUNDS(round, last)			\
		     : [w0] "+r" ((w)[0]), [w1] "+r" ((w)[1])		\
		     : [k] "r" (k_),					\
		       "m" (*(const u32 (*)[QLB_AES_KEY_WORDS])(k_)))

/* By the kernel's AES: kmod/aes.c. */
void ivq_aes_encrypt_words(const struct qlb_aes *aes, u64 w[2]);

static inline void qlb_aes_encrypt_words(bool direct, const struct qlb_aes *aes,
					 u64 w[2])
{
	if (likely(direct))
		qlb_aes_rounds(aes->enc, w, "aesenc", "aesenclast");
	else
		ivq_aes_encrypt_words(aes, w);
}
#endif

#endif /* _QLB_AES_KERNEL_H */
