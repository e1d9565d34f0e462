/* SPDX-License-Identifier: GPL-2.0-only */
/* The codec's AES in the proofs: see aes.h.  There is one key, so it holds nothing. */
#ifndef _QUICLB_AES_H
#define _QUICLB_AES_H

struct qlb_aes {
	int unused;
};

#endif /* _QUICLB_AES_H */
