/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A cache of decoded CIDs, one for each CPU.  A connection has the same CID while its
 * client stays at one address, and a lookup costs a tenth of decrypting it.
 *
 * An entry is valid for one snapshot of a service (snapshot.h), by the snapshot's
 * generation, which no other snapshot ever has.  A change of the service's configs,
 * server IDs or servers publishes a new snapshot, so all older entries become invalid.
 * An entry points into its snapshot, which the reader holds.
 *
 * The cache has a fixed size: two places for each CID; a new entry replaces the older one.
 * Only CIDs that map to a server are cached, so random CIDs push no entry out.  Any other
 * CID is kept until the next such CID, in a place of its own (the last miss): it is
 * decrypted once, and not again at each step on its way to the fallback.
 */
#ifndef _IVQ_CIDCACHE_H
#define _IVQ_CIDCACHE_H

#include <linux/cache.h>
#include <linux/percpu.h>

#include "core/qlb.h"

struct ivq_route;

enum ivq_cidcache_limits {
	IVQ_CIDCACHE_BITS = 9,		/* of sets on each CPU */
};

/* A CID as far as its config goes, the rest zero. */
struct ivq_cid {
	u64 words[2];
	u32 tail;
};

/**
 * struct ivq_cid_tag - a CID that was decoded
 * @generation: of the snapshot, 0 when there was none
 * @cid: this
 */
struct ivq_cid_tag {
	u64 generation;
	struct ivq_cid cid;
};

/**
 * struct ivq_cid_entry - a place
 * @tag: what was decoded
 * @route: in that snapshot; its key is the server ID
 */
struct ivq_cid_entry {
	struct ivq_cid_tag tag;
	const struct ivq_route *route;
} ____cacheline_aligned;

/* The places that a CID may have, the younger one first; a cache line each. */
struct ivq_cid_set {
	struct ivq_cid_entry at[2];
};

/**
 * struct ivq_cid_last_miss - the last CID whose server ID itself is not in the map
 * @tag: what was decoded
 * @sid: to this
 */
struct ivq_cid_last_miss {
	struct ivq_cid_tag tag;
	struct qlb_server_id sid;
};

/* Read and written by their CPU alone, with bottom halves disabled. */
DECLARE_PER_CPU(struct ivq_cid_set *, ivq_cidcache);
DECLARE_PER_CPU_ALIGNED(struct ivq_cid_last_miss, ivq_last_miss);

/* @mask has ones where the config's CIDs have octets; 20 octets of @cid are read. */
static __always_inline struct ivq_cid
ivq_cid_load(const u8 *cid, const struct ivq_cid *mask)
{
	struct ivq_cid c;

	memcpy(&c.words, cid, sizeof(c.words));
	memcpy(&c.tail, cid + sizeof(c.words), sizeof(c.tail));
	c.words[0] &= mask->words[0];
	c.words[1] &= mask->words[1];
	c.tail &= mask->tail;
	return c;
}

/*
 * The set of a CID.  Ciphertext is random enough as a hash.  CIDs that share a set can be
 * chosen only from CIDs that a server has issued, and then they only make the cache
 * miss.
 */
static __always_inline struct ivq_cid_set *
ivq_cidcache_set(const struct ivq_cid *cid)
{
	u64 h = (cid->words[0] ^ cid->words[1]) * 0x9e3779b97f4a7c15ull;

	return this_cpu_read(ivq_cidcache) + (h >> (64 - IVQ_CIDCACHE_BITS));
}

/*
 * With PREEMPT_RT, two softirqs may run at once on one CPU (unless
 * PREEMPT_RT_NEEDS_BH_LOCK), and one could read what the other has half written.  So
 * nothing is cached there.
 */
static __always_inline bool
ivq_cid_tag_is(const struct ivq_cid_tag *tag, u64 generation,
	       const struct ivq_cid *cid)
{
	return !IS_ENABLED(CONFIG_PREEMPT_RT) &&
	       tag->generation == generation &&
	       tag->cid.words[0] == cid->words[0] &&
	       tag->cid.words[1] == cid->words[1] && tag->cid.tail == cid->tail;
}

/* Return: the route of @cid, NULL when it is not in its @set. */
static __always_inline const struct ivq_route *
ivq_cidcache_find(const struct ivq_cid_set *set, u64 generation,
		  const struct ivq_cid *cid)
{
	if (likely(ivq_cid_tag_is(&set->at[0].tag, generation, cid)))
		return set->at[0].route;
	if (ivq_cid_tag_is(&set->at[1].tag, generation, cid))
		return set->at[1].route;
	return NULL;
}

static inline void ivq_cidcache_add(struct ivq_cid_set *set, u64 generation,
				    const struct ivq_cid *cid,
				    const struct ivq_route *route)
{
	set->at[1] = set->at[0];
	set->at[0] = (struct ivq_cid_entry) {
		.tag = { .generation = generation, .cid = *cid },
		.route = route,
	};
}

/* Return: what @cid was decoded to, or NULL; until the next datagram. */
static inline const struct qlb_server_id *
ivq_last_miss_find(u64 generation, const struct ivq_cid *cid)
{
	const struct ivq_cid_last_miss *last;

	last = this_cpu_ptr(&ivq_last_miss);
	return ivq_cid_tag_is(&last->tag, generation, cid) ? &last->sid : NULL;
}

static inline void ivq_last_miss_set(u64 generation, const struct ivq_cid *cid,
				     const struct qlb_server_id *sid)
{
	*this_cpu_ptr(&ivq_last_miss) = (struct ivq_cid_last_miss) {
		.tag = { .generation = generation, .cid = *cid },
		.sid = *sid,
	};
}

int ivq_cidcache_init(void);
void ivq_cidcache_uninit(void);

#endif /* _IVQ_CIDCACHE_H */
