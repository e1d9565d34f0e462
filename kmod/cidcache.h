/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What encrypted CIDs were decoded to, for each CPU: a client's connection has the same
 * CID for as long as it stays at one address, and looking it up costs a tenth of
 * decrypting it.
 *
 * An entry is valid for one routes object, which has a generation of its own
 * that no other ever gets: whatever changes of a service's configs, server IDs or servers
 * publishes another one, and with it all entries of the service are void.  What an
 * entry points to belongs to that routes object, which its reader holds.
 *
 * The cache has a fixed size, two places for each CID, where the older one gives way.
 * Only routable CIDs enter: random ones cost nobody an entry.  They have one place by
 * themselves, the stray's, so that each is decrypted once and not at every step of its
 * way to the fallback.
 */
#ifndef _IP_VS_QUIC_CIDCACHE_H
#define _IP_VS_QUIC_CIDCACHE_H

#include <linux/cache.h>
#include <linux/percpu.h>

#include "core/qlb.h"

struct ip_vs_quic_route;

enum ip_vs_quic_cidcache_limits {
	IP_VS_QUIC_CIDCACHE_BITS = 9,	/* of sets on each CPU */
};

/* A CID as far as its config goes, the rest zero. */
struct ip_vs_quic_cid {
	u64 words[2];
	u32 tail;
};

/**
 * struct ip_vs_quic_cid_tag - a CID that was decoded
 * @generation: of the routes, 0 when there was none
 * @cid: this
 */
struct ip_vs_quic_cid_tag {
	u64 generation;
	struct ip_vs_quic_cid cid;
};

/**
 * struct ip_vs_quic_cid_entry - a place
 * @tag: what was decoded
 * @route: in those routes; its key is the server ID
 */
struct ip_vs_quic_cid_entry {
	struct ip_vs_quic_cid_tag tag;
	const struct ip_vs_quic_route *route;
} ____cacheline_aligned;

/* The places that a CID may have, the younger one first; a cache line each. */
struct ip_vs_quic_cid_set {
	struct ip_vs_quic_cid_entry at[2];
};

/**
 * struct ip_vs_quic_cid_stray - the last CID whose server ID itself is not in the map
 * @tag: what was decoded
 * @sid: to this
 */
struct ip_vs_quic_cid_stray {
	struct ip_vs_quic_cid_tag tag;
	struct qlb_server_id sid;
};

/* Read and written by their CPU alone, with bottom halves disabled. */
DECLARE_PER_CPU(struct ip_vs_quic_cid_set *, ip_vs_quic_cidcache);
DECLARE_PER_CPU_ALIGNED(struct ip_vs_quic_cid_stray, ip_vs_quic_cidstray);

/* @mask has ones where the config's CIDs have octets; 20 octets of @cid are read. */
static __always_inline struct ip_vs_quic_cid
ip_vs_quic_cid_load(const u8 *cid, const struct ip_vs_quic_cid *mask)
{
	struct ip_vs_quic_cid c;

	memcpy(&c.words, cid, sizeof(c.words));
	memcpy(&c.tail, cid + sizeof(c.words), sizeof(c.tail));
	c.words[0] &= mask->words[0];
	c.words[1] &= mask->words[1];
	c.tail &= mask->tail;
	return c;
}

/*
 * The set of a CID.  Ciphertext is random enough.  Whoever chooses CIDs that share a set
 * has to have them from a server, and makes them miss, no more.
 */
static __always_inline struct ip_vs_quic_cid_set *
ip_vs_quic_cidcache_set(const struct ip_vs_quic_cid *cid)
{
	u64 h = (cid->words[0] ^ cid->words[1]) * 0x9e3779b97f4a7c15ull;

	return this_cpu_read(ip_vs_quic_cidcache) +
	       (h >> (64 - IP_VS_QUIC_CIDCACHE_BITS));
}

/*
 * PREEMPT_RT need not keep bottom halves of one CPU apart (PREEMPT_RT_NEEDS_BH_LOCK), so
 * that a reader could meet one half written: nothing is remembered there.
 */
static __always_inline bool
ip_vs_quic_cid_tag_is(const struct ip_vs_quic_cid_tag *tag, u64 generation,
		      const struct ip_vs_quic_cid *cid)
{
	return !IS_ENABLED(CONFIG_PREEMPT_RT) &&
	       tag->generation == generation &&
	       tag->cid.words[0] == cid->words[0] &&
	       tag->cid.words[1] == cid->words[1] &&
	       tag->cid.tail == cid->tail;
}

/* Return: the route of @cid, NULL when it is not in its @set. */
static __always_inline const struct ip_vs_quic_route *
ip_vs_quic_cidcache_find(const struct ip_vs_quic_cid_set *set, u64 generation,
			 const struct ip_vs_quic_cid *cid)
{
	if (likely(ip_vs_quic_cid_tag_is(&set->at[0].tag, generation, cid)))
		return set->at[0].route;
	if (ip_vs_quic_cid_tag_is(&set->at[1].tag, generation, cid))
		return set->at[1].route;
	return NULL;
}

static inline void
ip_vs_quic_cidcache_add(struct ip_vs_quic_cid_set *set, u64 generation,
			const struct ip_vs_quic_cid *cid,
			const struct ip_vs_quic_route *route)
{
	set->at[1] = set->at[0];
	set->at[0] = (struct ip_vs_quic_cid_entry) {
		.tag = { .generation = generation, .cid = *cid },
		.route = route,
	};
}

/* Return: what @cid was decoded to, or NULL; until the next datagram. */
static inline const struct qlb_server_id *
ip_vs_quic_cidstray_find(u64 generation, const struct ip_vs_quic_cid *cid)
{
	const struct ip_vs_quic_cid_stray *stray;

	stray = this_cpu_ptr(&ip_vs_quic_cidstray);
	return ip_vs_quic_cid_tag_is(&stray->tag, generation, cid) ?
		       &stray->sid : NULL;
}

static inline void ip_vs_quic_cidstray_set(u64 generation,
					   const struct ip_vs_quic_cid *cid,
					   const struct qlb_server_id *sid)
{
	*this_cpu_ptr(&ip_vs_quic_cidstray) = (struct ip_vs_quic_cid_stray) {
		.tag = { .generation = generation, .cid = *cid },
		.sid = *sid,
	};
}

int ip_vs_quic_cidcache_init(void);
void ip_vs_quic_cidcache_uninit(void);

#endif /* _IP_VS_QUIC_CIDCACHE_H */
