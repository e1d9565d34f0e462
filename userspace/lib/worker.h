/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The octet behind a CID's QUIC-LB part that names one of several processes with one server
 * ID (draft, section "Server Process Demultiplexing").
 */
#ifndef QUICLB_WORKER_H
#define QUICLB_WORKER_H

#include <stddef.h>
#include <stdint.h>

#include "quiclb.h"

/* What hides the number behind the first @len octets of @cid. */
uint8_t quiclb_worker_mask(const uint8_t key[QUICLB_WORKER_KEY_LEN], const uint8_t *cid,
			   size_t len);

#endif /* QUICLB_WORKER_H */
