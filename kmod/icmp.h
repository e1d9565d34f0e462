/* SPDX-License-Identifier: GPL-2.0 */
/* ICMP and ICMPv6 errors about a VIP's datagrams. */
#ifndef _IP_VS_QUIC_ICMP_H
#define _IP_VS_QUIC_ICMP_H

#include <net/ip_vs.h>

struct ip_vs_quic_net;

/*
 * @skb is an ICMP message of address family @af, its IP header in @iph.  Return:
 * the hook's verdict.
 */
unsigned int ip_vs_quic_icmp(struct ip_vs_quic_net *qnet, struct sk_buff *skb,
			     u16 af, struct ip_vs_iphdr *iph);

#endif /* _IP_VS_QUIC_ICMP_H */
