/* SPDX-License-Identifier: GPL-2.0 */
/* The netfilter hook: routable datagrams leave here, before IPVS sees them. */
#ifndef _IP_VS_QUIC_HOOK_H
#define _IP_VS_QUIC_HOOK_H

struct ip_vs_quic_net;

/*
 * The hooks of both families in a namespace exist while it has services: one use for
 * each.  Caller holds qnet->lock.
 */
int ip_vs_quic_hook_use(struct ip_vs_quic_net *qnet);
void ip_vs_quic_hook_unuse(struct ip_vs_quic_net *qnet);

#endif /* _IP_VS_QUIC_HOOK_H */
