/* SPDX-License-Identifier: GPL-2.0 */
/* Is a cached route still valid?  Without a function call in the usual case. */
#ifndef _IVQ_DSTCHECK_H
#define _IVQ_DSTCHECK_H

#include <net/dst.h>
#include <net/ip6_fib.h>
#include <net/net_namespace.h>
#include <net/route.h>

/*
 * If this is true, so is ip6_dst_check(): nothing expires, the table's entry is as old as
 * the cookie, and the route is not one by a next-hop object, whose check is another.  Caller
 * is in an RCU read-side section.
 */
static __always_inline bool
ivq_dst_surely_valid_v6(const struct dst_entry *dst, u32 cookie)
{
	const struct rt6_info *rt = container_of(dst, struct rt6_info, dst);
	const struct fib6_info *from = rcu_dereference(rt->from);
	u32 now;

	return READ_ONCE(dst->obsolete) == DST_OBSOLETE_FORCE_CHK && from && !rt->sernum &&
	       !((rt->rt6i_flags | from->fib6_flags) & RTF_EXPIRES) &&
	       fib6_get_cookie_safe(from, &now) && now == cookie;
}

/* dst_check() of an IPv6 route. */
static __always_inline bool ivq_dst_valid_v6(struct dst_entry *dst, u32 cookie)
{
	return likely(ivq_dst_surely_valid_v6(dst, cookie)) || dst_check(dst, cookie);
}

/*
 * dst_check() of a route of family @af in @net.  For IPv4 the check is whether the
 * namespace's generation is still the route's, if the route wants checks; a route that
 * does not is treated as invalid.
 */
static __always_inline bool
ivq_dst_valid(struct dst_entry *dst, u32 cookie, const struct net *net, u16 af)
{
	const struct rtable *rt = container_of(dst, struct rtable, dst);

	if (af == AF_INET)
		return READ_ONCE(dst->obsolete) == DST_OBSOLETE_FORCE_CHK &&
		       rt->rt_genid == rt_genid_ipv4(net);
	return ivq_dst_valid_v6(dst, cookie);
}

#endif /* _IVQ_DSTCHECK_H */
