// SPDX-License-Identifier: GPL-2.0
#include "tunnel.h"

#include <net/ip_tunnels.h>
#include <net/udp.h>

#include "trace.h"

enum ip_vs_quic_express_outcome
ivq_tunnel_find(struct ivq_tunnel *tunnel, const struct ivq_target *target,
		const struct ivq_sources *sources, unsigned int len)
{
	if (!ivq_encap_is_plain(target))
		return IP_VS_QUIC_EXPRESS_METHOD;
	ivq_encap_describe(tunnel, target, sources);
	return ivq_encap_find_route(tunnel, len);
}

enum ip_vs_quic_express_outcome ivq_tunnel_find_neigh(struct ivq_tunnel *tunnel)
{
	return ivq_encap_find_neigh(tunnel);
}

/* A sender on this machine has left the datagram's checksum to the device. */
static noinline void keep_partial(struct sk_buff *skb, u8 protocol)
{
	skb_reset_inner_headers(skb);
	skb_set_inner_ipproto(skb, protocol);
	skb_set_inner_mac_header(skb, skb_inner_network_offset(skb));
	skb->encapsulation = 1;
}

/* Removes from the skb what belongs to the packet's way so far, not to the packet. */
static __always_inline void scrub(struct sk_buff *skb, u8 protocol)
{
	skb_orphan(skb);
	nf_reset_ct(skb);
	skb_clear_tstamp(skb);
	skb->ipvs_property = 1;
	if (unlikely(skb->ip_summed == CHECKSUM_PARTIAL)) {
		keep_partial(skb, protocol);
	} else {
		skb->ip_summed = CHECKSUM_NONE;
		skb->encapsulation = 0;
	}
	skb->transport_header = skb->network_header;
}

static __always_inline void push_gue(struct sk_buff *skb,
				     const struct ivq_tunnel *tunnel,
				     struct ivq_inner *inner)
{
	struct net *net = tunnel->target->conn.ipvs->net;
	__be16 sport = udp_flow_src_port(net, skb, 0, 0, false);
	struct udphdr *uh = skb_push(skb, IVQ_GUE_LEN);

	skb_reset_transport_header(skb);
	ivq_encap_fill_gue(uh, tunnel, inner, sport, skb->len);
}

/* skb_push() where there is room. */
static __always_inline void *prepend(struct sk_buff *skb, unsigned int len)
{
	skb->data -= len;
	skb->len += len;
	return skb->data;
}

static __always_inline void push_v4(struct sk_buff *skb,
				    const struct ivq_tunnel *tunnel,
				    const struct ivq_inner *inner)
{
	struct iphdr *iph = prepend(skb, sizeof(*iph));

	skb_reset_network_header(skb);
	skb->protocol = htons(ETH_P_IP);
	ivq_encap_fill_v4(iph, tunnel, inner, skb->len);
}

static __always_inline void push_v6(struct sk_buff *skb,
				    const struct ivq_tunnel *tunnel,
				    const struct ivq_inner *inner)
{
	unsigned int len = skb->len;
	struct ipv6hdr *ip6h = skb_push(skb, sizeof(*ip6h));

	skb_reset_network_header(skb);
	skb->protocol = htons(ETH_P_IPV6);
	ivq_encap_fill_v6(ip6h, tunnel, inner, len);
}

/* Return: false when there is no memory, and no packet any more. */
static __always_inline bool
encapsulate(const struct ivq_tunnel *tunnel, struct sk_buff *skb)
{
	struct ivq_inner inner ivq_uninitialized;

	if (unlikely(skb_cow(skb, LL_RESERVED_SPACE(tunnel->dev) +
				  ivq_encap_overhead(tunnel)))) {
		trace_ip_vs_quic_drop(tunnel->target->conn.ipvs->net, skb,
				      IVQ_DROP_MEMORY);
		kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
		return false;
	}
	ivq_encap_read(skb_network_header(skb), tunnel, &inner);
	scrub(skb, inner.protocol);
	if (tunnel->gue)
		push_gue(skb, tunnel, &inner);
	if (tunnel->daf == AF_INET6)
		push_v6(skb, tunnel, &inner);
	else
		push_v4(skb, tunnel, &inner);
	if (unlikely(skb->_skb_refdst))
		skb_dst_drop(skb);
	return true;
}

/* The link-layer header that a neighbour of IPv6 keeps is one for IPv6. */
static __always_inline bool is_gw_v6(const struct ivq_tunnel *tunnel)
{
	const struct dst_entry *dst = tunnel->route->dst_cache;

	return tunnel->daf == AF_INET &&
	       unlikely(container_of(dst, struct rtable, dst)->rt_gw_family ==
			AF_INET6);
}

/*
 * The hook's RCU read-side section keeps the route until the packet is sent.  Most
 * devices, and their queueing disciplines, want no route at all.
 */
static __always_inline void transmit(const struct ivq_tunnel *tunnel,
				     struct sk_buff *skb)
{
	if (unlikely(!encapsulate(tunnel, skb)))
		return;
	if (!(tunnel->dev->priv_flags & IFF_XMIT_DST_RELEASE))
		skb_dst_set_noref(skb, tunnel->route->dst_cache);
	skb->dev = tunnel->dev;
	neigh_output(tunnel->neigh, skb, is_gw_v6(tunnel));
}

void ivq_tunnel_xmit(const struct ivq_tunnel *tunnel, struct sk_buff *skb)
{
	transmit(tunnel, skb);
}

static __always_inline enum ip_vs_quic_express_outcome
find_and_send(struct ivq_tunnel *tunnel, struct sk_buff *skb)
{
	enum ip_vs_quic_express_outcome outcome = ivq_encap_find_route(tunnel, skb->len);

	if (likely(outcome == IP_VS_QUIC_EXPRESS_TAKEN))
		outcome = ivq_encap_find_neigh(tunnel);
	if (unlikely(outcome != IP_VS_QUIC_EXPRESS_TAKEN))
		return outcome;
	ivq_target_count(tunnel->target, skb->len);
	transmit(tunnel, skb);
	return IP_VS_QUIC_EXPRESS_TAKEN;
}

static noinline enum ip_vs_quic_express_outcome
send_otherwise(struct sk_buff *skb, const struct ivq_target *target,
	       const struct ivq_sources *sources)
{
	struct ivq_tunnel tunnel ivq_uninitialized;

	ivq_encap_describe(&tunnel, target, sources);
	return find_and_send(&tunnel, skb);
}

enum ip_vs_quic_express_outcome
ivq_tunnel_send(struct sk_buff *skb, const struct ivq_target *target,
		const struct ivq_sources *sources)
{
	struct ivq_tunnel tunnel ivq_uninitialized;

	if (unlikely(!ivq_encap_is_plain(target)))
		return IP_VS_QUIC_EXPRESS_METHOD;
	if (!ivq_encap_is_usual(target, sources, AF_INET))
		return send_otherwise(skb, target, sources);
	ivq_encap_describe_usual(&tunnel, target, sources, AF_INET);
	return find_and_send(&tunnel, skb);
}

void ivq_tunnel_output(const struct ivq_tunnel *tunnel, struct sk_buff *skb)
{
	const struct ip_vs_conn *cp = &tunnel->target->conn;

	if (!encapsulate(tunnel, skb))
		return;
	skb_dst_set_noref(skb, tunnel->route->dst_cache);
	memset(skb->cb, 0, sizeof(skb->cb));
	/* as IPVS: no ICMP error to the tunnel's own source */
	skb->ignore_df = 1;
	if (tunnel->daf == AF_INET6)
		ip6_local_out(cp->ipvs->net, skb->sk, skb);
	else
		ip_local_out(cp->ipvs->net, skb->sk, skb);
}
