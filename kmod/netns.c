// SPDX-License-Identifier: GPL-2.0
#include "netns.h"

#include <net/net_namespace.h>

#include "express.h"
#include "net.h"

/*
 * A namespace that dies loses its devices, and then IPVS deletes its services, as it
 * does any others.  But a device does not go while a route by it is held, which the
 * express path does.
 */
static void __net_exit pre_exit(struct net *net)
{
	struct ivq_net *qnet = ivq_net_get(net);
	struct ivq_service *qs;

	if (!qnet)
		return;
	mutex_lock(&qnet->lock);
	ivq_express_clear(qnet);
	list_for_each_entry(qs, &qnet->services, list)
		ivq_vip_close(&qs->vip);
	mutex_unlock(&qnet->lock);
	ivq_net_put(qnet);
}

/* No init and no id: registering them neither calls nor allocates anything. */
static struct pernet_operations ops = {
	.pre_exit	= pre_exit,
};

int ivq_netns_init(void)
{
	return register_pernet_subsys(&ops);
}

void ivq_netns_uninit(void)
{
	unregister_pernet_subsys(&ops);
}
