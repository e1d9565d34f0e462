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

/*
 * Picks a server by hash: the one the table names, else, when that is gone or,
 * for a new flow, over its threshold, the next in address order that can take
 * it, so that the choice stays the same for the flow.  Return: NULL when no
 * server can.
 */
struct ip_vs_quic_target *
ip_vs_quic_pool_pick(const struct ip_vs_quic_pool *pool, u64 hash,
		     bool new_flow);

/* Some server of the pool that has the address, whatever its port, or NULL. */
struct ip_vs_quic_target *
ip_vs_quic_pool_find_host(const struct ip_vs_quic_pool *pool, u16 af,
			  const union nf_inet_addr *addr);

#endif /* _IP_VS_QUIC_POOL_H */
