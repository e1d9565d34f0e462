/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IVQ_COMPAT_NET_IP_VS_H
#define _IVQ_COMPAT_NET_IP_VS_H

#include_next <net/ip_vs.h>

/* "This destination is in the pool" moved from flags to cflags in stable
 * series; both names are macros.
 */
static inline bool ivq_dest_available(const struct ip_vs_dest *dest)
{
#ifdef IP_VS_DEST_CF_AVAILABLE
	return dest->cflags & IP_VS_DEST_CF_AVAILABLE;
#else
	return dest->flags & IP_VS_DEST_F_AVAILABLE;
#endif
}

/* The counter that an inactive connection of a destination's counts in.  Active and
 * inactive ones, or active ones and all, were counted.
 */
static inline atomic_t *ivq_dest_counter(struct ip_vs_dest *dest)
{
#ifdef HAVE_TOTALCONNS
	return &dest->totalconns;
#else
	return &dest->inactconns;
#endif
}

/* How many connections there are of both kinds. */
static inline int ivq_dest_conns(const struct ip_vs_dest *dest)
{
#ifdef HAVE_TOTALCONNS
	return atomic_read(&dest->totalconns);
#else
	return atomic_read(&dest->inactconns) + atomic_read(&dest->activeconns);
#endif
}

static inline struct ip_vs_cpu_stats __percpu *
ivq_total_stats(const struct netns_ipvs *ipvs)
{
#ifdef HAVE_TOT_STATS_PTR
	return ipvs->tot_stats->s.cpustats;
#else
	return ipvs->tot_stats.cpustats;
#endif
}

#endif /* _IVQ_COMPAT_NET_IP_VS_H */
