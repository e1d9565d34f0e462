// SPDX-License-Identifier: GPL-2.0
/*
 * The draft's order for datagrams without a routable CID: the table of unroutable
 * CIDs (optional), the table of 4-tuples, consistent hashing.
 *
 * The table of 4-tuples is the namespace's own (flows.h).  Entries are made only for long
 * headers, that is for connections being made, and never beyond a service's limit.  A
 * short header without an entry is sent by hashing alone, so garbage costs no memory.
 * As hashing is consistent, a flow without an entry loses nothing until the pool
 * changes.
 *
 * Thresholds keep new flows away from a server that has too many, but only flows that
 * get an entry, because the entry then tells all their packets where to go.  Whether a
 * flow gets one is known before a server is chosen, so:
 *  1. Without an entry the table's server gets the flow, busy or not.
 *  2. With one, a server over its threshold is passed over.  When the entry cannot be
 *     made after all, it is the table's server again.
 *  3. Once a long header had to go without an entry (one-packet scheduling, the limit,
 *     drop_packet, no room), a later one of its flow may get an entry, and must find
 *     the server that the first one went to.  So thresholds do not count for as long
 *     from then on as an entry would have lived, but not longer than handshakes take.
 *
 * A client may open one connection after the other on a 4-tuple.  The later ones follow
 * its entry, too, but not to a server that gets no new connections: then they are flows
 * of their own, with entries of their own, and the first one's entry stays as it is.
 * What tells them apart is the CID that the client has made up, see is_new_connection().
 *
 * Only what needs IPVS's own path takes it: masquerading and persistence.  IPVS's
 * connections are followed where there are any: of masqueraded servers, or from before
 * the service had this scheduler.
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
	struct flowtable_key key;
	u32 first;		/* of the client's CID; 0 without a long header */
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

/* The CID that a long header is for, in short; bit 0 is the table's. */
static u32 first_of(const struct packet *p)
{
	if (!p->d->hdr.long_form)
		return 0;
	return (u32)maglev_hash(p->d->hdr.dcid, p->d->hdr.dcid_view, 1) & ~1u;
}

static bool has_configs(const struct ivq_snapshot *snapshot)
{
	unsigned int id;

	for (id = 0; id < QLB_CONFIGS_MAX; id++)
		if (snapshot->configs.at[id][0])
			return true;
	return false;
}

/*
 * Has the client made up another CID than the one by which @value came about?  A CID of a
 * server's own looks the same if servers have no config, and is then 0b111 if the service
 * has any: such a long header may belong to the connection that the entry is of.
 */
static bool is_new_connection(const struct packet *p,
			      const struct flowtable_value *value)
{
	return p->d->hdr.long_form && p->first != value->first &&
	       p->d->outcome != IP_VS_QUIC_RESERVED &&
	       has_configs(p->snapshot);
}

/* The server as the pool has it now; @by_hash, which is most often it, saves the search. */
static struct ivq_target *find_target(const struct packet *p,
				      const struct ip_vs_dest *dest,
				      struct ivq_target *by_hash)
{
	struct ivq_addr addr = { .af = dest->af, .port = dest->port };
	struct ivq_target *target = by_hash;

	if (!by_hash || by_hash->conn.dest != dest) {
		ip_vs_addr_set(dest->af, &addr.addr, &dest->addr);
		target = ivq_pool_find(p->snapshot->pool, &addr);
	}
	return target && target->stateless &&
	       ivq_dest_available(target->conn.dest) ? target : NULL;
}

static struct flowtable_entry *find_entry(const struct packet *p,
					  struct flowtable_value *value)
{
	struct flowtable_entry *entry;

	entry = ivq_flows_find(p->qs->flows.flows, &p->key, value);
	return entry && value->owner == &p->qs->flows ? entry : NULL;
}

/* For a short header, only if there is anything to be found. */
static bool make_key(struct packet *p)
{
	bool has_entries = atomic_read(&p->qs->flows.count);

	if (has_entries || p->d->hdr.long_form)
		ivq_flows_key(p->qs->flows.flows, p->qs->key.af,
			      &p->iph->saddr, p->sport, &p->iph->daddr,
			      p->dport, &p->key);
	return has_entries;
}

static u32 life(const struct packet *p)
{
	return p->snapshot->settings.tuple_timeout / HZ;
}

/*
 * A known 4-tuple of IPVS's.  IPVS itself drops packets of a connection whose server has
 * gone; here the entry goes instead and the flow is hashed anew.  Return: the
 * connection with a reference, or NULL; @foreign tells that IPVS must do it.
 */
static struct ip_vs_conn *find_conn(const struct packet *p, bool *foreign)
{
	struct ip_vs_conn *cp;

	if (!atomic_read(&p->qs->ipvs->conn_count))
		return NULL;
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
	u32 max = p->snapshot->settings.tuple_max;

	return !is_one_packet(dest) &&
	       atomic_read(&p->qs->flows.count) < max &&
	       !ip_vs_todrop(p->qs->ipvs);
}

/* Rule 3: a long header goes without an entry. */
static void note_forgotten(const struct packet *p)
{
	u32 until = (u32)ktime_get_seconds() + 1 +
		    min_t(u32, life(p), HANDSHAKE_SECONDS);

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
	bool kept = false;

	if (has_room(p, target->conn.dest)) {
		if (ivq_dest_overloaded(target->conn.dest) &&
		    thresholds_count(p))
			chosen = ivq_pool_pick_new(p->snapshot->pool, p->hash);
		if (!is_reachable(chosen))
			return NF_ACCEPT;
		kept = ivq_flows_keep(&p->qs->flows, &p->key,
				      chosen->conn.dest, p->first, life(p));
	}
	if (!kept) {
		note_forgotten(p);
		return send_forgotten(p, target);
	}
	ivq_forward_count_conn(chosen);
	learn(p, chosen->conn.dest);
	note(p, IP_VS_QUIC_FALLBACK_NEW, chosen->conn.dest);
	return ivq_forward_datagram(p->skb, p->snapshot, chosen, p->iph);
}

static unsigned int send_hashed(const struct packet *p,
				struct ivq_target *target)
{
	/* without a server IPVS counts and answers as for any scheduler */
	if (!is_reachable(target))
		return NF_ACCEPT;
	return p->d->hdr.long_form ? send_new(p, target) :
				     send_forgotten(p, target);
}

static unsigned int send_known(const struct packet *p,
			       struct ivq_target *target)
{
	learn(p, target->conn.dest);
	note(p, IP_VS_QUIC_TUPLE, target->conn.dest);
	return ivq_forward_datagram(p->skb, p->snapshot, target, p->iph);
}

static bool takes_connections(const struct packet *p,
			      const struct ivq_target *target)
{
	const struct ip_vs_dest *dest = target->conn.dest;

	return atomic_read(&dest->weight) > 0 &&
	       (!ivq_dest_overloaded(dest) || !thresholds_count(p));
}

/*
 * Finds where the flow's entry leads.  A later connection that may not go there becomes
 * a flow of its own, and so does what follows of it.  Return: NULL without an entry.
 */
static struct ivq_target *find_flow(struct packet *p,
				    struct ivq_target *by_hash)
{
	struct flowtable_value value;
	struct flowtable_entry *entry;
	struct ivq_target *target;
	bool is_new;

	entry = find_entry(p, &value);
	target = entry ? find_target(p, value.server, by_hash) : NULL;
	if (!target)
		return NULL;
	is_new = is_new_connection(p, &value);
	if (is_new && !takes_connections(p, target)) {
		ivq_flows_second_key(&p->key, p->first);
		entry = find_entry(p, &value);
		target = entry ? find_target(p, value.server, by_hash) : NULL;
		if (!target)
			return NULL;
	} else if (is_new) {
		/* the entry is the later connection's as well from now on */
		ivq_flows_keep(&p->qs->flows, &p->key, target->conn.dest,
			       p->first, life(p));
		return target;
	}
	flowtable_renew(entry, ivq_flows_now() + life(p));
	return target;
}

/* Return: true if IPVS has a connection for it; then *verdict is the hook's. */
static bool send_by_conn(const struct packet *p, unsigned int *verdict)
{
	struct ip_vs_conn *cp;
	bool foreign = false;

	cp = find_conn(p, &foreign);
	if (foreign) {
		note(p, IP_VS_QUIC_TUPLE, NULL);
		*verdict = NF_ACCEPT;
	} else if (cp) {
		learn(p, cp->dest);
		note(p, IP_VS_QUIC_TUPLE, cp->dest);
		*verdict = ivq_forward_conn(p->skb, cp, p->iph,
					    p->snapshot->settings.tuple_timeout);
	}
	return foreign || cp;
}

unsigned int ivq_fallback(struct sk_buff *skb, struct ivq_service *qs,
			  const struct ivq_snapshot *snapshot,
			  const struct ivq_decision *d, struct ip_vs_iphdr *iph)
{
	struct packet p = {
		.skb = skb, .qs = qs, .snapshot = snapshot, .d = d, .iph = iph,
	};
	struct ivq_target *target, *by_hash;
	unsigned int verdict;

	if (!read_ports(&p))
		return NF_ACCEPT;
	target = find_dcid(&p);
	if (target) {
		note(&p, IP_VS_QUIC_DCID, target->conn.dest);
		return ivq_forward_datagram(skb, snapshot, target, iph);
	}
	p.first = first_of(&p);
	by_hash = ivq_pool_pick(snapshot->pool, p.hash);
	if (make_key(&p) &&
	    (!by_hash || !is_persistent(by_hash->conn.dest))) {
		target = find_flow(&p, by_hash);
		if (target)
			return send_known(&p, target);
	}
	if (send_by_conn(&p, &verdict))
		return verdict;
	return send_hashed(&p, by_hash);
}

void ivq_fallback_routed(const struct ivq_service *qs,
			 const struct ivq_decision *d, const void *client,
			 const void *vip, const struct udphdr *uh)
{
	struct flowtable_key key;

	if (!atomic_read(&qs->flows.count))
		return;
	ivq_flows_key(qs->flows.flows, qs->key.af, client, uh->source, vip,
		      uh->dest, &key);
	ivq_flows_set_routed(&qs->flows, &key, d->target->conn.dest);
}
