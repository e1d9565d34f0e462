/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A table of flows: which server a 4-tuple was given to.  Fixed size, no timers, no
 * lists: a flow has two buckets, by its hash, and an entry is in either.  An entry
 * whose time has come is as good as none, and is taken out by flowtable_expire() or by
 * the next one that needs its place.
 *
 * Readers take no lock and wait for nobody: a bucket has a sequence number, which is
 * odd while it is changed, and a reader that sees it change looks again, a few times at
 * most.  Writers of one bucket take turns by that number.  A renewal is no change: it
 * is one store.
 *
 * When both buckets are full, an entry goes whose flow does not need it any more.  If
 * there is none, the flow gets a place of an owner that has more places in the bucket
 * than the flow's own owner would have then: who fills the table takes nothing from
 * others.  If there is none of these either, the flow gets no entry.
 *
 * Owners and servers are pointers that mean nothing here.  What an entry held of them is
 * given back to the caller when the entry goes.
 */
#ifndef _FLOWTABLE_H
#define _FLOWTABLE_H

#include "qlb_port.h"

enum flowtable_limits {
	FLOWTABLE_WAYS = 5,		/* entries in a bucket */
	FLOWTABLE_BUCKET_SIZE = 256,	/* octets */
	FLOWTABLE_FLOWS_MIN = 64,
	FLOWTABLE_FLOWS_MAX = 1 << 24,
};

/**
 * struct flowtable_key - a flow
 * @client: its addresses, as far as they fit: an IPv6 client's, or an IPv4 client's and
 *	    VIP, zero behind that
 * @ports: the client's and the VIP's
 * @hash: of all of the flow, with a secret: what @client leaves out differs here
 */
struct flowtable_key {
	u32 client[4];
	u32 ports;
	u64 hash;
};

/**
 * struct flowtable_value - what is known of a flow
 * @owner: who has the entry, for fairness
 * @server: where it goes, never NULL
 * @expires: seconds, on a clock that may wrap around
 * @first: short hash of the CID that made the entry
 * @routed: the flow does not need the entry any more
 */
struct flowtable_value {
	void *owner;
	void *server;
	u32 expires;
	u32 first;
	bool routed;
};

/* 48 octets where pointers have 64 bits. */
struct flowtable_entry {
	void *server;		/* NULL: free */
	void *owner;
	u32 client[4];
	u32 ports;
	u32 tag;
	u32 expires;
	u32 first;		/* bit 0: routed */
};

struct flowtable_bucket {
	u32 sequence;
	u32 unused;
	u64 unused2;
	struct flowtable_entry entries[FLOWTABLE_WAYS];
} __attribute__((__aligned__(FLOWTABLE_BUCKET_SIZE)));

/**
 * struct flowtable - the table; zeroed memory with @count set is an empty one
 * @count: of @buckets
 * @buckets: aligned
 */
struct flowtable {
	u32 count;
	struct flowtable_bucket *buckets;
};

/* Buckets for @flows flows: of these, one in 500 at most finds both of its buckets full. */
u32 flowtable_buckets(u32 flows);

/* All functions below may run at the same time, in the kernel with bottom halves disabled. */

/*
 * Finds a flow's entry.  Return: the entry, for flowtable_renew(), and a copy in @value,
 * or NULL.
 */
struct flowtable_entry *flowtable_find(const struct flowtable *table,
				       const struct flowtable_key *key, u32 now,
				       struct flowtable_value *value);

/* If the entry has gone meanwhile, another flow's lives a little longer. */
static inline void flowtable_renew(struct flowtable_entry *entry, u32 expires)
{
	if (qlb_load(&entry->expires) != expires)
		qlb_store(&entry->expires, expires);
}

/*
 * Makes the flow's entry, or changes the one that it has.  Return: true, and in *old
 * what had the place before, whose server is NULL if nothing had it; false: no room.
 */
bool flowtable_insert(struct flowtable *table, const struct flowtable_key *key,
		      const struct flowtable_value *value, u32 now,
		      struct flowtable_value *old);

/* The flow, if it has an entry with this server, does not need it any more. */
void flowtable_set_routed(struct flowtable *table,
			  const struct flowtable_key *key, const void *server,
			  u32 now);

/* Takes what has left the table; no lock is held. */
typedef void (*flowtable_gone_fn)(const struct flowtable_value *value, void *arg);

/*
 * Takes out the entries of bucket @at whose time has come, and all of @owner, which may be
 * NULL.
 */
void flowtable_expire(struct flowtable *table, u32 at, u32 now,
		      const void *owner, flowtable_gone_fn gone, void *arg);

/* Reads entry @way of bucket @at.  Return: false when it is free or its time has come. */
bool flowtable_read(const struct flowtable *table, u32 at, u32 way, u32 now,
		    struct flowtable_key *key, struct flowtable_value *value);

#endif /* _FLOWTABLE_H */
