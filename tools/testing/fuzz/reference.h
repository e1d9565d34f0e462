/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A second implementation of QUIC-LB's encoding, for comparison with kmod/core/qlb.c: the
 * draft's steps one by one on arrays of octets, with the AES of libcrypto.  It shares neither
 * code nor method nor AES with the codec, nor with the unit tests' oracle, which works on
 * hex digits.
 */
#ifndef _REFERENCE_H
#define _REFERENCE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Encrypt and decrypt server ID and nonce, @len octets together, 5..19; @key is 16 octets
 * or NULL.  The first octet of a CID is left to the caller.
 */
void reference_encrypt(const uint8_t *key, const uint8_t *plain, size_t len,
		       uint8_t *cipher);
void reference_decrypt(const uint8_t *key, const uint8_t *cipher, size_t len,
		       uint8_t *plain);

#endif /* _REFERENCE_H */
