/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a datagram for a service's address is for this host.
 *
 * IPVS balances what routing delivers to this host, but the express path runs before
 * routing.  It follows what routing did with the last datagrams that the same device
 * received and that took the default path: if nothing has changed since, routing would
 * do the same again.  If routing also depends on something that is not remembered here,
 * it is asked for each datagram.
 */
#ifndef _IVQ_VIP_H
#define _IVQ_VIP_H

#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ip_vs_quic.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <net/addrconf.h>
#include <net/ip6_fib.h>
#include <net/ip_fib.h>

#include "dstcheck.h"
#include "local_addrs.h"

enum {
	IVQ_EXPRESS_DEVICES = 32,		/* of a namespace */
};

/**
 * struct ivq_verdict - what one device received was delivered here
 * @dscps: IPv4: DSCPs of what was, by bit: a route may be for one of them alone
 * @dst: IPv6: the route; one reference, which a dst outlives under RCU
 * @cookie: IPv4: the generation of the namespace's routes that @dscps are of;
 *	    IPv6: dst_check()'s; a reader that gets another route's finds it
 *	    invalid, or valid as the new one is
 */
struct ivq_verdict {
	union {
		u64 dscps;
		struct dst_entry __rcu *dst;
	};
	u32 cookie;
};

/**
 * struct ivq_vip - verdicts about a service's address
 * @verdicts: by the slot of the device's express path, zero before there was
 *	      one.  Written under @lock, read under RCU
 * @af: the service's family
 * @closed: none shall come any more, under @lock
 * @lock: of writers
 */
struct ivq_vip {
	struct ivq_verdict verdicts[IVQ_EXPRESS_DEVICES];
	u16 af;
	bool closed;
	spinlock_t lock; /* see above */
};

void ivq_vip_init(struct ivq_vip *vip, u16 af);

/*
 * Gives all routes back, for good: they must not outlive the namespace, though
 * datagrams may still be on their way to learn them.
 */
void ivq_vip_close(struct ivq_vip *vip);

/* The slot's device has no express path any more, and is not to be found. */
void ivq_vip_forget(struct ivq_vip *vip, unsigned int slot);

/*
 * @skb, of the service's family, from the slot's device, is being delivered locally;
 * @addrs and @net are the service's.  Caller holds the lock.
 */
void ivq_vip_learn(struct ivq_vip *vip, unsigned int slot,
		   struct ivq_local_addrs *addrs, struct net *net,
		   const struct sk_buff *skb);

/*
 * Asks routing about @skb, in the ingress hook, with UDP's header linear.  @skb is not
 * changed.
 */
bool ivq_vip_ask_v4(struct sk_buff *skb);
bool ivq_vip_ask_v6(struct sk_buff *skb);

static __always_inline unsigned int ivq_vip_dscp(const struct iphdr *iph)
{
	return iph->tos >> 2;
}

/*
 * Has a datagram like that at @nh, its IP header, been delivered here, and has nothing
 * changed since?
 */
static __always_inline bool
ivq_verdict_holds(const struct ivq_verdict *verdict,
		  const struct net *net, const void *nh, u16 af)
{
	if (af == AF_INET6) {
		struct dst_entry *dst = rcu_dereference(verdict->dst);

		return dst && ivq_dst_valid_v6(dst, READ_ONCE(verdict->cookie));
	}
	/* pairs with learn_v4(): no earlier generation's DSCPs */
	return (u32)rt_genid_ipv4(net) == smp_load_acquire(&verdict->cookie) &&
	       READ_ONCE(verdict->dscps) >> ivq_vip_dscp(nh) & 1;
}

/* Is IN_DEV_RPFILTER() not 0?  With the namespace at hand. */
static __always_inline bool ivq_vip_has_rp_filter(const struct net *net,
						  struct in_device *in_dev)
{
	return READ_ONCE(IPV4_DEVCONF_ALL(net, RP_FILTER)) ||
	       IN_DEV_CONF_GET(in_dev, RP_FILTER);
}

/*
 * Does routing depend on the source, as in fib_validate_source(), or on rules, or is IP
 * off on the device?
 */
static __always_inline bool
ivq_vip_must_ask_v4(const struct net *net, const struct net_device *dev)
{
	struct in_device *in_dev = __in_dev_get_rcu(dev);

	return fib4_has_custom_rules(net) ||
	       net->ipv4.fib_has_custom_local_routes || !in_dev ||
	       ivq_vip_has_rp_filter(net, in_dev);
}

/* Is the sender perhaps this host? */
static __always_inline bool
ivq_vip_must_ask_about(const struct ivq_local_addrs *addrs,
		       const struct net *net, __be32 saddr)
{
	return ivq_local_addrs_may_have(addrs, rt_genid_ipv4(net), saddr);
}

static __always_inline bool
ivq_vip_must_ask_v6(const struct net *net, const struct net_device *dev)
{
	const struct inet6_dev *idev = __in6_dev_get(dev);

	return fib6_has_custom_rules(net) || fib6_routes_require_src(net) ||
	       !idev || READ_ONCE(idev->cnf.disable_ipv6);
}

/* What the two above find, by bit, enum ip_vs_quic_express_ask; under RCU. */
u32 ivq_vip_asks(const struct net *net, const struct net_device *dev);

/*
 * Caller is in the ingress hook of @slot's device, with UDP's header linear; @addrs, @net
 * and @af are the service's.
 */
static __always_inline bool
ivq_vip_is_local(const struct ivq_vip *vip, unsigned int slot,
		 const struct ivq_local_addrs *addrs, const struct net *net,
		 struct sk_buff *skb, u16 af)
{
	if (unlikely(!ivq_verdict_holds(&vip->verdicts[slot], net,
					skb_network_header(skb), af)))
		return false;
	if (af == AF_INET6)
		return likely(!ivq_vip_must_ask_v6(net, skb->dev)) ||
		       ivq_vip_ask_v6(skb);
	return likely(!ivq_vip_must_ask_v4(net, skb->dev) &&
		      !ivq_vip_must_ask_about(addrs, net, ip_hdr(skb)->saddr)) ||
	       ivq_vip_ask_v4(skb);
}

/*
 * The same where there is no skb for routing to be asked about: false if it must be.  A
 * sender that is only perhaps this host is looked up.
 */
static __always_inline bool
ivq_vip_is_surely_local(const struct ivq_vip *vip, unsigned int slot,
			const struct ivq_local_addrs *addrs, struct net *net,
			const struct net_device *dev, const void *nh, u16 af)
{
	const struct iphdr *iph = nh;

	if (unlikely(!ivq_verdict_holds(&vip->verdicts[slot], net, nh, af)))
		return false;
	if (af == AF_INET6)
		return !ivq_vip_must_ask_v6(net, dev);
	return !ivq_vip_must_ask_v4(net, dev) &&
	       (likely(!ivq_vip_must_ask_about(addrs, net, iph->saddr)) ||
		!__ip_dev_find(net, iph->saddr, false));
}

#endif /* _IVQ_VIP_H */
