/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When a service's pool follows IPVS's servers: after each change, or after a batch of
 * them.  IPVS changes one server per request.  Whoever restores a service with a
 * thousand wants one table, and no datagram to be decided by half of them.
 *
 * Callers hold qs->lock.
 */
#ifndef _IVQ_REBUILD_H
#define _IVQ_REBUILD_H

#include <linux/types.h>

struct ivq_service;
struct net;
struct netlink_ext_ack;

/*
 * Reads IPVS's servers, and says so or why not.  Sets *@edited when the caller has to call
 * ivq_service_forget_routes().  Return: 0 or a negative errno, and the servers are
 * those of before.
 */
int ivq_rebuild(struct ivq_service *qs, bool *edited);

/* May @portid begin a batch, or end one?  Return: 0, or -EBUSY: it is another's. */
int ivq_rebuild_check_batch(const struct ivq_service *qs, u32 portid,
			    struct netlink_ext_ack *extack);

/* From now on the netlink socket @portid holds back changes. */
void ivq_rebuild_begin_batch(struct ivq_service *qs, u32 portid);

/* Without a rebuild, which is the caller's; there may be no batch. */
void ivq_rebuild_end_batch(struct ivq_service *qs);

bool ivq_rebuild_is_held_back(const struct ivq_service *qs);

/*
 * The generic netlink socket @portid of @net has gone, and its batches end.  Callers hold
 * no lock of a service.
 */
void ivq_rebuild_release(struct net *net, u32 portid);

#endif /* _IVQ_REBUILD_H */
