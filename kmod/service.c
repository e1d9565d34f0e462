// SPDX-License-Identifier: GPL-2.0
#include "service.h"

#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "object.h"

struct ip_vs_quic_routes *
ip_vs_quic_service_routes(const struct ip_vs_quic_service *qs)
{
	return rcu_dereference_protected(qs->routes,
					 lockdep_is_held(qs->lock));
}

static void publish(struct ip_vs_quic_service *qs,
		    struct ip_vs_quic_routes *routes)
{
	struct ip_vs_quic_routes *old = ip_vs_quic_service_routes(qs);

	rcu_assign_pointer(qs->routes, routes);
	ip_vs_quic_routes_retire(old);
}

static void fill_key(struct ip_vs_quic_svc_key *key,
		     const struct ip_vs_service *svc)
{
	key->af = svc->af;
	key->fwmark = svc->fwmark;
	if (svc->fwmark)
		return;
	ip_vs_addr_set(svc->af, &key->addr, &svc->addr);
	key->port = svc->port;
}

static void free_service(struct ip_vs_quic_service *qs)
{
	ip_vs_quic_sidmap_free(qs->sidmap);
	free_percpu(qs->stats);
	kfree(qs);
	ip_vs_quic_object_destroyed(IP_VS_QUIC_OBJ_SERVICE);
}

static void free_work(struct work_struct *work)
{
	free_service(container_of(to_rcu_work(work), struct ip_vs_quic_service,
				  free_work));
}

static struct ip_vs_quic_service *alloc_service(const struct ip_vs_service *svc)
{
	struct ip_vs_quic_service *qs;

	qs = kzalloc(sizeof(*qs), GFP_KERNEL_ACCOUNT);
	if (!qs)
		return NULL;
	ip_vs_quic_object_created(IP_VS_QUIC_OBJ_SERVICE);

	fill_key(&qs->key, svc);
	qs->ipvs = svc->ipvs;
	ip_vs_quic_vip_init(&qs->vip, svc->af);
	qs->stats = ip_vs_quic_stats_new(IP_VS_QUIC_OUTCOME_COUNT);
	qs->sidmap = ip_vs_quic_sidmap_new(0);
	if (!qs->stats || !qs->sidmap) {
		free_service(qs);
		return NULL;
	}
	return qs;
}

static struct ip_vs_quic_routes *
first_routes(const struct ip_vs_quic_service *qs,
	     const struct ip_vs_service *svc)
{
	struct ip_vs_quic_change change = {
		.sidmap = qs->sidmap,
		.settings = ip_vs_quic_default_settings,
	};
	struct ip_vs_quic_routes *routes;

	change.pool = ip_vs_quic_pool_new(svc, NULL);
	if (IS_ERR(change.pool))
		return ERR_CAST(change.pool);
	routes = ip_vs_quic_routes_new(&change);
	ip_vs_quic_pool_put(change.pool);
	return routes ? routes : ERR_PTR(-ENOMEM);
}

/*
 * A service that changes its scheduler to "quic" comes with destinations; a new
 * one has none yet.
 */
struct ip_vs_quic_service *
ip_vs_quic_service_new(const struct ip_vs_service *svc)
{
	struct ip_vs_quic_service *qs = alloc_service(svc);
	struct ip_vs_quic_routes *routes;

	if (!qs)
		return ERR_PTR(-ENOMEM);
	routes = first_routes(qs, svc);
	if (IS_ERR(routes)) {
		free_service(qs);
		return ERR_CAST(routes);
	}
	RCU_INIT_POINTER(qs->routes, routes);
	return qs;
}

void ip_vs_quic_service_free(struct ip_vs_quic_service *qs)
{
	ip_vs_quic_routes_free(rcu_dereference_protected(qs->routes, true));
	free_service(qs);
}

/* schedule() may still be running with @qs on another CPU, and so may the hook. */
void ip_vs_quic_service_retire(struct ip_vs_quic_service *qs)
{
	publish(qs, NULL);
	ip_vs_quic_vip_close(&qs->vip);
	INIT_RCU_WORK(&qs->free_work, free_work);
	ip_vs_quic_object_retire(&qs->free_work);
}

/*
 * IPVS keeps one route per destination, and a tunnel's does for direct routing only
 * to look up the wrong neighbour.  It forgets the route when the method is edited,
 * but before we hear of it: datagrams may have brought it back.  Once none can
 * have the old routes any more it is made invalid again.
 */
static void forget_routes(const struct ip_vs_service *svc)
{
	synchronize_rcu();
	rt_genid_bump_all(svc->ipvs->net);
}

void ip_vs_quic_service_state(const struct ip_vs_quic_service *qs,
			      struct ip_vs_quic_change *change)
{
	const struct ip_vs_quic_routes *routes = ip_vs_quic_service_routes(qs);

	change->configs = routes->configs;
	change->sidmap = qs->sidmap;
	change->settings = routes->settings;
	change->dcids = routes->dcids;
	change->pool = routes->pool;
}

static int commit(struct ip_vs_quic_service *qs,
		  const struct ip_vs_quic_change *change)
{
	struct ip_vs_quic_routes *routes = ip_vs_quic_routes_new(change);

	if (!routes)
		return -ENOMEM;
	publish(qs, routes);
	return 0;
}

int ip_vs_quic_service_update_pool(struct ip_vs_quic_service *qs,
				   const struct ip_vs_service *svc)
{
	struct ip_vs_quic_change change;
	struct ip_vs_quic_pool *pool;
	bool edited = false;
	int err;

	mutex_lock(qs->lock);
	ip_vs_quic_service_state(qs, &change);
	pool = ip_vs_quic_pool_new(svc, change.pool);
	if (IS_ERR(pool)) {
		err = PTR_ERR(pool);
		goto out;
	}
	change.pool = pool;
	err = commit(qs, &change);
	edited = !err && pool->has_edited;
	ip_vs_quic_pool_put(pool);
out:
	mutex_unlock(qs->lock);
	if (edited)
		forget_routes(svc);
	return err;
}

int ip_vs_quic_service_commit(struct ip_vs_quic_service *qs,
			      const struct ip_vs_quic_change *change)
{
	int err = commit(qs, change);

	if (err)
		return err;
	if (qs->sidmap != change->sidmap) {
		ip_vs_quic_sidmap_free(qs->sidmap);
		qs->sidmap = change->sidmap;
	}
	return 0;
}
