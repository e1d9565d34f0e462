/* SPDX-License-Identifier: GPL-2.0 */
/* What becomes of datagrams whose CID names no server. */
#ifndef _IP_VS_QUIC_FALLBACK_H
#define _IP_VS_QUIC_FALLBACK_H

#include "decide.h"

/*
 * Steps 3 to 5 of section "Load Balancer Forwarding".  Return: the hook's verdict;
 * NF_ACCEPT leaves the datagram to IPVS.
 */
unsigned int ip_vs_quic_fallback(struct sk_buff *skb,
				 struct ip_vs_quic_service *qs,
				 const struct ip_vs_quic_routes *routes,
				 const struct ip_vs_quic_decision *d,
				 struct ip_vs_iphdr *iph);

#endif /* _IP_VS_QUIC_FALLBACK_H */
