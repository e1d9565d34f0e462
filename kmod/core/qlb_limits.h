/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How long what is: the draft's limits, and a server ID. */
#ifndef _QLB_LIMITS_H
#define _QLB_LIMITS_H

#include "qlb_port.h"

enum qlb_limits {
	QLB_CONFIG_ID_MAX	= 6,	/* section "Config Rotation" */
	QLB_CONFIG_ID_RESERVED	= 7,	/* 0b111: always unroutable */
	QLB_CONFIGS_MAX		= QLB_CONFIG_ID_MAX + 1,
	QLB_SERVER_ID_LEN_MIN	= 1,	/* section "Configuration Agent Actions" */
	QLB_SERVER_ID_LEN_MAX	= 15,
	QLB_NONCE_LEN_MIN	= 4,
	QLB_NONCE_LEN_MAX	= 18,
	QLB_PLAINTEXT_LEN_MAX	= 19,	/* server ID and nonce together */
	QLB_CID_LEN_MAX		= 20,	/* first octet included */
	QLB_KEY_LEN		= 16,
	QLB_BLOCK_LEN		= 16,
	QLB_LAYOUT_BITS_MAX	= 8 * QLB_SERVER_ID_LEN_MAX,
	QLB_FIRST_OCTETS	= QLB_CONFIGS_MAX + 1,	/* by their three high bits */
};

/**
 * struct qlb_server_id - a server ID, as a map key
 * @len: octets used in @octets, 1..15
 * @octets: the ID, the rest zero, so that two IDs are equal iff the structs are
 */
struct qlb_server_id {
	u8 len;
	u8 octets[QLB_SERVER_ID_LEN_MAX];
};

#endif /* _QLB_LIMITS_H */
