/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The codec's AES-128 outside the kernel, see kmod/core/qlb_aes.h: the CPU's
 * instructions, else nettle's, which is loaded when it is needed.
 */
#ifndef _QUICLB_AES_H
#define _QUICLB_AES_H

#include <nettle/aes.h>

/* Both directions' round keys; plain memory, so wiping it is enough. */
struct qlb_aes {
	union {
		struct {
			struct aes128_ctx encrypt;
			struct aes128_ctx decrypt;
		} nettle;
		struct {
			/* 11 round keys, in the order of their use */
			unsigned char encrypt[11][16];
			unsigned char decrypt[11][16];
		} cpu;
	};
};

#endif /* _QUICLB_AES_H */
