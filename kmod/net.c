// SPDX-License-Identifier: GPL-2.0
#include "net.h"

#include <linux/atomic.h>
#include <linux/hashtable.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "object.h"

/*
 * Keyed by the namespace's address.  The lock protects the table and is held for the
 * last put, so that a reference can be taken of what is found.  Nothing is waited for
 * under it.
 */
static DEFINE_HASHTABLE(nets, 8);
static DEFINE_MUTEX(nets_lock);

static struct ivq_net *find_and_get(const struct net *net)
{
	struct ivq_net *qnet;

	lockdep_assert_held(&nets_lock);
	hash_for_each_possible(nets, qnet, node, (unsigned long)net) {
		if (qnet->net != net)
			continue;
		kref_get(&qnet->ref);
		return qnet;
	}
	return NULL;
}

struct ivq_net *ivq_net_get(const struct net *net)
{
	struct ivq_net *qnet;

	mutex_lock(&nets_lock);
	qnet = find_and_get(net);
	mutex_unlock(&nets_lock);
	return qnet;
}

void ivq_net_for_each(void (*fn)(struct net *net))
{
	struct ivq_net *qnet;
	unsigned int i;

	mutex_lock(&nets_lock);
	hash_for_each(nets, i, qnet, node)
		fn(qnet->net);
	mutex_unlock(&nets_lock);
}

static void free_net(struct ivq_net *qnet)
{
	ivq_flows_put(qnet->flows);
	ivq_svctable_destroy(&qnet->table);
	mutex_destroy(&qnet->lock);
	kfree(qnet);
	ivq_object_destroyed(IVQ_OBJ_NET);
}

static void free_work(struct work_struct *work)
{
	free_net(container_of(to_rcu_work(work), struct ivq_net, free_work));
}

static struct ivq_net *new_net(struct net *net)
{
	struct ivq_net *qnet;

	qnet = kzalloc(sizeof(*qnet), GFP_KERNEL_ACCOUNT);
	if (!qnet)
		return NULL;
	qnet->net = net;
	kref_init(&qnet->ref);
	mutex_init(&qnet->lock);
	INIT_LIST_HEAD(&qnet->services);
	INIT_LIST_HEAD(&qnet->express);
	ivq_local_addrs_init(&qnet->addrs);
	if (ivq_svctable_init(&qnet->table, &qnet->lock)) {
		kfree(qnet);
		return NULL;
	}
	ivq_object_created(IVQ_OBJ_NET);
	return qnet;
}

/* If two callers make it at once, the second one gets what the first one made. */
struct ivq_net *ivq_net_make(struct net *net)
{
	struct ivq_net *qnet = ivq_net_get(net), *fresh;

	if (qnet)
		return qnet;
	fresh = new_net(net);
	if (!fresh)
		return NULL;
	mutex_lock(&nets_lock);
	qnet = find_and_get(net);
	if (!qnet)
		hash_add(nets, &fresh->node, (unsigned long)net);
	mutex_unlock(&nets_lock);
	if (!qnet)
		return fresh;
	free_net(fresh);
	return qnet;
}

/* Hooks that are gone may still run with it: it is freed after a grace period. */
static void release(struct kref *ref)
{
	struct ivq_net *qnet;

	qnet = container_of(ref, struct ivq_net, ref);
	hash_del(&qnet->node);
	mutex_unlock(&nets_lock);
	INIT_RCU_WORK(&qnet->free_work, free_work);
	ivq_object_retire(&qnet->free_work);
}

void ivq_net_put(struct ivq_net *qnet)
{
	kref_put_mutex(&qnet->ref, release, &nets_lock);
}

/*
 * The counter is shared by all namespaces.  So when a namespace loses all its services
 * and gets others, the generation differs from the earlier ones.
 */
void ivq_net_changed(struct ivq_net *qnet)
{
	static atomic_t changes;

	lockdep_assert_held(&qnet->lock);
	do {
		qnet->generation = atomic_inc_return(&changes);
	} while (!qnet->generation);
}

int ivq_net_link(struct ivq_net *qnet, struct ivq_service *qs)
{
	int err;

	lockdep_assert_held(&qnet->lock);
	if (!qnet->flows)
		/* with all that is in it; pairs with ivq_net_flows() */
		smp_store_release(&qnet->flows, ivq_flows_new());
	if (!qnet->flows)
		return -ENOMEM;
	qs->flows.flows = ivq_flows_get(qnet->flows);
	qs->qnet = qnet;
	qs->lock = &qnet->lock;
	err = ivq_svctable_add(&qnet->table, qs);
	if (err)
		return err;
	list_add_tail(&qs->list, &qnet->services);
	if (qs->key.fwmark) {
		ivq_marked_add(ivq_net_marked(qnet, qs->key.af), qs);
		WRITE_ONCE(qnet->fwmark_users, qnet->fwmark_users + 1);
	}
	ivq_net_changed(qnet);
	return 0;
}

void ivq_net_unlink(struct ivq_net *qnet, struct ivq_service *qs)
{
	lockdep_assert_held(&qnet->lock);
	if (qs->key.fwmark) {
		WRITE_ONCE(qnet->fwmark_users, qnet->fwmark_users - 1);
		ivq_marked_del(ivq_net_marked(qnet, qs->key.af), qs);
	}
	list_del(&qs->list);
	ivq_svctable_del(&qnet->table, qs);
	ivq_net_changed(qnet);
}
