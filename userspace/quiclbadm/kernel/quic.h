/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Our generic netlink family: configs, server IDs, outcomes, decode.  All
 * return 0 or a negative errno for kernel_refusal().
 */
#ifndef _QUICLBADM_KERNEL_QUIC_H
#define _QUICLBADM_KERNEL_QUIC_H

#include "model/model.h"

/* What a CMD_SET or CMD_DEL is about. */
struct quic_change {
	const struct service_id *service;
	uint32_t flags;				/* IP_VS_QUIC_F_* */
	const struct config *configs;		/* CMD_DEL: only ID and tenant count */
	size_t config_count;
	const struct mapping *maps;		/* CMD_DEL: af 0 is any server's */
	size_t map_count;
	const struct endpoint *all_of;		/* CMD_DEL: or NULL */
	const uint32_t *settings;		/* CMD_SET: by enum setting */
	unsigned int setting_mask;		/* those of them, a bit for each */
	const struct prefix *sources;		/* likewise, by enum source */
	unsigned int source_mask;
};

/* The answer to CMD_DECODE, or what the codec finds without the kernel. */
struct quic_decoded {
	bool has_outcome;			/* false: a server ID without a pool */
	uint32_t outcome;
	bool has_config;
	uint8_t config_id;
	bool has_tenant;
	uint8_t tenant;
	struct mapping map;			/* sid.len 0: none */
	bool has_server;
	uint8_t nonce[QLB_NONCE_LEN_MAX];
	size_t nonce_len;
};

/* An entry of the module's table of 4-tuples. */
struct quic_flow {
	struct service_id service;
	struct endpoint client;
	struct endpoint vip;			/* an IPv6 firewall mark's: without address */
	struct endpoint server;
	uint32_t expires;			/* s */
	bool routed;
};

typedef void (*quic_flow_fn)(const struct quic_flow *flow, void *data);

int quic_set(const struct quic_change *change);
int quic_del(const struct quic_change *change);

/*
 * Fills in what the kernel knows of the services in @state: of the one that @id
 * names or, when it is NULL, of all.
 */
int quic_get(struct state *state, const struct service_id *id);

int quic_decode(const struct service_id *id, const uint8_t *cid, size_t len,
		struct quic_decoded *decoded);

/* The counters of one service, or of all and of devices when @id is NULL. */
int quic_zero(const struct service_id *id);

/* IP_VS_QUIC_CMD_EXPRESS_ADD or _DEL */
int quic_put_express(uint8_t cmd, const char *device);

/* Reads the devices with the express path into @state. */
int quic_get_express(struct state *state);

/*
 * Calls @each for every entry of the table of 4-tuples; a module that has no such table
 * has no entries.
 */
int quic_each_flow(quic_flow_fn each, void *data);

#endif /* _QUICLBADM_KERNEL_QUIC_H */
