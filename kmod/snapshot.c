// SPDX-License-Identifier: GPL-2.0
#include "snapshot.h"

#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "object.h"

const struct ip_vs_quic_settings ip_vs_quic_default_settings = {
	.tuple_timeout	= 60 * HZ,
	.tuple_max	= 131072,
};

/*
 * A length of 1..15 makes config_and_len non-zero, so an empty slot ends every
 * probe, and half the slots are empty.
 */
static int resolve(struct ip_vs_quic_routes *routes,
		   const struct ip_vs_quic_sidmap *map)
{
	u32 n, i, slots = roundup_pow_of_two(max(2 * map->count, 2U));

	routes->slots = kvcalloc(slots, sizeof(*routes->slots),
				 GFP_KERNEL_ACCOUNT);
	if (!routes->slots)
		return -ENOMEM;
	routes->mask = slots - 1;
	routes->seed = get_random_u64();

	for (n = 0; n < map->count; n++) {
		const struct ip_vs_quic_sid *sid = &map->sids[n];

		i = ip_vs_quic_route_hash(sid->key.words[0], sid->key.words[1],
					  routes->seed);
		while (routes->slots[i & routes->mask].key.config_and_len)
			i++;
		routes->slots[i & routes->mask] = (struct ip_vs_quic_route) {
			.key = sid->key,
			.target = ip_vs_quic_pool_find(routes->pool,
						       &sid->server),
		};
		cond_resched();
	}
	return 0;
}

/* Lengths that a lookup must try besides the decoded server ID's own. */
static void collect_prefixes(struct ip_vs_quic_routes *routes,
			     const struct ip_vs_quic_sidmap *map)
{
	u32 n;

	for (n = 0; n < map->count; n++)
		if (ip_vs_quic_sid_is_prefix(&map->sids[n]))
			routes->prefixes[ip_vs_quic_sid_config_id(&map->sids[n])] |=
				BIT(ip_vs_quic_sid_len(&map->sids[n]));
}

static void pick_usual(struct ip_vs_quic_routes *routes)
{
	struct ip_vs_quic_config * const *cfgs;
	unsigned int id;

	for (id = 0; id < QLB_CONFIGS_MAX; id++) {
		cfgs = routes->configs.at[id];
		if (cfgs[0] && !cfgs[1] && !cfgs[0]->check_length)
			routes->usual[id] = cfgs[0];
	}
}

/* 64 bits of changes never end. */
static u64 next_generation(void)
{
	static atomic64_t last;

	return atomic64_inc_return(&last);
}

struct ip_vs_quic_routes *
ip_vs_quic_routes_new(const struct ip_vs_quic_change *change)
{
	struct ip_vs_quic_routes *routes;
	struct ip_vs_quic_config **cfgp;

	routes = kzalloc(sizeof(*routes), GFP_KERNEL_ACCOUNT);
	if (!routes)
		return NULL;
	ip_vs_quic_object_created(IP_VS_QUIC_OBJ_ROUTES);

	routes->settings = change->settings;
	routes->dcids = ip_vs_quic_dcids_get(change->dcids);
	routes->pool = ip_vs_quic_pool_get(change->pool);
	routes->configs = change->configs;
	ip_vs_quic_configs_for_each(cfgp, &routes->configs)
		if (*cfgp)
			ip_vs_quic_config_get(*cfgp);

	routes->generation = next_generation();
	pick_usual(routes);
	collect_prefixes(routes, change->sidmap);
	if (resolve(routes, change->sidmap)) {
		ip_vs_quic_routes_free(routes);
		return NULL;
	}
	return routes;
}

void ip_vs_quic_routes_free(struct ip_vs_quic_routes *routes)
{
	struct ip_vs_quic_config **cfgp;

	ip_vs_quic_configs_for_each(cfgp, &routes->configs)
		ip_vs_quic_config_put(*cfgp);
	ip_vs_quic_dcids_put(routes->dcids);
	ip_vs_quic_pool_put(routes->pool);
	kvfree(routes->slots);
	kfree(routes);
	ip_vs_quic_object_destroyed(IP_VS_QUIC_OBJ_ROUTES);
}

static void free_work(struct work_struct *work)
{
	ip_vs_quic_routes_free(container_of(to_rcu_work(work),
					    struct ip_vs_quic_routes,
					    free_work));
}

/*
 * Why nothing a reader holds dies under it: readers reach targets, pools and
 * configs only through routes they dereferenced in a read-side section.
 *  1. The writer has replaced the RCU pointer; no new reader finds @routes.
 *  2. After a grace period no reader has it, nor anything got through it.
 *  3. Then its references go.  A pool or config shared with newer routes lives
 *     on; one that was shared only with older ones had their grace periods too.
 *  4. The last put of a target gives back its destination to IPVS.
 * Process context, because freeing a cipher may sleep.
 */
void ip_vs_quic_routes_retire(struct ip_vs_quic_routes *routes)
{
	if (!routes)
		return;
	INIT_RCU_WORK(&routes->free_work, free_work);
	ip_vs_quic_object_retire(&routes->free_work);
}
