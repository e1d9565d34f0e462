/* SPDX-License-Identifier: GPL-2.0 */
/* Is a cached route still valid?  Without a function call for IPv4. */
#ifndef _IVQ_DSTCHECK_H
#define _IVQ_DSTCHECK_H

#include <net/dst.h>
#include <net/net_namespace.h>
#include <net/route.h>

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
	return dst_check(dst, cookie);
}

#endif /* _IVQ_DSTCHECK_H */
