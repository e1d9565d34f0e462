/* SPDX-License-Identifier: GPL-2.0 */
/* The fallback's hash of a flow. */
#ifndef _IVQ_FLOW_H
#define _IVQ_FLOW_H

#include <linux/udp.h>
#include <net/ip_vs.h>

#include "core/maglev.h"

/*
 * The flow of a datagram from a client, or of one that an ICMP error quotes, which is
 * from the VIP: inverse.
 */
static inline u64 ivq_flow_hash(u16 af, const struct ip_vs_iphdr *iph,
				const struct udphdr *uh)
{
	bool inverse = ip_vs_iph_inverse(iph);
	const union nf_inet_addr *client = inverse ? &iph->daddr : &iph->saddr;
	const union nf_inet_addr *vip = inverse ? &iph->saddr : &iph->daddr;
	u8 flow[MAGLEV_FLOW_LEN(16)];
	unsigned int alen = af == AF_INET6 ? 16 : 4;
	u8 *p = flow;

	maglev_flow_fill(p, client, vip, alen,
			 inverse ? &uh->dest : &uh->source,
			 inverse ? &uh->source : &uh->dest);
	return maglev_hash(flow, MAGLEV_FLOW_LEN(alen), 0);
}

/* The same by the client's addresses and ports. */
static inline u64 ivq_flow_hash_of(u16 af, const union nf_inet_addr *client,
				   const union nf_inet_addr *vip, __be16 sport,
				   __be16 dport)
{
	if (af == AF_INET6)
		return maglev_flow_hash(client, vip, 16, &sport, &dport);
	return maglev_flow_hash(client, vip, 4, &sport, &dport);
}

#endif /* _IVQ_FLOW_H */
