/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a service's address is one of this host's.
 *
 * IPVS balances what routing has found to be for this host; the express path comes
 * before routing.  It goes by the route of the last datagram that came the
 * default way, as sockets do for early demultiplexing: while that route is valid,
 * the address is local.
 */
#ifndef _IP_VS_QUIC_VIP_H
#define _IP_VS_QUIC_VIP_H

#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <net/dst.h>

#include "dstcheck.h"

/**
 * struct ip_vs_quic_vip - the route of a datagram that was delivered here
 * @dst: NULL before there was one; one reference.  Written under @lock, read
 *	 under RCU, which a dst outlives its last reference by
 * @cookie: dst_check()'s; a reader that gets another route's finds it invalid,
 *	    or valid as the new one is
 * @closed: no route shall come any more, under @lock
 * @lock: of writers
 */
struct ip_vs_quic_vip {
	struct dst_entry __rcu *dst;
	u32 cookie;
	bool closed;
	spinlock_t lock; /* see above */
};

void ip_vs_quic_vip_init(struct ip_vs_quic_vip *vip);

/*
 * Gives the route back, for good: it must not outlive the namespace, though
 * datagrams may still be on their way to learn it.
 */
void ip_vs_quic_vip_close(struct ip_vs_quic_vip *vip);

/*
 * @skb, of family @af, is being delivered locally in @net; caller has bottom halves
 * disabled.
 */
void ip_vs_quic_vip_learn(struct ip_vs_quic_vip *vip, const struct net *net,
			  u16 af, const struct sk_buff *skb);

/* Caller is in an RCU read-side section; @net and @af are the service's. */
static __always_inline bool
ip_vs_quic_vip_is_local(const struct ip_vs_quic_vip *vip, const struct net *net,
			u16 af)
{
	struct dst_entry *dst = rcu_dereference(vip->dst);

	return dst &&
	       ip_vs_quic_dst_valid(dst, READ_ONCE(vip->cookie), net, af);
}

#endif /* _IP_VS_QUIC_VIP_H */
