// SPDX-License-Identifier: GPL-2.0
#include "vip.h"

#include <linux/udp.h>
#include <net/inet_dscp.h>
#include <net/ip6_route.h>
#include <net/route.h>

void ivq_vip_init(struct ivq_vip *vip, u16 af)
{
	vip->af = af;
	spin_lock_init(&vip->lock);
}

static void replace_dst(struct ivq_vip *vip, unsigned int slot,
			struct dst_entry *dst, u32 cookie)
{
	struct ivq_verdict *verdict = &vip->verdicts[slot];
	struct dst_entry *old;

	lockdep_assert_held(&vip->lock);
	old = rcu_dereference_protected(verdict->dst,
					lockdep_is_held(&vip->lock));
	WRITE_ONCE(verdict->cookie, cookie);
	rcu_assign_pointer(verdict->dst, dst);
	dst_release(old);
}

static void forget(struct ivq_vip *vip, unsigned int slot)
{
	if (vip->af == AF_INET6)
		replace_dst(vip, slot, NULL, 0);
	else
		WRITE_ONCE(vip->verdicts[slot].dscps, 0);
}

void ivq_vip_close(struct ivq_vip *vip)
{
	unsigned int slot;

	spin_lock_bh(&vip->lock);
	vip->closed = true;
	for (slot = 0; slot < IVQ_EXPRESS_DEVICES; slot++)
		forget(vip, slot);
	spin_unlock_bh(&vip->lock);
}

void ivq_vip_forget(struct ivq_vip *vip, unsigned int slot)
{
	spin_lock_bh(&vip->lock);
	forget(vip, slot);
	spin_unlock_bh(&vip->lock);
}

/* Delivered, and not by way of a tunnel's own input. */
static bool is_local_v4(const struct rtable *rt)
{
	return rt->rt_type == RTN_LOCAL && !rt->dst.lwtstate;
}

static bool is_local_v6(const struct rt6_info *rt)
{
	return rt->rt6i_flags & RTF_LOCAL && !rt->dst.error &&
	       !rt->dst.lwtstate;
}

static void learn_v4(struct ivq_verdict *verdict,
		     struct ivq_local_addrs *addrs, struct net *net,
		     const struct sk_buff *skb)
{
	u64 dscp = BIT_ULL(ivq_vip_dscp(ip_hdr(skb)));
	const struct rtable *rt = skb_rtable(skb);
	u32 genid = rt->rt_genid;

	if (!is_local_v4(rt) || (u32)rt_genid_ipv4(net) != genid)
		return;
	ivq_local_addrs_learn(addrs, net, genid);
	if (verdict->cookie != genid) {
		WRITE_ONCE(verdict->dscps, 0);
		/* pairs with ivq_verdict_holds() */
		smp_store_release(&verdict->cookie, genid);
	}
	WRITE_ONCE(verdict->dscps, verdict->dscps | dscp);
}

/*
 * The cookie covers this route's place in its table.  Without rules the local table
 * comes before all others, so changes elsewhere do not matter.
 */
static bool is_of_local_table(const struct rt6_info *rt)
{
	const struct fib6_info *from = rcu_dereference(rt->from);

	return from && from->fib6_table->tb6_id == RT6_TABLE_LOCAL;
}

static void learn_v6(struct ivq_vip *vip, unsigned int slot,
		     const struct sk_buff *skb)
{
	struct dst_entry *dst = skb_dst(skb);
	const struct rt6_info *rt = container_of(dst, struct rt6_info, dst);

	if (is_local_v6(rt) && is_of_local_table(rt) && dst_hold_safe(dst))
		replace_dst(vip, slot, dst, rt6_get_cookie(rt));
}

void ivq_vip_learn(struct ivq_vip *vip, unsigned int slot,
		   struct ivq_local_addrs *addrs, struct net *net,
		   const struct sk_buff *skb)
{
	lockdep_assert_held(&vip->lock);
	if (vip->closed)
		return;
	if (vip->af == AF_INET6)
		learn_v6(vip, slot, skb);
	else
		learn_v4(&vip->verdicts[slot], addrs, net, skb);
}

/* A tunnel's metadata would be lost, so such a datagram is left to the default path. */
bool ivq_vip_ask_v4(struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	bool local;

	if (skb_dst(skb))
		return false;
	local = !ip_route_input_noref(skb, iph->daddr, iph->saddr,
				      iph->tos & INET_DSCP_MASK, skb->dev) &&
		is_local_v4(skb_rtable(skb));
	skb_dst_drop(skb);
	return local;
}

/* As ip6_route_input(), which is not exported, and ip6_rcv_core(). */
bool ivq_vip_ask_v6(struct sk_buff *skb)
{
	const struct inet6_dev *idev = __in6_dev_get(skb->dev);
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	const struct udphdr *uh = (const struct udphdr *)(ip6h + 1);
	struct flowi6 fl6 = {
		.flowi6_iif = skb->dev->ifindex,
		.daddr = ip6h->daddr,
		.saddr = ip6h->saddr,
		.flowlabel = ip6_flowinfo(ip6h),
		.flowi6_mark = skb->mark,
		.flowi6_proto = IPPROTO_UDP,
		.fl6_sport = uh->source,
		.fl6_dport = uh->dest,
	};
	const struct dst_entry *dst;

	if (skb_dst(skb) || !idev || READ_ONCE(idev->cnf.disable_ipv6))
		return false;
	/* RCU keeps it */
	dst = ip6_route_input_lookup(dev_net(skb->dev), skb->dev, &fl6, skb,
				     RT6_LOOKUP_F_HAS_SADDR |
				     RT6_LOOKUP_F_DST_NOREF);
	return is_local_v6(container_of(dst, struct rt6_info, dst));
}

u32 ivq_vip_asks(const struct net *net, const struct net_device *dev)
{
	struct in_device *in_dev = __in_dev_get_rcu(dev);
	u32 asks = 0;

	if (fib4_has_custom_rules(net))
		asks |= BIT(IP_VS_QUIC_ASK_RULES);
	if (net->ipv4.fib_has_custom_local_routes)
		asks |= BIT(IP_VS_QUIC_ASK_LOCAL_ROUTES);
	if (in_dev && ivq_vip_has_rp_filter(net, in_dev))
		asks |= BIT(IP_VS_QUIC_ASK_RP_FILTER);
	if (fib6_has_custom_rules(net))
		asks |= BIT(IP_VS_QUIC_ASK_RULES6);
	if (fib6_routes_require_src(net))
		asks |= BIT(IP_VS_QUIC_ASK_SOURCE_ROUTES6);
	return asks;
}
