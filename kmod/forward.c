// SPDX-License-Identifier: GPL-2.0
#include "forward.h"

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

static void count_in(const struct ip_vs_conn *cp, const struct sk_buff *skb)
{
	const struct ip_vs_service *svc = rcu_dereference(cp->dest->svc);

	ip_vs_quic_forward_add(cp->dest->stats.cpustats, skb->len);
	ip_vs_quic_forward_add(svc->stats.cpustats, skb->len);
	ip_vs_quic_forward_add(ip_vs_quic_total_stats(cp->ipvs), skb->len);
}

unsigned int ip_vs_quic_forward_conn(struct sk_buff *skb,
				     struct ip_vs_conn *cp,
				     struct ip_vs_iphdr *iph,
				     unsigned long timeout)
{
	unsigned int verdict;

	count_in(cp, skb);
	verdict = cp->packet_xmit(skb, cp, ip_vs_proto_get(IPPROTO_UDP), iph);
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
