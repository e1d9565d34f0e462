/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * QUIC-LB a second time, to compare with: written from the draft alone, on strings
 * of hex digits, one digit at a time.  Slow, and sharing nothing with kmod/core/qlb.c.
 */
#ifndef _ORACLE_H
#define _ORACLE_H

#include <stdint.h>

/*
 * All arguments are hex strings; @key "" is the plaintext algorithm.  @block is the
 * server ID and the nonce, of 5 to 19 octets.  Results are static.
 */
const char *oracle_encrypt(const char *key, const char *block);
const char *oracle_decrypt(const char *key, const char *block);

#endif /* _ORACLE_H */
