/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The codec's AES-128 outside the kernel, see kmod/core/qlb_aes.h: nettle's, which
 * uses the CPU's instructions where it has them.
 */
#ifndef _QUICLB_AES_H
#define _QUICLB_AES_H

#include <nettle/aes.h>

/* Both directions' round keys; plain memory, so wiping it is enough. */
struct qlb_aes {
	struct aes128_ctx encrypt;
	struct aes128_ctx decrypt;
};

#endif /* _QUICLB_AES_H */
