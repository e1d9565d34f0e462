/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* In place of libbpf's header, for ../test_steer.c, which has these functions. */
#ifndef TEST_BPF_HELPERS_H
#define TEST_BPF_HELPERS_H

#include <linux/bpf.h>

#define SEC(name)		__attribute__((unused))
#define __uint(name, value)	int (*name)[value]
#define barrier_var(variable)	asm volatile("" : "+r" (variable))
#define __type(name, value)	typeof(value) *name

void *bpf_map_lookup_elem(void *map, const void *key);
long bpf_skb_load_bytes(const void *ctx, __u32 offset, void *to, __u32 len);
long bpf_sk_select_reuseport(struct sk_reuseport_md *ctx, void *map, void *key, __u64 flags);

#endif
