// SPDX-License-Identifier: GPL-2.0
/*
 * LOCAL_IN, just before IPVS's own hooks.
 *
 * IPVS asks a scheduler only about tuples it does not know; an entry left by an
 * earlier connection on the same 4-tuple would beat the CID.  So the draft's
 * order (section "Load Balancer Forwarding": routable CID, then 4-tuple table,
 * then fallback) needs a look at the datagram first.  After packet filtering, as
 * IPVS, so that INPUT rules go on protecting the VIP.
 */
#include "hook.h"

#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/udp.h>
#include <net/ip_vs.h>

#include "decide.h"
#include "net.h"
#include "trace.h"

static bool is_udp_for_us(const struct sk_buff *skb, u16 af,
			  struct ip_vs_iphdr *iph)
{
	/* as ip_vs_in_hook(); an IPv6 fragment has no header to decide by */
	if (skb->ipvs_property || skb->pkt_type != PACKET_HOST || !skb_dst(skb))
		return false;
	if (af == AF_INET && ip_hdr(skb)->protocol != IPPROTO_UDP)
		return false;
	return ip_vs_fill_iph_skb(af, skb, false, iph) &&
	       iph->protocol == IPPROTO_UDP && !iph->fragoffs;
}

/* IPVS prefers a firewall mark's service to an address's. */
static struct ip_vs_quic_service *
find_service(struct ip_vs_quic_net *qnet, const struct sk_buff *skb, u16 af,
	     const union nf_inet_addr *vaddr, __be16 vport)
{
	struct ip_vs_quic_svc_key key = { .af = af };

	if (skb->mark && READ_ONCE(qnet->fwmark_users)) {
		struct ip_vs_quic_service *qs;

		key.fwmark = skb->mark;
		qs = ip_vs_quic_net_find(qnet, &key);
		if (qs)
			return qs;
		key.fwmark = 0;
	}
	ip_vs_addr_set(af, &key.addr, vaddr);
	key.port = vport;
	return ip_vs_quic_net_find(qnet, &key);
}

static void add_in(struct ip_vs_cpu_stats __percpu *stats, unsigned int len)
{
	struct ip_vs_cpu_stats *s = this_cpu_ptr(stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->cnt.inpkts);
	u64_stats_add(&s->cnt.inbytes, len);
	u64_stats_update_end(&s->syncp);
}

/* What ipvsadm -L --stats shows: server, service and total. */
static void count_in(const struct ip_vs_conn *cp, const struct sk_buff *skb)
{
	const struct ip_vs_service *svc = rcu_dereference(cp->dest->svc);

	add_in(cp->dest->stats.cpustats, skb->len);
	add_in(svc->stats.cpustats, skb->len);
	add_in(ip_vs_quic_total_stats(cp->ipvs), skb->len);
}

/*
 * All CPUs share @cp.  Its only flag that can change while it lives follows a
 * sysctl; every packet writes the same value, so the race is harmless.
 */
static void follow_conntrack_sysctl(struct ip_vs_conn *cp)
{
	bool want = ip_vs_conntrack_enabled(cp->ipvs);

	if (unlikely(want != !!(cp->flags & IP_VS_CONN_F_NFCT)))
		cp->flags ^= IP_VS_CONN_F_NFCT;
}

static unsigned int forward(struct sk_buff *skb, struct ip_vs_conn *cp,
			    struct ip_vs_iphdr *iph)
{
	follow_conntrack_sysctl(cp);
	count_in(cp, skb);
	return cp->packet_xmit(skb, cp, ip_vs_proto_get(IPPROTO_UDP), iph);
}

static unsigned int hook(void *priv, struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	const struct ip_vs_quic_routes *routes;
	u8 buf[IP_VS_QUIC_PULL_LEN] __aligned(4);
	struct ip_vs_quic_payload payload;
	struct ip_vs_quic_net *qnet = priv;
	struct ip_vs_quic_service *qs;
	struct ip_vs_quic_decision d;
	const struct udphdr *uh;
	struct ip_vs_iphdr iph;

	if (!is_udp_for_us(skb, state->pf, &iph))
		return NF_ACCEPT;
	uh = ip_vs_quic_pull(skb, iph.len, buf, &payload);
	if (!uh)
		return NF_ACCEPT;
	qs = find_service(qnet, skb, state->pf, &iph.daddr, uh->dest);
	if (!qs || sysctl_backup_only(net_ipvs(state->net)))
		return NF_ACCEPT;
	routes = rcu_dereference(qs->routes);
	if (unlikely(!routes))
		return NF_ACCEPT;

	ip_vs_quic_decide(routes, &payload, &d);
	ip_vs_quic_stats_count(qs->stats, d.outcome);
	trace_ip_vs_quic_decision(qs, &iph.saddr, uh->source, &d);
	if (likely(d.outcome == IP_VS_QUIC_ROUTED))
		return forward(skb, &d.target->conn, &iph);
	if (d.outcome != IP_VS_QUIC_DEFERRED)
		trace_ip_vs_quic_unroutable(qs, &iph.saddr, uh->source, &d);
	return NF_ACCEPT;
}

void ip_vs_quic_hook_fill(struct nf_hook_ops ops[2],
			  struct ip_vs_quic_net *qnet)
{
	/* IPVS has NAT_SRC - 2 and - 1; with an equal priority whoever registers
	 * last would be first, and IPVS registers anew with every first service
	 */
	ops[0] = (struct nf_hook_ops) {
		.hook		= hook,
		.priv		= qnet,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= NF_IP_PRI_NAT_SRC - 3,
	};
	ops[1] = (struct nf_hook_ops) {
		.hook		= hook,
		.priv		= qnet,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= NF_IP6_PRI_NAT_SRC - 3,
	};
}
