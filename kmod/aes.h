/* SPDX-License-Identifier: GPL-2.0 */
/* The codec's AES in the kernel: see qlb_aes.h. */
#ifndef _IP_VS_QUIC_AES_H
#define _IP_VS_QUIC_AES_H

#ifdef HAVE_AES_LIB_KEY
#include <crypto/aes.h>

struct qlb_aes {
	struct aes_key key;
};
#else
struct crypto_cipher;

struct qlb_aes {
	struct crypto_cipher *tfm;
};
#endif

int ip_vs_quic_aes_init(void);

#endif /* _IP_VS_QUIC_AES_H */
