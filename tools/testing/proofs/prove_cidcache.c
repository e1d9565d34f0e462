// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever was cached before in a set and as the last miss, of whatever snapshots and CIDs: what
 * is found was put there for this CID, as far as its config goes, under this very generation.  An
 * empty place, of generation 0, is never found.
 */
#include "kernel.h"
#include "cidcache.h"

struct ivq_cid_last_miss ivq_last_miss;

enum {
	CHANGES = 3,	/* a set has two places */
};

static struct ivq_cid any_cid(void)
{
	return (struct ivq_cid) { .words = { any_u64(), any_u64() }, .tail = any_u32() };
}

static bool is_same(const struct ivq_cid *a, const struct ivq_cid *b)
{
	return a->words[0] == b->words[0] && a->words[1] == b->words[1] &&
	       a->tail == b->tail;
}

int main(void)
{
	struct ivq_cid put[CHANGES], asked = any_cid();
	u64 generations[CHANGES], generation = any_u64();
	const struct ivq_route *route, *last = NULL;
	struct ivq_cid_set set = {};
	static u8 routes[CHANGES];
	bool right = false;
	unsigned int i;

	suppose(generation);
	ivq_last_miss = (struct ivq_cid_last_miss) {};
	for (i = 0; i < CHANGES; i++) {
		put[i] = any_cid();
		generations[i] = any_u64();
		suppose(generations[i]);
		ivq_cidcache_add(&set, generations[i], &put[i],
				 (const struct ivq_route *)&routes[i]);
		if (generations[i] == generation && is_same(&put[i], &asked))
			last = (const struct ivq_route *)&routes[i];
	}
	route = ivq_cidcache_find(&set, generation, &asked);
	for (i = 0; i < CHANGES; i++)
		if (route == (const struct ivq_route *)&routes[i])
			right = generations[i] == generation && is_same(&put[i], &asked);
	must(!route || right);
	must(!route || route == last);

	must(!ivq_last_miss_find(generation, &asked));
	ivq_last_miss_set(generations[0], &put[0], &(struct qlb_server_id) {});
	must(!!ivq_last_miss_find(generation, &asked) ==
	     (generations[0] == generation && is_same(&put[0], &asked)));
	return 0;
}
