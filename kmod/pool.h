/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The destinations of a service, as one immutable object: the targets, and the
 * table by which the fallback chooses one.
 */
#ifndef _IVQ_POOL_H
#define _IVQ_POOL_H

#include <linux/kref.h>

#include "target.h"

/**
 * struct ivq_pool - svc->destinations at one time
 * @ref: one reference per snapshot built on it
 * @table: maglev_build()'s, indices into @targets; NULL when there are none
 * @size: slots in @table
 * @count: number of @targets
 * @has_edited: a server is reached by another method than in the pool before
 * @weights: those that @table was built by, in the order of @targets and behind them
 * @targets: sorted by address, one reference each
 */
struct ivq_pool {
	struct kref ref;
	u16 *table;
	u32 size;
	u32 count;
	bool has_edited;
	int *weights;
	struct ivq_target *targets[];
};

/*
 * Builds a pool, taking over from @old (may be NULL) the targets that are
 * still right, with a table of @bits (maglev_size()).  The caller holds IPVS's mutex, or
 * the lock that the scheduler's callbacks take: then one server may come or go meanwhile,
 * and IPVS is about to say so.
 * Return: a pool with one reference, or an ERR_PTR().
 */
struct ivq_pool *ivq_pool_new(const struct ip_vs_service *svc,
			      const struct ivq_pool *old, u8 bits);

/*
 * The servers and weights of @old, with a table of @bits.  Return: a pool with one
 * reference, or an ERR_PTR().
 */
struct ivq_pool *ivq_pool_resized(const struct ivq_pool *old, u8 bits);

struct ivq_pool *ivq_pool_get(struct ivq_pool *pool);
void ivq_pool_put(struct ivq_pool *pool);

struct ivq_target *ivq_pool_find(const struct ivq_pool *pool,
				 const struct ivq_addr *addr);

/* Over its upper threshold, and not below the lower one again? */
static inline bool ivq_dest_overloaded(const struct ip_vs_dest *dest)
{
	return dest->flags & IP_VS_DEST_F_OVERLOAD;
}

/*
 * The server of a flow that has no entry: the one that the table names for its hash or,
 * if that server has just gone, another one by the same rule.  The choice depends on
 * nothing that differs between a flow's packets, nor on how busy servers are.  Return:
 * NULL when no server can take it.
 */
struct ivq_target *ivq_pool_pick(const struct ivq_pool *pool, u64 hash);

/*
 * The same for a flow that gets an entry: a server over its threshold gets no new ones.
 */
struct ivq_target *ivq_pool_pick_new(const struct ivq_pool *pool, u64 hash);

/* Some server of the pool that has the address, whatever its port, or NULL. */
struct ivq_target *ivq_pool_find_host(const struct ivq_pool *pool, u16 af,
				      const union nf_inet_addr *addr);

#endif /* _IVQ_POOL_H */
