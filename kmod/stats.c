// SPDX-License-Identifier: GPL-2.0
#include "stats.h"

#include <linux/netdevice.h>

struct ip_vs_quic_stats __percpu *ip_vs_quic_stats_new(void)
{
	return netdev_alloc_pcpu_stats(struct ip_vs_quic_stats);
}

u64 ip_vs_quic_stats_sum(struct ip_vs_quic_stats __percpu *stats,
			 enum ip_vs_quic_outcome outcome)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct ip_vs_quic_stats *s = per_cpu_ptr(stats, cpu);
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
