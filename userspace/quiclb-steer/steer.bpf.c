// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Gives each datagram for an address that several processes share (SO_REUSEPORT) to the
 * process that its connection ID names (draft, section "Server Process Demultiplexing").  The
 * octet is quiclb_source_set_worker()'s, see quiclb_source(3).
 *
 * A CID whose length is not that of its config is none of ours: a client has chosen it.
 * One that a client has chosen may have that length, too; then it names some worker, and the
 * connection begins there, which is as good as any.
 */
#include <asm/byteorder.h>
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "siphash.h"
#include "steer.h"

#define UDP_HEADER	8
#define SHORT_CID	(UDP_HEADER + 1)
#define LONG_CID	(UDP_HEADER + 6)

/* Flags, version, length of the CID and its first octet. */
#define HEAD_LEN	7

struct {
	__uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
	__uint(max_entries, STEER_FAMILIES * STEER_WORKERS);
	__type(key, __u32);
	__type(value, __u64);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct steer_settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STEER_WORKERS);
	__type(key, __u32);
	__type(value, struct steer_record);
} records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STEER_COUNTS);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static __always_inline void count(__u32 which)
{
	__u64 *n = bpf_map_lookup_elem(&counts, &which);

	if (n)
		++*n;
}

/*
 * Return: the number at the end of the CID at @offset, or -1.
 *
 * Linux 6.1's verifier does not learn from a comparison with 0 that a length is not 0, so it is
 * shown by arithmetic, of which the compiler must not know that it changes nothing.
 */
static __always_inline int unmask(struct sk_reuseport_md *ctx, const struct steer_settings *set,
				  __u32 offset, __u32 cid_len)
{
	__u64 words[4] = {};
	__u32 before = cid_len - 1;
	__u8 last;

	if (before < 1 || before > STEER_CID_MAX - 1)
		return -1;
	barrier_var(before);
	before = ((before - 1) & (sizeof(words) - 1)) + 1;
	if (bpf_skb_load_bytes(ctx, offset, words, before) ||
	    bpf_skb_load_bytes(ctx, offset + before, &last, 1))
		return -1;
	words[0] = __le64_to_cpu(words[0]);
	words[1] = __le64_to_cpu(words[1]);
	words[2] = __le64_to_cpu(words[2]);
	return last ^ (siphash(set->key, words, before) & 0xff);
}

/* Return: which worker the datagram's CID names, or -1: it is none of ours. */
static __always_inline int worker_of(struct sk_reuseport_md *ctx, const struct steer_settings *set)
{
	__u32 offset = SHORT_CID, len;
	__u8 head[HEAD_LEN], first;

	if (bpf_skb_load_bytes(ctx, UDP_HEADER, head, sizeof(head)))
		return -1;
	first = head[1];
	if (head[0] & 0x80) {
		offset = LONG_CID;
		first = head[6];
	}
	if (first >> 5 == STEER_UNROUTABLE)
		len = (first & 0x1f) + 1;
	else
		len = set->cid_len[first >> 5];
	if (head[0] & 0x80 && head[5] != len)
		return -1;
	return unmask(ctx, set, offset, len);
}

/* A worker that has gone, or has no socket of this family and address, cannot be chosen. */
static __always_inline int choose(struct sk_reuseport_md *ctx, __u32 number)
{
	enum { AF_INET6 = 10 };
	__u32 slot = number;

	if (ctx->sk->family == AF_INET6)
		slot += STEER_IPV6 * STEER_WORKERS;
	return !bpf_sk_select_reuseport(ctx, &sockets, &slot, 0);
}

/*
 * By the kernel's hash of the addresses, among all sockets; but while a worker drains, among
 * those of the others.
 */
static __always_inline void choose_for_new(struct sk_reuseport_md *ctx,
					   const struct steer_settings *set)
{
	__u32 n = set->n_open, i;

	if (!n || n > STEER_WORKERS)
		return;
	i = ((__u64)ctx->hash * n) >> 32;
	barrier_var(i);		/* the verifier needs the bound that follows */
	choose(ctx, set->open[i & (STEER_WORKERS - 1)]);
}

SEC("sk_reuseport")
int steer(struct sk_reuseport_md *ctx)
{
	const struct steer_settings *set;
	__u32 zero = 0, i;
	int number;

	set = bpf_map_lookup_elem(&settings, &zero);
	if (!set)
		return SK_PASS;
	number = worker_of(ctx, set);
	i = number;
	barrier_var(i);		/* the verifier needs the bound that follows */
	if (number >= 0 && choose(ctx, set->holder[i & (STEER_WORKERS - 1)])) {
		count(STEER_BY_WORKER);
		return SK_PASS;
	}
	count(number < 0 ? STEER_NEW : STEER_NO_WORKER);
	choose_for_new(ctx, set);
	return SK_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
