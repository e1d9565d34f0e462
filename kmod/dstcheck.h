/* SPDX-License-Identifier: GPL-2.0 */
/* Whether a route that somebody keeps may still be used, without a call for IPv4. */
#ifndef _IVQ_DSTCHECK_H
#define _IVQ_DSTCHECK_H

#include <net/dst.h>
#include <net/net_namespace.h>
#include <net/route.h>

/*
 * dst_check() of a route of family @af in @net.  Routes of IPv4 are all made to be
 * checked, and what is checked is the namespace's generation; one that is made
 * otherwise is not used.
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
