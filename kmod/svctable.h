/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The services of a namespace by address, port and mark.  It is an open-addressed table
 * of pointers: a lookup for every datagram of the director has to be cheap, however
 * many services there are.
 */
#ifndef _IVQ_SVCTABLE_H
#define _IVQ_SVCTABLE_H

#include "service.h"

/**
 * struct ivq_slots - one generation of the table
 * @rcu: frees it
 * @seed: of the hash; against chosen collisions
 * @mask: slots minus one
 * @used: slots that are not empty, at most half of them; under the table's lock
 * @at: NULL ends a probe, ivq_tombstone does not
 */
struct ivq_slots {
	struct rcu_head rcu;
	u64 seed;
	u32 mask;
	u32 used;
	struct ivq_service __rcu *at[];
};

/**
 * struct ivq_svctable - the table
 * @slots: read under RCU, written under @lock
 * @lock: the caller's, which the writers hold
 * @count: services
 */
struct ivq_svctable {
	struct ivq_slots __rcu *slots;
	struct mutex *lock; /* see above */
	u32 count;
};

int ivq_svctable_init(struct ivq_svctable *table,
		      struct mutex *lock /* of writers */);
/* It has no readers any more. */
void ivq_svctable_destroy(struct ivq_svctable *table);

/* Return: -EEXIST, -ENOMEM or 0. */
int ivq_svctable_add(struct ivq_svctable *table, struct ivq_service *qs);
void ivq_svctable_del(struct ivq_svctable *table, struct ivq_service *qs);

/* Marks a slot whose service was removed.  No datagram has its key. */
extern struct ivq_service ivq_tombstone;

/*
 * Services of one address differ in the port alone, at one end of a word: a product
 * carries nothing downwards, so the high half is folded in.
 */
static __always_inline u32 ivq_svc_hash(u64 w0, u64 w1, u64 w2, u64 seed)
{
	u64 h = (w0 ^ seed) * 0x9e3779b97f4a7c15ull ^
		w1 * 0xbf58476d1ce4e5b9ull ^ w2;

	h = (h ^ (h >> 32)) * 0x94d049bb133111ebull;
	return h >> 32;
}

/* By the words of a key.  Caller is in an RCU read-side section or holds the lock. */
static __always_inline struct ivq_service *
ivq_svctable_find(const struct ivq_svctable *table, u64 w0, u64 w1, u64 w2)
{
	const struct ivq_slots *slots;
	u32 i;

	slots = rcu_dereference_check(table->slots,
				      lockdep_is_held(table->lock));
	for (i = ivq_svc_hash(w0, w1, w2, slots->seed);; i++) {
		struct ivq_service *qs;

		qs = rcu_dereference_check(slots->at[i & slots->mask],
					   lockdep_is_held(table->lock));
		if (!qs || (qs->key.words[0] == w0 && qs->key.words[1] == w1 &&
			    qs->key.words[2] == w2))
			return qs;
	}
}

#endif /* _IVQ_SVCTABLE_H */
