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
	return way.ifindex == ctx->ingress_ifindex ? XDP_TX :
						     bpf_redirect(way.ifindex, 0);
}

char _license[] SEC("license") = "GPL";
