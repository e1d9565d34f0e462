// SPDX-License-Identifier: GPL-2.0
/*
 * The draft's order for datagrams without a routable CID: the table of unroutable
 * CIDs (optional), the table of 4-tuples, consistent hashing.
 *
 * The table of 4-tuples is IPVS's connection table, but we make the entries
 * ourselves: only for long headers, that is for connections being made, with a
 * life of their own, and never beyond a limit.  A short header that nobody knows
 * is sent by hashing alone, so garbage costs no memory, and as hashing is
 * consistent a flow without an entry loses nothing until the pool changes.
 *
 * Only what needs IPVS's own path takes it: masquerading and persistence.
 */
#include "fallback.h"

#include <linux/udp.h>

#include "dcids.h"
#include "flow.h"
#include "forward.h"
#include "trace.h"

struct packet {
	struct sk_buff *skb;
	const struct ip_vs_quic_service *qs;
	const struct ip_vs_quic_routes *routes;
	const struct ip_vs_quic_decision *d;
	struct ip_vs_iphdr *iph;
	__be16 sport;
	__be16 dport;
	u64 hash;
};

static void note(const struct packet *p, enum ip_vs_quic_outcome outcome,
		 const struct ip_vs_dest *dest)
{
	ip_vs_quic_stats_count(p->qs->stats, outcome);
	trace_ip_vs_quic_schedule(p->qs, &p->iph->saddr, p->sport, outcome,
				  dest);
}

static bool read_ports(struct packet *p)
{
	const struct udphdr *uh;
	struct udphdr buf;

	uh = skb_header_pointer(p->skb, p->iph->len, sizeof(buf), &buf);
	if (!uh)
		return false;
	p->sport = uh->source;
	p->dport = uh->dest;
	p->hash = ip_vs_quic_flow_hash(p->qs->key.af, p->iph, uh);
	return true;
}

/* Of a service that needs IPVS's path for more than a choice of server? */
static bool is_persistent(const struct ip_vs_dest *dest)
{
	return rcu_dereference(dest->svc)->flags & IP_VS_SVC_F_PERSISTENT;
}

static bool is_one_packet(const struct ip_vs_dest *dest)
{
	return rcu_dereference(dest->svc)->flags & IP_VS_SVC_F_ONEPACKET;
}

/* A server's CID that only arrives by 4-tuple may arrive by itself later. */
static void learn(const struct packet *p, const struct ip_vs_dest *dest)
{
	struct ip_vs_quic_addr server = { .af = dest->af, .port = dest->port };

	if (p->d->outcome != IP_VS_QUIC_RESERVED || !p->d->hdr.long_form ||
	    !p->routes->dcids)
		return;
	ip_vs_addr_set(dest->af, &server.addr, &dest->addr);
	ip_vs_quic_dcids_learn(p->routes->dcids, &p->d->hdr, &server);
}

static struct ip_vs_quic_target *find_dcid(const struct packet *p)
{
	struct ip_vs_quic_target *target;
	struct ip_vs_quic_addr server;

	if (p->d->outcome != IP_VS_QUIC_RESERVED ||
	    !ip_vs_quic_dcids_find(p->routes->dcids, &p->d->hdr, &server))
		return NULL;
	target = ip_vs_quic_pool_find(p->routes->pool, &server);
	if (!target || !target->stateless ||
	    !ip_vs_quic_dest_available(target->conn.dest))
		return NULL;
	return target;
}

/*
 * A known 4-tuple.  IPVS itself drops packets of a connection whose server has
 * gone; here the entry goes instead and the flow is hashed anew.  Return: the
 * connection with a reference, or NULL; @foreign tells that IPVS must do it.
 */
static struct ip_vs_conn *find_conn(const struct packet *p, bool *foreign)
{
	struct ip_vs_conn *cp;

	cp = ip_vs_conn_in_get_proto(p->qs->ipvs, p->qs->key.af, p->skb,
				     p->iph);
	if (!cp)
		return NULL;
	if (!cp->dest || IP_VS_FWD_METHOD(cp) == IP_VS_CONN_F_MASQ ||
	    cp->control || is_persistent(cp->dest)) {
		__ip_vs_conn_put(cp);
		*foreign = true;
		return NULL;
	}
	if (ip_vs_quic_dest_available(cp->dest))
		return cp;
	ip_vs_quic_forward_kill(cp);
	return NULL;
}

/* Return: a new connection with a reference, NULL when there shall be none. */
static struct ip_vs_conn *new_conn(const struct packet *p,
				   struct ip_vs_dest *dest)
{
	struct netns_ipvs *ipvs = p->qs->ipvs;
	struct ip_vs_conn_param param;
	struct ip_vs_conn *cp;

	if (is_one_packet(dest) ||
	    atomic_read(&ipvs->conn_count) >= p->routes->settings.tuple_max ||
	    ip_vs_todrop(ipvs))
		return NULL;
	ip_vs_conn_fill_param(ipvs, p->qs->key.af, IPPROTO_UDP,
			      &p->iph->saddr, p->sport, &p->iph->daddr,
			      p->dport, &param);
	cp = ip_vs_conn_new(&param, dest->af, &dest->addr,
			    dest->port ? dest->port : p->dport, 0, dest,
			    p->skb->mark);
	if (cp)
		ip_vs_quic_forward_count_conn(cp);
	return cp;
}

static unsigned int send_hashed(const struct packet *p)
{
	struct ip_vs_quic_target *target;
	struct ip_vs_conn *cp = NULL;
	struct ip_vs_dest *dest;

	/* without a server IPVS counts and answers as for any scheduler */
	target = ip_vs_quic_pool_pick(p->routes->pool, p->hash,
				      p->d->hdr.long_form);
	if (!target || !target->stateless || is_persistent(target->conn.dest))
		return NF_ACCEPT;

	dest = target->conn.dest;
	if (p->d->hdr.long_form)
		cp = new_conn(p, dest);
	learn(p, dest);
	note(p, cp ? IP_VS_QUIC_FALLBACK_NEW : IP_VS_QUIC_FALLBACK, dest);
	if (cp)
		return ip_vs_quic_forward_conn(p->skb, cp, p->iph,
					       p->routes->settings.tuple_timeout);
	return ip_vs_quic_forward_datagram(p->skb, p->routes, target, p->iph);
}

unsigned int ip_vs_quic_fallback(struct sk_buff *skb,
				 const struct ip_vs_quic_service *qs,
				 const struct ip_vs_quic_routes *routes,
				 const struct ip_vs_quic_decision *d,
				 struct ip_vs_iphdr *iph)
{
	struct packet p = {
		.skb = skb, .qs = qs, .routes = routes, .d = d, .iph = iph,
	};
	struct ip_vs_quic_target *target;
	struct ip_vs_conn *cp;
	bool foreign = false;

	if (!read_ports(&p))
		return NF_ACCEPT;
	target = find_dcid(&p);
	if (target) {
		note(&p, IP_VS_QUIC_DCID, target->conn.dest);
		return ip_vs_quic_forward_datagram(skb, routes, target, iph);
	}
	cp = find_conn(&p, &foreign);
	if (foreign) {
		note(&p, IP_VS_QUIC_TUPLE, NULL);
		return NF_ACCEPT;
	}
	if (cp) {
		learn(&p, cp->dest);
		note(&p, IP_VS_QUIC_TUPLE, cp->dest);
		return ip_vs_quic_forward_conn(skb, cp, iph,
					       routes->settings.tuple_timeout);
	}
	return send_hashed(&p);
}

/*
 * The scheduler is asked then, and decides by CID, too; but not for persistent
 * services, where the template decides.
 */
unsigned int ip_vs_quic_defer(const struct sk_buff *skb,
			      const struct ip_vs_quic_service *qs,
			      const struct ip_vs_quic_target *target,
			      const struct ip_vs_iphdr *iph)
{
	struct ip_vs_conn *cp;

	cp = ip_vs_conn_in_get_proto(qs->ipvs, qs->key.af, skb, iph);
	if (cp && cp->dest != target->conn.dest && !cp->control &&
	    !is_persistent(target->conn.dest))
		ip_vs_quic_forward_kill(cp);
	else if (cp)
		__ip_vs_conn_put(cp);
	return NF_ACCEPT;
}
