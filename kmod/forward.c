// SPDX-License-Identifier: GPL-2.0
#include "forward.h"

#include "tunnel.h"

static void add_conn(struct ip_vs_cpu_stats __percpu *stats)
{
	struct ip_vs_cpu_stats *s = this_cpu_ptr(stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->cnt.conns);
	u64_stats_update_end(&s->syncp);
}

void ivq_forward_count_conn(const struct ivq_target *target)
{
	unsigned int i;

	for (i = 0; i < IVQ_TARGET_STATS; i++)
		add_conn(target->stats[i]);
}

static void count_in(const struct ip_vs_conn *cp, const struct sk_buff *skb)
{
	const struct ip_vs_service *svc = rcu_dereference(cp->dest->svc);

	ivq_target_add(cp->dest->stats.cpustats, skb->len);
	ivq_target_add(svc->stats.cpustats, skb->len);
	ivq_target_add(ivq_total_stats(cp->ipvs), skb->len);
}

/*
 * IPVS's transmitters know one source only, so the tunnel header is made here.  Packets
 * that are not the plain case get IPVS's own source.
 */
static bool can_spread(const struct sk_buff *skb,
		       const struct ivq_target *target)
{
	const struct ip_vs_conn *cp = &target->conn;

	if (ip_vs_conntrack_enabled(cp->ipvs) || skb_is_gso(skb) ||
	    cp->dest->tun_type != IP_VS_CONN_F_TUNNEL_TYPE_IPIP)
		return false;
	if (cp->af == AF_INET6)
		return skb_headlen(skb) >= sizeof(struct ipv6hdr) +
					   sizeof(struct udphdr) &&
		       ipv6_hdr(skb)->hop_limit > 1 &&
		       ipv6_hdr(skb)->nexthdr == IPPROTO_UDP;
	return skb_headlen(skb) >= sizeof(struct iphdr) +
				   sizeof(struct udphdr) &&
	       ip_hdr(skb)->ttl > 1 && ip_hdr(skb)->ihl == 5;
}

unsigned int ivq_forward_spread(struct sk_buff *skb,
				const struct ivq_snapshot *snapshot,
				struct ivq_target *target,
				struct ip_vs_iphdr *iph)
{
	struct ivq_tunnel tunnel;

	if (!can_spread(skb, target) ||
	    ivq_tunnel_find(&tunnel, target, &snapshot->settings.sources,
			    skb->len) != IP_VS_QUIC_EXPRESS_TAKEN)
		return ivq_forward(skb, target, iph);
	ivq_target_count(target, skb->len);
	ivq_tunnel_output(&tunnel, skb);
	return NF_STOLEN;
}

unsigned int ivq_forward_conn(struct sk_buff *skb,
			      struct ip_vs_conn *cp, struct ip_vs_iphdr *iph,
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
 * The CPU that deletes the timer runs its function.  The function unhashes the
 * connection if it has no other users, else it tries again later.
 */
void ivq_forward_kill(struct ip_vs_conn *cp)
{
	bool ours = timer_delete(&cp->timer);

	if (ours && cp->control)
		cp->timeout = 0;
	__ip_vs_conn_put(cp);
	if (ours)
		cp->timer.function(&cp->timer);
}
