/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that the packet path reads of a service, as one immutable object behind
 * one RCU pointer: configs, pool, and the server map resolved against the pool.
 * A datagram therefore never sees half of a change.
 */
#ifndef _IP_VS_QUIC_ROUTES_H
#define _IP_VS_QUIC_ROUTES_H

#include <linux/workqueue.h>

#include "config.h"
#include "unroutable_table.h"
#include "pool.h"
#include "sidmap.h"
#include "source.h"

/* One slot of the open-addressed table; config_and_len 0 is an empty slot. */
struct ip_vs_quic_route {
	union ip_vs_quic_sid_key key;
	struct ip_vs_quic_target *target;	/* NULL: not in the pool */
};

/**
 * struct ip_vs_quic_settings - what an operator can tune for a service
 * @tuple_timeout: jiffies a 4-tuple entry lives after its last datagram
 * @sources: outer source addresses of IPIP, where not IPVS's own
 * @spread: there is such a source
 * @tuple_max: IPVS connections in the namespace beyond which none is made
 */
struct ip_vs_quic_settings {
	unsigned long tuple_timeout;
	u32 tuple_max;
	bool spread;
	struct ip_vs_quic_sources sources;
};

extern const struct ip_vs_quic_settings ip_vs_quic_default_settings;

/**
 * struct ip_vs_quic_routes - what a service's datagrams are decided by
 * @configs: by config ID and tenant, tenants without gaps from 0 on, NULL
 *	     where there is none; one reference each
 * @generation: of this object alone, never 0
 * @usual: by config ID, the config that alone decides what the CID means: no other
 *	   tenants, no check of the length.  NULL is for the long way, as it
 *	   always is for the reserved ID
 * @prefixes: per config ID, a bit per length that a server ID in the map has
 *	      and that is shorter than a config's of that ID
 * @settings: a copy
 * @dcids: table of unroutable CIDs, one reference, NULL when off
 * @pool: one reference
 * @seed: of the table's hash; against chosen collisions
 * @mask: slots in @slots minus one
 * @slots: at most half full
 * @free_work: frees it after a grace period
 */
struct ip_vs_quic_routes {
	u64 generation;
	u64 seed;
	struct ip_vs_quic_route *slots;
	u32 mask;
	const struct ip_vs_quic_config *usual[QLB_CONFIGS_MAX + 1];
	struct ip_vs_quic_configs configs;
	u16 prefixes[QLB_CONFIGS_MAX];
	struct ip_vs_quic_settings settings;
	struct ip_vs_quic_dcids *dcids;
	struct ip_vs_quic_pool *pool;
	struct rcu_work free_work;
};

/**
 * struct ip_vs_quic_change - what routes are to be made of; all borrowed
 */
struct ip_vs_quic_change {
	struct ip_vs_quic_configs configs;
	struct ip_vs_quic_sidmap *sidmap;
	struct ip_vs_quic_settings settings;
	struct ip_vs_quic_dcids *dcids;
	struct ip_vs_quic_pool *pool;
};

/*
 * Takes references of its own on all but the server map.  Return: NULL without
 * memory.
 */
struct ip_vs_quic_routes *
ip_vs_quic_routes_new(const struct ip_vs_quic_change *change);

/* Once unpublished: frees it when the last reader is gone.  NULL is fine. */
void ip_vs_quic_routes_retire(struct ip_vs_quic_routes *routes);

/* Never published. */
void ip_vs_quic_routes_free(struct ip_vs_quic_routes *routes);

/*
 * Server IDs often differ in their last octets alone, whose place in a word depends on
 * their length; a product carries nothing downwards, so high halves are folded in.
 */
static __always_inline u32 ip_vs_quic_route_hash(u64 w0, u64 w1, u64 seed)
{
	u64 h = (w0 ^ seed) * 0x9e3779b97f4a7c15ull ^ w1;

	h = (h ^ (h >> 32)) * 0xbf58476d1ce4e5b9ull;
	return h >> 32;
}

/* By the words of a key.  Return: NULL when it is not in the map. */
static __always_inline const struct ip_vs_quic_route *
ip_vs_quic_routes_find_words(const struct ip_vs_quic_routes *routes, u64 w0,
			     u64 w1)
{
	u32 i = ip_vs_quic_route_hash(w0, w1, routes->seed);

	for (;; i++) {
		const struct ip_vs_quic_route *r;

		r = &routes->slots[i & routes->mask];
		if (r->key.words[0] == w0 && r->key.words[1] == w1)
			return r;
		if (!r->key.config_and_len)
			return NULL;
	}
}

static inline const struct ip_vs_quic_route *
ip_vs_quic_routes_find(const struct ip_vs_quic_routes *routes,
		       const union ip_vs_quic_sid_key *key)
{
	return ip_vs_quic_routes_find_words(routes, key->words[0],
					    key->words[1]);
}

#endif /* _IP_VS_QUIC_ROUTES_H */
