/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a datagram for a service's address is for this host.
 *
 * IPVS balances what routing has found to be for this host; the express path comes
 * before routing.  It goes by what became of the last datagrams that the same device
 * received and that came the default way: while nothing has changed since, routing
 * would say the same of another one.  Where routing looks at more than can be
 * remembered, it is asked as well, for each datagram.
 */
#ifndef _IP_VS_QUIC_VIP_H
#define _IP_VS_QUIC_VIP_H

#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <net/addrconf.h>
#include <net/dst.h>
#include <net/ip6_fib.h>
#include <net/ip_fib.h>

#include "local_addrs.h"

enum {
	IP_VS_QUIC_EXPRESS_DEVICES = 32,	/* of a namespace */
};

/**
 * struct ip_vs_quic_verdict - what one device received was delivered here
 * @dscps: IPv4: DSCPs of what was, by bit: a route may be for one of them alone
 * @dst: IPv6: the route; one reference, which a dst outlives under RCU
 * @cookie: IPv4: the generation of the namespace's routes that @dscps are of;
 *	    IPv6: dst_check()'s; a reader that gets another route's finds it
 *	    invalid, or valid as the new one is
 */
struct ip_vs_quic_verdict {
	union {
		u64 dscps;
		struct dst_entry __rcu *dst;
	};
	u32 cookie;
};

/**
 * struct ip_vs_quic_vip - verdicts about a service's address
 * @verdicts: by the slot of the device's express path, zero before there was
 *	      one.  Written under @lock, read under RCU
 * @af: the service's family
 * @closed: none shall come any more, under @lock
 * @lock: of writers
 */
struct ip_vs_quic_vip {
	struct ip_vs_quic_verdict verdicts[IP_VS_QUIC_EXPRESS_DEVICES];
	u16 af;
	bool closed;
	spinlock_t lock; /* see above */
};

void ip_vs_quic_vip_init(struct ip_vs_quic_vip *vip, u16 af);

/*
 * Gives all routes back, for good: they must not outlive the namespace, though
 * datagrams may still be on their way to learn them.
 */
void ip_vs_quic_vip_close(struct ip_vs_quic_vip *vip);

/* The slot's device has no express path any more, and is not to be found. */
void ip_vs_quic_vip_forget(struct ip_vs_quic_vip *vip, unsigned int slot);

/*
 * @skb, of the service's family, from the slot's device, is being delivered locally;
 * @own and @net are the service's.  Caller holds the lock.
 */
void ip_vs_quic_vip_learn(struct ip_vs_quic_vip *vip, unsigned int slot,
			  struct ip_vs_quic_own *own, struct net *net,
			  const struct sk_buff *skb);

/*
 * What routing says of @skb, in the ingress hook, with UDP's header linear; leaves
 * it as it is.
 */
bool ip_vs_quic_vip_ask_v4(struct sk_buff *skb);
bool ip_vs_quic_vip_ask_v6(struct sk_buff *skb);

static __always_inline unsigned int ip_vs_quic_vip_dscp(const struct iphdr *iph)
{
	return iph->tos >> 2;
}

/* Has the like of @skb been delivered here, and has nothing changed since? */
static __always_inline bool
ip_vs_quic_verdict_holds(const struct ip_vs_quic_verdict *verdict,
			 const struct net *net, const struct sk_buff *skb,
			 u16 af)
{
	if (af == AF_INET6) {
		struct dst_entry *dst = rcu_dereference(verdict->dst);

		return dst && dst_check(dst, READ_ONCE(verdict->cookie));
	}
	/* pairs with learn_v4(): no earlier generation's DSCPs */
	return (u32)rt_genid_ipv4(net) == smp_load_acquire(&verdict->cookie) &&
	       READ_ONCE(verdict->dscps) >>
	       ip_vs_quic_vip_dscp(ip_hdr(skb)) & 1;
}

/*
 * Sources are looked at, as fib_validate_source() does, or rules, or IP on the device
 * is off.
 */
static __always_inline bool
ip_vs_quic_vip_must_ask_v4(const struct ip_vs_quic_own *own,
			   const struct net *net, const struct sk_buff *skb)
{
	struct in_device *in_dev = __in_dev_get_rcu(skb->dev);

	return fib4_has_custom_rules(net) ||
	       net->ipv4.fib_has_custom_local_routes || !in_dev ||
	       IN_DEV_RPFILTER(in_dev) ||
	       ip_vs_quic_own_may_be(own, rt_genid_ipv4(net),
				     ip_hdr(skb)->saddr);
}

static __always_inline bool
ip_vs_quic_vip_must_ask_v6(const struct net *net, const struct net_device *dev)
{
	const struct inet6_dev *idev = __in6_dev_get(dev);

	return fib6_has_custom_rules(net) || fib6_routes_require_src(net) ||
	       !idev || READ_ONCE(idev->cnf.disable_ipv6);
}

/*
 * Caller is in the ingress hook of @slot's device, with UDP's header linear; @own, @net
 * and @af are the service's.
 */
static __always_inline bool
ip_vs_quic_vip_is_local(const struct ip_vs_quic_vip *vip, unsigned int slot,
			const struct ip_vs_quic_own *own, const struct net *net,
			struct sk_buff *skb, u16 af)
{
	if (unlikely(!ip_vs_quic_verdict_holds(&vip->verdicts[slot], net, skb,
					       af)))
		return false;
	if (af == AF_INET6)
		return likely(!ip_vs_quic_vip_must_ask_v6(net, skb->dev)) ||
		       ip_vs_quic_vip_ask_v6(skb);
	return likely(!ip_vs_quic_vip_must_ask_v4(own, net, skb)) ||
	       ip_vs_quic_vip_ask_v4(skb);
}

#endif /* _IP_VS_QUIC_VIP_H */
