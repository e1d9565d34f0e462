// SPDX-License-Identifier: GPL-2.0
#include "service.h"

#include <linux/err.h>
#include <linux/mutex.h>
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
	ivq_sidmap_free(qs->sidmap);
	free_percpu(qs->stats);
	kfree(qs);
	ivq_object_destroyed(IVQ_OBJ_SERVICE);
}

static void free_work(struct work_struct *work)
{
	free_service(container_of(to_rcu_work(work), struct ivq_service,
				  free_work));
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
	ivq_vip_init(&qs->vip, svc->af);
	qs->stats = ivq_stats_new(IP_VS_QUIC_OUTCOME_COUNT);
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

	change.pool = ivq_pool_new(svc, NULL);
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

/*
 * IPVS keeps one route per destination, and a tunnel's does for direct routing only
 * to look up the wrong neighbour.  It forgets the route when the method is edited,
 * but before we hear of it: datagrams may have brought it back.  Once no datagram can
 * have the old snapshot, the route is made invalid again.
 */
static void forget_routes(const struct ip_vs_service *svc)
{
	synchronize_rcu();
	rt_genid_bump_all(svc->ipvs->net);
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

static int commit(struct ivq_service *qs, const struct ivq_change *change)
{
	struct ivq_snapshot *snapshot = ivq_snapshot_new(change);

	if (!snapshot)
		return -ENOMEM;
	publish(qs, snapshot);
	return 0;
}

int ivq_service_update_pool(struct ivq_service *qs,
			    const struct ip_vs_service *svc)
{
	struct ivq_change change;
	struct ivq_pool *pool;
	bool edited = false;
	int err;

	mutex_lock(qs->lock);
	ivq_service_state(qs, &change);
	pool = ivq_pool_new(svc, change.pool);
	if (IS_ERR(pool)) {
		err = PTR_ERR(pool);
		goto out;
	}
	change.pool = pool;
	err = commit(qs, &change);
	edited = !err && pool->has_edited;
	ivq_pool_put(pool);
out:
	mutex_unlock(qs->lock);
	if (edited)
		forget_routes(svc);
	return err;
}

int ivq_service_commit(struct ivq_service *qs, const struct ivq_change *change)
{
	int err = commit(qs, change);

	if (err)
		return err;
	if (qs->sidmap != change->sidmap) {
		ivq_sidmap_free(qs->sidmap);
		qs->sidmap = change->sidmap;
	}
	return 0;
}
