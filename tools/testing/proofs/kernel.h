/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module's files use of the kernel and of each other, for those that are proved as
 * they are: cidcache.h, sidmap.h, decide.c.  The kernel's headers that they include are empty.
 * One processor runs at a time, so per-CPU variables are variables.
 */
#ifndef _PROOF_KERNEL_H
#define _PROOF_KERNEL_H

#include "core/qlb_port.h"
#include "proof.h"

typedef u16 __be16;
typedef u32 __be32;
typedef u64 u64_stats_t;

#define __percpu
#define __rcu
#define ____cacheline_aligned
#define likely(x)			(x)
#define unlikely(x)			(x)
#define ivq_uninitialized
#define IS_ENABLED(option)		0
#define BUILD_BUG_ON(wrong)		_Static_assert(!(wrong), #wrong)
#define BIT(n)				(1ul << (n))
#define min_t(type, a, b)		((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define ntohs(n)			__builtin_bswap16(n)
#define in_softirq()			true

#define DECLARE_PER_CPU(type, name)		extern type name
#define DECLARE_PER_CPU_ALIGNED(type, name)	extern type name
#define this_cpu_read(name)			(name)
#define this_cpu_ptr(pointer)			(pointer)

static inline unsigned int __fls(unsigned long word)
{
	unsigned int n = 0;

	while (word >>= 1)
		n++;
	return n;
}

union nf_inet_addr {
	u32 all[4];
};

struct kref {
	int count;
};

struct udphdr {
	__be16 source;
	__be16 dest;
	__be16 len;
	u16 check;
};

struct sk_buff {
	unsigned int len;
};

const void *skb_header_pointer(const struct sk_buff *skb, int offset, int len,
			       void *buffer);

struct u64_stats_sync {
	int unused;
};

struct rcu_work {
	int unused;
};

/* object.h, pool.h, service.h, source.h, target.h */
#define _IVQ_OBJECT_H
#define _IVQ_POOL_H
#define _IVQ_SERVICE_H
#define _IVQ_SOURCE_H
#define _IVQ_TARGET_H

struct ip_vs_dest {
	bool available;
};

#define ivq_dest_available(dest)	((dest)->available)

struct ivq_target {
	bool stateless;
	struct {
		struct ip_vs_dest *dest;
	} conn;
	struct ivq_stats *by_config;
};

struct ivq_sources {
	int unused;
};

struct ivq_service {
	struct ivq_stats *stats;
};

/* counters */
#define IVQ_STAT_RESERVED_SHORT		0
#define get_jiffies_64()		0
#define u64_stats_update_begin(sync)	((void)0)
#define u64_stats_update_end(sync)	((void)0)
#define u64_stats_inc(counter)		(++*(counter))
#define u64_stats_set(counter, value)	(*(counter) = (value))
#include "stats.h"

#endif /* _PROOF_KERNEL_H */
