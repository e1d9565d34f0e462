/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* AES-CMAC (RFC 4493), from which reset keys and reset tokens are made. */
#ifndef QUICLB_RESET_H
#define QUICLB_RESET_H

#include "qlb_aes.h"

enum { CMAC_LEN = 16 };

void quiclb_cmac(const struct qlb_aes *aes, const uint8_t *message, size_t len,
		 uint8_t mac[CMAC_LEN]);

/*
 * A key from octets of any length, by AES-CMAC-PRF-128 (RFC 4615), expanded.
 * Return: 0 or a negative errno of qlb_aes_init().
 */
int quiclb_derive(struct qlb_aes *aes, const uint8_t *octets, size_t len);

#endif /* QUICLB_RESET_H */
