/* SPDX-License-Identifier: GPL-2.0 */
/* What becomes of datagrams whose CID names no server. */
#ifndef _IVQ_FALLBACK_H
#define _IVQ_FALLBACK_H

#include "decide.h"

/*
 * Steps 3 to 5 of section "Load Balancer Forwarding".  Return: the hook's verdict;
 * NF_ACCEPT leaves the datagram to IPVS.
 */
unsigned int ivq_fallback(struct sk_buff *skb, struct ivq_service *qs,
			  const struct ivq_snapshot *snapshot,
			  const struct ivq_decision *d,
			  struct ip_vs_iphdr *iph);

#endif /* _IVQ_FALLBACK_H */
