/* SPDX-License-Identifier: GPL-2.0 */
/* Handing packets to IPVS's transmitters, and IPVS's books for them. */
#ifndef _IP_VS_QUIC_FORWARD_H
#define _IP_VS_QUIC_FORWARD_H

#include <net/ip_vs.h>

#include "target.h"

/*
 * All callers are in a netfilter hook: RCU read-side, bottom halves disabled.
 * The skb is gone unless NF_ACCEPT comes back.
 */

/* Without state; @target is stateless. */
unsigned int ip_vs_quic_forward(struct sk_buff *skb,
				struct ip_vs_quic_target *target,
				struct ip_vs_iphdr *iph);

/* Counts a packet for @cp's server, which the caller sends itself. */
void ip_vs_quic_forward_count(const struct ip_vs_conn *cp,
			      const struct sk_buff *skb);

/*
 * Through a connection of IPVS's, which lives @timeout jiffies from now; takes
 * over the caller's reference.
 */
unsigned int ip_vs_quic_forward_conn(struct sk_buff *skb,
				     struct ip_vs_conn *cp,
				     struct ip_vs_iphdr *iph,
				     unsigned long timeout);

/* A new connection was made. */
void ip_vs_quic_forward_count_conn(const struct ip_vs_conn *cp);

/*
 * Takes a connection out of IPVS's table and frees it, with the caller's
 * reference; when another CPU is using it, it goes a little later.
 */
void ip_vs_quic_forward_kill(struct ip_vs_conn *cp);

#endif /* _IP_VS_QUIC_FORWARD_H */
