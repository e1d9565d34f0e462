/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that the packet path reads of a service, as one immutable object behind
 * one RCU pointer: configs, pool, and the server map resolved against the pool.
 * A datagram therefore never sees half of a change.
 */
#ifndef _IVQ_SNAPSHOT_H
#define _IVQ_SNAPSHOT_H

#include <linux/workqueue.h>

#include "config.h"
#include "unroutable_table.h"
#include "pool.h"
#include "sidmap.h"
#include "source.h"

/* One slot of the open-addressed table; config_and_len 0 is an empty slot. */
struct ivq_route {
	union ivq_sid_key key;
	struct ivq_target *target;		/* NULL: not in the pool */
};

/**
 * struct ivq_settings - what an operator can tune for a service
 * @tuple_timeout: jiffies a 4-tuple entry lives after its last datagram
 * @sources: outer source addresses of IPIP, where not IPVS's own
 * @spread: there is such a source
 * @tuple_max: entries of the service beyond which none is made
 * @table_bits: of the size of the pool's table, see maglev_size()
 */
struct ivq_settings {
	unsigned long tuple_timeout;
	u32 tuple_max;
	u8 table_bits;
	bool spread;
	struct ivq_sources sources;
};

extern const struct ivq_settings ivq_default_settings;

/**
 * struct ivq_snapshot - what a service's datagrams are decided by
 * @configs: by config ID and tenant, tenants without gaps from 0 on, NULL
 *	     where there is none; one reference each
 * @generation: of this object alone, never 0
 * @fast: by config ID, the config that alone decides what the CID means: no other
 *	   tenants, no check of the length.  NULL is for the long way or a layout, as
 *	   it always is for the reserved ID
 * @layouts: by the first octet's three high bits, the config with a layout that gets such
 *	      CIDs.  Apart from @fast, so that QUIC-LB's do not pay for the question
 * @prefixes: per config ID, a bit per length that a server ID in the map has
 *	      and that is shorter than a config's of that ID
 * @settings: a copy
 * @unroutable: table of unroutable CIDs, one reference, NULL when off
 * @pool: one reference
 * @seed: of the table's hash; against chosen collisions
 * @mask: slots in @slots minus one
 * @slots: at most half full
 * @free_work: frees it after a grace period
 */
struct ivq_snapshot {
	u64 generation;
	u64 seed;
	struct ivq_route *slots;
	u32 mask;
	const struct ivq_config *fast[QLB_FIRST_OCTETS];
	const struct ivq_config *layouts[QLB_FIRST_OCTETS];
	struct ivq_configs configs;
	u16 prefixes[QLB_CONFIGS_MAX];
	struct ivq_settings settings;
	struct ivq_unroutable_table *unroutable;
	struct ivq_pool *pool;
	struct rcu_work free_work;
};

/**
 * struct ivq_change - what a snapshot is to be made of; all borrowed
 */
struct ivq_change {
	struct ivq_configs configs;
	struct ivq_sidmap *sidmap;
	struct ivq_settings settings;
	struct ivq_unroutable_table *unroutable;
	struct ivq_pool *pool;
};

/*
 * Takes references of its own on all but the server map.  Return: NULL without
 * memory.
 */
struct ivq_snapshot *ivq_snapshot_new(const struct ivq_change *change);

/* Once unpublished: frees it when the last reader is gone.  NULL is fine. */
void ivq_snapshot_retire(struct ivq_snapshot *snapshot);

/* Never published. */
void ivq_snapshot_free(struct ivq_snapshot *snapshot);

/*
 * Server IDs often differ in their last octets alone, whose place in a word depends on
 * their length; a product carries nothing downwards, so high halves are folded in.
 */
static __always_inline u32 ivq_route_hash(u64 w0, u64 w1, u64 seed)
{
	u64 h = (w0 ^ seed) * 0x9e3779b97f4a7c15ull ^ w1;

	h = (h ^ (h >> 32)) * 0xbf58476d1ce4e5b9ull;
	return h >> 32;
}

/* By the words of a key.  Return: NULL when it is not in the map. */
static __always_inline const struct ivq_route *
ivq_snapshot_find_words(const struct ivq_snapshot *snapshot, u64 w0, u64 w1)
{
	u32 i = ivq_route_hash(w0, w1, snapshot->seed);

	for (;; i++) {
		const struct ivq_route *r;

		r = &snapshot->slots[i & snapshot->mask];
		if (r->key.words[0] == w0 && r->key.words[1] == w1)
			return r;
		if (!r->key.config_and_len)
			return NULL;
	}
}

static inline const struct ivq_route *
ivq_snapshot_find(const struct ivq_snapshot *snapshot,
		  const union ivq_sid_key *key)
{
	return ivq_snapshot_find_words(snapshot, key->words[0], key->words[1]);
}

#endif /* _IVQ_SNAPSHOT_H */
