/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The services of a namespace that datagrams find by a firewall mark.  It is for packets
 * about a flow whose mark is not known: any of these services may be the flow's.
 */
#ifndef _IVQ_MARKED_H
#define _IVQ_MARKED_H

#include "service.h"

enum {
	IVQ_MARKED_BUCKETS = 64,
	/* services that are looked at for one packet */
	IVQ_MARKED_LOOKS = 16,
};

/**
 * struct ivq_marked - the services of one address family
 * @count: how many
 * @buckets: by mark; read under RCU
 *
 * Written under the lock of struct ivq_net.  All zero is none.
 */
struct ivq_marked {
	u32 count;
	struct hlist_head buckets[IVQ_MARKED_BUCKETS];
};

void ivq_marked_add(struct ivq_marked *marked, struct ivq_service *qs);
void ivq_marked_del(struct ivq_marked *marked, struct ivq_service *qs);

/*
 * The first service for which @fits returns true, or NULL.  Looks at no more than
 * IVQ_MARKED_LOOKS of them.  With more services, each call starts elsewhere: a router
 * repeats an error that had no effect.  Caller is in an RCU read-side section.
 */
struct ivq_service *
ivq_marked_find(const struct ivq_marked *marked,
		bool (*fits)(struct ivq_service *qs, void *arg), void *arg);

/* The only one there is, or NULL.  Caller is in an RCU read-side section. */
struct ivq_service *ivq_marked_only(const struct ivq_marked *marked);

#endif /* _IVQ_MARKED_H */
