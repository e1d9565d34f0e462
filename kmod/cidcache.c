// SPDX-License-Identifier: GPL-2.0
#include "cidcache.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/topology.h>

DEFINE_PER_CPU(struct ip_vs_quic_cid_set *, ip_vs_quic_cidcache);
DEFINE_PER_CPU_ALIGNED(struct ip_vs_quic_cid_stray, ip_vs_quic_cidstray);

int ip_vs_quic_cidcache_init(void)
{
	const size_t size = sizeof(struct ip_vs_quic_cid_set) <<
			    IP_VS_QUIC_CIDCACHE_BITS;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct ip_vs_quic_cid_set *sets;

		sets = kvzalloc_node(size, GFP_KERNEL, cpu_to_node(cpu));
		if (!sets) {
			ip_vs_quic_cidcache_uninit();
			return -ENOMEM;
		}
		per_cpu(ip_vs_quic_cidcache, cpu) = sets;
	}
	return 0;
}

/* The hooks are gone, and their readers. */
void ip_vs_quic_cidcache_uninit(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		kvfree(per_cpu(ip_vs_quic_cidcache, cpu));
		per_cpu(ip_vs_quic_cidcache, cpu) = NULL;
	}
}
