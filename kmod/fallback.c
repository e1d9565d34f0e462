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
 *
 * All paths find the server here, by the same functions, which look at no packet.  On the
 * express path and the driver path, nothing may have changed if the datagram turns out not
 * to be theirs, so finding (_find()) is apart from what follows of it (_keep(), _count()).
 */
#include "fallback.h"

#include <linux/timekeeping.h>

#include "unroutable_table.h"
#include "flow.h"
#include "forward.h"
#include "trace.h"

enum {
	HANDSHAKE_SECONDS = 60,	/* in which a flow has sent its last long header */
};

static void note(const struct ivq_unrouted *u, enum ip_vs_quic_outcome outcome,
		 const struct ip_vs_dest *dest)
{
	ivq_stats_count(u->qs->stats, outcome);
	trace_ip_vs_quic_schedule(u->qs, u->client, u->sport, outcome, dest);
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

/* May the table of unroutable CIDs have something to do with it? */
static inline bool is_reserved(const struct ivq_unrouted *u)
{
	return u->d->outcome == IP_VS_QUIC_RESERVED && u->snapshot->unroutable;
}

/* A server's CID that only arrives by 4-tuple may arrive by itself later. */
static noinline void learn(const struct ivq_unrouted *u,
			   const struct ip_vs_dest *dest)
{
	struct ivq_addr server = { .af = dest->af, .port = dest->port };

	if (!u->d->hdr.long_form)
		return;
	ip_vs_addr_set(dest->af, &server.addr, &dest->addr);
	ivq_unroutable_learn(u->snapshot->unroutable, &u->d->hdr, &server);
}

static noinline bool find_dcid(struct ivq_unrouted *u)
{
	struct ivq_target *target;
	struct ivq_addr server;

	if (!ivq_unroutable_find(u->snapshot->unroutable, &u->d->hdr, &server))
		return false;
	target = ivq_pool_find(u->snapshot->pool, &server);
	if (!target || !target->stateless ||
	    !ivq_dest_available(target->conn.dest))
		return false;
	u->target = target;
	u->outcome = IP_VS_QUIC_DCID;
	return true;
}

/* The CID that a long header is for, in short; bit 0 is the table's. */
static u32 first_of(const struct ivq_unrouted *u)
{
	if (!u->d->hdr.long_form)
		return 0;
	return (u32)maglev_hash(u->d->hdr.dcid, u->d->hdr.dcid_view, 1) & ~1u;
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
static bool is_new_connection(const struct ivq_unrouted *u,
			      const struct flowtable_value *value)
{
	return u->d->hdr.long_form && u->first != value->first &&
	       u->d->outcome != IP_VS_QUIC_RESERVED &&
	       has_configs(u->snapshot);
}

/* The server as the pool has it now; that by hash is most often it, and saves the search. */
static struct ivq_target *find_target(const struct ivq_unrouted *u,
				      const struct ip_vs_dest *dest)
{
	struct ivq_addr addr = { .af = dest->af, .port = dest->port };
	struct ivq_target *target = u->by_hash;

	if (!target || target->conn.dest != dest) {
		ip_vs_addr_set(dest->af, &addr.addr, &dest->addr);
		target = ivq_pool_find(u->snapshot->pool, &addr);
	}
	return target && target->stateless &&
	       ivq_dest_available(target->conn.dest) ? target : NULL;
}

/* Return: true if the flow has an entry and its server is there. */
static bool find_entry(struct ivq_unrouted *u, struct flowtable_value *value)
{
	u->entry = ivq_flows_find(u->qs->flows.flows, &u->key, u->now, value);
	if (!u->entry || value->owner != &u->qs->flows)
		return false;
	u->target = find_target(u, value->server);
	return u->target;
}

/* For a short header, only if there is anything to be found. */
static bool make_key(struct ivq_unrouted *u)
{
	bool has_entries = atomic_read(&u->qs->flows.count);

	if (has_entries || u->d->hdr.long_form)
		ivq_flows_key(u->qs->flows.flows, u->qs->key.af, u->client,
			      u->sport, u->vip, u->dport, &u->key);
	return has_entries;
}

static u32 life(const struct ivq_unrouted *u)
{
	return u->snapshot->settings.tuple_timeout / HZ;
}

static noinline struct ip_vs_conn *search_conn(const struct ivq_unrouted *u)
{
	struct ip_vs_conn_param param;

	ip_vs_conn_fill_param(u->qs->ipvs, u->qs->key.af, IPPROTO_UDP,
			      u->client, u->sport, u->vip, u->dport, &param);
	return ip_vs_conn_in_get(&param);
}

/* Return: IPVS's connection with a reference, or NULL. */
static inline struct ip_vs_conn *find_conn(const struct ivq_unrouted *u)
{
	return atomic_read(&u->qs->ipvs->conn_count) ? search_conn(u) : NULL;
}

static bool has_conn(const struct ivq_unrouted *u)
{
	struct ip_vs_conn *cp = find_conn(u);

	if (cp)
		__ip_vs_conn_put(cp);
	return cp;
}

static bool thresholds_count(const struct ivq_unrouted *u)
{
	return u->now >= READ_ONCE(u->qs->by_table_until);
}

static bool takes_connections(const struct ivq_unrouted *u)
{
	const struct ip_vs_dest *dest = u->target->conn.dest;

	return atomic_read(&dest->weight) > 0 &&
	       (!ivq_dest_overloaded(dest) || !thresholds_count(u));
}

/*
 * Finds where the flow's entry leads.  A later connection that may not go there becomes
 * a flow of its own, and so does what follows of it.
 */
static bool find_flow(struct ivq_unrouted *u)
{
	struct flowtable_value value;

	if (!find_entry(u, &value))
		return false;
	u->outcome = IP_VS_QUIC_TUPLE;
	if (!is_new_connection(u, &value))
		return true;
	if (takes_connections(u)) {
		/* the entry is the later connection's as well from now on */
		u->entry = NULL;
		return true;
	}
	ivq_flows_second_key(&u->key, u->first);
	return find_entry(u, &value);
}

static bool find_known(struct ivq_unrouted *u)
{
	if (is_reserved(u) && find_dcid(u))
		return true;
	u->now = ivq_flows_now();
	u->first = first_of(u);
	u->hash = ivq_flow_hash_of(u->qs->key.af, u->client, u->vip, u->sport,
				   u->dport);
	u->by_hash = ivq_pool_pick(u->snapshot->pool, u->hash);
	return make_key(u) &&
	       (!u->by_hash || !is_persistent(u->by_hash->conn.dest)) &&
	       find_flow(u);
}

/* Can the datagram go to the server from here, or must IPVS do it? */
static bool is_reachable(const struct ivq_target *target)
{
	return target && target->stateless && !is_persistent(target->conn.dest);
}

/* Shall a flow of the service be remembered? */
static bool has_room(const struct ivq_unrouted *u)
{
	u32 max = u->snapshot->settings.tuple_max;

	return !is_one_packet(u->by_hash->conn.dest) &&
	       atomic_read(&u->qs->flows.count) < max;
}

/* Without a server IPVS counts and answers as for any scheduler. */
static bool find_by_hash(struct ivq_unrouted *u)
{
	u->target = u->by_hash;
	u->outcome = IP_VS_QUIC_FALLBACK;
	if (!is_reachable(u->target))
		return false;
	if (!u->d->hdr.long_form || !has_room(u))
		return true;
	u->outcome = IP_VS_QUIC_FALLBACK_NEW;
	if (!ivq_dest_overloaded(u->target->conn.dest) || !thresholds_count(u))
		return true;
	u->target = ivq_pool_pick_new(u->snapshot->pool, u->hash);
	return is_reachable(u->target);
}

bool ivq_fallback_find(struct ivq_unrouted *u)
{
	return u->d->outcome != IP_VS_QUIC_DEFERRED &&
	       (find_known(u) || (!has_conn(u) && find_by_hash(u)));
}

/* Rule 3: a long header goes without an entry. */
static void note_forgotten(const struct ivq_unrouted *u)
{
	u32 until = u->now + 1 + min_t(u32, life(u), HANDSHAKE_SECONDS);

	if (READ_ONCE(u->qs->by_table_until) != until)
		WRITE_ONCE(u->qs->by_table_until, until);
}

static bool make_entry(const struct ivq_unrouted *u)
{
	return ivq_flows_keep(&u->qs->flows, &u->key, u->target->conn.dest,
			      u->first, u->now, life(u));
}

void ivq_fallback_keep(struct ivq_unrouted *u)
{
	if (u->outcome == IP_VS_QUIC_DCID)
		return;
	if (u->outcome == IP_VS_QUIC_TUPLE) {
		if (likely(u->entry))
			flowtable_renew(u->entry, u->now + life(u));
		else
			make_entry(u);
		return;
	}
	if (u->outcome == IP_VS_QUIC_FALLBACK_NEW) {
		if (likely(!ip_vs_todrop(u->qs->ipvs) && make_entry(u)))
			return;
		u->target = u->by_hash;
		u->outcome = IP_VS_QUIC_FALLBACK;
	}
	if (u->d->hdr.long_form)
		note_forgotten(u);
}

void ivq_fallback_count(const struct ivq_unrouted *u)
{
	if (u->outcome == IP_VS_QUIC_FALLBACK_NEW)
		ivq_forward_count_conn(u->target);
	if (is_reserved(u) && u->outcome != IP_VS_QUIC_DCID)
		learn(u, u->target->conn.dest);
	note(u, u->outcome, u->target->conn.dest);
}

static bool needs_ipvs(const struct ip_vs_conn *cp)
{
	return !cp->dest || IP_VS_FWD_METHOD(cp) == IP_VS_CONN_F_MASQ ||
	       cp->control || is_persistent(cp->dest);
}

/*
 * A known 4-tuple of IPVS's.  IPVS itself drops packets of a connection whose server has
 * gone; here the entry goes instead and the flow is hashed anew.  Return: true if there is
 * such a connection; then *verdict is the hook's.
 */
static bool send_by_conn(const struct ivq_unrouted *u, struct sk_buff *skb,
			 struct ip_vs_iphdr *iph, unsigned int *verdict)
{
	struct ip_vs_conn *cp = find_conn(u);

	if (!cp)
		return false;
	if (needs_ipvs(cp)) {
		__ip_vs_conn_put(cp);
		note(u, IP_VS_QUIC_TUPLE, NULL);
		*verdict = NF_ACCEPT;
		return true;
	}
	if (!ivq_dest_available(cp->dest)) {
		ivq_forward_kill(cp);
		return false;
	}
	if (is_reserved(u))
		learn(u, cp->dest);
	note(u, IP_VS_QUIC_TUPLE, cp->dest);
	*verdict = ivq_forward_conn(skb, cp, iph,
				    u->snapshot->settings.tuple_timeout);
	return true;
}

unsigned int ivq_fallback(struct sk_buff *skb, struct ivq_unrouted *u,
			  struct ip_vs_iphdr *iph)
{
	unsigned int verdict;

	if (!find_known(u)) {
		if (send_by_conn(u, skb, iph, &verdict))
			return verdict;
		if (!find_by_hash(u))
			return NF_ACCEPT;
	}
	ivq_fallback_keep(u);
	ivq_fallback_count(u);
	return ivq_forward_datagram(skb, u->snapshot, u->target, iph);
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
