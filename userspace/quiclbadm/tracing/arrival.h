/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A frame that arrives: the kernel takes it as received by a device, with all that follows:
 * tc and netfilter's ingress, conntrack, routing, tunnels, sockets.  Nothing is configured
 * or attached for that, so nothing is left behind.
 */
#ifndef _QUICLBADM_TRACING_ARRIVAL_H
#define _QUICLBADM_TRACING_ARRIVAL_H

#include <stddef.h>
#include <stdint.h>

enum {
	/* octets that the kernel takes: a page without what it keeps there itself */
	ARRIVAL_FRAME_MAX = 3072,
};

/*
 * @frame: from the Ethernet header on, @len octets
 * @ifindex: of a device in this network namespace
 * Return: 0 or an errno: EPERM without CAP_BPF and CAP_NET_ADMIN or when the kernel is locked
 * down, EINVAL on kernels before 5.18.
 */
int arrival_send(int ifindex, const uint8_t *frame, size_t len);

#endif /* _QUICLBADM_TRACING_ARRIVAL_H */
