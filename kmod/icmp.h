/* SPDX-License-Identifier: GPL-2.0 */
/* ICMP and ICMPv6 errors about a VIP's datagrams. */
#ifndef _IVQ_ICMP_H
#define _IVQ_ICMP_H

#include <net/ip_vs.h>

struct ivq_net;

/*
 * @skb is an ICMP message of address family @af, its IP header in @iph.  Return:
 * the hook's verdict.
 */
unsigned int ivq_icmp(struct ivq_net *qnet, struct sk_buff *skb,
		      u16 af, struct ip_vs_iphdr *iph);

#endif /* _IVQ_ICMP_H */
