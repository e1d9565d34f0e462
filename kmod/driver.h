/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The driver path: the express path's plain case, before there is an skb.  It is a
 * function that XDP programs call, see uapi/linux/ip_vs_quic_xdp.h.
 */
#ifndef _IVQ_DRIVER_H
#define _IVQ_DRIVER_H

#include <linux/types.h>

struct ip_vs_quic_xdp;
struct xdp_md;

/* For BPF alone. */
int ip_vs_quic_xdp(struct xdp_md *ctx, struct ip_vs_quic_xdp *way, u32 way__sz);

/* Makes the function known to BPF; without it, all else works. */
void ivq_driver_init(void);

#endif /* _IVQ_DRIVER_H */
