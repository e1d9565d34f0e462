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
 *
 * An error has a mark of its own, or none, which says nothing about the flow that it
 * is about.  That the flow is a firewall mark's service's is known from the flow's entry
 * or connection, if there is one, else found by trying (marked.h).
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
static struct ivq_target *target_by_scid(const struct ivq_snapshot *snapshot,
					 const struct ivq_payload *payload,
					 struct ivq_decision *d)
{
	memset(d, 0, sizeof(*d));
	if (!quic_hdr_parse(&d->hdr, payload->data, payload->view,
			    payload->len) || !d->hdr.scid)
		return NULL;
	d->hdr.dcid = d->hdr.scid;
	d->hdr.dcid_len = d->hdr.scid_len;
	d->hdr.dcid_view = d->hdr.scid_len;
	ivq_decide_cid(snapshot, d);
	return d->target && d->target->stateless ? d->target : NULL;
}

/* Return: IPVS has an entry for the flow; @mark is that of the flow's first packet. */
static bool has_conn(const struct ivq_net *qnet, u16 af,
		     const struct sk_buff *skb, const struct ip_vs_iphdr *iph,
		     u32 *mark)
{
	struct netns_ipvs *ipvs = net_ipvs(qnet->net);
	struct ip_vs_conn *cp;

	if (!atomic_read(&ipvs->conn_count))
		return false;
	cp = ip_vs_conn_in_get_proto(ipvs, af, skb, iph);
	if (!cp)
		return false;
	*mark = cp->fwmark;
	__ip_vs_conn_put(cp);
	return true;
}

/*
 * Enough of a quoted datagram: both CIDs of a long header.  A quote is cut
 * short, so its UDP length says nothing about what is there.
 */
#define QUOTE_LEN (sizeof(struct udphdr) + 7 + 2 * QLB_CID_LEN_MAX)

static const struct udphdr *pull_quote(const struct sk_buff *skb, int offset,
				       u8 *buf, struct ivq_payload *p)
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

/*
 * The servers verify the checksum of what is forwarded to them.  This error is for us,
 * before the stack has verified it.
 */
static bool is_undamaged(const struct error *e)
{
	return !nf_checksum(e->skb, NF_INET_LOCAL_IN,
			    e->quoted - sizeof(struct icmphdr),
			    e->af == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
			    e->af);
}

/*
 * Lowers the route's MTU; the helpers want the outer header at skb->data.  IPVS routes
 * tunnel packets without a mark, so the route is that of mark 0.
 */
static bool update_pmtu(const struct error *e, struct net *net)
{
	struct sk_buff *skb = e->skb;
	u32 mark = skb->mark;

	if (!pskb_may_pull(skb, e->quoted + (e->af == AF_INET6 ?
					     sizeof(struct ipv6hdr) :
					     sizeof(struct iphdr))))
		return false;
	__skb_pull(skb, e->quoted);
	skb->mark = 0;
	if (e->af == AF_INET6)
		ip6_update_pmtu(skb, net, htonl(e->mtu), 0, 0,
				sock_net_uid(net, NULL));
	else
		ipv4_update_pmtu(skb, net, e->mtu, 0, 0);
	skb->mark = mark;
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
			  const struct ivq_sources *sources)
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
			  const struct ivq_snapshot *snapshot,
			  const struct ivq_target *target)
{
	const struct ip_vs_dest_dst *route;

	if (!ip_vs_addr_equal(e->af, e->to, source))
		return false;
	route = rcu_dereference(target->conn.dest->dest_dst);
	return (route && ip_vs_addr_equal(e->af, source, &route->dst_saddr)) ||
	       is_from_range(e->af, source, &snapshot->settings.sources);
}

/* A tunnel packet as an error quotes it. */
struct tunneled {
	const struct error *e;
	const struct ip_vs_iphdr *outer;
	struct cargo cargo;
};

/* To forge such an error, one must know where our tunnels begin and end. */
static bool is_our_tunnel(struct ivq_service *qs, void *arg)
{
	const struct ivq_snapshot *snapshot = rcu_dereference(qs->snapshot);
	const struct tunneled *t = arg;
	const struct ivq_target *target;

	if (!snapshot)
		return false;
	target = ivq_pool_find_host(snapshot->pool, t->e->af, &t->outer->daddr);
	return target && target->conn.dest->tun_type == t->cargo.tun_type &&
	       (target->conn.flags & IP_VS_CONN_F_FWD_MASK) ==
	       IP_VS_CONN_F_TUNNEL &&
	       is_our_source(t->e, &t->outer->saddr, snapshot, target);
}

/*
 * The MTU is learned for the route, whatever service the packet was for, so any service
 * with such a tunnel will do.
 */
static struct ivq_service *
find_tunnel(struct ivq_net *qnet, struct tunneled *t,
	    const struct ip_vs_iphdr *inner, __be16 vport)
{
	struct ivq_service *qs;
	u16 af = t->cargo.af;

	qs = ivq_net_find_by_addr(qnet, af, &inner->daddr, vport);
	if (qs && is_our_tunnel(qs, t))
		return qs;
	return ivq_marked_find(ivq_net_marked(qnet, af), is_our_tunnel, t);
}

/*
 * If a path's MTU is too small for a tunnel packet with IPv6's minimum MTU in it, IPVS
 * sends nothing at all, however short.
 */
static bool leaves_room(const struct error *e, const struct cargo *cargo)
{
	return e->af == AF_INET ||
	       e->mtu >= IPV6_MIN_MTU + cargo->offset - e->quoted;
}

/* Of an IPv4 packet in IPv4 that belongs to a connection, IPVS learns by itself. */
static void learn_pmtu(const struct ivq_net *qnet, const struct ivq_service *qs,
		       const struct tunneled *t,
		       const struct ip_vs_iphdr *inner, __be16 cport)
{
	const struct error *e = t->e;
	u32 mark;

	if (!leaves_room(e, &t->cargo) || !is_undamaged(e))
		return;
	if (e->af == AF_INET && t->cargo.af == AF_INET &&
	    has_conn(qnet, AF_INET, e->skb, inner, &mark))
		return;
	if (!update_pmtu(e, qnet->net))
		return;
	ivq_stats_count(qs->stats, IP_VS_QUIC_ICMP_TUNNEL);
	trace_ip_vs_quic_icmp(qs, &inner->saddr, cport, IP_VS_QUIC_ICMP_TUNNEL,
			      e->mtu, NULL);
}

/*
 * A tunnel packet is ours if it goes to one of our servers with a datagram for the
 * server's service.  Return: true if it is ours; then its MTU has been learned.
 */
static bool is_about_tunnel(struct ivq_net *qnet, const struct error *e,
			    const struct ip_vs_iphdr *outer)
{
	struct tunneled t = { .e = e, .outer = outer };
	struct ivq_service *qs;
	struct ip_vs_iphdr inner;
	const struct udphdr *uh;
	struct udphdr buf;

	if (!open_tunnel(e->skb, outer, &t.cargo) ||
	    !read_quote(e->skb, t.cargo.af, t.cargo.offset, false, &inner) ||
	    inner.protocol != IPPROTO_UDP)
		return false;
	uh = skb_header_pointer(e->skb, inner.len, sizeof(buf), &buf);
	if (!uh)
		return false;
	qs = find_tunnel(qnet, &t, &inner, uh->dest);
	if (qs && e->mtu)
		learn_pmtu(qnet, qs, &t, &inner, uh->source);
	return qs;
}

/**
 * struct flow - that of a datagram which a server sent, as an error quotes it
 * @e: the error
 * @quote: the datagram's IP header
 * @uh: its UDP header
 * @payload: what is quoted of the rest
 * @qs: its service, or NULL
 * @target: the server that sent it, or NULL
 * @outcome: how that was found
 * @guessed: @qs may have nothing to do with it
 */
struct flow {
	const struct error *e;
	struct ip_vs_iphdr *quote;
	const struct udphdr *uh;
	struct ivq_payload payload;
	struct ivq_service *qs;
	struct ivq_target *target;
	enum ip_vs_quic_outcome outcome;
	bool guessed;
};

static bool has_scid_of(struct ivq_service *qs, void *arg)
{
	const struct ivq_snapshot *snapshot = rcu_dereference(qs->snapshot);
	struct ivq_decision d;
	struct flow *f = arg;

	if (!snapshot)
		return false;
	f->target = target_by_scid(snapshot, &f->payload, &d);
	if (!f->target)
		return false;
	f->qs = qs;
	f->outcome = IP_VS_QUIC_ICMP_CID;
	return true;
}

static void hash_client(struct flow *f)
{
	const struct ivq_snapshot *snapshot = rcu_dereference(f->qs->snapshot);

	if (!snapshot)
		return;
	f->outcome = IP_VS_QUIC_ICMP_FALLBACK;
	f->target = ivq_pool_pick(snapshot->pool, ivq_flow_hash(f->e->af,
								f->quote,
								f->uh));
}

/*
 * Where services have marks, IPVS's entry for the flow comes before the flow's address.
 * Return: the server has been found, or there is none to find.
 */
static bool find_marked(struct ivq_net *qnet, struct flow *f)
{
	struct ivq_service *qs = NULL;
	const struct error *e = f->e;
	u32 mark = 0;
	bool known;

	known = has_conn(qnet, e->af, e->skb, f->quote, &mark);
	if (mark)
		qs = ivq_net_find_by_mark(qnet, e->af, mark);
	if (qs)
		f->qs = qs;
	if (f->qs && has_scid_of(f->qs, f))
		return true;
	if (known) {
		f->outcome = IP_VS_QUIC_ICMP_TUPLE;
		return true;
	}
	f->guessed = ivq_marked_find(ivq_net_marked(qnet, e->af),
				     has_scid_of, f);
	if (f->guessed || f->qs)
		return f->guessed;
	f->qs = ivq_marked_only(ivq_net_marked(qnet, e->af));
	f->guessed = f->qs;
	return !f->qs;
}

/*
 * The flow's service, if the table of 4-tuples has the flow, and the server that it was
 * given to.  A service that is about to go has no snapshot any more, and its servers may
 * be gone.
 */
static struct ivq_service *find_entry(struct ivq_net *qnet,
				      const struct flow *f,
				      struct ivq_target **target)
{
	const struct ivq_flows *flows = ivq_net_flows(qnet);
	const struct ivq_snapshot *snapshot;
	const struct ip_vs_dest *dest;
	struct flowtable_value value;
	struct flowtable_key key;
	struct ivq_service *qs;
	struct ivq_addr addr;

	if (!flows || ivq_flows_are_none(flows))
		return NULL;
	ivq_flows_key(flows, f->e->af, &f->quote->daddr, f->uh->dest,
		      &f->quote->saddr, f->uh->source, &key);
	if (!ivq_flows_find(flows, &key, ivq_flows_now(), &value))
		return NULL;
	qs = ivq_service_of_flow(value.owner);
	snapshot = rcu_dereference(qs->snapshot);
	if (!snapshot)
		return NULL;
	dest = value.server;
	addr = (struct ivq_addr){ .af = dest->af, .port = dest->port };
	ip_vs_addr_set(dest->af, &addr.addr, &dest->addr);
	*target = ivq_pool_find(snapshot->pool, &addr);
	if (!*target || !(*target)->stateless ||
	    !ivq_dest_available((*target)->conn.dest))
		return NULL;
	return qs;
}

/* Return: the table has the flow; then its server has been found, by SCID all the same. */
static bool find_by_entry(struct ivq_net *qnet, struct flow *f)
{
	struct ivq_target *target;
	struct ivq_service *qs;

	qs = find_entry(qnet, f, &target);
	if (!qs || (f->qs && f->qs != qs && !qs->key.fwmark))
		return false;
	f->qs = qs;
	if (has_scid_of(qs, f))
		return true;
	f->target = target;
	f->outcome = IP_VS_QUIC_ICMP_TUPLE;
	return true;
}

static void find_server(struct ivq_net *qnet, struct flow *f)
{
	u32 mark;

	if (find_by_entry(qnet, f))
		return;
	if (unlikely(READ_ONCE(qnet->fwmark_users))) {
		if (find_marked(qnet, f))
			return;
	} else if (!f->qs || has_scid_of(f->qs, f)) {
		return;
	} else if (has_conn(qnet, f->e->af, f->e->skb, f->quote, &mark)) {
		f->outcome = IP_VS_QUIC_ICMP_TUPLE;
		return;
	}
	hash_client(f);
}

static void note(const struct flow *f)
{
	ivq_stats_count(f->qs->stats, f->outcome);
	trace_ip_vs_quic_icmp(f->qs, &f->quote->daddr, f->uh->dest, f->outcome,
			      f->e->mtu,
			      f->target ? f->target->conn.dest : NULL);
}

/*
 * A guess may be wrong: the error may be about a datagram of this host.  So a copy is
 * sent, and the stack sees the error, too.
 */
static unsigned int send_copy(const struct flow *f)
{
	struct sk_buff *skb = skb_copy(f->e->skb, GFP_ATOMIC);

	if (!skb)
		return NF_ACCEPT;
	note(f);
	if (ivq_forward(skb, f->target, f->quote) == NF_ACCEPT)
		consume_skb(skb);
	return NF_ACCEPT;
}

static unsigned int send(const struct flow *f)
{
	if (!f->target->stateless)
		return NF_ACCEPT;
	if (f->guessed)
		return send_copy(f);
	note(f);
	return ivq_forward(f->e->skb, f->target, f->quote);
}

static unsigned int steer(struct ivq_net *qnet, const struct error *e,
			  struct ip_vs_iphdr *quote)
{
	u8 buf[QUOTE_LEN] __aligned(4);
	struct flow f = { .e = e, .quote = quote };

	f.uh = pull_quote(e->skb, quote->len, buf, &f.payload);
	if (!f.uh)
		return NF_ACCEPT;
	f.qs = ivq_net_find_by_addr(qnet, e->af, &quote->saddr, f.uh->source);
	if (!f.qs && is_about_tunnel(qnet, e, quote))
		return NF_ACCEPT;
	find_server(qnet, &f);
	if (f.target)
		return send(&f);
	if (f.qs && f.outcome == IP_VS_QUIC_ICMP_TUPLE)
		note(&f);
	return NF_ACCEPT;
}

unsigned int ivq_icmp(struct ivq_net *qnet, struct sk_buff *skb,
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
		is_about_tunnel(qnet, &e, &quote);
	return NF_ACCEPT;
}
