// SPDX-License-Identifier: GPL-2.0
#include "cidcache.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/topology.h>

DEFINE_PER_CPU(struct ivq_cid_set *, ivq_cidcache);
DEFINE_PER_CPU_ALIGNED(struct ivq_cid_last_miss, ivq_last_miss);

int ivq_cidcache_init(void)
{
	const size_t size = sizeof(struct ivq_cid_set) << IVQ_CIDCACHE_BITS;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct ivq_cid_set *sets;

		sets = kvzalloc_node(size, GFP_KERNEL, cpu_to_node(cpu));
		if (!sets) {
			ivq_cidcache_uninit();
			return -ENOMEM;
		}
		per_cpu(ivq_cidcache, cpu) = sets;
	}
	return 0;
}

/* The hooks are gone, and their readers. */
void ivq_cidcache_uninit(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		kvfree(per_cpu(ivq_cidcache, cpu));
		per_cpu(ivq_cidcache, cpu) = NULL;
	}
}
