// SPDX-License-Identifier: GPL-2.0
/*
 * The draft's order for datagrams without a routable CID: the table of unroutable
 * CIDs (optional), the table of 4-tuples, consistent hashing.
 *
 * The table of 4-tuples is IPVS's connection table, but we make the entries
 * ourselves: only for long headers, that is for connections being made, with a
 * lifetime of their own, and never beyond a limit.  A short header without an entry is
 * sent by hashing alone, so garbage costs no memory.  As hashing is consistent, a flow
 * without an entry loses nothing until the pool changes.
 *
 * Thresholds keep new flows away from a server that has too many, but only flows that
 * get an entry, because the entry then tells all their packets where to go.  Whether a
 * flow gets one is known before a server is chosen, so:
 *  1. Without an entry the table's server gets the flow, busy or not.
 *  2. With one, a server over its threshold is passed over.  When the entry cannot be
 *     made after all, it is the table's server again.
 *  3. Once a long header had to go without an entry (one-packet scheduling, the limit,
 *     drop_packet, no memory), a later one of its flow may get an entry, and must find
 *     the server that the first one went to.  So thresholds do not count for as long
 *     from then on as an entry would have lived, but not longer than handshakes take.
 *
 * Only what needs IPVS's own path takes it: masquerading and persistence.
 */
#include "fallback.h"

#include <linux/timekeeping.h>
#include <linux/udp.h>

#include "unroutable_table.h"
#include "flow.h"
#include "forward.h"
#include "trace.h"

enum {
	HANDSHAKE_SECONDS = 60,	/* in which a flow has sent its last long header */
};

struct packet {
	struct sk_buff *skb;
	struct ivq_service *qs;
	const struct ivq_snapshot *snapshot;
	const struct ivq_decision *d;
	struct ip_vs_iphdr *iph;
	__be16 sport;
	__be16 dport;
	u64 hash;
};

static void note(const struct packet *p, enum ip_vs_quic_outcome outcome,
		 const struct ip_vs_dest *dest)
{
	ivq_stats_count(p->qs->stats, outcome);
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
	p->hash = ivq_flow_hash(p->qs->key.af, p->iph, uh);
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
	struct ivq_addr server = { .af = dest->af, .port = dest->port };

	if (p->d->outcome != IP_VS_QUIC_RESERVED || !p->d->hdr.long_form ||
	    !p->snapshot->unroutable)
		return;
	ip_vs_addr_set(dest->af, &server.addr, &dest->addr);
	ivq_unroutable_learn(p->snapshot->unroutable, &p->d->hdr, &server);
}

static struct ivq_target *find_dcid(const struct packet *p)
{
	struct ivq_target *target;
	struct ivq_addr server;

	if (p->d->outcome != IP_VS_QUIC_RESERVED ||
	    !ivq_unroutable_find(p->snapshot->unroutable, &p->d->hdr, &server))
		return NULL;
	target = ivq_pool_find(p->snapshot->pool, &server);
	if (!target || !target->stateless ||
	    !ivq_dest_available(target->conn.dest))
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
	if (ivq_dest_available(cp->dest))
		return cp;
	ivq_forward_kill(cp);
	return NULL;
}

/* Shall a flow of the service be remembered?  Counts for drop_packet when it is. */
static bool has_room(const struct packet *p, const struct ip_vs_dest *dest)
{
	struct netns_ipvs *ipvs = p->qs->ipvs;
	u32 max = p->snapshot->settings.tuple_max;

	return !is_one_packet(dest) && atomic_read(&ipvs->conn_count) < max &&
	       !ip_vs_todrop(ipvs);
}

/* Return: a new connection with a reference, or NULL. */
static struct ip_vs_conn *new_conn(const struct packet *p,
				   struct ip_vs_dest *dest)
{
	struct ip_vs_conn_param param;
	struct ip_vs_conn *cp;

	ip_vs_conn_fill_param(p->qs->ipvs, p->qs->key.af, IPPROTO_UDP,
			      &p->iph->saddr, p->sport, &p->iph->daddr,
			      p->dport, &param);
	cp = ip_vs_conn_new(&param, dest->af, &dest->addr,
			    dest->port ? dest->port : p->dport, 0, dest,
			    p->skb->mark);
	if (cp)
		ivq_forward_count_conn(cp);
	return cp;
}

/* Rule 3: a long header goes without an entry. */
static void note_forgotten(const struct packet *p)
{
	u32 life = p->snapshot->settings.tuple_timeout / HZ;
	u32 until = (u32)ktime_get_seconds() + 1 +
		    min_t(u32, life, HANDSHAKE_SECONDS);

	if (READ_ONCE(p->qs->by_table_until) != until)
		WRITE_ONCE(p->qs->by_table_until, until);
}

static bool thresholds_count(const struct packet *p)
{
	return (u32)ktime_get_seconds() >= READ_ONCE(p->qs->by_table_until);
}

/* Can the datagram go to the server from here, or must IPVS do it? */
static bool is_reachable(const struct ivq_target *target)
{
	return target && target->stateless && !is_persistent(target->conn.dest);
}

static unsigned int send_forgotten(const struct packet *p,
				   struct ivq_target *target)
{
	learn(p, target->conn.dest);
	note(p, IP_VS_QUIC_FALLBACK, target->conn.dest);
	return ivq_forward_datagram(p->skb, p->snapshot, target, p->iph);
}

/* A flow with a long header, whose server is @target by the table. */
static unsigned int send_new(const struct packet *p, struct ivq_target *target)
{
	struct ivq_target *chosen = target;
	struct ip_vs_conn *cp = NULL;

	if (has_room(p, target->conn.dest)) {
		if (ivq_dest_overloaded(target->conn.dest) &&
		    thresholds_count(p))
			chosen = ivq_pool_pick_new(p->snapshot->pool, p->hash);
		if (!is_reachable(chosen))
			return NF_ACCEPT;
		cp = new_conn(p, chosen->conn.dest);
	}
	if (!cp) {
		note_forgotten(p);
		return send_forgotten(p, target);
	}
	learn(p, chosen->conn.dest);
	note(p, IP_VS_QUIC_FALLBACK_NEW, chosen->conn.dest);
	return ivq_forward_conn(p->skb, cp, p->iph,
				p->snapshot->settings.tuple_timeout);
}

static unsigned int send_hashed(const struct packet *p)
{
	struct ivq_target *target;

	/* without a server IPVS counts and answers as for any scheduler */
	target = ivq_pool_pick(p->snapshot->pool, p->hash);
	if (!is_reachable(target))
		return NF_ACCEPT;
	return p->d->hdr.long_form ? send_new(p, target) :
				     send_forgotten(p, target);
}

unsigned int ivq_fallback(struct sk_buff *skb, struct ivq_service *qs,
			  const struct ivq_snapshot *snapshot,
			  const struct ivq_decision *d, struct ip_vs_iphdr *iph)
{
	struct packet p = {
		.skb = skb, .qs = qs, .snapshot = snapshot, .d = d, .iph = iph,
	};
	struct ivq_target *target;
	struct ip_vs_conn *cp;
	bool foreign = false;

	if (!read_ports(&p))
		return NF_ACCEPT;
	target = find_dcid(&p);
	if (target) {
		note(&p, IP_VS_QUIC_DCID, target->conn.dest);
		return ivq_forward_datagram(skb, snapshot, target, iph);
	}
	cp = find_conn(&p, &foreign);
	if (foreign) {
		note(&p, IP_VS_QUIC_TUPLE, NULL);
		return NF_ACCEPT;
	}
	if (cp) {
		learn(&p, cp->dest);
		note(&p, IP_VS_QUIC_TUPLE, cp->dest);
		return ivq_forward_conn(skb, cp, iph,
					snapshot->settings.tuple_timeout);
	}
	return send_hashed(&p);
}
