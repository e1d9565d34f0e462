// SPDX-License-Identifier: GPL-2.0
/*
 * Adding a service is one store to an empty slot.  Removing one is a store of the
 * tombstone, which lets probes go on; it cannot fail.  So readers need nothing but RCU.
 * Used slots are not used again: when half of the slots have been used, a new table is
 * built.
 */
#include "svctable.h"

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "object.h"

enum {
	SLOTS_MIN = 16,
};

/* No address family: no datagram has this key. */
struct ivq_service ivq_tombstone;

static struct ivq_slots *writers_slots(const struct ivq_svctable *table)
{
	return rcu_dereference_protected(table->slots,
					 lockdep_is_held(table->lock));
}

static struct ivq_slots *new_slots(u32 count)
{
	u32 n = roundup_pow_of_two(max_t(u32, 4 * count, SLOTS_MIN));
	struct ivq_slots *slots;

	slots = kvzalloc(struct_size(slots, at, n), GFP_KERNEL_ACCOUNT);
	if (!slots)
		return NULL;
	slots->mask = n - 1;
	slots->seed = get_random_u64();
	ivq_object_created(IVQ_OBJ_SLOTS);
	return slots;
}

static u32 hash(const struct ivq_svc_key *key, u64 seed)
{
	return ivq_svc_hash(key->words[0], key->words[1], key->words[2], seed);
}

static void put(struct ivq_slots *slots, struct ivq_service *qs)
{
	u32 i = hash(&qs->key, slots->seed);

	while (rcu_access_pointer(slots->at[i & slots->mask]))
		i++;
	rcu_assign_pointer(slots->at[i & slots->mask], qs);
	slots->used++;
}

int ivq_svctable_init(struct ivq_svctable *table, struct mutex *lock)
{
	struct ivq_slots *slots = new_slots(0);

	if (!slots)
		return -ENOMEM;
	table->lock = lock;
	table->count = 0;
	RCU_INIT_POINTER(table->slots, slots);
	return 0;
}

void ivq_svctable_destroy(struct ivq_svctable *table)
{
	ivq_object_destroyed(IVQ_OBJ_SLOTS);
	kvfree(rcu_dereference_raw(table->slots));
}

/* The same services, with room for one more. */
static int renew(struct ivq_svctable *table)
{
	struct ivq_slots *old = writers_slots(table), *slots;
	struct ivq_service *qs;
	u32 i;

	slots = new_slots(table->count + 1);
	if (!slots)
		return -ENOMEM;
	for (i = 0; i <= old->mask; i++) {
		qs = rcu_dereference_protected(old->at[i],
					       lockdep_is_held(table->lock));
		if (qs && qs != &ivq_tombstone)
			put(slots, qs);
	}
	rcu_assign_pointer(table->slots, slots);
	/* from here on RCU owns them */
	ivq_object_destroyed(IVQ_OBJ_SLOTS);
	kvfree_rcu(old, rcu);
	return 0;
}

int ivq_svctable_add(struct ivq_svctable *table, struct ivq_service *qs)
{
	struct ivq_slots *slots = writers_slots(table);
	int err;

	if (ivq_svctable_find(table, qs->key.words[0], qs->key.words[1],
			      qs->key.words[2]))
		return -EEXIST;
	if (2 * (slots->used + 1) > slots->mask) {
		err = renew(table);
		if (err)
			return err;
	}
	put(writers_slots(table), qs);
	table->count++;
	return 0;
}

void ivq_svctable_del(struct ivq_svctable *table, struct ivq_service *qs)
{
	struct ivq_slots *slots = writers_slots(table);
	u32 i = hash(&qs->key, slots->seed);

	while (rcu_access_pointer(slots->at[i & slots->mask]) != qs)
		i++;
	rcu_assign_pointer(slots->at[i & slots->mask], &ivq_tombstone);
	table->count--;
}
