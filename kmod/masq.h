/* SPDX-License-Identifier: GPL-2.0 */
/* Datagrams whose CID names a masqueraded server. */
#ifndef _IP_VS_QUIC_MASQ_H
#define _IP_VS_QUIC_MASQ_H

#include <net/ip_vs.h>

#include "service.h"

/* Caller is in a netfilter hook, see forward.h; @target is not stateless. */
unsigned int ip_vs_quic_masq(struct sk_buff *skb,
			     const struct ip_vs_quic_service *qs,
			     const struct ip_vs_quic_routes *routes,
			     const struct ip_vs_quic_target *target,
			     struct ip_vs_iphdr *iph, const struct udphdr *uh);

#endif /* _IP_VS_QUIC_MASQ_H */
