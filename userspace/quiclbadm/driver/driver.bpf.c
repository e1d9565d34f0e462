// SPDX-License-Identifier: GPL-2.0
/* The driver path: asks the module about each frame, see <linux/ip_vs_quic_xdp.h>. */
#include <linux/bpf.h>
#include <linux/ip_vs_quic_xdp.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int ip_vs_quic(struct xdp_md *ctx)
{
	struct ip_vs_quic_xdp way = {};

	if (ip_vs_quic_xdp(ctx, &way, sizeof(way)))
		return XDP_PASS;
	/* neither fails, the module has checked that; the verifier wants to know what if */
	if (way.tail && bpf_xdp_adjust_tail(ctx, -(int)way.tail))
		return XDP_DROP;
	if (bpf_xdp_adjust_head(ctx, -(int)way.head))
		return XDP_DROP;
	return way.ifindex == ctx->ingress_ifindex ? XDP_TX :
						     bpf_redirect(way.ifindex, 0);
}

char _license[] SEC("license") = "GPL";
