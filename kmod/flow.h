/* SPDX-License-Identifier: GPL-2.0 */
/* The fallback's hash of a flow. */
#ifndef _IVQ_FLOW_H
#define _IVQ_FLOW_H

#include <linux/udp.h>
#include <net/ip_vs.h>

#include "core/maglev.h"

/*
 * What every director of the pool hashes alike: client, then VIP, then their
 * ports, big endian.  An ICMP error quotes them the other way round: inverse.
 */
static inline u64 ivq_flow_hash(u16 af, const struct ip_vs_iphdr *iph,
				const struct udphdr *uh)
{
	bool inverse = ip_vs_iph_inverse(iph);
	const union nf_inet_addr *client = inverse ? &iph->daddr : &iph->saddr;
	const union nf_inet_addr *vip = inverse ? &iph->saddr : &iph->daddr;
	u8 flow[2 * sizeof(union nf_inet_addr) + 2 * sizeof(__be16)];
	unsigned int alen = af == AF_INET6 ? 16 : 4;
	u8 *p = flow;

	memcpy(p, client, alen);
	memcpy(p + alen, vip, alen);
	memcpy(p + 2 * alen, inverse ? &uh->dest : &uh->source, 2);
	memcpy(p + 2 * alen + 2, inverse ? &uh->source : &uh->dest, 2);
	return maglev_hash(flow, 2 * alen + 4, 0);
}

#endif /* _IVQ_FLOW_H */
