// SPDX-License-Identifier: GPL-2.0
#include "forward.h"

static void add_in(struct ip_vs_cpu_stats __percpu *stats, unsigned int len)
{
	struct ip_vs_cpu_stats *s = this_cpu_ptr(stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->cnt.inpkts);
	u64_stats_add(&s->cnt.inbytes, len);
	u64_stats_update_end(&s->syncp);
}

/* What ipvsadm -L --stats shows: server, service and total. */
void ip_vs_quic_forward_count(const struct ip_vs_conn *cp,
			      const struct sk_buff *skb)
{
	const struct ip_vs_service *svc = rcu_dereference(cp->dest->svc);

	add_in(cp->dest->stats.cpustats, skb->len);
	add_in(svc->stats.cpustats, skb->len);
	add_in(ip_vs_quic_total_stats(cp->ipvs), skb->len);
}

static void add_conn(struct ip_vs_cpu_stats __percpu *stats)
{
	struct ip_vs_cpu_stats *s = this_cpu_ptr(stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->cnt.conns);
	u64_stats_update_end(&s->syncp);
}

void ip_vs_quic_forward_count_conn(const struct ip_vs_conn *cp)
{
	const struct ip_vs_service *svc = rcu_dereference(cp->dest->svc);

	add_conn(cp->dest->stats.cpustats);
	add_conn(svc->stats.cpustats);
	add_conn(ip_vs_quic_total_stats(cp->ipvs));
}

/*
 * All CPUs share @cp.  Its only flag that can change while it lives follows a
 * sysctl; every packet writes the same value, so the race is harmless.
 */
static void follow_conntrack_sysctl(struct ip_vs_conn *cp)
{
	unsigned long flags = READ_ONCE(cp->flags) & ~IP_VS_CONN_F_NFCT;

	if (ip_vs_conntrack_enabled(cp->ipvs))
		flags |= IP_VS_CONN_F_NFCT;
	if (unlikely(flags != READ_ONCE(cp->flags)))
		WRITE_ONCE(cp->flags, flags);
}

static unsigned int xmit(struct sk_buff *skb, struct ip_vs_conn *cp,
			 struct ip_vs_iphdr *iph)
{
	ip_vs_quic_forward_count(cp, skb);
	return cp->packet_xmit(skb, cp, ip_vs_proto_get(IPPROTO_UDP), iph);
}

unsigned int ip_vs_quic_forward(struct sk_buff *skb,
				struct ip_vs_quic_target *target,
				struct ip_vs_iphdr *iph)
{
	follow_conntrack_sysctl(&target->conn);
	return xmit(skb, &target->conn, iph);
}

unsigned int ip_vs_quic_forward_conn(struct sk_buff *skb,
				     struct ip_vs_conn *cp,
				     struct ip_vs_iphdr *iph,
				     unsigned long timeout)
{
	unsigned int verdict = xmit(skb, cp, iph);

	atomic_inc(&cp->in_pkts);
	cp->timeout = timeout;
	ip_vs_conn_put(cp);
	return verdict;
}

/*
 * Whoever deletes the timer is the one to run its function, which unhashes the
 * connection if no one else has it and else tries again later.
 */
void ip_vs_quic_forward_kill(struct ip_vs_conn *cp)
{
	bool ours = timer_delete(&cp->timer);

	if (ours && cp->control)
		cp->timeout = 0;
	__ip_vs_conn_put(cp);
	if (ours)
		cp->timer.function(&cp->timer);
}
