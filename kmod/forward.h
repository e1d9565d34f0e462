/* SPDX-License-Identifier: GPL-2.0 */
/* Handing packets to IPVS's transmitters, and IPVS's books for them. */
#ifndef _IVQ_FORWARD_H
#define _IVQ_FORWARD_H

#include <net/ip_vs.h>

#include "snapshot.h"
#include "target.h"

/*
 * All callers are in a netfilter hook: RCU read-side, bottom halves disabled.
 * The skb is gone unless NF_ACCEPT comes back.
 */

/*
 * All CPUs share @cp.  Its only flag that can change while it lives follows a
 * sysctl; every packet writes the same value, so the race is harmless.
 */
static __always_inline void ivq_forward_follow_sysctl(struct ip_vs_conn *cp)
{
	unsigned long flags = READ_ONCE(cp->flags) & ~IP_VS_CONN_F_NFCT;

	if (ip_vs_conntrack_enabled(cp->ipvs))
		flags |= IP_VS_CONN_F_NFCT;
	if (unlikely(flags != READ_ONCE(cp->flags)))
		WRITE_ONCE(cp->flags, flags);
}

/* Without state; @target is stateless. */
static __always_inline unsigned int
ivq_forward(struct sk_buff *skb, struct ivq_target *target,
	    struct ip_vs_iphdr *iph)
{
	struct ip_vs_conn *cp = &target->conn;

	ivq_forward_follow_sysctl(cp);
	ivq_target_count(target, skb->len);
	return cp->packet_xmit(skb, cp, target->pp, iph);
}

/* The same with an outer source by flow, where that is possible. */
unsigned int ivq_forward_spread(struct sk_buff *skb,
				const struct ivq_snapshot *snapshot,
				struct ivq_target *target,
				struct ip_vs_iphdr *iph);

/* With an outer source by flow if the service has that set. */
static __always_inline unsigned int
ivq_forward_datagram(struct sk_buff *skb, const struct ivq_snapshot *snapshot,
		     struct ivq_target *target, struct ip_vs_iphdr *iph)
{
	if (unlikely(snapshot->settings.spread))
		return ivq_forward_spread(skb, snapshot, target, iph);
	return ivq_forward(skb, target, iph);
}

/*
 * Through a connection of IPVS's, which lives @timeout jiffies from now; takes
 * over the caller's reference.
 */
unsigned int ivq_forward_conn(struct sk_buff *skb,
			      struct ip_vs_conn *cp, struct ip_vs_iphdr *iph,
			      unsigned long timeout);

/* A new connection of the server's was made, or an entry for a flow. */
void ivq_forward_count_conn(const struct ivq_target *target);

/*
 * Takes a connection out of IPVS's table and frees it, with the caller's
 * reference; when another CPU is using it, it goes a little later.
 */
void ivq_forward_kill(struct ip_vs_conn *cp);

#endif /* _IVQ_FORWARD_H */
