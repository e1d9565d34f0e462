/* SPDX-License-Identifier: GPL-2.0 */
/* One QUIC-LB config of a service: immutable, counted, wiped when freed. */
#ifndef _IP_VS_QUIC_CONFIG_H
#define _IP_VS_QUIC_CONFIG_H

#include <linux/kref.h>

#include "qlb.h"

/**
 * struct ip_vs_quic_config - a config and where its key came from
 * @ref: one reference per routes object that has it
 * @fingerprint: of the key, 0 when there is none
 * @key_source: opaque to the kernel, may be NULL
 * @qlb: what the codec needs
 */
struct ip_vs_quic_config {
	struct kref ref;
	u32 fingerprint;
	char *key_source;
	struct qlb_config qlb;
};

/**
 * struct ip_vs_quic_config_params - a config as asked for, checked
 * @key: QLB_KEY_LEN octets in the caller's hands, or NULL
 * @key_source: or NULL; copied
 */
struct ip_vs_quic_config_params {
	u8 id;
	u8 server_id_len;
	u8 nonce_len;
	const u8 *key;
	const char *key_source;
};

/* Return: a config with one reference, or an ERR_PTR(). */
struct ip_vs_quic_config *
ip_vs_quic_config_new(const struct ip_vs_quic_config_params *params);
struct ip_vs_quic_config *ip_vs_quic_config_get(struct ip_vs_quic_config *cfg);

/* The last put may sleep.  NULL is fine. */
void ip_vs_quic_config_put(struct ip_vs_quic_config *cfg);

#endif /* _IP_VS_QUIC_CONFIG_H */
