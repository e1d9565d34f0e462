// SPDX-License-Identifier: GPL-2.0
/*
 * Masquerading needs an entry of IPVS's: replies find it by server and client,
 * datagrams of the client by client and VIP.  So there is one for each 4-tuple, of the
 * server that came first.
 *
 * A CID of another server may come on the same 4-tuple: from a second connection of
 * that socket, or from a client whose NAT has given it another client's port.  It may
 * also be forged by anyone who knows the 4-tuple.  The first entry therefore stays, and
 * serves datagrams without a routable CID.  The other server gets an entry of its own
 * for its replies, a hidden one, and datagrams for it are translated here.
 *
 * Hidden: an entry with IP_VS_CONN_F_NO_CPORT is one whose client port is not known
 * yet.  IPVS's lookup for datagrams of clients skips it unless both ports are 0; its
 * lookup for replies does not look at the flag.  So it does not matter which of a
 * 4-tuple's entries is looked at first, which differs between kernels.
 */
#include "masq.h"

#include <linux/udp.h>

#include "flow.h"
#include "forward.h"
#include "trace.h"

enum {
	/*
	 * Up to 6.12 all of these are in one chain of IPVS's table, with every
	 * client's that hashes alike.
	 */
	HIDDEN_MAX = 64,
};

struct packet {
	struct sk_buff *skb;
	const struct ivq_service *qs;
	const struct ivq_snapshot *snapshot;
	const struct ivq_target *target;
	struct ip_vs_iphdr *iph;
	const struct udphdr *uh;
	__be16 dport;		/* the server's */
};

static void note(const struct packet *p, enum ip_vs_quic_outcome outcome,
		 const struct ip_vs_dest *dest)
{
	ivq_stats_count(p->qs->stats, outcome);
	trace_ip_vs_quic_schedule(p->qs, &p->iph->saddr, p->uh->source, outcome,
				  dest);
}

/* The entry that translates what the server sends to the client, with a reference. */
static struct ip_vs_conn *find_by_reply(const struct packet *p)
{
	struct ip_vs_conn_param param;

	ip_vs_conn_fill_param(p->qs->ipvs, p->qs->key.af, IPPROTO_UDP,
			      &p->target->conn.dest->addr, p->dport,
			      &p->iph->saddr, p->uh->source, &param);
	return ip_vs_conn_out_get(&param);
}

/*
 * A 4-tuple may have hidden entries for HIDDEN_MAX servers: all of a pool, or those of
 * a larger one that its hash says.
 */
static bool may_hide(const struct packet *p)
{
	u32 share = DIV_ROUND_UP(p->snapshot->pool->count, HIDDEN_MAX);
	u64 hash = ivq_flow_hash(p->qs->key.af, p->iph, p->uh);
	const struct ivq_addr *addr = &p->target->addr;

	return share < 2 ||
	       !((u32)maglev_hash(addr, sizeof(*addr), hash) % share);
}

/*
 * They count against the same limit as our other entries.  One lives as long as those
 * until a reply makes it an ordinary entry.  Port 0 could not be hidden.  With connection
 * tracking there is one entry for the 4-tuple, and it is the first server's.
 */
static struct ip_vs_conn *new_hidden(const struct packet *p)
{
	const struct ivq_settings *settings = &p->snapshot->settings;
	struct ip_vs_dest *dest = p->target->conn.dest;
	struct netns_ipvs *ipvs = p->qs->ipvs;
	struct ip_vs_conn_param param;
	struct ip_vs_conn *cp;

	if (!p->uh->source || !may_hide(p) ||
	    atomic_read(&ipvs->conn_count) >= settings->tuple_max ||
	    ip_vs_todrop(ipvs))
		return NULL;
	ip_vs_conn_fill_param(ipvs, p->qs->key.af, IPPROTO_UDP, &p->iph->saddr,
			      p->uh->source, &p->iph->daddr, p->uh->dest,
			      &param);
	cp = ip_vs_conn_new(&param, dest->af, &dest->addr, p->dport,
			    IP_VS_CONN_F_NO_CPORT, dest, p->skb->mark);
	if (!cp)
		return NULL;
	cp->flags &= ~IP_VS_CONN_F_NFCT;
	cp->timeout = settings->tuple_timeout;
	ivq_forward_count_conn(p->target);
	return cp;
}

/* Replies through @cp seem to come from where this datagram went. */
static bool translates(const struct packet *p, const struct ip_vs_conn *cp)
{
	return IP_VS_FWD_METHOD(cp) == IP_VS_CONN_F_MASQ &&
	       cp->vport == p->uh->dest &&
	       ip_vs_addr_equal(p->qs->key.af, &cp->vaddr, &p->iph->daddr);
}

/*
 * IPVS's transmitter would turn a hidden entry into an ordinary one.  So it gets a copy
 * for this packet alone; it keeps no pointer to it.
 */
static unsigned int translate(const struct packet *p,
			      const struct ip_vs_conn *cp)
{
	struct ip_vs_conn once = p->target->conn;

	once.caddr = p->iph->saddr;
	once.cport = p->uh->source;
	once.vaddr = p->iph->daddr;
	once.vport = p->uh->dest;
	once.dport = p->dport;
	once.packet_xmit = cp->packet_xmit;
	ivq_target_count(p->target, p->skb->len);
	return once.packet_xmit(p->skb, &once, p->target->pp, p->iph);
}

/* The answer would come from the server's own address. */
static unsigned int drop(const struct packet *p)
{
	note(p, IP_VS_QUIC_SCHED_NONE, NULL);
	trace_ip_vs_quic_drop(p->qs->ipvs->net, p->skb, IVQ_DROP_ENTRY);
	return NF_DROP;
}

static unsigned int send_second(const struct packet *p)
{
	struct ip_vs_conn *cp = find_by_reply(p);
	unsigned int verdict;

	if (!cp) {
		cp = new_hidden(p);
		if (!cp)
			return drop(p);
		note(p, IP_VS_QUIC_SCHED_CID, cp->dest);
	} else if (!translates(p, cp)) {
		__ip_vs_conn_put(cp);
		return drop(p);
	}
	verdict = translate(p, cp);
	atomic_inc(&cp->in_pkts);
	ip_vs_conn_put(cp);
	return verdict;
}

static bool is_persistent(const struct ip_vs_dest *dest)
{
	return rcu_dereference(dest->svc)->flags & IP_VS_SVC_F_PERSISTENT;
}

/*
 * IPVS's own path: without an entry it asks the scheduler, which decides by CID, too;
 * but not for persistent services, where the template decides.
 */
unsigned int ivq_masq(struct sk_buff *skb, const struct ivq_service *qs,
		      const struct ivq_snapshot *snapshot,
		      const struct ivq_target *target,
		      struct ip_vs_iphdr *iph, const struct udphdr *uh)
{
	const struct ip_vs_dest *dest = target->conn.dest;
	const struct packet p = {
		.skb = skb, .qs = qs, .snapshot = snapshot, .target = target,
		.iph = iph, .uh = uh,
		.dport = dest->port ? dest->port : uh->dest,
	};
	const struct ip_vs_dest *first;
	struct ip_vs_conn *cp;

	cp = ip_vs_conn_in_get_proto(qs->ipvs, qs->key.af, skb, iph);
	if (!cp)
		return NF_ACCEPT;
	first = cp->dest;
	__ip_vs_conn_put(cp);
	if (first == dest || is_persistent(dest))
		return NF_ACCEPT;
	return send_second(&p);
}
