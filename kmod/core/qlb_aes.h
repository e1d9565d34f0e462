/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The codec's seam to AES-128.  struct qlb_aes comes from qlb_aes_kernel.h in
 * the kernel and from userspace/lib/quiclb_aes.h elsewhere.
 */
#ifndef _QLB_AES_H
#define _QLB_AES_H

#include "qlb_port.h"

#ifdef __KERNEL__
#include "qlb_aes_kernel.h"
#else
#include <quiclb_aes.h>
#endif

/* Expands the key schedule, once per config.  Return: 0 or a negative errno. */
int qlb_aes_init(struct qlb_aes *aes, const u8 key[16]);

/* Wipes and frees it. */
void qlb_aes_destroy(struct qlb_aes *aes);

/* One block; @out may be @in. */
void qlb_aes_encrypt(const struct qlb_aes *aes, u8 out[16], const u8 in[16]);
void qlb_aes_decrypt(const struct qlb_aes *aes, u8 out[16], const u8 in[16]);

/*
 * A few blocks in a row, where getting hold of the CPU's instructions costs more than
 * a block: what qlb_aes_begin() says goes into the others, and nothing between begin
 * and end may sleep.  The struct's header may have its own, inline:
 *
 *	bool qlb_aes_begin(void);
 *	void qlb_aes_encrypt_words(bool direct, const struct qlb_aes *aes,
 *				   u64 w[2]);		one block, in place
 *	void qlb_aes_end(bool direct);
 */
#ifndef qlb_aes_begin
#define qlb_aes_begin()		false
#define qlb_aes_end(direct)	((void)(direct))

static inline void qlb_aes_encrypt_words(bool direct, const struct qlb_aes *aes,
					 u64 w[2])
{
	(void)direct;
	qlb_aes_encrypt(aes, (u8 *)w, (const u8 *)w);
}
#endif

#endif /* _QLB_AES_H */
