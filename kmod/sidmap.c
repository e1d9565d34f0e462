// SPDX-License-Identifier: GPL-2.0
#include "sidmap.h"

#include <linux/bsearch.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "object.h"

static int key_cmp(const void *a, const void *b)
{
	const struct ivq_sid *x = a, *y = b;

	return memcmp(&x->key, &y->key, sizeof(x->key));
}

/* The kernel's sort() does not reschedule, so the comparison does. */
static int key_cmp_relaxed(const void *a, const void *b)
{
	cond_resched();
	return key_cmp(a, b);
}

struct ivq_sidmap *ivq_sidmap_new(u32 count)
{
	struct ivq_sidmap *map;

	map = kvzalloc(struct_size(map, sids, count), GFP_KERNEL_ACCOUNT);
	if (!map)
		return NULL;
	map->count = count;
	ivq_object_created(IVQ_OBJ_SIDMAP);
	return map;
}

void ivq_sidmap_free(struct ivq_sidmap *map)
{
	if (!map)
		return;
	kvfree(map);
	ivq_object_destroyed(IVQ_OBJ_SIDMAP);
}

bool ivq_sidmap_seal(struct ivq_sidmap *map)
{
	u32 in, out = 0;

	sort(map->sids, map->count, sizeof(map->sids[0]), key_cmp_relaxed,
	     NULL);
	for (in = 0; in < map->count; in++) {
		const struct ivq_sid *sid = &map->sids[in];

		if (out && !key_cmp(&map->sids[out - 1], sid)) {
			if (memcmp(&map->sids[out - 1].server, &sid->server,
				   sizeof(sid->server)))
				return false;
			continue;
		}
		map->sids[out++] = *sid;
		cond_resched();
	}
	map->count = out;
	return true;
}

const struct ivq_sid *ivq_sidmap_find(const struct ivq_sidmap *map,
				      const union ivq_sid_key *key)
{
	const struct ivq_sid probe = { .key = *key };

	return bsearch(&probe, map->sids, map->count, sizeof(map->sids[0]),
		       key_cmp);
}
