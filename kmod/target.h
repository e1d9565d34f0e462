/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One destination of a service as the packet path uses it.
 *
 * IPVS's transmitters take a connection.  Those for tunnels, direct routing and
 * the local node only read a few of its members and write none, so one object
 * per (service, destination), shared by all CPUs and packets, does for all of
 * them: no allocation, no hash, no timer, no per-flow state.  It never enters
 * IPVS's table and was not made by ip_vs_conn_new(), hence counts nowhere: not in
 * InActConn, not against thresholds or conn_max, and a netns can go without it.
 */
#ifndef _IVQ_TARGET_H
#define _IVQ_TARGET_H

#include <linux/kref.h>
#include <net/ip_vs.h>

#include "sidmap.h"
#include "stats.h"

enum {
	IVQ_TARGET_STATS = 3,
};

/**
 * struct ivq_target - a destination
 * @conn: private; af, daf, protocol, flags, ipvs, vaddr, vport, daddr, dport,
 *	  dest and packet_xmit are set, the rest is zero
 * @stateless: @conn.packet_xmit may be called; otherwise (masquerading) the
 *	       destination is only reachable through a connection of IPVS's own
 * @addr: what the server map knows it by
 * @pp: UDP's, for @conn.packet_xmit
 * @stats: IPVS's counters of the destination, its service and the namespace,
 *	   which live as long
 * @by_config: datagrams whose CID names it, by config ID, written by the packet path
 * @ref: one reference per pool that has it
 * @zeroed: of @by_config, see ivq_stats_zero(); under the lock of the service
 *
 * The target holds a reference on conn.dest for its life.
 */
struct ivq_target {
	bool stateless;
	struct ip_vs_protocol *pp;
	struct ip_vs_cpu_stats __percpu *stats[IVQ_TARGET_STATS];
	struct ivq_stats __percpu *by_config;
	struct ip_vs_conn conn;
	struct ivq_addr addr;
	struct kref ref;
	u64 zeroed[QLB_CONFIGS_MAX];
};

/* Return: a target with one reference, NULL without memory. */
struct ivq_target *
ivq_target_new(const struct ip_vs_service *svc, struct ip_vs_dest *dest);

/* Is what @target has copied from its destination still right? */
bool ivq_target_current(const struct ivq_target *target,
			const struct ip_vs_dest *dest);

void ivq_target_get(struct ivq_target *target);
/* Readers are gone only after a grace period: see ivq_snapshot_retire(). */
void ivq_target_put(struct ivq_target *target);

/* Callers of these two have bottom halves disabled. */
static __always_inline void
ivq_target_add(struct ip_vs_cpu_stats __percpu *stats, unsigned int len)
{
	struct ip_vs_cpu_stats *s = this_cpu_ptr(stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->cnt.inpkts);
	u64_stats_add(&s->cnt.inbytes, len);
	u64_stats_update_end(&s->syncp);
}

/* What ipvsadm -L --stats shows: server, service and total; @len is the IP packet's. */
static __always_inline void ivq_target_count(const struct ivq_target *target,
					     unsigned int len)
{
	ivq_target_add(target->stats[0], len);
	ivq_target_add(target->stats[1], len);
	ivq_target_add(target->stats[2], len);
}

/*
 * Datagrams whose CID names it under a config ID, since they were zeroed; callers of
 * these three hold the service's lock.
 */
u64 ivq_target_decided(const struct ivq_target *target, u8 config_id);
void ivq_target_zero_config(struct ivq_target *target, u8 config_id);
void ivq_target_zero(struct ivq_target *target);

/* Learns the transmitters' addresses from IPVS. */
int ivq_target_init(void);

#endif /* _IVQ_TARGET_H */
