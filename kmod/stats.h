/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters per outcome, one set per service or device; per config ID, one set per
 * server.  Each CPU has its own.
 */
#ifndef _IVQ_STATS_H
#define _IVQ_STATS_H

#include <linux/ip_vs_quic.h>
#include <linux/percpu.h>
#include <linux/u64_stats_sync.h>

struct ivq_stats {
	struct u64_stats_sync syncp;
	u64_stats_t datagrams[];	/* by outcome, or config ID */
};

/* Caller has bottom halves disabled. */
static inline void ivq_stats_count(struct ivq_stats __percpu *stats,
				   unsigned int outcome)
{
	struct ivq_stats *s = this_cpu_ptr(stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->datagrams[outcome]);
	u64_stats_update_end(&s->syncp);
}

/* For @count outcomes, all 0; to be freed by free_percpu().  NULL without memory. */
struct ivq_stats __percpu *ivq_stats_new(unsigned int count);

/* Of all CPUs. */
u64 ivq_stats_sum(struct ivq_stats __percpu *stats, unsigned int outcome);

/*
 * Zeroing writes no counter: the packet path, which alone does, takes no lock, and could
 * be in the middle of an increment on another CPU.  What has been counted by now is noted
 * in @zeroed and subtracted from what is read.  Counters only grow, so that is never
 * negative, and no datagram is counted twice or lost.  Caller has the lock of @zeroed.
 */
void ivq_stats_zero(struct ivq_stats __percpu *stats, u64 *zeroed,
		    unsigned int count);
u64 ivq_stats_since(struct ivq_stats __percpu *stats, const u64 *zeroed,
		    unsigned int outcome);

#endif /* _IVQ_STATS_H */
