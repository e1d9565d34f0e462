/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The driver path: what an XDP program asks ip_vs_quic for.
 *
 * A program calls ip_vs_quic_xdp() with its context.  If it returns 0, the frame is as
 * it has to leave for the datagram's server, and the program only sends it:
 *
 *	struct ip_vs_quic_xdp way = {};
 *
 *	if (ip_vs_quic_xdp(ctx, &way, sizeof(way)))
 *		return XDP_PASS;
 *	return way.ifindex == ctx->ingress_ifindex ? XDP_TX :
 *						     bpf_redirect(way.ifindex, 0);
 *
 * The datagram has been counted as sent, and its headers are the new ones, so the program
 * does not pass it on.  The frame begins earlier than it did, and padding at its end is
 * gone; pointers into it that the program already has still point to the same octets, and
 * ctx->data and ctx->data_end are to be read again.
 *
 * Otherwise nothing has changed, and the frame is the stack's: XDP_PASS.
 */
#ifndef _UAPI_LINUX_IP_VS_QUIC_XDP_H
#define _UAPI_LINUX_IP_VS_QUIC_XDP_H

#include <linux/types.h>

/**
 * struct ip_vs_quic_xdp - how a frame leaves
 * @ifindex: the device, in the namespace of the device that received it
 *
 * A later version of the module may fill in more, at the end, if the size allows.
 */
struct ip_vs_quic_xdp {
	__u32 ifindex;
};

#ifdef __bpf__
struct xdp_md;

/*
 * Weak: a program that does not call it can be loaded without the module.
 *
 * Return: 0; or
 *	-ENODEV		the device does not have the express path
 *	-ENOENT		no datagram for a service
 *	-EAGAIN		a service's, but not plain: the stack decides; or bottom halves are
 *			enabled, as in a test run without live frames
 *	-EINVAL		way__sz is less than the size of struct ip_vs_quic_xdp
 */
int ip_vs_quic_xdp(struct xdp_md *ctx, struct ip_vs_quic_xdp *way,
		   __u32 way__sz)
	__attribute__((section(".ksyms"), weak));
#endif

#endif /* _UAPI_LINUX_IP_VS_QUIC_XDP_H */
