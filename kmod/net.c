// SPDX-License-Identifier: GPL-2.0
#include "net.h"

#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "express.h"
#include "hook.h"

static unsigned int net_id __read_mostly;

struct ip_vs_quic_net *ip_vs_quic_net(const struct net *net)
{
	return net_generic(net, net_id);
}

void ip_vs_quic_net_changed(struct ip_vs_quic_net *qnet)
{
	lockdep_assert_held(&qnet->lock);
	if (!++qnet->generation)
		qnet->generation = 1;
}

static int use_hooks(struct ip_vs_quic_net *qnet)
{
	int err = 0;

	if (!qnet->users)
		err = nf_register_net_hooks(qnet->net, qnet->ops,
					    ARRAY_SIZE(qnet->ops));
	if (!err)
		qnet->users++;
	return err;
}

/* Packets already past the hooks' registration are covered by RCU. */
static void unuse_hooks(struct ip_vs_quic_net *qnet)
{
	if (!--qnet->users)
		nf_unregister_net_hooks(qnet->net, qnet->ops,
					ARRAY_SIZE(qnet->ops));
}

int ip_vs_quic_net_link(struct ip_vs_quic_net *qnet,
			struct ip_vs_quic_service *qs)
{
	int err;

	lockdep_assert_held(&qnet->lock);
	err = use_hooks(qnet);
	if (err)
		return err;

	err = ip_vs_quic_svctable_add(&qnet->table, qs);
	if (err) {
		unuse_hooks(qnet);
		return err;
	}
	list_add_tail(&qs->list, &qnet->services);
	if (qs->key.fwmark)
		WRITE_ONCE(qnet->fwmark_users, qnet->fwmark_users + 1);
	ip_vs_quic_net_changed(qnet);
	return 0;
}

void ip_vs_quic_net_unlink(struct ip_vs_quic_net *qnet,
			   struct ip_vs_quic_service *qs)
{
	lockdep_assert_held(&qnet->lock);
	if (qs->key.fwmark)
		WRITE_ONCE(qnet->fwmark_users, qnet->fwmark_users - 1);
	list_del(&qs->list);
	ip_vs_quic_svctable_del(&qnet->table, qs);
	unuse_hooks(qnet);
	ip_vs_quic_net_changed(qnet);
}

static int __net_init net_init(struct net *net)
{
	struct ip_vs_quic_net *qnet = ip_vs_quic_net(net);

	qnet->net = net;
	qnet->generation = 1;
	mutex_init(&qnet->lock);
	INIT_LIST_HEAD(&qnet->services);
	INIT_LIST_HEAD(&qnet->express);
	ip_vs_quic_hook_fill(qnet->ops, qnet);
	return ip_vs_quic_svctable_init(&qnet->table, &qnet->lock);
}

/*
 * IPVS deletes the namespace's services after us, in its own exit.  From here on
 * none of them may reach a packet: their transmitters' routes and statistics
 * go with the namespace.  The core waits a grace period between pre_exit and
 * the first exit.
 */
static void __net_exit net_pre_exit(struct net *net)
{
	struct ip_vs_quic_net *qnet = ip_vs_quic_net(net);
	struct ip_vs_quic_service *qs, *next;

	mutex_lock(&qnet->lock);
	ip_vs_quic_express_clear(qnet);
	list_for_each_entry_safe(qs, next, &qnet->services, list) {
		ip_vs_quic_net_unlink(qnet, qs);
		ip_vs_quic_service_unpublish(qs);
		qs->qnet = NULL;
	}
	mutex_unlock(&qnet->lock);
}

static void __net_exit net_exit(struct net *net)
{
	ip_vs_quic_svctable_destroy(&ip_vs_quic_net(net)->table);
}

static struct pernet_operations net_ops = {
	.init		= net_init,
	.pre_exit	= net_pre_exit,
	.exit		= net_exit,
	.id		= &net_id,
	.size		= sizeof(struct ip_vs_quic_net),
};

int __init ip_vs_quic_net_init(void)
{
	return register_pernet_subsys(&net_ops);
}

void ip_vs_quic_net_uninit(void)
{
	unregister_pernet_subsys(&net_ops);
}
