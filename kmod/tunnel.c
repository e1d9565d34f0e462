// SPDX-License-Identifier: GPL-2.0
/*
 * The route is the one that IPVS keeps for the server, with the source address that
 * IPVS has chosen.  IPVS's transmitter has looked it up for an earlier packet, and IPVS
 * drops it when the device goes.  The neighbour is looked up for each packet, as the
 * flowtable does.  If anything is missing, or not plain, the packet is left to IPVS,
 * which then looks it up.
 */
#include "tunnel.h"

#include <net/arp.h>
#include <net/gue.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ip_tunnels.h>
#include <net/ndisc.h>
#include <net/route.h>
#include <net/udp.h>

#include "dstcheck.h"
#include "ip_csum.h"
#include "trace.h"

/* What the outer header takes from the inner one. */
struct inner {
	u8 protocol;	/* as the outer header calls it */
	u8 dsfield;
	u8 ttl;
	__be16 df;
	u64 hash;	/* with a source by flow */
};

static bool is_gue(const struct ip_vs_dest *dest)
{
	return dest->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_GUE;
}

/* Tunnels with a checksum of their own are left to IPVS. */
static __always_inline bool is_plain_method(const struct ivq_target *target)
{
	const struct ip_vs_dest *dest = target->conn.dest;

	if ((target->conn.flags & IP_VS_CONN_F_FWD_MASK) != IP_VS_CONN_F_TUNNEL)
		return false;
	if (likely(dest->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_IPIP))
		return true;
	return is_gue(dest) && !(dest->tun_flags &
				 (IP_VS_TUNNEL_ENCAP_FLAG_CSUM |
				  IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM));
}

static __always_inline bool is_plain_dst(const struct dst_entry *dst,
					 const struct net_device *dev)
{
	return !dst->lwtstate && !dst_xfrm(dst) && !netif_is_l3_slave(dev) &&
	       !(dev->flags & IFF_LOOPBACK);
}

/* As ip_neigh_for_gw(); the gateway of an IPv4 route may be one of IPv6. */
static __always_inline struct neighbour *
find_neigh_v4(const struct dst_entry *dst, struct net_device *dev, __be32 daddr)
{
	const struct rtable *rt = container_of(dst, struct rtable, dst);

	if (rt->rt_type != RTN_UNICAST)
		return NULL;
	if (unlikely(rt->rt_gw_family == AF_INET6))
		return __ipv6_neigh_lookup_noref(dev, &rt->rt_gw6);
	if (rt->rt_gw_family == AF_INET)
		daddr = rt->rt_gw4;
	return __ipv4_neigh_lookup_noref(dev, (__force u32)daddr);
}

static struct neighbour *find_neigh_v6(const struct dst_entry *dst,
				       struct net_device *dev,
				       const struct in6_addr *daddr)
{
	const struct rt6_info *rt = container_of(dst, struct rt6_info, dst);

	if (rt->rt6i_flags & (RTF_REJECT | RTF_LOCAL | RTF_ANYCAST))
		return NULL;
	return __ipv6_neigh_lookup_noref(dev, rt6_nexthop(rt, daddr));
}

static __always_inline struct neighbour *
find_neigh(const struct ivq_tunnel *tunnel)
{
	const struct ip_vs_conn *cp = &tunnel->target->conn;
	const struct dst_entry *dst = tunnel->route->dst_cache;
	struct neighbour *neigh;

	neigh = tunnel->daf == AF_INET6 ?
		find_neigh_v6(dst, tunnel->dev, &cp->daddr.in6) :
		find_neigh_v4(dst, tunnel->dev, cp->daddr.ip);
	return neigh && READ_ONCE(neigh->nud_state) & NUD_VALID ? neigh : NULL;
}

static __always_inline unsigned int overhead(const struct ivq_tunnel *tunnel)
{
	unsigned int ip = tunnel->daf == AF_INET6 ? sizeof(struct ipv6hdr) :
						    sizeof(struct iphdr);

	return tunnel->gue ? ip + sizeof(struct udphdr) +
			     sizeof(struct guehdr) : ip;
}

/* dst_mtu(), without a call for a route that neither learned nor was given one. */
static __always_inline unsigned int
mtu_of(const struct ivq_tunnel *tunnel, const struct dst_entry *dst)
{
	if (tunnel->daf == AF_INET &&
	    likely(!container_of(dst, struct rtable, dst)->rt_pmtu &&
		   !dst_metric_raw(dst, RTAX_MTU)))
		return min_t(unsigned int, READ_ONCE(tunnel->dev->mtu),
			     IP_MAX_MTU);
	return dst_mtu(dst);
}

/* With room for a packet of a path whose MTU is too small for IPVS at all. */
static __always_inline bool fits(const struct ivq_tunnel *tunnel,
				 const struct dst_entry *dst, unsigned int len)
{
	unsigned int min = tunnel->daf == AF_INET6 ? IPV6_MIN_MTU :
						     IPV4_MIN_MTU;

	return max(len, min) + overhead(tunnel) <= mtu_of(tunnel, dst);
}

/* The caller has filled in what describes the tunnel, and its method is plain. */
static __always_inline enum ip_vs_quic_express_outcome
find_route(struct ivq_tunnel *tunnel, unsigned int len)
{
	const struct ip_vs_conn *cp = &tunnel->target->conn;
	const struct ip_vs_dest_dst *route;
	struct dst_entry *dst;

	route = rcu_dereference(cp->dest->dest_dst);
	if (unlikely(!route))
		return IP_VS_QUIC_EXPRESS_NO_ROUTE;
	dst = route->dst_cache;
	if (unlikely(!ivq_dst_valid(dst, route->dst_cookie,
				    cp->ipvs->net, tunnel->daf)))
		return IP_VS_QUIC_EXPRESS_NO_ROUTE;
	tunnel->route = route;
	tunnel->dev = dst_dev_rcu(dst);
	if (unlikely(!is_plain_dst(dst, tunnel->dev)))
		return IP_VS_QUIC_EXPRESS_NO_ROUTE;
	return likely(fits(tunnel, dst, len)) ? IP_VS_QUIC_EXPRESS_TAKEN :
						IP_VS_QUIC_EXPRESS_TOO_BIG;
}

static __always_inline enum ip_vs_quic_express_outcome
find_next_hop(struct ivq_tunnel *tunnel)
{
	tunnel->neigh = find_neigh(tunnel);
	return likely(tunnel->neigh) ? IP_VS_QUIC_EXPRESS_TAKEN :
				       IP_VS_QUIC_EXPRESS_NO_NEIGHBOUR;
}

static __always_inline void
describe(struct ivq_tunnel *tunnel, const struct ivq_target *target,
	 const struct ivq_sources *sources)
{
	tunnel->target = target;
	tunnel->sources = sources;
	tunnel->af = target->conn.af;
	tunnel->daf = target->conn.daf;
	tunnel->gue = is_gue(target->conn.dest);
	tunnel->spread = sources->v4.len || sources->v6.len;
}

enum ip_vs_quic_express_outcome
ivq_tunnel_find(struct ivq_tunnel *tunnel, const struct ivq_target *target,
		const struct ivq_sources *sources, unsigned int len)
{
	if (!is_plain_method(target))
		return IP_VS_QUIC_EXPRESS_METHOD;
	describe(tunnel, target, sources);
	return find_route(tunnel, len);
}

enum ip_vs_quic_express_outcome ivq_tunnel_find_neigh(struct ivq_tunnel *tunnel)
{
	return find_next_hop(tunnel);
}

/* One hop on, as IPVS counts itself; then what the outer header needs to know. */
static __always_inline void read_inner(struct sk_buff *skb,
				       const struct ivq_tunnel *tunnel,
				       struct inner *inner)
{
	u8 dsfield;

	if (tunnel->af == AF_INET6) {
		struct ipv6hdr *ip6h = ipv6_hdr(skb);

		ip6h->hop_limit--;
		inner->protocol = IPPROTO_IPV6;
		inner->ttl = ip6h->hop_limit;
		inner->df = 0;
		dsfield = ipv6_get_dsfield(ip6h);
	} else {
		struct iphdr *iph = ip_hdr(skb);

		ip_decrease_ttl(iph);
		inner->protocol = IPPROTO_IPIP;
		inner->ttl = iph->ttl;
		inner->df = sysctl_pmtu_disc(tunnel->target->conn.ipvs) ?
			    iph->frag_off & htons(IP_DF) : 0;
		dsfield = ipv4_get_dsfield(iph);
	}
	inner->dsfield = INET_ECN_encapsulate(dsfield, dsfield);
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
				     const struct ip_vs_conn *cp,
				     struct inner *inner)
{
	__be16 sport = udp_flow_src_port(cp->ipvs->net, skb, 0, 0, false);
	struct guehdr *gh;
	struct udphdr *uh;

	gh = skb_push(skb, sizeof(*gh));
	gh->word = 0;
	gh->proto_ctype = inner->protocol;

	uh = skb_push(skb, sizeof(*uh));
	skb_reset_transport_header(skb);
	uh->source = sport;
	uh->dest = cp->dest->tun_port;
	uh->len = htons(skb->len);
	uh->check = 0;
	inner->protocol = IPPROTO_UDP;
}

static __always_inline __be32
source_v4(const struct ivq_tunnel *tunnel, const struct inner *inner)
{
	union nf_inet_addr addr ivq_uninitialized;

	if (likely(!tunnel->spread || !tunnel->sources->v4.len || tunnel->gue))
		return tunnel->route->dst_saddr.ip;
	ivq_source_v4(&tunnel->sources->v4, inner->hash, &addr);
	return addr.ip;
}

static __always_inline struct in6_addr
source_v6(const struct ivq_tunnel *tunnel, const struct inner *inner)
{
	union nf_inet_addr addr ivq_uninitialized;

	if (likely(!tunnel->spread || !tunnel->sources->v6.len || tunnel->gue))
		return tunnel->route->dst_saddr.in6;
	ivq_source_v6(&tunnel->sources->v6, inner->hash, &addr);
	return addr.in6;
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
				    const struct inner *inner)
{
	const struct ip_vs_conn *cp = &tunnel->target->conn;
	struct iphdr *iph = prepend(skb, sizeof(*iph));

	skb_reset_network_header(skb);
	skb->protocol = htons(ETH_P_IP);
	*(u8 *)iph = 0x45;
	iph->tos = inner->dsfield;
	iph->tot_len = htons(skb->len);
	iph->frag_off = inner->df;
	iph->ttl = inner->ttl;
	iph->protocol = inner->protocol;
	iph->check = 0;
	iph->saddr = source_v4(tunnel, inner);
	iph->daddr = cp->daddr.ip;
	if (likely(inner->df))
		iph->id = 0;
	else
		ip_select_ident(cp->ipvs->net, skb, NULL);
	iph->check = ivq_ip_csum(iph);
}

static __always_inline void push_v6(struct sk_buff *skb,
				    const struct ivq_tunnel *tunnel,
				    const struct inner *inner)
{
	const struct ip_vs_conn *cp = &tunnel->target->conn;
	unsigned int payload_len = skb->len;
	struct ipv6hdr *ip6h = skb_push(skb, sizeof(*ip6h));

	skb_reset_network_header(skb);
	skb->protocol = htons(ETH_P_IPV6);
	ip6_flow_hdr(ip6h, inner->dsfield, 0);
	ip6h->payload_len = htons(payload_len);
	ip6h->nexthdr = inner->protocol;
	ip6h->hop_limit = inner->ttl;
	ip6h->saddr = source_v6(tunnel, inner);
	ip6h->daddr = cp->daddr.in6;
}

/* Return: false when there is no memory, and no packet any more. */
static __always_inline bool
encapsulate(const struct ivq_tunnel *tunnel, struct sk_buff *skb)
{
	struct inner inner ivq_uninitialized;

	if (unlikely(skb_cow(skb, LL_RESERVED_SPACE(tunnel->dev) +
				  overhead(tunnel)))) {
		trace_ip_vs_quic_drop(tunnel->target->conn.ipvs->net, skb,
				      IVQ_DROP_MEMORY);
		kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
		return false;
	}
	read_inner(skb, tunnel, &inner);
	if (tunnel->spread)
		inner.hash = ivq_source_hash(skb, tunnel->af);
	scrub(skb, inner.protocol);
	if (tunnel->gue)
		push_gue(skb, &tunnel->target->conn, &inner);
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
	enum ip_vs_quic_express_outcome outcome = find_route(tunnel, skb->len);

	if (likely(outcome == IP_VS_QUIC_EXPRESS_TAKEN))
		outcome = find_next_hop(tunnel);
	if (unlikely(outcome != IP_VS_QUIC_EXPRESS_TAKEN))
		return outcome;
	ivq_target_count(tunnel->target, skb);
	transmit(tunnel, skb);
	return IP_VS_QUIC_EXPRESS_TAKEN;
}

static noinline enum ip_vs_quic_express_outcome
send_otherwise(struct sk_buff *skb, const struct ivq_target *target,
	       const struct ivq_sources *sources)
{
	struct ivq_tunnel tunnel ivq_uninitialized;

	describe(&tunnel, target, sources);
	return find_and_send(&tunnel, skb);
}

/* IPIP with IPv4 outside and inside: the compiler makes a copy of the code for it. */
enum ip_vs_quic_express_outcome
ivq_tunnel_send(struct sk_buff *skb, const struct ivq_target *target,
		const struct ivq_sources *sources)
{
	const struct ip_vs_conn *cp = &target->conn;
	struct ivq_tunnel tunnel ivq_uninitialized;

	if (unlikely(!is_plain_method(target)))
		return IP_VS_QUIC_EXPRESS_METHOD;
	if (cp->af != AF_INET || cp->daf != AF_INET || is_gue(cp->dest) ||
	    sources->v4.len)
		return send_otherwise(skb, target, sources);

	tunnel.target = target;
	tunnel.sources = sources;
	tunnel.af = AF_INET;
	tunnel.daf = AF_INET;
	tunnel.gue = false;
	tunnel.spread = false;
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
