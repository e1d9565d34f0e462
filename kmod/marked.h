/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The services of a namespace that datagrams find by a firewall mark, for whoever has
 * a packet about a flow, but not the flow's mark.  Any of them may be the flow's.
 */
#ifndef _IP_VS_QUIC_MARKED_H
#define _IP_VS_QUIC_MARKED_H

#include "service.h"

enum {
	IP_VS_QUIC_MARKED_BUCKETS = 64,
	/* services that are looked at for one packet */
	IP_VS_QUIC_MARKED_LOOKS = 16,
};

/**
 * struct ip_vs_quic_marked - the services of one address family
 * @count: how many
 * @buckets: by mark; read under RCU
 *
 * Written under the lock of struct ip_vs_quic_net.  All zero is none.
 */
struct ip_vs_quic_marked {
	u32 count;
	struct hlist_head buckets[IP_VS_QUIC_MARKED_BUCKETS];
};

void ip_vs_quic_marked_add(struct ip_vs_quic_marked *marked,
			   struct ip_vs_quic_service *qs);
void ip_vs_quic_marked_del(struct ip_vs_quic_marked *marked,
			   struct ip_vs_quic_service *qs);

/*
 * The first service of which @fits says so, or NULL.  Looks at no more than
 * IP_VS_QUIC_MARKED_LOOKS of them.  Where there are more it is others each time, as a
 * router says again what was not heeded.  Caller is in an RCU read-side section.
 */
struct ip_vs_quic_service *
ip_vs_quic_marked_find(const struct ip_vs_quic_marked *marked,
		       bool (*fits)(struct ip_vs_quic_service *qs, void *arg),
		       void *arg);

/* The only one there is, or NULL.  Caller is in an RCU read-side section. */
struct ip_vs_quic_service *
ip_vs_quic_marked_only(const struct ip_vs_quic_marked *marked);

#endif /* _IP_VS_QUIC_MARKED_H */
