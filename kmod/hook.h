/* SPDX-License-Identifier: GPL-2.0 */
/* The netfilter hook: routable datagrams leave here, before IPVS sees them. */
#ifndef _IVQ_HOOK_H
#define _IVQ_HOOK_H

struct ivq_net;

/*
 * The hooks of both families in a namespace exist while it has services: one use for
 * each.  Caller holds qnet->lock.
 */
int ivq_hook_use(struct ivq_net *qnet);
void ivq_hook_unuse(struct ivq_net *qnet);

#endif /* _IVQ_HOOK_H */
