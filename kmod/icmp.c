// SPDX-License-Identifier: GPL-2.0
/*
 * Two kinds of errors reach a director.
 *
 * About a datagram that a server sent: with direct server return its source is
 * the VIP, so routers between server and client complain to the VIP.  The quoted
 * long header carries the server's CID as source CID (section "Load Balancer
 * Forwarding" allows to decode it); a short header does not, so the 4-tuple
 * decides.  Without this path MTU discovery of the servers fails.
 *
 * About a tunnel packet of ours: the path to the server has a smaller MTU.  IPVS
 * learns that only for datagrams of connections it has; ours have none.
 */
#include "icmp.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/udp.h>
#include <net/gre.h>
#include <net/gue.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/route.h>

#include "decide.h"
#include "flow.h"
#include "forward.h"
#include "net.h"
#include "trace.h"

/* What an error says, whichever family it is of. */
struct error {
	struct sk_buff *skb;
	const union nf_inet_addr *to;
	u16 af;
	int quoted;		/* offset of the quoted IP header */
	u32 mtu;		/* of a "too big", else 0 */
};

static bool read_error_v4(struct error *e, const struct ip_vs_iphdr *iph)
{
	struct icmphdr buf;
	const struct icmphdr *ih;

	ih = skb_header_pointer(e->skb, iph->len, sizeof(buf), &buf);
	if (!ih)
		return false;
	if (ih->type != ICMP_DEST_UNREACH && ih->type != ICMP_TIME_EXCEEDED &&
	    ih->type != ICMP_PARAMETERPROB)
		return false;
	if (ih->type == ICMP_DEST_UNREACH && ih->code == ICMP_FRAG_NEEDED)
		e->mtu = ntohs(ih->un.frag.mtu);
	return true;
}

static bool read_error_v6(struct error *e, const struct ip_vs_iphdr *iph)
{
	struct icmp6hdr buf;
	const struct icmp6hdr *ih;

	ih = skb_header_pointer(e->skb, iph->len, sizeof(buf), &buf);
	if (!ih || (ih->icmp6_type & ICMPV6_INFOMSG_MASK))
		return false;
	if (ih->icmp6_type == ICMPV6_PKT_TOOBIG)
		e->mtu = ntohl(ih->icmp6_mtu);
	return true;
}

/* A quoted IP header that is one, of a packet with a transport header. */
static bool read_quote(const struct sk_buff *skb, u16 af, int offset,
		       bool inverse, struct ip_vs_iphdr *quote)
{
	const struct iphdr *ih;
	struct iphdr buf;

	if (af == AF_INET) {
		ih = skb_header_pointer(skb, offset, sizeof(buf), &buf);
		if (!ih || ih->version != 4 || ih->ihl < 5 ||
		    (ih->frag_off & htons(IP_OFFSET)))
			return false;
	}
	quote->flags = 0;
	quote->fragoffs = 0;
	return ip_vs_fill_iph_skb_icmp(af, skb, offset, inverse, quote) &&
	       !quote->fragoffs;
}

/* The server whose CID the quoted packet has as its source CID. */
static struct ip_vs_quic_target *
target_by_scid(const struct ip_vs_quic_routes *routes,
	       const struct ip_vs_quic_payload *payload,
	       struct ip_vs_quic_decision *d)
{
	memset(d, 0, sizeof(*d));
	if (!quic_hdr_parse(&d->hdr, payload->data, payload->view,
			    payload->len) || !d->hdr.scid)
		return NULL;
	d->hdr.dcid = d->hdr.scid;
	d->hdr.dcid_len = d->hdr.scid_len;
	d->hdr.dcid_view = d->hdr.scid_len;
	ip_vs_quic_decide_cid(routes, d);
	return d->target && d->target->stateless ? d->target : NULL;
}

static bool has_conn(const struct ip_vs_quic_net *qnet, u16 af,
		     const struct sk_buff *skb, const struct ip_vs_iphdr *iph)
{
	struct ip_vs_conn *cp;

	cp = ip_vs_conn_in_get_proto(net_ipvs(qnet->net), af, skb, iph);
	if (cp)
		__ip_vs_conn_put(cp);
	return cp;
}

/*
 * Enough of a quoted datagram: both CIDs of a long header.  A quote is cut
 * short, so its UDP length says nothing about what is there.
 */
#define QUOTE_LEN (sizeof(struct udphdr) + 7 + 2 * QLB_CID_LEN_MAX)

static const struct udphdr *pull_quote(const struct sk_buff *skb, int offset,
				       u8 *buf, struct ip_vs_quic_payload *p)
{
	int have = (int)skb->len - offset;
	const struct udphdr *uh;

	if (have < (int)sizeof(*uh))
		return NULL;
	have = min_t(int, have, QUOTE_LEN);
	uh = skb_header_pointer(skb, offset, have, buf);
	p->data = (const u8 *)(uh + 1);
	p->view = have - sizeof(*uh);
	p->len = p->view;
	return uh;
}

/* What is for the servers they check; this is for us, before the stack does. */
static bool is_undamaged(const struct error *e)
{
	return !nf_checksum(e->skb, NF_INET_LOCAL_IN,
			    e->quoted - sizeof(struct icmphdr),
			    e->af == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
			    e->af);
}

/* Lowers the route's MTU; the helpers want the outer header at skb->data. */
static bool update_pmtu(const struct error *e, struct net *net)
{
	struct sk_buff *skb = e->skb;

	if (!pskb_may_pull(skb, e->quoted + (e->af == AF_INET6 ?
					     sizeof(struct ipv6hdr) :
					     sizeof(struct iphdr))))
		return false;
	__skb_pull(skb, e->quoted);
	if (e->af == AF_INET6)
		ip6_update_pmtu(skb, net, htonl(e->mtu), 0, skb->mark,
				sock_net_uid(net, NULL));
	else
		ipv4_update_pmtu(skb, net, e->mtu, 0, 0);
	__skb_push(skb, e->quoted);
	return true;
}

/* What a tunnel packet carries, and where. */
struct cargo {
	u16 af;
	int offset;
	u16 tun_type;
};

static u16 family_of(int protocol)
{
	switch (protocol) {
	case IPPROTO_IPIP:
		return AF_INET;
	case IPPROTO_IPV6:
		return AF_INET6;
	default:
		return AF_UNSPEC;
	}
}

static void open_gre(const struct sk_buff *skb, int offset, struct cargo *cargo)
{
	const struct gre_base_hdr *gh;
	struct gre_base_hdr buf;

	gh = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	if (!gh || (gh->flags & ~GRE_CSUM))
		return;
	if (gh->protocol == htons(ETH_P_IP))
		cargo->af = AF_INET;
	else if (gh->protocol == htons(ETH_P_IPV6))
		cargo->af = AF_INET6;
	cargo->offset = offset + sizeof(*gh);
	if (gh->flags & GRE_CSUM)	/* the only option that IPVS has */
		cargo->offset += 4;
	cargo->tun_type = IP_VS_CONN_F_TUNNEL_TYPE_GRE;
}

static void open_gue(const struct sk_buff *skb, int offset, struct cargo *cargo)
{
	const struct guehdr *gh;
	struct guehdr buf;

	offset += sizeof(struct udphdr);
	gh = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	if (!gh || gh->version || gh->control)
		return;
	cargo->af = family_of(gh->proto_ctype);
	cargo->offset = offset + sizeof(*gh) + (gh->hlen << 2);
	cargo->tun_type = IP_VS_CONN_F_TUNNEL_TYPE_GUE;
}

/* Return: false when the quoted packet is no tunnel packet that IPVS makes. */
static bool open_tunnel(const struct sk_buff *skb,
			const struct ip_vs_iphdr *outer, struct cargo *cargo)
{
	cargo->af = AF_UNSPEC;
	if (outer->protocol == IPPROTO_GRE) {
		open_gre(skb, outer->len, cargo);
	} else if (outer->protocol == IPPROTO_UDP) {
		open_gue(skb, outer->len, cargo);
	} else {
		cargo->af = family_of(outer->protocol);
		cargo->offset = outer->len;
		cargo->tun_type = IP_VS_CONN_F_TUNNEL_TYPE_IPIP;
	}
	return cargo->af != AF_UNSPEC;
}

static bool is_from_range(u16 af, const union nf_inet_addr *addr,
			  const struct ip_vs_quic_sources *sources)
{
	if (af == AF_INET6)
		return sources->v6.len &&
		       ipv6_prefix_equal(&addr->in6, &sources->v6.prefix.in6,
					 sources->v6.len);
	return sources->v4.len &&
	       !((ntohl(addr->ip ^ sources->v4.prefix.ip)) >>
		 (32 - sources->v4.len));
}

/*
 * An error comes to where the packet was from, which is not the VIP unless routing
 * says so: the VIP has to take errors from everywhere, the other addresses need not.
 */
static bool is_our_source(const struct error *e,
			  const union nf_inet_addr *source,
			  const struct ip_vs_quic_routes *routes,
			  const struct ip_vs_quic_target *target)
{
	const struct ip_vs_dest_dst *route;

	if (!ip_vs_addr_equal(e->af, e->to, source))
		return false;
	route = rcu_dereference(target->conn.dest->dest_dst);
	return (route && ip_vs_addr_equal(e->af, source, &route->dst_saddr)) ||
	       is_from_range(e->af, source, &routes->settings.sources);
}

/* Whoever forges such an error must know where our tunnels begin and end. */
static bool is_our_tunnel(const struct ip_vs_quic_service *qs,
			  const struct error *e,
			  const struct ip_vs_iphdr *outer,
			  const struct cargo *cargo)
{
	const struct ip_vs_quic_routes *routes = rcu_dereference(qs->routes);
	const struct ip_vs_quic_target *target;

	if (!routes)
		return false;
	target = ip_vs_quic_pool_find_host(routes->pool, e->af, &outer->daddr);
	return target && target->conn.dest->tun_type == cargo->tun_type &&
	       (target->conn.flags & IP_VS_CONN_F_FWD_MASK) ==
	       IP_VS_CONN_F_TUNNEL &&
	       is_our_source(e, &outer->saddr, routes, target);
}

/*
 * On a path that has no room for a tunnel with IPv6's least MTU in it IPVS sends
 * nothing at all, however short.
 */
static bool leaves_room(const struct error *e, const struct cargo *cargo)
{
	return e->af == AF_INET ||
	       e->mtu >= IPV6_MIN_MTU + cargo->offset - e->quoted;
}

/*
 * A tunnel packet is ours when it goes to one of our servers with a datagram for
 * its service.  Of an IPv4 packet in IPv4 that belongs to a connection, IPVS
 * learns by itself, and tells the client.
 */
static unsigned int learn_pmtu(struct ip_vs_quic_net *qnet,
			       const struct error *e,
			       const struct ip_vs_iphdr *outer)
{
	struct ip_vs_quic_service *qs;
	struct ip_vs_iphdr inner;
	const struct udphdr *uh;
	struct cargo cargo;
	struct udphdr buf;

	if (!open_tunnel(e->skb, outer, &cargo) ||
	    !read_quote(e->skb, cargo.af, cargo.offset, false, &inner) ||
	    inner.protocol != IPPROTO_UDP)
		return NF_ACCEPT;
	uh = skb_header_pointer(e->skb, inner.len, sizeof(buf), &buf);
	if (!uh)
		return NF_ACCEPT;
	qs = ip_vs_quic_net_find_for(qnet, e->skb->mark, cargo.af,
				     &inner.daddr, uh->dest);
	if (!qs || !is_our_tunnel(qs, e, outer, &cargo) ||
	    !leaves_room(e, &cargo) || !is_undamaged(e))
		return NF_ACCEPT;
	if (e->af == AF_INET && cargo.af == AF_INET &&
	    has_conn(qnet, cargo.af, e->skb, &inner))
		return NF_ACCEPT;
	if (update_pmtu(e, qnet->net)) {
		ip_vs_quic_stats_count(qs->stats, IP_VS_QUIC_ICMP_TUNNEL);
		trace_ip_vs_quic_icmp(qs, &inner.saddr, uh->source,
				      IP_VS_QUIC_ICMP_TUNNEL, e->mtu, NULL);
	}
	return NF_ACCEPT;
}

static unsigned int steer(struct ip_vs_quic_net *qnet, const struct error *e,
			  struct ip_vs_iphdr *quote)
{
	u8 buf[QUOTE_LEN] __aligned(4);
	enum ip_vs_quic_outcome outcome = IP_VS_QUIC_ICMP_CID;
	const struct ip_vs_quic_routes *routes;
	struct ip_vs_quic_payload payload;
	struct ip_vs_quic_target *target;
	struct ip_vs_quic_service *qs;
	struct ip_vs_quic_decision d;
	const struct udphdr *uh;

	uh = pull_quote(e->skb, quote->len, buf, &payload);
	if (!uh)
		return NF_ACCEPT;
	qs = ip_vs_quic_net_find_for(qnet, e->skb->mark, e->af, &quote->saddr,
				     uh->source);
	if (!qs)
		return e->mtu ? learn_pmtu(qnet, e, quote) : NF_ACCEPT;
	routes = rcu_dereference(qs->routes);
	if (!routes)
		return NF_ACCEPT;

	target = target_by_scid(routes, &payload, &d);
	if (!target && has_conn(qnet, e->af, e->skb, quote)) {
		ip_vs_quic_stats_count(qs->stats, IP_VS_QUIC_ICMP_TUPLE);
		trace_ip_vs_quic_icmp(qs, &quote->daddr, uh->dest,
				      IP_VS_QUIC_ICMP_TUPLE, e->mtu, NULL);
		return NF_ACCEPT;
	}
	if (!target) {
		outcome = IP_VS_QUIC_ICMP_FALLBACK;
		target = ip_vs_quic_pool_pick(routes->pool,
					      ip_vs_quic_flow_hash(e->af, quote,
								   uh));
	}
	if (!target || !target->stateless)
		return NF_ACCEPT;
	ip_vs_quic_stats_count(qs->stats, outcome);
	trace_ip_vs_quic_icmp(qs, &quote->daddr, uh->dest, outcome, e->mtu,
			      target->conn.dest);
	return ip_vs_quic_forward(e->skb, target, quote);
}

unsigned int ip_vs_quic_icmp(struct ip_vs_quic_net *qnet, struct sk_buff *skb,
			     u16 af, struct ip_vs_iphdr *iph)
{
	struct error e = { .skb = skb, .to = &iph->daddr, .af = af };
	struct ip_vs_iphdr quote = {};

	if (af == AF_INET6) {
		if (!read_error_v6(&e, iph))
			return NF_ACCEPT;
		e.quoted = iph->len + sizeof(struct icmp6hdr);
	} else {
		if (!read_error_v4(&e, iph))
			return NF_ACCEPT;
		e.quoted = iph->len + sizeof(struct icmphdr);
	}
	if (!read_quote(skb, af, e.quoted, true, &quote))
		return NF_ACCEPT;
	if (quote.protocol == IPPROTO_UDP)
		return steer(qnet, &e, &quote);
	if (e.mtu)
		return learn_pmtu(qnet, &e, &quote);
	return NF_ACCEPT;
}
