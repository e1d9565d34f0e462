/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The destinations of a service, as one immutable snapshot: the targets, and
 * the Maglev table that the fallback draws from.
 */
#ifndef _IP_VS_QUIC_POOL_H
#define _IP_VS_QUIC_POOL_H

#include <linux/kref.h>

#include "target.h"

/**
 * struct ip_vs_quic_pool - a snapshot of svc->destinations
 * @ref: one reference per routes object built on it
 * @table: maglev_build()'s, indices into @targets; NULL when there are none
 * @size: slots in @table
 * @count: number of @targets
 * @has_edited: a server is reached by another method than in the pool before
 * @targets: sorted by address, one reference each
 */
struct ip_vs_quic_pool {
	struct kref ref;
	u16 *table;
	u32 size;
	u32 count;
	bool has_edited;
	struct ip_vs_quic_target *targets[];
};

/*
 * Builds a snapshot, taking over from @old (may be NULL) the targets that are
 * still right.  Caller keeps svc->destinations from changing.  Return: a pool
 * with one reference, or an ERR_PTR().
 */
struct ip_vs_quic_pool *ip_vs_quic_pool_new(const struct ip_vs_service *svc,
					    const struct ip_vs_quic_pool *old);
struct ip_vs_quic_pool *ip_vs_quic_pool_get(struct ip_vs_quic_pool *pool);
void ip_vs_quic_pool_put(struct ip_vs_quic_pool *pool);

struct ip_vs_quic_target *
ip_vs_quic_pool_find(const struct ip_vs_quic_pool *pool,
		     const struct ip_vs_quic_addr *addr);

/* Over its upper threshold, and not below the lower one again? */
static inline bool ip_vs_quic_dest_overloaded(const struct ip_vs_dest *dest)
{
	return dest->flags & IP_VS_DEST_F_OVERLOAD;
}

/*
 * The server of a flow that nothing is remembered of: the one that the table names for
 * its hash, or, when that has just gone, another one by the same law.  It depends on
 * nothing that differs between a flow's packets, nor on how busy servers are.  Return:
 * NULL when no server can take it.
 */
struct ip_vs_quic_target *
ip_vs_quic_pool_pick(const struct ip_vs_quic_pool *pool, u64 hash);

/*
 * The same for a flow whose server is going to be remembered: one over its threshold
 * gets no new ones.
 */
struct ip_vs_quic_target *
ip_vs_quic_pool_pick_new(const struct ip_vs_quic_pool *pool, u64 hash);

/* Some server of the pool that has the address, whatever its port, or NULL. */
struct ip_vs_quic_target *
ip_vs_quic_pool_find_host(const struct ip_vs_quic_pool *pool, u16 af,
			  const union nf_inet_addr *addr);

#endif /* _IP_VS_QUIC_POOL_H */
