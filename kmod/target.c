// SPDX-License-Identifier: GPL-2.0
#include "target.h"

#include <linux/slab.h>
#include <net/net_namespace.h>

#include "object.h"

typedef int (*xmit_fn)(struct sk_buff *skb, struct ip_vs_conn *cp,
		       struct ip_vs_protocol *pp, struct ip_vs_iphdr *iph);

/* The methods whose transmitters are stateless. */
static const unsigned int methods[] = {
	IP_VS_CONN_F_TUNNEL,
	IP_VS_CONN_F_DROUTE,
	IP_VS_CONN_F_LOCALNODE,
};

/*
 * IPVS exports none of its transmitters, but picks one for every connection it
 * makes.  Indexed by address family of the service, of the server (true is
 * IPv6), and by method; written once at load.
 */
static xmit_fn transmitters[2][2][ARRAY_SIZE(methods)] __ro_after_init;

static bool is_v6(u16 af)
{
	return af == AF_INET6;
}

static xmit_fn transmitter(u16 af, u16 daf, unsigned int method)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(methods); i++)
		if (methods[i] == method)
			return transmitters[is_v6(af)][is_v6(daf)][i];
	return NULL;
}

/*
 * A one-packet connection without destination touches no table, counter or
 * threshold, and its only reference is ours, so the put frees it at once.
 */
static int __init learn_transmitter(u16 af, u16 daf, unsigned int method,
				    xmit_fn *xmit)
{
	const union nf_inet_addr any = {};
	struct ip_vs_conn_param p;
	struct ip_vs_conn *cp;

	ip_vs_conn_fill_param(net_ipvs(&init_net), af, IPPROTO_UDP, &any, 0,
			      &any, 0, &p);
	rcu_read_lock_bh();
	cp = ip_vs_conn_new(&p, daf, &any, 0,
			    IP_VS_CONN_F_ONE_PACKET | IP_VS_CONN_F_NOOUTPUT |
			    IP_VS_CONN_F_INACTIVE | method, NULL, 0);
	if (cp) {
		*xmit = cp->packet_xmit;
		ip_vs_conn_put(cp);
	}
	rcu_read_unlock_bh();
	return cp ? 0 : -ENOMEM;
}

int __init ivq_target_init(void)
{
	static const u16 families[] = { AF_INET, AF_INET6 };
	unsigned int i, af, daf;
	xmit_fn *xmit;
	int err;

	for (af = 0; af < ARRAY_SIZE(families); af++)
		for (daf = 0; daf < ARRAY_SIZE(families); daf++)
			for (i = 0; i < ARRAY_SIZE(methods); i++) {
				xmit = &transmitters[af][daf][i];
				err = learn_transmitter(families[af],
							families[daf],
							methods[i], xmit);
				if (err)
					return err;
			}
	return 0;
}

static void fill_conn(struct ip_vs_conn *cp, const struct ip_vs_service *svc,
		      struct ip_vs_dest *dest)
{
	unsigned int flags = atomic_read(&dest->conn_flags);

	cp->ipvs = svc->ipvs;
	cp->af = svc->af;
	cp->daf = dest->af;
	cp->protocol = IPPROTO_UDP;
	cp->flags = flags | IP_VS_CONN_F_ONE_PACKET;
	cp->vaddr = svc->addr;
	cp->vport = svc->port;
	cp->daddr = dest->addr;
	cp->dport = dest->port ? dest->port : svc->port;
	cp->fwmark = svc->fwmark;
	cp->dest = dest;
	cp->packet_xmit = transmitter(svc->af, dest->af,
				      flags & IP_VS_CONN_F_FWD_MASK);
	spin_lock_init(&cp->lock);
	refcount_set(&cp->refcnt, 1);
}

struct ivq_target *
ivq_target_new(const struct ip_vs_service *svc, struct ip_vs_dest *dest)
{
	struct ivq_target *target;

	target = kzalloc(sizeof(*target), GFP_KERNEL_ACCOUNT);
	if (!target)
		return NULL;
	target->by_config = ivq_stats_new(QLB_CONFIGS_MAX);
	if (!target->by_config) {
		kfree(target);
		return NULL;
	}

	ip_vs_dest_hold(dest);
	fill_conn(&target->conn, svc, dest);
	target->stateless = target->conn.packet_xmit;
	target->pp = ip_vs_proto_get(IPPROTO_UDP);
	target->stats[0] = dest->stats.cpustats;
	target->stats[1] = svc->stats.cpustats;
	target->stats[2] = ivq_total_stats(svc->ipvs);
	target->addr.af = dest->af;
	target->addr.port = dest->port;
	ip_vs_addr_set(dest->af, &target->addr.addr, &dest->addr);
	kref_init(&target->ref);
	ivq_object_created(IVQ_OBJ_TARGET);
	return target;
}

bool ivq_target_current(const struct ivq_target *target,
			const struct ip_vs_dest *dest)
{
	const unsigned long snapshot = IP_VS_CONN_F_FWD_MASK;

	return target->conn.dest == dest &&
	       !((target->conn.flags ^ atomic_read(&dest->conn_flags)) &
		 snapshot);
}

void ivq_target_get(struct ivq_target *target)
{
	kref_get(&target->ref);
}

/*
 * IPVS may have given up its own reference already (netns exit empties the
 * trash without waiting for ours), so this one may be the last.
 */
static void release(struct kref *ref)
{
	struct ivq_target *target;

	target = container_of(ref, struct ivq_target, ref);
	ip_vs_dest_put_and_free(target->conn.dest);
	free_percpu(target->by_config);
	kfree(target);
	ivq_object_destroyed(IVQ_OBJ_TARGET);
}

void ivq_target_put(struct ivq_target *target)
{
	kref_put(&target->ref, release);
}

u64 ivq_target_decided(const struct ivq_target *target, u8 config_id)
{
	return ivq_stats_since(target->by_config, target->zeroed, config_id);
}

void ivq_target_zero_config(struct ivq_target *target, u8 config_id)
{
	target->zeroed[config_id] = ivq_stats_sum(target->by_config, config_id);
}

void ivq_target_zero(struct ivq_target *target)
{
	ivq_stats_zero(target->by_config, target->zeroed, QLB_CONFIGS_MAX);
}
