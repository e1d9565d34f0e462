// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP programs that live.c gives frames to.  The kernel uses a few pages again and again,
 * and a program that sends a frame changes it, so each program first writes the head of
 * the next frame: what all of them pay, the one that does nothing as well.
 */
#include <linux/bpf.h>
#include <linux/ip_vs_quic_xdp.h>

#include <bpf/bpf_helpers.h>

#include "live.h"

struct live_head heads[LIVE_HEADS_MAX];
__u64 times[LIVE_BATCHES_MAX];	/* when each batch began */
__u32 next;
const volatile __u8 words;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} other SEC(".maps");

/* @count is constant for the verifier, which leaves one of the two copies out. */
static __always_inline int write_head(struct xdp_md *ctx, int count)
{
	const struct live_head *head = &heads[next & (LIVE_HEADS_MAX - 1)];
	__u64 *data = (void *)(long)ctx->data;
	int i;

	if (!(next % LIVE_BATCH))
		times[next / LIVE_BATCH & (LIVE_BATCHES_MAX - 1)] = bpf_ktime_get_ns();
	next++;
	if ((void *)(data + count) > (void *)(long)ctx->data_end)
		return 0;
#pragma unroll
	for (i = 0; i < count; i++)
		data[i] = head->words[i];
	return 1;
}

static __always_inline int begin(struct xdp_md *ctx)
{
	return words == LIVE_WORDS_V4 ? write_head(ctx, LIVE_WORDS_V4) :
					write_head(ctx, LIVE_WORDS_V6);
}

/* What the peers have. */
SEC("xdp")
int sink(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_DROP;
}

SEC("xdp")
int drop(struct xdp_md *ctx)
{
	return begin(ctx) ? XDP_DROP : XDP_ABORTED;
}

SEC("xdp")
int noop(struct xdp_md *ctx)
{
	return begin(ctx) ? XDP_TX : XDP_ABORTED;
}

SEC("xdp")
int driver(struct xdp_md *ctx)
{
	struct ip_vs_quic_xdp way = {};

	if (!begin(ctx) || ip_vs_quic_xdp(ctx, &way, sizeof(way)))
		return XDP_ABORTED;
	return way.ifindex == ctx->ingress_ifindex ? XDP_TX :
						     bpf_redirect(way.ifindex, 0);
}

/* What a frame that is not ours pays: it is asked about, and then sent back. */
SEC("xdp")
int asked(struct xdp_md *ctx)
{
	struct ip_vs_quic_xdp way = {};

	if (!begin(ctx) || !ip_vs_quic_xdp(ctx, &way, sizeof(way)))
		return XDP_ABORTED;
	return XDP_TX;
}

/* Somebody else's program. */
SEC("xdp")
int relay(struct xdp_md *ctx)
{
	if (begin(ctx))
		bpf_tail_call(ctx, &other, 0);
	return XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
