/* SPDX-License-Identifier: GPL-2.0 */
/* An IPVS service whose scheduler is "quic". */
#ifndef _IVQ_SERVICE_H
#define _IVQ_SERVICE_H

#include <linux/cache.h>
#include <linux/list.h>
#include <linux/workqueue.h>
#include <net/ip_vs.h>

#include "flows.h"
#include "snapshot.h"
#include "stats.h"
#include "vip.h"

struct mutex;
struct ivq_net;

/* What a service counts: outcomes, and behind them what an outcome does not tell apart. */
enum ivq_service_stat {
	/* of IP_VS_QUIC_RESERVED, those with a short header: a server made the CID */
	IVQ_STAT_RESERVED_SHORT = IP_VS_QUIC_OUTCOME_COUNT,
	IVQ_STAT_COUNT
};

/* How datagrams find a service.  No padding: hashed and compared by words. */
struct ivq_svc_key {
	union {
		struct {
			union nf_inet_addr addr;	/* zero with a fwmark */
			u32 fwmark;	/* 0: by address and port */
			u16 af;
			__be16 port;	/* zero with a fwmark */
		};
		u64 words[3];
	};
};

/*
 * The key's words one by one, so that the packet path need not build a key in memory.
 */
static inline u64 ivq_svc_word_v4(__be32 addr)
{
	u64 word = (__force u32)addr;

	return IS_ENABLED(CONFIG_CPU_BIG_ENDIAN) ? word << 32 : word;
}

static inline u64 ivq_svc_word_port(u16 af, __be16 port)
{
	u64 family = af, p = (__force u16)port;

	return IS_ENABLED(CONFIG_CPU_BIG_ENDIAN) ? family << 16 | p :
						   family << 32 | p << 48;
}

/**
 * struct ivq_service - sched_data of an IPVS service
 * @snapshot: what datagrams are decided by; written under @lock, NULL before the
 *	    service is complete and after IPVS has deleted it
 * @stats: by enum ip_vs_quic_outcome, then by enum ivq_service_stat; written by the
 *	    packet path
 * @key: fixed
 * @ipvs: IPVS's side of the namespace, fixed: for the packet path
 * @svc: IPVS's side of the service; there as long as the service is linked, which is
 *	 under @lock
 * @vip: whether its address is this host's, for the express path
 * @by_table_until: seconds since boot until which thresholds do not count, see
 *		    fallback.c; written by the packet path, once a second at most
 * @qnet: our side, for the scheduler; one reference while the service is linked
 * @lock: the namespace's, qnet->lock, which all writers hold
 * @sidmap: server map, under @lock
 * @list: in qnet->services, under @lock
 * @rebuild_error: why the pool could not follow IPVS's last change, or 0; under @lock
 * @batch: port ID of the netlink socket that holds back changes of servers, or 0; see
 *	   rebuild.h; under @lock, as is
 * @batch_end: the time, in jiffies, from which it does not any more
 * @zeroed: of @stats, see ivq_stats_zero(); under @lock
 * @flows: the entries of its 4-tuples; their number is written by the packet path, and not
 *	   beside what all datagrams read
 * @marked: in qnet->marked when it has a fwmark, under @lock
 * @free_work: frees it after a grace period
 */
struct ivq_service {
	struct ivq_snapshot __rcu *snapshot;
	struct ivq_stats __percpu *stats;
	struct ivq_svc_key key;
	struct netns_ipvs *ipvs;
	const struct ip_vs_service *svc;
	struct ivq_vip vip;
	u32 by_table_until;
	struct ivq_net *qnet;
	struct mutex *lock; /* see above */
	struct ivq_sidmap *sidmap;
	struct list_head list;
	struct hlist_node marked;
	struct rcu_work free_work;
	int rebuild_error;
	u32 batch;
	unsigned long batch_end;
	u64 zeroed[IVQ_STAT_COUNT];
	struct ivq_flow_owner flows ____cacheline_aligned_in_smp;
};

static inline struct ivq_service *
ivq_service_of_flow(const struct ivq_flow_owner *owner)
{
	return container_of(owner, struct ivq_service, flows);
}

/**
 * struct ivq_past - what a change has replaced, for those who compare
 * @snapshot: unpublished
 * @sidmap: the server map before, or NULL: it is the same
 */
struct ivq_past {
	struct ivq_snapshot *snapshot;
	struct ivq_sidmap *sidmap;
};

/* The end of it, under qs->lock; all NULL is fine. */
void ivq_past_retire(struct ivq_past *past);

/*
 * The scheduler's halves; the caller holds IPVS's mutex.  Return: a service that is not
 * linked yet, or an ERR_PTR().
 */
struct ivq_service *ivq_service_new(const struct ip_vs_service *svc);

/* It was never linked. */
void ivq_service_free(struct ivq_service *qs);

/* It is not linked any more; the caller holds qs->lock.  Freed after a grace period. */
void ivq_service_retire(struct ivq_service *qs);

/*
 * Follows a change of svc->destinations; caller holds qs->lock.  After success *@past
 * is the caller's; after failure nothing has changed but rebuild_error.
 */
int ivq_service_update_pool(struct ivq_service *qs, struct ivq_past *past);

/*
 * To be called without a service's lock when its pool has_edited: IPVS keeps one route per
 * destination, and a tunnel's does for direct routing only to look up the wrong
 * neighbour.  It forgets the route when the method is edited, but before we hear of it:
 * datagrams may have brought it back.  Once no datagram can have the old snapshot, the
 * route is made invalid again.
 */
void ivq_service_forget_routes(struct net *net);

/* What the service is now, to start a change from; caller holds qs->lock. */
void ivq_service_state(const struct ivq_service *qs, struct ivq_change *change);

/*
 * Publishes all of a change at once; caller holds qs->lock.  After success a new
 * server map is the service's own, the caller says ivq_net_changed(), and *@past is the
 * caller's; after failure nothing has changed.
 */
int ivq_service_commit(struct ivq_service *qs, const struct ivq_change *change,
		       struct ivq_past *past);

/* All counters of the service, its configs and servers; caller holds qs->lock. */
void ivq_service_zero(struct ivq_service *qs);

/* The writer's view of qs->snapshot; caller holds qs->lock. */
struct ivq_snapshot *ivq_service_snapshot(const struct ivq_service *qs);

#endif /* _IVQ_SERVICE_H */
