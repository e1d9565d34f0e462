// SPDX-License-Identifier: GPL-2.0
#include "stats.h"

#include <linux/gfp.h>
#include <linux/overflow.h>

struct ivq_stats __percpu *ivq_stats_new(unsigned int count)
{
	struct ivq_stats __percpu *stats;
	int cpu;

	stats = __alloc_percpu_gfp(struct_size(stats, datagrams, count),
				   __alignof__(*stats), GFP_KERNEL_ACCOUNT);
	if (!stats)
		return NULL;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(stats, cpu)->syncp);
	return stats;
}

u64 ivq_stats_sum(struct ivq_stats __percpu *stats, unsigned int outcome)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct ivq_stats *s = per_cpu_ptr(stats, cpu);
		unsigned int start;
		u64 n;

		do {
			start = u64_stats_fetch_begin(&s->syncp);
			n = u64_stats_read(&s->datagrams[outcome]);
		} while (u64_stats_fetch_retry(&s->syncp, start));
		sum += n;
	}
	return sum;
}

void ivq_stats_zero(struct ivq_stats __percpu *stats, u64 *zeroed,
		    unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		zeroed[i] = ivq_stats_sum(stats, i);
}

u64 ivq_stats_since(struct ivq_stats __percpu *stats, const u64 *zeroed,
		    unsigned int outcome)
{
	return ivq_stats_sum(stats, outcome) - zeroed[outcome];
}
