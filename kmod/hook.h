/* SPDX-License-Identifier: GPL-2.0 */
/* The netfilter hook: routable datagrams leave here, before IPVS sees them. */
#ifndef _IP_VS_QUIC_HOOK_H
#define _IP_VS_QUIC_HOOK_H

#include <linux/netfilter.h>

struct ip_vs_quic_net;

/* Fills in the two hooks of a namespace, IPv4 then IPv6. */
void ip_vs_quic_hook_fill(struct nf_hook_ops ops[2],
			  struct ip_vs_quic_net *qnet);

#endif /* _IP_VS_QUIC_HOOK_H */
