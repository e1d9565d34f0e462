// SPDX-License-Identifier: GPL-2.0
/*
 * A hook at a device's ingress, after those of nft.
 *
 * The hops of a datagram, in order.  The first that says no hands it on, untouched:
 *
 *	is_udp()		UDP, and linear as far as a decision reads
 *	is_plain()		nothing unusual about the frame and its device,
 *	is_plain_v4(), _v6()	nor about the IP header
 *	ivq_net_find_at()	address and port are a service's		net.h
 *	is_plain_setup()	the host does not need IPVS's own path
 *	ivq_vip_is_local()	routing delivers such datagrams to this host	vip.h
 *	ivq_fast_target()	the CID names a server that is there		decide.h
 *	  or take_slow()	the same by ivq_decide(), traced		decide.c
 *	  or take_unrouted()	an entry of the 4-tuple or hashing names one	fallback.c
 *	ivq_tunnel_send()	the server has a tunnel, a route and a neighbour; nothing
 *				fails from here on: TTL, outer header, transmission
 *								tunnel.c
 *
 * Then it is counted for the service, the config, the server and the device.
 *
 * Only the plain case is taken, and nothing is changed before it is certain that the
 * datagram can go all the way.  Everything else the default path decides anew, so IPVS
 * does with it what it always does.  What the plain case needs to have been found before
 * (routes, neighbours, that the VIP is here), such a datagram finds for those behind it.
 *
 * The hook comes before the device's receive handler.  Where there is one, a bond's or
 * a bridge's or that of a device on top, its owner decides what becomes of a frame, and
 * the datagram may come by again as the owner's.
 */
#include "express.h"

#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/udp.h>

#include "decide.h"
#include "fallback.h"
#include "net.h"
#include "notify.h"
#include "object.h"
#include "plain.h"
#include "trace.h"
#include "tunnel.h"

/*
 * Is it UDP?  If so, the octets that decisions read are made linear.  A shared skb must
 * not be changed: if it is not linear, it is handed on unread.
 */
static __always_inline bool is_udp(struct sk_buff *skb, u16 af)
{
	unsigned int want = ivq_ip_len(af) + IVQ_PULL_LEN;

	if (skb->len < ivq_ip_len(af) + sizeof(struct udphdr) ||
	    (unlikely(skb_headlen(skb) < want) &&
	     (skb_shared(skb) || !pskb_may_pull(skb, min(skb->len, want)))))
		return false;
	return (af == AF_INET6 ? ipv6_hdr(skb)->nexthdr :
				 ip_hdr(skb)->protocol) == IPPROTO_UDP;
}

static __always_inline const struct udphdr *udp_of(const struct sk_buff *skb,
						   u16 af)
{
	return (const struct udphdr *)(skb_network_header(skb) + ivq_ip_len(af));
}

static __always_inline bool is_plain(const struct sk_buff *skb)
{
	return skb->pkt_type == PACKET_HOST && !skb_vlan_tag_present(skb) &&
	       !skb_is_gso(skb) && !skb_shared(skb) && !skb->ipvs_property &&
	       !ivq_has_master(skb->dev);
}

/* What is not plain about it. */
static noinline enum ip_vs_quic_express_outcome
why_not_plain(const struct sk_buff *skb)
{
	if (ivq_has_master(skb->dev))
		return IP_VS_QUIC_EXPRESS_MASTER;
	if (skb->pkt_type != PACKET_HOST && !skb_vlan_tag_present(skb))
		return IP_VS_QUIC_EXPRESS_OTHER_HOST;
	return IP_VS_QUIC_EXPRESS_NOT_PLAIN;
}

static __always_inline bool is_plain_v4(const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);

	return ntohs(iph->tot_len) == skb->len && ivq_is_plain_v4(iph);
}

static bool is_plain_v6(const struct sk_buff *skb)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);

	return ntohs(ip6h->payload_len) + sizeof(*ip6h) == skb->len &&
	       ivq_is_plain_v6(ip6h);
}

/* The way to @target, with its neighbour. */
static enum ip_vs_quic_express_outcome
find_way(struct ivq_tunnel *tunnel, const struct ivq_target *target,
	 const struct ivq_snapshot *snapshot, const struct sk_buff *skb)
{
	enum ip_vs_quic_express_outcome outcome;

	outcome = ivq_tunnel_find(tunnel, target, &snapshot->settings.sources,
				  skb->len);
	return outcome == IP_VS_QUIC_EXPRESS_TAKEN ?
	       ivq_tunnel_find_neigh(tunnel) : outcome;
}

/* As the default path does. */
static void count_decision(const struct sk_buff *skb,
			   const struct ivq_service *qs,
			   const struct ivq_snapshot *snapshot,
			   const struct ivq_decision *d, u16 af)
{
	const struct udphdr *uh = udp_of(skb, af);
	const void *saddr = af == AF_INET6 ?
			    (const void *)&ipv6_hdr(skb)->saddr :
			    (const void *)&ip_hdr(skb)->saddr;

	ivq_decide_count(qs, snapshot, d);
	trace_ip_vs_quic_decision(qs, saddr, uh->source, d);
	if (d->outcome != IP_VS_QUIC_ROUTED)
		trace_ip_vs_quic_unroutable(qs, saddr, uh->source, d);
}

/* No server by its CID.  Nothing but the flow's entry is changed before all is certain. */
static noinline enum ip_vs_quic_express_outcome
take_unrouted(struct sk_buff *skb, struct ivq_service *qs,
	      const struct ivq_snapshot *snapshot,
	      const struct ivq_decision *d, u16 af)
{
	enum ip_vs_quic_express_outcome outcome;
	const struct ivq_target *target;
	struct ivq_tunnel tunnel;
	struct ivq_unrouted u;

	ivq_unrouted_set_at(&u, qs, snapshot, d, skb_network_header(skb), af);
	if (!ivq_fallback_find(&u))
		return IP_VS_QUIC_EXPRESS_UNROUTABLE;
	target = u.target;
	outcome = find_way(&tunnel, target, snapshot, skb);
	if (outcome != IP_VS_QUIC_EXPRESS_TAKEN)
		return outcome;
	ivq_fallback_keep(&u);
	if (unlikely(u.target != target))
		return IP_VS_QUIC_EXPRESS_UNROUTABLE;

	/* nothing fails any more */
	count_decision(skb, qs, snapshot, d, af);
	ivq_fallback_count(&u);
	ivq_target_count(target, skb->len);
	ivq_tunnel_xmit(&tunnel, skb);
	return IP_VS_QUIC_EXPRESS_TAKEN;
}

/* What ivq_decide_fast() does not take, and everything while decisions are traced. */
static noinline enum ip_vs_quic_express_outcome
take_slow(struct sk_buff *skb, struct ivq_service *qs,
	  const struct ivq_snapshot *snapshot, u16 af)
{
	enum ip_vs_quic_express_outcome outcome;
	struct ivq_payload payload;
	struct ivq_tunnel tunnel;
	struct ivq_decision d;

	/* is_udp() has made linear what is read */
	ivq_payload_find(udp_of(skb, af), skb->len - ivq_ip_len(af), &payload);
	ivq_decide(snapshot, &payload, &d);
	if (d.outcome != IP_VS_QUIC_ROUTED)
		return take_unrouted(skb, qs, snapshot, &d, af);
	outcome = find_way(&tunnel, d.target, snapshot, skb);
	if (outcome != IP_VS_QUIC_EXPRESS_TAKEN)
		return outcome;

	/* nothing fails any more */
	count_decision(skb, qs, snapshot, &d, af);
	ivq_fallback_routed_at(qs, &d, skb_network_header(skb), af);
	ivq_target_count(d.target, skb->len);
	ivq_tunnel_xmit(&tunnel, skb);
	return IP_VS_QUIC_EXPRESS_TAKEN;
}

static __always_inline enum ip_vs_quic_express_outcome
take_fast(const struct ivq_express *express, struct sk_buff *skb,
	  struct ivq_service *qs, u16 af)
{
	const struct ivq_net *qnet = express->qnet;
	const struct ivq_snapshot *snapshot = rcu_dereference(qs->snapshot);
	enum ip_vs_quic_express_outcome outcome;
	const struct ivq_target *target;
	const struct ivq_config *cfg;

	if (unlikely(!snapshot || !ivq_is_plain_setup(qnet, qs->ipvs)))
		return IP_VS_QUIC_EXPRESS_SETUP;
	if (unlikely(!ivq_vip_is_local(&qs->vip, express->slot,
				       &qnet->addrs, qnet->net, skb, af)))
		return IP_VS_QUIC_EXPRESS_NOT_LOCAL;
	if (unlikely(trace_ip_vs_quic_decision_enabled()))
		return take_slow(skb, qs, snapshot, af);
	target = ivq_fast_target(snapshot, udp_of(skb, af),
				 skb->len - ivq_ip_len(af), &cfg);
	if (unlikely(!target))
		return take_slow(skb, qs, snapshot, af);

	outcome = ivq_tunnel_send(skb, target, &snapshot->settings.sources);
	if (likely(outcome == IP_VS_QUIC_EXPRESS_TAKEN))
		ivq_fast_count(qs, cfg, target);
	return outcome;
}

static __always_inline unsigned int
take(const struct ivq_express *express, struct sk_buff *skb, u16 af)
{
	enum ip_vs_quic_express_outcome outcome;
	struct ivq_service *qs;

	if (!is_udp(skb, af))
		return NF_ACCEPT;
	if (likely(is_plain(skb) && (af == AF_INET6 ? is_plain_v6(skb) :
						      is_plain_v4(skb)))) {
		qs = ivq_net_find_at(express->qnet,
				     skb_network_header(skb), af);
		if (!qs)
			return NF_ACCEPT;
		outcome = take_fast(express, skb, qs, af);
	} else {
		outcome = why_not_plain(skb);
	}
	ivq_stats_count(express->stats, outcome);
	return outcome == IP_VS_QUIC_EXPRESS_TAKEN ? NF_STOLEN : NF_ACCEPT;
}

static noinline unsigned int
take_v6(const struct ivq_express *express, struct sk_buff *skb)
{
	return take(express, skb, AF_INET6);
}

/* Ingress is always with bottom halves disabled. */
unsigned int ivq_express_hook(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	if (likely(skb->protocol == htons(ETH_P_IP)))
		return take(priv, skb, AF_INET);
	if (skb->protocol == htons(ETH_P_IPV6))
		return take_v6(priv, skb);
	return NF_ACCEPT;
}

static void free_express(struct ivq_express *express)
{
	free_percpu(express->stats);
	kfree(express);
	ivq_object_destroyed(IVQ_OBJ_EXPRESS);
}

static void free_work(struct work_struct *work)
{
	free_express(container_of(to_rcu_work(work), struct ivq_express,
				  free_work));
}

static struct ivq_express *new_express(struct ivq_net *qnet,
				       struct net_device *dev)
{
	struct ivq_express *express;

	express = kzalloc(sizeof(*express), GFP_KERNEL_ACCOUNT);
	if (!express)
		return NULL;
	ivq_object_created(IVQ_OBJ_EXPRESS);
	express->stats = ivq_stats_new(IP_VS_QUIC_EXPRESS_OUTCOME_COUNT);
	if (!express->stats) {
		free_express(express);
		return NULL;
	}
	express->qnet = qnet;
	express->slot = ffz(qnet->express_slots);
	express->ops = (struct nf_hook_ops) {
		.hook		= ivq_express_hook,
		.priv		= express,
		.dev		= dev,
		.pf		= NFPROTO_NETDEV,
		.hooknum	= NF_NETDEV_INGRESS,
		.priority	= INT_MAX,
	};
	return express;
}

static struct ivq_express *find(const struct ivq_net *qnet,
				const struct net_device *dev)
{
	struct ivq_express *express;

	lockdep_assert_held(&qnet->lock);
	list_for_each_entry(express, &qnet->express, list)
		if (express->ops.dev == dev)
			return express;
	return NULL;
}

/* The same for the packet path, under RCU. */
static const struct ivq_express *
find_rcu(const struct ivq_net *qnet, const struct net_device *dev)
{
	const struct ivq_express *express;

	list_for_each_entry_rcu(express, &qnet->express, list)
		if (express->ops.dev == dev)
			return express;
	return NULL;
}

/*
 * The device is looked up again under the lock.  Removing the express path first takes
 * the device off the list, and then makes services forget its slot under this lock.
 */
void ivq_express_learn(struct ivq_net *qnet, struct ivq_vip *vip,
		       const struct sk_buff *skb)
{
	const struct ivq_express *express = find_rcu(qnet, skb->dev);

	if (!express ||
	    ivq_verdict_holds(&vip->verdicts[express->slot], qnet->net,
			      skb_network_header(skb), vip->af))
		return;
	spin_lock(&vip->lock);
	express = find_rcu(qnet, skb->dev);
	if (express)
		ivq_vip_learn(vip, express->slot, &qnet->addrs, qnet->net, skb);
	spin_unlock(&vip->lock);
}

/* Return: 0, or -EBUSY with the device that decides instead. */
static int check_master(struct net_device *dev, struct netlink_ext_ack *extack)
{
	const struct net_device *master = netdev_master_upper_dev_get(dev);

	if (!ivq_has_master(dev))
		return 0;
	if (netif_is_l3_slave(dev))
		NL_SET_ERR_MSG(extack, "The device is in a VRF, where there is only the default path");
	else if (netif_is_ovs_port(dev))
		NL_SET_ERR_MSG(extack, "The device is a port of Open vSwitch: add the express path to an internal port");
	else if (master)
		ivq_set_err_name(extack, master->name,
				 "The device is a port of %s: add the express path to that",
				 "The device is a port: add the express path to what it is a port of");
	else
		NL_SET_ERR_MSG(extack, "The device has another one on top (macvlan, ipvlan, macsec): add the express path to that");
	return -EBUSY;
}

static int add(struct ivq_net *qnet, struct net_device *dev,
	       struct netlink_ext_ack *extack)
{
	struct ivq_express *express;
	int err;

	if (qnet->express_slots == U32_MAX) {
		NL_SET_ERR_MSG(extack, "A namespace has at most 32 devices with the express path");
		return -ENOSPC;
	}
	express = new_express(qnet, dev);
	if (!express)
		return -ENOMEM;
	err = nf_register_net_hook(qnet->net, &express->ops);
	if (err) {
		if (err == -EOPNOTSUPP)
			NL_SET_ERR_MSG(extack, "The kernel has no ingress hooks (CONFIG_NETFILTER_INGRESS)");
		free_express(express);
		return err;
	}
	kref_get(&qnet->ref);
	qnet->express_slots |= BIT(express->slot);
	list_add_tail_rcu(&express->list, &qnet->express);
	WRITE_ONCE(qnet->express_users, qnet->express_users + 1);
	ivq_net_changed(qnet);
	ivq_notify_express(qnet, IP_VS_QUIC_CMD_EXPRESS_ADD_NTF, dev->name);
	return 0;
}

int ivq_express_add(struct ivq_net *qnet, const char *name,
		    struct netlink_ext_ack *extack)
{
	struct net_device *dev = __dev_get_by_name(qnet->net, name);
	int err;

	ASSERT_RTNL();
	if (!dev) {
		NL_SET_ERR_MSG(extack, "There is no such device");
		return -ENODEV;
	}
	if (dev->flags & IFF_LOOPBACK) {
		NL_SET_ERR_MSG(extack, "The loopback device has no clients behind it");
		return -EINVAL;
	}
	if (find(qnet, dev)) {
		NL_SET_ERR_MSG(extack, "The device has the express path already");
		return -EEXIST;
	}
	err = check_master(dev, extack);
	return err ?: add(qnet, dev, extack);
}

/*
 * Datagrams that are in the hook are covered by RCU.  The caller has a reference of its
 * own to the namespace's part.
 */
static void remove(struct ivq_express *express)
{
	struct ivq_net *qnet = express->qnet;
	struct ivq_service *qs;

	lockdep_assert_held(&qnet->lock);
	nf_unregister_net_hook(qnet->net, &express->ops);
	list_del_rcu(&express->list);
	list_for_each_entry(qs, &qnet->services, list)
		ivq_vip_forget(&qs->vip, express->slot);
	qnet->express_slots &= ~BIT(express->slot);
	WRITE_ONCE(qnet->express_users, qnet->express_users - 1);
	ivq_net_changed(qnet);
	ivq_notify_express(qnet, IP_VS_QUIC_CMD_EXPRESS_DEL_NTF,
			   express->ops.dev->name);
	INIT_RCU_WORK(&express->free_work, free_work);
	ivq_object_retire(&express->free_work);
	ivq_net_put(qnet);
}

int ivq_express_del(struct ivq_net *qnet, const char *name,
		    struct netlink_ext_ack *extack)
{
	struct net_device *dev = __dev_get_by_name(qnet->net, name);
	struct ivq_express *express;

	ASSERT_RTNL();
	if (!dev) {
		NL_SET_ERR_MSG(extack, "There is no such device");
		return -ENODEV;
	}
	express = find(qnet, dev);
	if (!express) {
		NL_SET_ERR_MSG(extack, "The device does not have the express path");
		return -ENOENT;
	}
	remove(express);
	return 0;
}

void ivq_express_clear(struct ivq_net *qnet)
{
	struct ivq_express *express, *next;

	list_for_each_entry_safe(express, next, &qnet->express, list)
		remove(express);
}

/*
 * A device is unregistered, or moved to another namespace, which looks the same here.
 * When a namespace exits, its paths are gone before that (netns.c).
 */
static int event(struct notifier_block *nb, unsigned long type, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct ivq_express *express;
	struct ivq_net *qnet;

	if (type != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	qnet = ivq_net_get(dev_net(dev));
	if (!qnet)
		return NOTIFY_DONE;
	/* express paths are added only under RTNL, which is held here */
	if (READ_ONCE(qnet->express_users)) {
		mutex_lock(&qnet->lock);
		express = find(qnet, dev);
		if (express)
			remove(express);
		mutex_unlock(&qnet->lock);
	}
	ivq_net_put(qnet);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = {
	.notifier_call	= event,
};

int ivq_express_init(void)
{
	return register_netdevice_notifier(&notifier);
}

void ivq_express_uninit(void)
{
	unregister_netdevice_notifier(&notifier);
}
