// SPDX-License-Identifier: GPL-2.0
/*
 * A hook at a device's ingress, after those of nft.
 *
 * Only the plain case is taken: nothing has been changed until it is certain that
 * the datagram can go all the way.  Everything else is handed on untouched, to be
 * decided anew by the default path, so that whatever IPVS does with it is done; and
 * what the plain case needs to have been found before (routes, neighbours, that
 * the VIP is here), such a datagram finds for those behind it.
 */
#include "express.h"

#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "decide.h"
#include "forward.h"
#include "net.h"
#include "object.h"
#include "trace.h"
#include "tunnel.h"

/* A datagram as far as it has been read. */
struct arrival {
	struct sk_buff *skb;
	u16 af;
	union nf_inet_addr saddr;
	union nf_inet_addr daddr;
	const struct udphdr *uh;
	struct ip_vs_quic_payload payload;
	u8 buf[IP_VS_QUIC_PULL_LEN] __aligned(4);
};

static void count(const struct ip_vs_quic_express *express,
		  enum ip_vs_quic_express_outcome outcome)
{
	struct ip_vs_quic_express_stats *s = this_cpu_ptr(express->stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->datagrams[outcome]);
	u64_stats_update_end(&s->syncp);
}

static bool is_udp(struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return pskb_may_pull(skb, sizeof(struct iphdr)) &&
		       ip_hdr(skb)->protocol == IPPROTO_UDP;
	if (skb->protocol == htons(ETH_P_IPV6))
		return pskb_may_pull(skb, sizeof(struct ipv6hdr)) &&
		       ipv6_hdr(skb)->nexthdr == IPPROTO_UDP;
	return false;
}

static bool is_plain(const struct sk_buff *skb)
{
	return skb->pkt_type == PACKET_HOST && !skb_vlan_tag_present(skb) &&
	       !skb_is_gso(skb) && !skb_shared(skb) && !skb->ipvs_property &&
	       !netif_is_l3_slave(skb->dev);
}

/* No sender that the stack would call martian. */
static bool is_unicast_v4(__be32 addr)
{
	return !ipv4_is_multicast(addr) && !ipv4_is_lbcast(addr) &&
	       !ipv4_is_zeronet(addr) && !ipv4_is_loopback(addr);
}

static bool is_unicast_v6(const struct in6_addr *addr)
{
	int type = ipv6_addr_type(addr);

	return type & IPV6_ADDR_UNICAST &&
	       !(type & (IPV6_ADDR_LOOPBACK | IPV6_ADDR_MAPPED));
}

static bool read_v4(struct arrival *a)
{
	const struct iphdr *iph = ip_hdr(a->skb);

	if (iph->version != 4 || iph->ihl != 5 || iph->ttl <= 1 ||
	    ip_is_fragment(iph) || ntohs(iph->tot_len) != a->skb->len ||
	    !is_unicast_v4(iph->saddr) ||
	    unlikely(ip_fast_csum(iph, sizeof(*iph) >> 2)))
		return false;
	a->af = AF_INET;
	ip_vs_addr_set(AF_INET, &a->saddr,
		       (const union nf_inet_addr *)&iph->saddr);
	ip_vs_addr_set(AF_INET, &a->daddr,
		       (const union nf_inet_addr *)&iph->daddr);
	a->uh = ip_vs_quic_pull(a->skb, sizeof(*iph), a->buf, &a->payload);
	return a->uh;
}

static bool read_v6(struct arrival *a)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(a->skb);

	if (ip6h->version != 6 || ip6h->hop_limit <= 1 ||
	    ntohs(ip6h->payload_len) + sizeof(*ip6h) != a->skb->len ||
	    !is_unicast_v6(&ip6h->saddr))
		return false;
	a->af = AF_INET6;
	a->saddr.in6 = ip6h->saddr;
	a->daddr.in6 = ip6h->daddr;
	a->uh = ip_vs_quic_pull(a->skb, sizeof(*ip6h), a->buf, &a->payload);
	return a->uh;
}

static bool read(struct arrival *a)
{
	return a->skb->protocol == htons(ETH_P_IP) ? read_v4(a) : read_v6(a);
}

/*
 * A firewall mark may only be set by rules that come later, and its service goes
 * before that of the address.
 */
static bool is_plain_setup(const struct ip_vs_quic_net *qnet,
			   struct netns_ipvs *ipvs)
{
	return !READ_ONCE(qnet->fwmark_users) &&
	       !ip_vs_conntrack_enabled(ipvs) && !sysctl_backup_only(ipvs);
}

/* All that can fail; nothing is changed. */
static enum ip_vs_quic_express_outcome
find_way(const struct ip_vs_quic_net *qnet,
	 const struct ip_vs_quic_service *qs,
	 const struct ip_vs_quic_routes *routes, const struct arrival *a,
	 struct ip_vs_quic_decision *d, struct ip_vs_quic_tunnel *tunnel)
{
	if (!is_plain_setup(qnet, qs->ipvs))
		return IP_VS_QUIC_EXPRESS_SETUP;
	if (!ip_vs_quic_vip_is_local(&qs->vip))
		return IP_VS_QUIC_EXPRESS_NOT_LOCAL;
	ip_vs_quic_decide(routes, &a->payload, d);
	if (d->outcome != IP_VS_QUIC_ROUTED)
		return IP_VS_QUIC_EXPRESS_UNROUTABLE;
	return ip_vs_quic_tunnel_find(tunnel, d->target, a->skb->len);
}

/* Return: false when the datagram is for somebody else. */
static bool try_service(struct ip_vs_quic_net *qnet, const struct arrival *a,
			enum ip_vs_quic_express_outcome *outcome)
{
	const struct ip_vs_quic_routes *routes;
	const struct ip_vs_quic_service *qs;
	struct ip_vs_quic_tunnel tunnel;
	struct ip_vs_quic_decision d;

	qs = ip_vs_quic_net_find_for(qnet, 0, a->af, &a->daddr, a->uh->dest);
	if (!qs)
		return false;
	routes = rcu_dereference(qs->routes);
	if (unlikely(!routes))
		return false;
	*outcome = find_way(qnet, qs, routes, a, &d, &tunnel);
	if (*outcome != IP_VS_QUIC_EXPRESS_TAKEN)
		return true;

	ip_vs_quic_decide_count(qs, routes, &d);
	trace_ip_vs_quic_decision(qs, &a->saddr, a->uh->source, &d);
	ip_vs_quic_forward_count(&d.target->conn, a->skb);
	ip_vs_quic_tunnel_xmit(&tunnel, a->skb);
	return true;
}

/* Ingress is always with bottom halves disabled. */
static unsigned int hook(void *priv, struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	enum ip_vs_quic_express_outcome outcome = IP_VS_QUIC_EXPRESS_NOT_PLAIN;
	const struct ip_vs_quic_express *express = priv;
	struct arrival a;

	if (!is_udp(skb))
		return NF_ACCEPT;
	a.skb = skb;
	if (is_plain(skb) && read(&a) && !try_service(express->qnet, &a, &outcome))
		return NF_ACCEPT;
	count(express, outcome);
	return outcome == IP_VS_QUIC_EXPRESS_TAKEN ? NF_STOLEN : NF_ACCEPT;
}

static void free_express(struct ip_vs_quic_express *express)
{
	free_percpu(express->stats);
	kfree(express);
	ip_vs_quic_object_destroyed(IP_VS_QUIC_OBJ_EXPRESS);
}

static void free_work(struct work_struct *work)
{
	free_express(container_of(to_rcu_work(work), struct ip_vs_quic_express,
				  free_work));
}

static struct ip_vs_quic_express *new_express(struct ip_vs_quic_net *qnet,
					      struct net_device *dev)
{
	struct ip_vs_quic_express *express;
	int cpu;

	express = kzalloc(sizeof(*express), GFP_KERNEL);
	if (!express)
		return NULL;
	ip_vs_quic_object_created(IP_VS_QUIC_OBJ_EXPRESS);
	express->stats = alloc_percpu(struct ip_vs_quic_express_stats);
	if (!express->stats) {
		free_express(express);
		return NULL;
	}
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(express->stats, cpu)->syncp);
	express->qnet = qnet;
	express->ops = (struct nf_hook_ops) {
		.hook		= hook,
		.priv		= express,
		.dev		= dev,
		.pf		= NFPROTO_NETDEV,
		.hooknum	= NF_NETDEV_INGRESS,
		.priority	= INT_MAX,
	};
	return express;
}

static struct ip_vs_quic_express *find(const struct ip_vs_quic_net *qnet,
				       const struct net_device *dev)
{
	struct ip_vs_quic_express *express;

	lockdep_assert_held(&qnet->lock);
	list_for_each_entry(express, &qnet->express, list)
		if (express->ops.dev == dev)
			return express;
	return NULL;
}

static int add(struct ip_vs_quic_net *qnet, struct net_device *dev,
	       struct netlink_ext_ack *extack)
{
	struct ip_vs_quic_express *express = new_express(qnet, dev);
	int err;

	if (!express)
		return -ENOMEM;
	err = nf_register_net_hook(qnet->net, &express->ops);
	if (err) {
		if (err == -EOPNOTSUPP)
			NL_SET_ERR_MSG(extack, "The kernel has no ingress hooks (CONFIG_NETFILTER_INGRESS)");
		free_express(express);
		return err;
	}
	list_add_tail(&express->list, &qnet->express);
	WRITE_ONCE(qnet->express_users, qnet->express_users + 1);
	ip_vs_quic_net_changed(qnet);
	return 0;
}

int ip_vs_quic_express_add(struct ip_vs_quic_net *qnet, const char *name,
			   struct netlink_ext_ack *extack)
{
	struct net_device *dev = __dev_get_by_name(qnet->net, name);

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
	return add(qnet, dev, extack);
}

/* Datagrams that are in the hook are covered by RCU. */
static void remove(struct ip_vs_quic_express *express)
{
	struct ip_vs_quic_net *qnet = express->qnet;

	lockdep_assert_held(&qnet->lock);
	nf_unregister_net_hook(qnet->net, &express->ops);
	list_del(&express->list);
	WRITE_ONCE(qnet->express_users, qnet->express_users - 1);
	ip_vs_quic_net_changed(qnet);
	INIT_RCU_WORK(&express->free_work, free_work);
	ip_vs_quic_object_retire(&express->free_work);
}

int ip_vs_quic_express_del(struct ip_vs_quic_net *qnet, const char *name,
			   struct netlink_ext_ack *extack)
{
	struct net_device *dev = __dev_get_by_name(qnet->net, name);
	struct ip_vs_quic_express *express;

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

void ip_vs_quic_express_clear(struct ip_vs_quic_net *qnet)
{
	struct ip_vs_quic_express *express, *next;

	list_for_each_entry_safe(express, next, &qnet->express, list)
		remove(express);
}

u64 ip_vs_quic_express_sum(const struct ip_vs_quic_express *express,
			   enum ip_vs_quic_express_outcome outcome)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct ip_vs_quic_express_stats *s;
		unsigned int start;
		u64 n;

		s = per_cpu_ptr(express->stats, cpu);
		do {
			start = u64_stats_fetch_begin(&s->syncp);
			n = u64_stats_read(&s->datagrams[outcome]);
		} while (u64_stats_fetch_retry(&s->syncp, start));
		sum += n;
	}
	return sum;
}

/*
 * A device that is unregistered, or moved to another namespace, which looks the same
 * from here; netns exit has had its devices' paths removed by then.
 */
static int event(struct notifier_block *nb, unsigned long type, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct ip_vs_quic_express *express;
	struct ip_vs_quic_net *qnet;

	if (type != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	qnet = ip_vs_quic_net(dev_net(dev));
	mutex_lock(&qnet->lock);
	express = find(qnet, dev);
	if (express)
		remove(express);
	mutex_unlock(&qnet->lock);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = {
	.notifier_call	= event,
};

int ip_vs_quic_express_init(void)
{
	return register_netdevice_notifier(&notifier);
}

void ip_vs_quic_express_uninit(void)
{
	unregister_netdevice_notifier(&notifier);
}
