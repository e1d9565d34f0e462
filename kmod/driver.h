/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The driver path: the express path's plain case, before there is an skb.  It is a
 * function that XDP programs call, see uapi/linux/ip_vs_quic_xdp.h.
 */
#ifndef _IVQ_DRIVER_H
#define _IVQ_DRIVER_H

/* Makes the function known to BPF; without it, all else works. */
void ivq_driver_init(void);

#endif /* _IVQ_DRIVER_H */
