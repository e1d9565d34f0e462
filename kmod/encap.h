/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The way to a server, and what a tunnel packet gets in front: for packets in an skb
 * (tunnel.c) and for frames in a driver's buffer (frame.h), so that both are the same.
 *
 * The route is the one that IPVS keeps for the server, with the source address that
 * IPVS has chosen.  IPVS's transmitter has looked it up for an earlier packet, and IPVS
 * drops it when the device goes.  The neighbour is looked up for each packet, as the
 * flowtable does.  If anything is missing, or not plain, the packet is left to IPVS,
 * which then looks it up.
 */
#ifndef _IVQ_ENCAP_H
#define _IVQ_ENCAP_H

#include <linux/ip_vs_quic.h>
#include <net/arp.h>
#include <net/gue.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ndisc.h>
#include <net/route.h>

#include "dstcheck.h"
#include "ip_csum.h"
#include "source.h"
#include "target.h"

/**
 * struct ivq_tunnel - the way to a server, borrowed under RCU
 * @target: the server
 * @route: IPVS's, found valid
 * @dev: the route's
 * @neigh: of the next hop, resolved; not when IP is to send
 * @sources: outer source addresses by flow
 * @af: family of the packets that go in
 * @daf: of those that come out
 * @gue: GUE, else IPIP
 * @spread: there are @sources
 */
struct ivq_tunnel {
	const struct ivq_target *target;
	const struct ip_vs_dest_dst *route;
	struct net_device *dev;
	struct neighbour *neigh;
	const struct ivq_sources *sources;
	u16 af;
	u16 daf;
	bool gue;
	bool spread;
};

enum { IVQ_GUE_LEN = sizeof(struct udphdr) + sizeof(struct guehdr) };

/* What the outer header takes from the inner one. */
struct ivq_inner {
	u8 protocol;	/* as the outer header calls it */
	u8 dsfield;
	u8 ttl;
	__be16 df;
	u64 hash;	/* with a source by flow */
};

static inline bool ivq_encap_is_gue(const struct ip_vs_dest *dest)
{
	return dest->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_GUE;
}

/* Tunnels with a checksum of their own are left to IPVS. */
static __always_inline bool ivq_encap_is_plain(const struct ivq_target *target)
{
	const struct ip_vs_dest *dest = target->conn.dest;

	if ((target->conn.flags & IP_VS_CONN_F_FWD_MASK) != IP_VS_CONN_F_TUNNEL)
		return false;
	if (likely(dest->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_IPIP))
		return true;
	return ivq_encap_is_gue(dest) && !(dest->tun_flags &
				 (IP_VS_TUNNEL_ENCAP_FLAG_CSUM |
				  IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM));
}

static __always_inline bool
ivq_encap_is_plain_dst(const struct dst_entry *dst,
		       const struct net_device *dev)
{
	return !dst->lwtstate && !dst_xfrm(dst) && !netif_is_l3_slave(dev) &&
	       !(dev->flags & IFF_LOOPBACK);
}

/* As ip_neigh_for_gw(); the gateway of an IPv4 route may be one of IPv6. */
static __always_inline struct neighbour *
ivq_encap_neigh_v4(const struct dst_entry *dst, struct net_device *dev, __be32 daddr)
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

static inline struct neighbour *
ivq_encap_neigh_v6(const struct dst_entry *dst, struct net_device *dev,
		   const struct in6_addr *daddr)
{
	const struct rt6_info *rt = container_of(dst, struct rt6_info, dst);

	if (rt->rt6i_flags & (RTF_REJECT | RTF_LOCAL | RTF_ANYCAST))
		return NULL;
	return __ipv6_neigh_lookup_noref(dev, rt6_nexthop(rt, daddr));
}

static __always_inline struct neighbour *
ivq_encap_neigh(const struct ivq_tunnel *tunnel)
{
	const struct ip_vs_conn *cp = &tunnel->target->conn;
	const struct dst_entry *dst = tunnel->route->dst_cache;
	struct neighbour *neigh;

	neigh = tunnel->daf == AF_INET6 ?
		ivq_encap_neigh_v6(dst, tunnel->dev, &cp->daddr.in6) :
		ivq_encap_neigh_v4(dst, tunnel->dev, cp->daddr.ip);
	return neigh && READ_ONCE(neigh->nud_state) & NUD_VALID ? neigh : NULL;
}

static __always_inline unsigned int ivq_encap_overhead(const struct ivq_tunnel *tunnel)
{
	unsigned int ip = tunnel->daf == AF_INET6 ? sizeof(struct ipv6hdr) :
						    sizeof(struct iphdr);

	return tunnel->gue ? ip + IVQ_GUE_LEN : ip;
}

/*
 * dst_mtu(), without a call for a route that neither learned nor was given one.  There is no
 * lwtstate.
 */
static __always_inline unsigned int
ivq_encap_mtu(const struct ivq_tunnel *tunnel, const struct dst_entry *dst)
{
	if (tunnel->daf == AF_INET6) {
		const struct inet6_dev *idev = __in6_dev_get(tunnel->dev);

		if (likely(idev && !dst_metric_raw(dst, RTAX_MTU)))
			return min_t(unsigned int, READ_ONCE(idev->cnf.mtu6),
				     IP6_MAX_MTU);
	}
	if (tunnel->daf == AF_INET &&
	    likely(!container_of(dst, struct rtable, dst)->rt_pmtu &&
		   !dst_metric_raw(dst, RTAX_MTU)))
		return min_t(unsigned int, READ_ONCE(tunnel->dev->mtu),
			     IP_MAX_MTU);
	return dst_mtu(dst);
}

/* With room for a packet of a path whose MTU is too small for IPVS at all. */
static __always_inline bool
ivq_encap_fits(const struct ivq_tunnel *tunnel, const struct dst_entry *dst,
	       unsigned int len)
{
	unsigned int min = tunnel->daf == AF_INET6 ? IPV6_MIN_MTU :
						     IPV4_MIN_MTU;

	return max(len, min) + ivq_encap_overhead(tunnel) <= ivq_encap_mtu(tunnel, dst);
}

/* The caller has filled in what describes the tunnel, and its method is plain. */
static __always_inline enum ip_vs_quic_express_outcome
ivq_encap_find_route(struct ivq_tunnel *tunnel, unsigned int len)
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
	if (unlikely(!ivq_encap_is_plain_dst(dst, tunnel->dev)))
		return IP_VS_QUIC_EXPRESS_NO_ROUTE;
	return likely(ivq_encap_fits(tunnel, dst, len)) ? IP_VS_QUIC_EXPRESS_TAKEN :
						IP_VS_QUIC_EXPRESS_TOO_BIG;
}

static __always_inline enum ip_vs_quic_express_outcome
ivq_encap_find_neigh(struct ivq_tunnel *tunnel)
{
	tunnel->neigh = ivq_encap_neigh(tunnel);
	return likely(tunnel->neigh) ? IP_VS_QUIC_EXPRESS_TAKEN :
				       IP_VS_QUIC_EXPRESS_NO_NEIGHBOUR;
}

static __always_inline void
ivq_encap_describe(struct ivq_tunnel *tunnel, const struct ivq_target *target,
		   const struct ivq_sources *sources)
{
	tunnel->target = target;
	tunnel->sources = sources;
	tunnel->af = target->conn.af;
	tunnel->daf = target->conn.daf;
	tunnel->gue = ivq_encap_is_gue(target->conn.dest);
	tunnel->spread = sources->v4.len || sources->v6.len;
}

/*
 * IPIP with the family @af, that of the service, outside and inside: the compiler makes a copy
 * of the code for each.
 */
static __always_inline bool
ivq_encap_is_usual(const struct ivq_target *target,
		   const struct ivq_sources *sources, u16 af)
{
	const struct ip_vs_conn *cp = &target->conn;

	return cp->af == af && cp->daf == af && !ivq_encap_is_gue(cp->dest) &&
	       !(af == AF_INET6 ? sources->v6.len : sources->v4.len);
}

static __always_inline void
ivq_encap_describe_usual(struct ivq_tunnel *tunnel,
			 const struct ivq_target *target,
			 const struct ivq_sources *sources, u16 af)
{
	tunnel->target = target;
	tunnel->sources = sources;
	tunnel->af = af;
	tunnel->daf = af;
	tunnel->gue = false;
	tunnel->spread = false;
}

/*
 * One hop on, as IPVS counts itself; then what the outer header needs to know of the IP
 * packet at @nh.
 */
static __always_inline void
ivq_encap_read(void *nh, const struct ivq_tunnel *tunnel,
	       struct ivq_inner *inner)
{
	u8 dsfield;

	if (tunnel->af == AF_INET6) {
		struct ipv6hdr *ip6h = nh;

		ip6h->hop_limit--;
		inner->protocol = IPPROTO_IPV6;
		inner->ttl = ip6h->hop_limit;
		inner->df = 0;
		dsfield = ipv6_get_dsfield(ip6h);
	} else {
		struct iphdr *iph = nh;

		ip_decrease_ttl(iph);
		inner->protocol = IPPROTO_IPIP;
		inner->ttl = iph->ttl;
		inner->df = sysctl_pmtu_disc(tunnel->target->conn.ipvs) ?
			    iph->frag_off & htons(IP_DF) : 0;
		dsfield = ipv4_get_dsfield(iph);
	}
	inner->dsfield = INET_ECN_encapsulate(dsfield, dsfield);
	if (tunnel->spread)
		inner->hash = ivq_source_hash(nh, tunnel->af);
}

/* @len octets with the headers at @uh. */
static __always_inline void
ivq_encap_fill_gue(struct udphdr *uh, const struct ivq_tunnel *tunnel,
		   struct ivq_inner *inner, __be16 sport, unsigned int len)
{
	struct guehdr *gh = (struct guehdr *)(uh + 1);

	gh->word = 0;
	gh->proto_ctype = inner->protocol;
	uh->source = sport;
	uh->dest = tunnel->target->conn.dest->tun_port;
	uh->len = htons(len);
	uh->check = 0;
	inner->protocol = IPPROTO_UDP;
}

static __always_inline __be32
ivq_encap_source_v4(const struct ivq_tunnel *tunnel, const struct ivq_inner *inner)
{
	union nf_inet_addr addr ivq_uninitialized;

	if (likely(!tunnel->spread || !tunnel->sources->v4.len || tunnel->gue))
		return tunnel->route->dst_saddr.ip;
	ivq_source_v4(&tunnel->sources->v4, inner->hash, &addr);
	return addr.ip;
}

static __always_inline struct in6_addr
ivq_encap_source_v6(const struct ivq_tunnel *tunnel, const struct ivq_inner *inner)
{
	union nf_inet_addr addr ivq_uninitialized;

	if (likely(!tunnel->spread || !tunnel->sources->v6.len || tunnel->gue))
		return tunnel->route->dst_saddr.in6;
	ivq_source_v6(&tunnel->sources->v6, inner->hash, &addr);
	return addr.in6;
}

/* Not every packet needs an identification; one without DF may be fragmented. */
static inline void ivq_encap_identify(struct iphdr *iph, struct net *net)
{
	__ip_select_ident(net, iph, 1);
	iph->check = 0;
	iph->check = ivq_ip_csum(iph);
}

/*
 * @len octets with the header at @iph.  It is made of words, so that their sum need not
 * be read again.
 */
static __always_inline void
ivq_encap_fill_v4(struct iphdr *iph, const struct ivq_tunnel *tunnel,
		  const struct ivq_inner *inner, unsigned int len)
{
	__be32 first = htonl(0x45000000 | inner->dsfield << 16 | len);
	__be32 second = (__force __be32)(IS_ENABLED(CONFIG_CPU_BIG_ENDIAN) ?
					 (__force u32)inner->df :
					 (__force u32)inner->df << 16);
	__be32 third = htonl(inner->ttl << 24 | inner->protocol << 16);
	__be32 saddr = ivq_encap_source_v4(tunnel, inner);
	__be32 daddr = tunnel->target->conn.daddr.ip;
	__be32 *words = (__be32 *)iph;
	u64 sum = (u64)(__force u32)first + (__force u32)second +
		  (__force u32)third + (__force u32)saddr;

	words[0] = first;
	words[1] = second;
	words[2] = third;
	iph->saddr = saddr;
	iph->daddr = daddr;
	if (likely(inner->df))
		iph->check = ivq_csum_fold(sum, (__force u32)daddr);
	else
		ivq_encap_identify(iph, tunnel->target->conn.ipvs->net);
}

/* @len octets behind the header at @ip6h. */
static __always_inline void
ivq_encap_fill_v6(struct ipv6hdr *ip6h, const struct ivq_tunnel *tunnel,
		  const struct ivq_inner *inner, unsigned int len)
{
	const struct ip_vs_conn *cp = &tunnel->target->conn;

	ip6_flow_hdr(ip6h, inner->dsfield, 0);
	ip6h->payload_len = htons(len);
	ip6h->nexthdr = inner->protocol;
	ip6h->hop_limit = inner->ttl;
	ip6h->saddr = ivq_encap_source_v6(tunnel, inner);
	ip6h->daddr = cp->daddr.in6;
}

#endif /* _IVQ_ENCAP_H */
