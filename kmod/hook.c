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

#include <linux/cache.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/udp.h>
#include <net/ip_vs.h>

#include "decide.h"
#include "express.h"
#include "fallback.h"
#include "forward.h"
#include "gro.h"
#include "icmp.h"
#include "masq.h"
#include "net.h"
#include "trace.h"

/* As ip_vs_in_hook(). */
static bool is_for_us(const struct sk_buff *skb, struct net *net)
{
	return !skb->ipvs_property && skb->pkt_type == PACKET_HOST &&
	       skb_dst(skb) && !sysctl_backup_only(net_ipvs(net));
}

/* A fragment has no header to decide by; IPVS has the kernel reassemble. */
static bool read_ip(const struct sk_buff *skb, u16 af, struct ip_vs_iphdr *iph)
{
	if (af == AF_INET && ip_hdr(skb)->protocol != IPPROTO_UDP &&
	    ip_hdr(skb)->protocol != IPPROTO_ICMP)
		return false;
	return ip_vs_fill_iph_skb(af, skb, false, iph) && !iph->fragoffs;
}

static bool is_icmp(u16 af, const struct ip_vs_iphdr *iph)
{
	return iph->protocol == (af == AF_INET6 ? IPPROTO_ICMPV6 :
						  IPPROTO_ICMP);
}

/* By a decision that needs none of IPVS's state, but IPVS may have to make some. */
static unsigned int send(struct sk_buff *skb, struct ivq_unrouted *u,
			 const struct udphdr *uh, struct ip_vs_iphdr *iph)
{
	const struct ivq_decision *d = u->d;

	ivq_decide_count(u->qs, u->snapshot, d);
	trace_ip_vs_quic_decision(u->qs, u->client, u->sport, d);
	if (likely(d->outcome == IP_VS_QUIC_ROUTED)) {
		if (d->hdr.long_form)
			ivq_fallback_routed(u->qs, d, u->client, u->vip, uh);
		return ivq_forward_datagram(skb, u->snapshot, d->target, iph);
	}
	trace_ip_vs_quic_unroutable(u->qs, u->client, u->sport, d);
	return ivq_fallback(skb, u, iph);
}

static unsigned int datagram(struct ivq_service *qs,
			     struct sk_buff *skb, struct ip_vs_iphdr *iph,
			     const struct udphdr *uh,
			     const struct ivq_payload *payload)
{
	const struct ivq_snapshot *snapshot = rcu_dereference(qs->snapshot);
	struct ivq_unrouted u;
	struct ivq_decision d;

	if (unlikely(!snapshot))
		return NF_ACCEPT;

	ivq_decide(snapshot, payload, &d);
	if (d.outcome == IP_VS_QUIC_DEFERRED) {
		ivq_decide_count(qs, snapshot, &d);
		trace_ip_vs_quic_decision(qs, &iph->saddr, uh->source, &d);
		return ivq_masq(skb, qs, snapshot, d.target, iph, uh);
	}
	ivq_unrouted_set(&u, qs, snapshot, &d, &iph->saddr, &iph->daddr, uh);
	return send(skb, &u, uh, iph);
}

/*
 * What the transmitters want to know of a packet without options or extensions.  They
 * take a pointer that is not const, but only read.
 */
static struct ip_vs_iphdr no_options_v4 __ro_after_init = {
	.len = sizeof(struct iphdr),
	.protocol = IPPROTO_UDP,
};

static struct ip_vs_iphdr no_options_v6 __ro_after_init = {
	.len = sizeof(struct ipv6hdr),
	.protocol = IPPROTO_UDP,
};

/*
 * The service of a datagram that the fast path can read: linear, no options; or NULL.
 */
static __always_inline struct ivq_service *
fast_service_v4(const struct ivq_net *qnet, const struct sk_buff *skb)
{
	const struct iphdr *ih = (const struct iphdr *)skb->data;

	if (skb_headlen(skb) < sizeof(*ih) + sizeof(struct udphdr) +
				IVQ_FAST_LEN ||
	    *(const u8 *)ih != 0x45 || ih->protocol != IPPROTO_UDP ||
	    ip_is_fragment(ih))
		return NULL;
	return ivq_net_find_at(qnet, ih, AF_INET);
}

static __always_inline struct ivq_service *
fast_service_v6(const struct ivq_net *qnet, const struct sk_buff *skb)
{
	const struct ipv6hdr *ih = (const struct ipv6hdr *)skb->data;

	if (skb_headlen(skb) < sizeof(*ih) + sizeof(struct udphdr) +
				IVQ_FAST_LEN ||
	    ih->version != 6 || ih->nexthdr != IPPROTO_UDP)
		return NULL;
	return ivq_net_find_at(qnet, ih, AF_INET6);
}

/*
 * The server of a datagram of the fast path, counted.  NULL: nothing is done; the service,
 * if the fast path can read the datagram, is in *qsp, and has a snapshot.
 */
static __always_inline struct ivq_target *
fast_target(struct ivq_net *qnet, const struct sk_buff *skb, u8 pf,
	    struct ivq_service **qsp, const struct ivq_snapshot **snapshotp)
{
	int offset = pf == AF_INET6 ? sizeof(struct ipv6hdr) :
				      sizeof(struct iphdr);
	const struct ivq_snapshot *snapshot;
	const struct ivq_config *cfg;
	struct ivq_service *qs;
	struct ivq_target *target;

	*qsp = NULL;
	if (unlikely(READ_ONCE(qnet->fwmark_users) || skb_is_gso(skb) ||
		     trace_ip_vs_quic_decision_enabled()))
		return NULL;
	qs = pf == AF_INET6 ? fast_service_v6(qnet, skb) :
			      fast_service_v4(qnet, skb);
	if (!qs)
		return NULL;
	if (unlikely(READ_ONCE(qnet->express_users)))
		ivq_express_learn(qnet, &qs->vip, skb);
	snapshot = rcu_dereference(qs->snapshot);
	if (unlikely(!snapshot))
		return NULL;
	*qsp = qs;
	*snapshotp = snapshot;
	target = ivq_fast_target(snapshot, (const void *)(skb->data + offset),
				 skb->len - offset, &cfg);
	if (likely(target))
		ivq_fast_count(qs, cfg, target);
	return target;
}

static noinline unsigned int slow(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	u8 buf[IVQ_PULL_LEN] __aligned(4);
	struct ivq_payload payload;
	struct ivq_net *qnet = priv;
	struct ivq_service *qs;
	const struct udphdr *uh;
	struct ip_vs_iphdr iph;

	if (!read_ip(skb, state->pf, &iph))
		return NF_ACCEPT;
	if (unlikely(is_icmp(state->pf, &iph)))
		return ivq_icmp(qnet, skb, state->pf, &iph);
	if (iph.protocol != IPPROTO_UDP)
		return NF_ACCEPT;

	uh = ivq_pull(skb, iph.len, buf, &payload);
	if (!uh)
		return NF_ACCEPT;
	qs = ivq_net_find_for(qnet, skb->mark, state->pf, &iph.daddr, uh->dest);
	if (!qs)
		return NF_ACCEPT;
	if (unlikely(ivq_gro_is_merged(skb)))
		return ivq_gro_split(skb);
	if (unlikely(READ_ONCE(qnet->express_users)))
		ivq_express_learn(qnet, &qs->vip, skb);
	return datagram(qs, skb, &iph, uh, &payload);
}

/*
 * A datagram that the fast path can read, but whose server it does not find.  All that a
 * decision reads has to be linear.
 */
static noinline unsigned int undecided(void *priv, struct sk_buff *skb,
				       const struct nf_hook_state *state,
				       struct ivq_service *qs,
				       const struct ivq_snapshot *snapshot)
{
	bool is_v6 = state->pf == AF_INET6;
	unsigned int offset = is_v6 ? sizeof(struct ipv6hdr) :
				      sizeof(struct iphdr);
	const struct udphdr *uh = (const void *)(skb->data + offset);
	struct ivq_payload payload;
	struct ivq_unrouted u;
	struct ivq_decision d;

	if (skb_headlen(skb) < min_t(unsigned int, skb->len,
				     offset + IVQ_PULL_LEN))
		return slow(priv, skb, state);
	ivq_payload_find(uh, skb->len - offset, &payload);
	ivq_decide(snapshot, &payload, &d);
	if (d.outcome == IP_VS_QUIC_DEFERRED)
		return slow(priv, skb, state);
	ivq_unrouted_set_at(&u, qs, snapshot, &d, skb->data,
			    is_v6 ? AF_INET6 : AF_INET);
	return send(skb, &u, uh, is_v6 ? &no_options_v6 : &no_options_v4);
}

static __always_inline unsigned int
take_packet(void *priv, struct sk_buff *skb, const struct nf_hook_state *state,
	    u8 pf)
{
	const struct ivq_snapshot *snapshot ivq_uninitialized;
	struct ivq_target *target;
	struct ivq_service *qs;

	if (unlikely(!is_for_us(skb, state->net)))
		return NF_ACCEPT;
	target = fast_target(priv, skb, pf, &qs, &snapshot);
	if (likely(target))
		return ivq_forward_datagram(skb, snapshot, target,
					    pf == AF_INET6 ? &no_options_v6 :
							     &no_options_v4);
	if (qs)
		return undecided(priv, skb, state, qs, snapshot);
	return slow(priv, skb, state);
}

/* A packet that comes back from a userspace queue does so in process context. */
static __always_inline unsigned int
hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state, u8 pf)
{
	unsigned int verdict;

	if (likely(in_softirq()))
		return take_packet(priv, skb, state, pf);
	local_bh_disable();
	verdict = is_for_us(skb, state->net) ? slow(priv, skb, state) :
					       NF_ACCEPT;
	local_bh_enable();
	return verdict;
}

static unsigned int hook_v4(void *priv, struct sk_buff *skb,
			    const struct nf_hook_state *state)
{
	return hook(priv, skb, state, AF_INET);
}

static unsigned int hook_v6(void *priv, struct sk_buff *skb,
			    const struct nf_hook_state *state)
{
	return hook(priv, skb, state, AF_INET6);
}

static void fill(struct ivq_net *qnet)
{
	/* IPVS has NAT_SRC - 2 and - 1.  Of hooks with equal priority the one that is
	 * registered last runs first, and IPVS registers anew with every first service
	 */
	qnet->ops[0] = (struct nf_hook_ops) {
		.hook		= hook_v4,
		.priv		= qnet,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= NF_IP_PRI_NAT_SRC - 3,
	};
	qnet->ops[1] = (struct nf_hook_ops) {
		.hook		= hook_v6,
		.priv		= qnet,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= NF_IP6_PRI_NAT_SRC - 3,
	};
}

int ivq_hook_use(struct ivq_net *qnet)
{
	int err = 0;

	lockdep_assert_held(&qnet->lock);
	if (!qnet->hook_users) {
		/* only once: a dump of the namespace's hooks may be reading them */
		if (!qnet->ops[0].hook)
			fill(qnet);
		err = nf_register_net_hooks(qnet->net, qnet->ops,
					    ARRAY_SIZE(qnet->ops));
	}
	if (!err)
		qnet->hook_users++;
	return err;
}

/* Packets that have passed the hooks' registration are covered by RCU. */
void ivq_hook_unuse(struct ivq_net *qnet)
{
	lockdep_assert_held(&qnet->lock);
	if (!--qnet->hook_users)
		nf_unregister_net_hooks(qnet->net, qnet->ops,
					ARRAY_SIZE(qnet->ops));
}
