/* SPDX-License-Identifier: GPL-2.0 */
/* What becomes of datagrams whose CID names no server. */
#ifndef _IVQ_FALLBACK_H
#define _IVQ_FALLBACK_H

#include <linux/ip.h>
#include <linux/ipv6.h>

#include "decide.h"

/*
 * Steps 3 to 5 of section "Load Balancer Forwarding".  Return: the hook's verdict;
 * NF_ACCEPT leaves the datagram to IPVS.
 */
unsigned int ivq_fallback(struct sk_buff *skb, struct ivq_service *qs,
			  const struct ivq_snapshot *snapshot,
			  const struct ivq_decision *d,
			  struct ip_vs_iphdr *iph);

/*
 * A long header is routed by its CID: its connection does not need its 4-tuple's entry
 * any more, which is then the first one to go when places are needed.  Addresses are
 * those of the datagram, of the service's family.
 */
void ivq_fallback_routed(const struct ivq_service *qs,
			 const struct ivq_decision *d, const void *client,
			 const void *vip, const struct udphdr *uh);

/* The same for any datagram that is routed, whose IP header without options is at @nh. */
static inline void ivq_fallback_routed_at(const struct ivq_service *qs,
					  const struct ivq_decision *d,
					  const void *nh, u16 af)
{
	const struct ipv6hdr *ip6h = nh;
	const struct iphdr *iph = nh;

	if (!d->hdr.long_form)
		return;
	if (af == AF_INET6)
		ivq_fallback_routed(qs, d, &ip6h->saddr, &ip6h->daddr,
				    (const struct udphdr *)(ip6h + 1));
	else
		ivq_fallback_routed(qs, d, &iph->saddr, &iph->daddr,
				    (const struct udphdr *)(iph + 1));
}

#endif /* _IVQ_FALLBACK_H */
