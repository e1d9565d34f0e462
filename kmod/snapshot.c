// SPDX-License-Identifier: GPL-2.0
#include "snapshot.h"

#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "core/maglev.h"
#include "object.h"

const struct ivq_settings ivq_default_settings = {
	.tuple_timeout	= 60 * HZ,
	.tuple_max	= 131072,
	.table_bits	= MAGLEV_BITS_DEFAULT,
};

/*
 * A length of 1..15 makes config_and_len non-zero, so an empty slot ends every
 * probe, and half the slots are empty.
 */
static int resolve(struct ivq_snapshot *snapshot, const struct ivq_sidmap *map)
{
	u32 n, i, slots = roundup_pow_of_two(max(2 * map->count, 2U));

	snapshot->slots = kvcalloc(slots, sizeof(*snapshot->slots),
				   GFP_KERNEL_ACCOUNT);
	if (!snapshot->slots)
		return -ENOMEM;
	snapshot->mask = slots - 1;
	snapshot->seed = get_random_u64();

	for (n = 0; n < map->count; n++) {
		const struct ivq_sid *sid = &map->sids[n];

		i = ivq_route_hash(sid->key.words[0], sid->key.words[1],
				   snapshot->seed);
		while (snapshot->slots[i & snapshot->mask].key.config_and_len)
			i++;
		snapshot->slots[i & snapshot->mask] = (struct ivq_route) {
			.key = sid->key,
			.target = ivq_pool_find(snapshot->pool, &sid->server),
		};
		cond_resched();
	}
	return 0;
}

/* Lengths that a lookup must try besides the decoded server ID's own. */
static void collect_prefixes(struct ivq_snapshot *snapshot,
			     const struct ivq_sidmap *map)
{
	u32 n;

	for (n = 0; n < map->count; n++)
		if (ivq_sid_is_prefix(&map->sids[n]))
			snapshot->prefixes[ivq_sid_config_id(&map->sids[n])] |=
				BIT(ivq_sid_len(&map->sids[n]));
}

static void pick_fast(struct ivq_snapshot *snapshot)
{
	struct ivq_config * const *cfgs;
	unsigned int id;

	for (id = 0; id < QLB_CONFIGS_MAX; id++) {
		cfgs = snapshot->configs.at[id];
		if (cfgs[0] && !cfgs[1] && !cfgs[0]->check_length &&
		    !ivq_config_is_layout(cfgs[0]))
			snapshot->fast[id] = cfgs[0];
	}
}

/* No two configs take the same: ivq_request_check_layouts(). */
static void pick_layouts(struct ivq_snapshot *snapshot)
{
	const struct ivq_config *cfg;
	unsigned int id, high;

	for (id = 0; id < QLB_CONFIGS_MAX; id++) {
		cfg = snapshot->configs.at[id][0];
		for (high = 0; high < QLB_FIRST_OCTETS; high++)
			if (cfg && ivq_config_is_layout(cfg) &&
			    ivq_config_takes(cfg, high))
				snapshot->layouts[high] = cfg;
	}
}

/* 64 bits of changes never end. */
static u64 next_generation(void)
{
	static atomic64_t last;

	return atomic64_inc_return(&last);
}

struct ivq_snapshot *ivq_snapshot_new(const struct ivq_change *change)
{
	struct ivq_snapshot *snapshot;
	struct ivq_config **cfgp;

	snapshot = kzalloc(sizeof(*snapshot), GFP_KERNEL_ACCOUNT);
	if (!snapshot)
		return NULL;
	ivq_object_created(IVQ_OBJ_SNAPSHOT);

	snapshot->settings = change->settings;
	snapshot->unroutable = ivq_unroutable_get(change->unroutable);
	snapshot->pool = ivq_pool_get(change->pool);
	snapshot->configs = change->configs;
	ivq_configs_for_each(cfgp, &snapshot->configs)
		if (*cfgp)
			ivq_config_get(*cfgp);

	snapshot->generation = next_generation();
	pick_fast(snapshot);
	pick_layouts(snapshot);
	collect_prefixes(snapshot, change->sidmap);
	if (resolve(snapshot, change->sidmap)) {
		ivq_snapshot_free(snapshot);
		return NULL;
	}
	return snapshot;
}

void ivq_snapshot_free(struct ivq_snapshot *snapshot)
{
	struct ivq_config **cfgp;

	ivq_configs_for_each(cfgp, &snapshot->configs)
		ivq_config_put(*cfgp);
	ivq_unroutable_put(snapshot->unroutable);
	ivq_pool_put(snapshot->pool);
	kvfree(snapshot->slots);
	kfree(snapshot);
	ivq_object_destroyed(IVQ_OBJ_SNAPSHOT);
}

static void free_work(struct work_struct *work)
{
	ivq_snapshot_free(container_of(to_rcu_work(work), struct ivq_snapshot,
				       free_work));
}

/*
 * Why nothing a reader holds dies under it: readers reach targets, pools and
 * configs only through a snapshot they dereferenced in a read-side section.
 *  1. The writer has replaced the RCU pointer; no new reader finds @snapshot.
 *  2. After a grace period no reader has it, nor anything got through it.
 *  3. Then its references go.  A pool or config shared with a newer snapshot lives
 *     on; one that was shared only with older ones had their grace periods too.
 *  4. The last put of a target gives back its destination to IPVS.
 * Process context, because freeing a cipher may sleep.
 */
void ivq_snapshot_retire(struct ivq_snapshot *snapshot)
{
	if (!snapshot)
		return;
	INIT_RCU_WORK(&snapshot->free_work, free_work);
	ivq_object_retire(&snapshot->free_work);
}
