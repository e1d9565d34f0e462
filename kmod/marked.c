// SPDX-License-Identifier: GPL-2.0
#include "marked.h"

#include <linux/random.h>
#include <linux/rculist.h>

void ivq_marked_add(struct ivq_marked *marked, struct ivq_service *qs)
{
	u32 i = qs->key.fwmark % IVQ_MARKED_BUCKETS;

	hlist_add_head_rcu(&qs->marked, &marked->buckets[i]);
	WRITE_ONCE(marked->count, marked->count + 1);
}

void ivq_marked_del(struct ivq_marked *marked, struct ivq_service *qs)
{
	hlist_del_rcu(&qs->marked);
	WRITE_ONCE(marked->count, marked->count - 1);
}

struct ivq_service *
ivq_marked_find(const struct ivq_marked *marked,
		bool (*fits)(struct ivq_service *qs, void *arg), void *arg)
{
	unsigned int looks = IVQ_MARKED_LOOKS, i;
	struct ivq_service *qs;
	u32 count, first;

	count = READ_ONCE(marked->count);
	if (!count)
		return NULL;
	first = count > looks ? get_random_u32() : 0;
	for (i = 0; i < IVQ_MARKED_BUCKETS; i++) {
		u32 at = (first + i) % IVQ_MARKED_BUCKETS;

		hlist_for_each_entry_rcu(qs, &marked->buckets[at], marked) {
			if (fits(qs, arg))
				return qs;
			if (!--looks)
				return NULL;
		}
	}
	return NULL;
}

static bool any(struct ivq_service *qs, void *arg)
{
	return true;
}

struct ivq_service *ivq_marked_only(const struct ivq_marked *marked)
{
	if (READ_ONCE(marked->count) != 1)
		return NULL;
	return ivq_marked_find(marked, any, NULL);
}
