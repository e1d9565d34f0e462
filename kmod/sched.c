// SPDX-License-Identifier: GPL-2.0
/*
 * IPVS's scheduler "quic": the fallback, and the bridge from IPVS's services to
 * ours.
 *
 * schedule() is asked about tuples that IPVS does not know, when IPVS must make
 * the connection: for servers that are masqueraded, for persistent services,
 * for ICMP errors (sysctl schedule_icmp), and for clients on the director itself,
 * which pass LOCAL_OUT, where the hook is not.  A CID that names a server decides
 * here, too; everything else is sent by consistent hashing of the 4-tuple.
 */
#include "sched.h"

#include <linux/err.h>
#include <linux/udp.h>
#include <net/ip_vs.h>

#include "decide.h"
#include "flow.h"
#include "hook.h"
#include "net.h"
#include "notify.h"
#include "rebuild.h"
#include "trace.h"

/* Datagrams find a service as soon as it is linked, and the hook is there for them. */
static int link(struct ivq_net *qnet, struct ivq_service *qs)
{
	int err;

	mutex_lock(&qnet->lock);
	err = ivq_hook_use(qnet);
	if (!err) {
		err = ivq_net_link(qnet, qs);
		if (err)
			ivq_hook_unuse(qnet);
	}
	if (!err)
		ivq_notify_service_added(qs);
	mutex_unlock(&qnet->lock);
	return err;
}

static int add_service(struct ip_vs_service *svc)
{
	struct ivq_service *qs = ivq_service_new(svc);
	struct ivq_net *qnet;
	int err = -ENOMEM;

	if (IS_ERR(qs))
		return PTR_ERR(qs);
	qnet = ivq_net_make(svc->ipvs->net);
	if (qnet)
		err = link(qnet, qs);
	if (!err) {
		svc->sched_data = qs;
		return 0;
	}
	if (qnet)
		ivq_net_put(qnet);
	ivq_service_free(qs);
	return err;
}

static int ivq_init_svc(struct ip_vs_service *svc)
{
	/* a firewall mark's service has a meaningless protocol */
	if (!svc->fwmark && svc->protocol != IPPROTO_UDP) {
		pr_info_ratelimited("scheduler quic refused: QUIC is UDP, the service is %s\n",
				    ip_vs_proto_name(svc->protocol));
		return -EPROTONOSUPPORT;
	}
	if (!svc->fwmark && !svc->port) {
		pr_info_ratelimited("scheduler quic refused: a service needs a port or a firewall mark\n");
		return -EINVAL;
	}
	return add_service(svc);
}

static void ivq_done_svc(struct ip_vs_service *svc)
{
	struct ivq_service *qs = svc->sched_data;
	struct ivq_net *qnet = qs->qnet;

	mutex_lock(&qnet->lock);
	ivq_net_unlink(qnet, qs);
	ivq_hook_unuse(qnet);
	ivq_rebuild_end_batch(qs);
	ivq_notify_service_deleted(qs);
	ivq_service_retire(qs);
	mutex_unlock(&qnet->lock);
	ivq_net_put(qnet);
}

/*
 * IPVS ignores what this returns.  After a failure the old snapshot stays, as it does
 * while changes are held back.  It can name a removed server, whose packets the decision
 * then calls "unroutable-server", but it cannot pick one, see takes_flow().
 */
static int ivq_dest_changed(struct ip_vs_service *svc, struct ip_vs_dest *dest)
{
	struct ivq_service *qs = svc->sched_data;
	bool edited = false;
	int err = 0;

	mutex_lock(qs->lock);
	if (!ivq_rebuild_is_held_back(qs))
		err = ivq_rebuild(qs, &edited);
	mutex_unlock(qs->lock);

	if (edited)
		ivq_service_forget_routes(svc->ipvs->net);
	return err;
}

static void count(const struct ivq_service *qs, enum ip_vs_quic_outcome outcome)
{
	/* LOCAL_OUT comes with bottom halves on */
	local_bh_disable();
	ivq_stats_count(qs->stats, outcome);
	local_bh_enable();
}

/*
 * An ICMP error quotes a header, but maybe not enough of a datagram to read a
 * CID; a firewall mark's service may get TCP.
 */
static struct ivq_target *target_by_cid(const struct ivq_snapshot *snapshot,
					const struct ip_vs_iphdr *iph,
					const struct ivq_payload *payload)
{
	struct ivq_decision d;

	if (ip_vs_iph_icmp(iph) || iph->protocol != IPPROTO_UDP)
		return NULL;
	ivq_decide(snapshot, payload, &d);
	return d.target;
}

/*
 * IPVS keeps an entry for its choice, so thresholds count.  They do not for one-packet
 * scheduling without a persistence template, where IPVS asks again for each packet, nor
 * for an ICMP error, which is about a flow that has a server.
 */
static struct ivq_target *
target_by_hash(const struct ivq_snapshot *snapshot,
	       const struct ip_vs_service *svc, const struct ip_vs_iphdr *iph,
	       const struct udphdr *uh)
{
	const unsigned int kinds = IP_VS_SVC_F_ONEPACKET |
				   IP_VS_SVC_F_PERSISTENT;
	u64 hash = ivq_flow_hash(svc->af, iph, uh);

	if (ip_vs_iph_icmp(iph) ||
	    (svc->flags & kinds) == IP_VS_SVC_F_ONEPACKET)
		return ivq_pool_pick(snapshot->pool, hash);
	return ivq_pool_pick_new(snapshot->pool, hash);
}

static struct ip_vs_dest *ivq_schedule(struct ip_vs_service *svc,
				       const struct sk_buff *skb,
				       struct ip_vs_iphdr *iph)
{
	const struct ivq_service *qs = svc->sched_data;
	const struct ivq_snapshot *snapshot;
	u8 buf[IVQ_PULL_LEN] __aligned(4);
	struct ivq_payload payload;
	enum ip_vs_quic_outcome outcome;
	const struct udphdr *uh;
	struct ivq_target *target;
	struct ip_vs_dest *dest;

	snapshot = rcu_dereference(qs->snapshot);
	uh = ivq_pull(skb, iph->len, buf, &payload);
	if (!snapshot || !uh)
		return NULL;

	outcome = IP_VS_QUIC_SCHED_CID;
	target = target_by_cid(snapshot, iph, &payload);
	if (!target) {
		outcome = IP_VS_QUIC_SCHED_FALLBACK;
		target = target_by_hash(snapshot, svc, iph, uh);
	}
	dest = target ? target->conn.dest : NULL;
	if (!dest) {
		outcome = IP_VS_QUIC_SCHED_NONE;
		ip_vs_scheduler_err(svc, "no destination available");
	}
	count(qs, outcome);
	trace_ip_vs_quic_schedule(qs, &iph->saddr, uh->source, outcome, dest);
	return dest;
}

static struct ip_vs_scheduler scheduler = {
	.name		= "quic",
	.refcnt		= ATOMIC_INIT(0),
	.module		= THIS_MODULE,
	.n_list		= LIST_HEAD_INIT(scheduler.n_list),
	.init_service	= ivq_init_svc, .done_service	= ivq_done_svc,
	.add_dest	= ivq_dest_changed, .del_dest	= ivq_dest_changed,
	.upd_dest	= ivq_dest_changed, .schedule	= ivq_schedule,
};

int __init ivq_sched_init(void)
{
	return register_ip_vs_scheduler(&scheduler);
}

void ivq_sched_uninit(void)
{
	unregister_ip_vs_scheduler(&scheduler);
}
