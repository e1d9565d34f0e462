// SPDX-License-Identifier: GPL-2.0
#include "service.h"

#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "object.h"

struct ivq_snapshot *ivq_service_snapshot(const struct ivq_service *qs)
{
	return rcu_dereference_protected(qs->snapshot,
					 lockdep_is_held(qs->lock));
}

static void publish(struct ivq_service *qs, struct ivq_snapshot *snapshot)
{
	struct ivq_snapshot *old = ivq_service_snapshot(qs);

	rcu_assign_pointer(qs->snapshot, snapshot);
	ivq_snapshot_retire(old);
}

static void fill_key(struct ivq_svc_key *key, const struct ip_vs_service *svc)
{
	key->af = svc->af;
	key->fwmark = svc->fwmark;
	if (svc->fwmark)
		return;
	ip_vs_addr_set(svc->af, &key->addr, &svc->addr);
	key->port = svc->port;
}

static void free_service(struct ivq_service *qs)
{
	ivq_flows_put(qs->flows.flows);
	ivq_sidmap_free(qs->sidmap);
	free_percpu(qs->stats);
	kfree(qs);
	ivq_object_destroyed(IVQ_OBJ_SERVICE);
}

static void free_forgotten(struct work_struct *work)
{
	free_service(container_of(to_rcu_work(work), struct ivq_service,
				  free_work));
}

/*
 * Nobody makes entries for it any more.  Those that it has may be found by 4-tuple until
 * they are out of the table, and with them the service: a second grace period.
 */
static void free_work(struct work_struct *work)
{
	struct ivq_service *qs = container_of(to_rcu_work(work),
					      struct ivq_service, free_work);

	ivq_flows_forget(&qs->flows);
	if (!qs->flows.used) {
		free_service(qs);
		return;
	}
	INIT_RCU_WORK(&qs->free_work, free_forgotten);
	ivq_object_retire(&qs->free_work);
}

static struct ivq_service *alloc_service(const struct ip_vs_service *svc)
{
	struct ivq_service *qs;

	qs = kzalloc(sizeof(*qs), GFP_KERNEL_ACCOUNT);
	if (!qs)
		return NULL;
	ivq_object_created(IVQ_OBJ_SERVICE);

	fill_key(&qs->key, svc);
	qs->ipvs = svc->ipvs;
	qs->svc = svc;
	ivq_vip_init(&qs->vip, svc->af);
	qs->stats = ivq_stats_new(IVQ_STAT_COUNT);
	qs->sidmap = ivq_sidmap_new(0);
	if (!qs->stats || !qs->sidmap) {
		free_service(qs);
		return NULL;
	}
	return qs;
}

static struct ivq_snapshot *first_snapshot(const struct ivq_service *qs,
					   const struct ip_vs_service *svc)
{
	struct ivq_change change = {
		.sidmap = qs->sidmap,
		.settings = ivq_default_settings,
	};
	struct ivq_snapshot *snapshot;

	change.pool = ivq_pool_new(svc, NULL, change.settings.table_bits);
	if (IS_ERR(change.pool))
		return ERR_CAST(change.pool);
	snapshot = ivq_snapshot_new(&change);
	ivq_pool_put(change.pool);
	return snapshot ? snapshot : ERR_PTR(-ENOMEM);
}

/*
 * A service that changes its scheduler to "quic" comes with destinations; a new
 * one has none yet.
 */
struct ivq_service *ivq_service_new(const struct ip_vs_service *svc)
{
	struct ivq_service *qs = alloc_service(svc);
	struct ivq_snapshot *snapshot;

	if (!qs)
		return ERR_PTR(-ENOMEM);
	snapshot = first_snapshot(qs, svc);
	if (IS_ERR(snapshot)) {
		free_service(qs);
		return ERR_CAST(snapshot);
	}
	RCU_INIT_POINTER(qs->snapshot, snapshot);
	return qs;
}

void ivq_service_free(struct ivq_service *qs)
{
	ivq_snapshot_free(rcu_dereference_protected(qs->snapshot, true));
	free_service(qs);
}

/* schedule() may still be running with @qs on another CPU, and so may the hook. */
void ivq_service_retire(struct ivq_service *qs)
{
	publish(qs, NULL);
	ivq_vip_close(&qs->vip);
	INIT_RCU_WORK(&qs->free_work, free_work);
	ivq_object_retire(&qs->free_work);
}

void ivq_service_forget_routes(struct net *net)
{
	synchronize_rcu();
	rt_genid_bump_all(net);
}

void ivq_service_state(const struct ivq_service *qs, struct ivq_change *change)
{
	const struct ivq_snapshot *snapshot = ivq_service_snapshot(qs);

	change->configs = snapshot->configs;
	change->sidmap = qs->sidmap;
	change->settings = snapshot->settings;
	change->unroutable = snapshot->unroutable;
	change->pool = snapshot->pool;
}

static bool has_new_config(const struct ivq_snapshot *before,
			   const struct ivq_snapshot *now, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < IVQ_TENANTS_MAX; i++)
		if (now->configs.at[id][i] &&
		    now->configs.at[id][i] != before->configs.at[id][i])
			return true;
	return false;
}

/*
 * What servers are counted by under a config ID is about the configs that it has now.
 * Before @now is published, so that none of its datagrams is missed.
 */
static void zero_new_configs(const struct ivq_snapshot *before,
			     const struct ivq_snapshot *now)
{
	unsigned int id;
	u32 i;

	for (id = 0; id < QLB_CONFIGS_MAX; id++)
		if (has_new_config(before, now, id))
			for (i = 0; i < now->pool->count; i++)
				ivq_target_zero_config(now->pool->targets[i],
						       id);
}

int ivq_service_commit(struct ivq_service *qs, const struct ivq_change *change,
		       struct ivq_past *past)
{
	struct ivq_snapshot *snapshot = ivq_snapshot_new(change);

	if (!snapshot)
		return -ENOMEM;
	past->snapshot = ivq_service_snapshot(qs);
	zero_new_configs(past->snapshot, snapshot);
	rcu_assign_pointer(qs->snapshot, snapshot);
	if (qs->sidmap != change->sidmap) {
		past->sidmap = qs->sidmap;
		qs->sidmap = change->sidmap;
	}
	return 0;
}

void ivq_past_retire(struct ivq_past *past)
{
	ivq_snapshot_retire(past->snapshot);
	ivq_sidmap_free(past->sidmap);
}

static int update_pool(struct ivq_service *qs, struct ivq_past *past)
{
	struct ivq_change change;
	struct ivq_pool *pool;
	int err;

	ivq_service_state(qs, &change);
	pool = ivq_pool_new(qs->svc, change.pool, change.settings.table_bits);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	change.pool = pool;
	err = ivq_service_commit(qs, &change, past);
	ivq_pool_put(pool);
	return err;
}

int ivq_service_update_pool(struct ivq_service *qs, struct ivq_past *past)
{
	lockdep_assert_held(qs->lock);
	qs->rebuild_error = update_pool(qs, past);
	return qs->rebuild_error;
}

void ivq_service_zero(struct ivq_service *qs)
{
	const struct ivq_snapshot *snapshot = ivq_service_snapshot(qs);
	struct ivq_config * const *cfgp;
	u32 i;

	ivq_stats_zero(qs->stats, qs->zeroed, IVQ_STAT_COUNT);
	ivq_configs_for_each(cfgp, &snapshot->configs)
		if (*cfgp)
			ivq_config_zero(*cfgp);
	for (i = 0; i < snapshot->pool->count; i++) {
		ivq_target_zero(snapshot->pool->targets[i]);
		cond_resched();
	}
}
