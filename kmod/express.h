/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The express path: datagrams are sent as soon as their device has received them,
 * before the rest of the stack sees them.  It bypasses the PREROUTING and INPUT
 * rules that otherwise protect the VIP, so an operator turns it on for a device.
 */
#ifndef _IVQ_EXPRESS_H
#define _IVQ_EXPRESS_H

#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/workqueue.h>

#include "stats.h"

struct ivq_net;
struct ivq_vip;
struct netlink_ext_ack;
struct sk_buff;

/**
 * struct ivq_express - the express path of one device
 * @list: in qnet->express, written under qnet->lock, read under RCU
 * @ops: the hook; its dev has no reference: a device that goes takes this along
 * @qnet: the namespace's
 * @slot: index of what services have learned by this device; free for the next one as
 *	  soon as this one is off the list
 * @stats: by enum ip_vs_quic_express_outcome, written by the hook
 * @free_work: frees it after a grace period
 * @zeroed: of @stats, see ivq_stats_zero(); under qnet->lock
 */
struct ivq_express {
	struct list_head list;
	struct nf_hook_ops ops;
	struct ivq_net *qnet;
	unsigned int slot;
	struct ivq_stats __percpu *stats;
	struct rcu_work free_work;
	u64 zeroed[IP_VS_QUIC_EXPRESS_OUTCOME_COUNT];
};

/* By the device's name; caller holds RTNL and qnet->lock. */
int ivq_express_add(struct ivq_net *qnet, const char *name,
		    struct netlink_ext_ack *extack);
int ivq_express_del(struct ivq_net *qnet, const char *name,
		    struct netlink_ext_ack *extack);

/*
 * @skb, for a service whose address is @vip, is being delivered locally; caller has
 * bottom halves disabled.
 */
void ivq_express_learn(struct ivq_net *qnet, struct ivq_vip *vip,
		       const struct sk_buff *skb);

unsigned int ivq_express_hook(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state);

/*
 * The express path of @dev, or NULL.  Caller is in an RCU read-side section, which keeps
 * it.  Its hook is the device's last one, unless another has the same priority.
 */
static __always_inline const struct ivq_express *
ivq_express_of(const struct net_device *dev)
{
#ifdef CONFIG_NETFILTER_INGRESS
	const struct nf_hook_entries *hooks;
	unsigned int i;

	hooks = rcu_dereference(dev->nf_hooks_ingress);
	for (i = hooks ? hooks->num_hook_entries : 0; i--;)
		if (hooks->hooks[i].hook == ivq_express_hook)
			return hooks->hooks[i].priv;
#endif
	return NULL;
}

/* From all devices of the namespace; caller holds qnet->lock. */
void ivq_express_clear(struct ivq_net *qnet);

/* What watches devices go; registering it takes RTNL. */
int ivq_express_init(void);
void ivq_express_uninit(void);

#endif /* _IVQ_EXPRESS_H */
