/* SPDX-License-Identifier: GPL-2.0 */
/* What becomes of datagrams whose CID names no server. */
#ifndef _IVQ_FALLBACK_H
#define _IVQ_FALLBACK_H

#include <linux/ip.h>
#include <linux/ipv6.h>

#include "decide.h"

/**
 * struct ivq_unrouted - a datagram whose CID names no server
 * @qs: its service
 * @snapshot: of @qs
 * @d: the decision; not IP_VS_QUIC_ROUTED
 * @client: its source address, of the service's family
 * @vip: its destination address
 * @sport: its source port
 * @dport: its destination port
 * @target: the server, once there is one
 * @outcome: how that was found
 * @by_hash: the server of the flow if it has no entry, or NULL
 * @entry: the flow's, to be renewed; or NULL
 * @key: of the flow's entry
 * @hash: of the flow
 * @first: of the client's CID, in short; 0 without a long header
 * @now: ivq_flows_now()
 *
 * From @target on, all is fallback.c's.
 */
struct ivq_unrouted {
	struct ivq_service *qs;
	const struct ivq_snapshot *snapshot;
	const struct ivq_decision *d;
	const union nf_inet_addr *client;
	const union nf_inet_addr *vip;
	__be16 sport;
	__be16 dport;
	struct ivq_target *target;
	enum ip_vs_quic_outcome outcome;
	struct ivq_target *by_hash;
	struct flowtable_entry *entry;
	struct flowtable_key key;
	u64 hash;
	u32 first;
	u32 now;
};

static inline void
ivq_unrouted_set(struct ivq_unrouted *u, struct ivq_service *qs,
		 const struct ivq_snapshot *snapshot,
		 const struct ivq_decision *d, const void *client,
		 const void *vip, const struct udphdr *uh)
{
	u->qs = qs;
	u->snapshot = snapshot;
	u->d = d;
	u->client = client;
	u->vip = vip;
	u->sport = uh->source;
	u->dport = uh->dest;
}

/* The same for a datagram whose IP header without options is at @nh. */
static inline void
ivq_unrouted_set_at(struct ivq_unrouted *u, struct ivq_service *qs,
		    const struct ivq_snapshot *snapshot,
		    const struct ivq_decision *d, const void *nh, u16 af)
{
	const struct ipv6hdr *ip6h = nh;
	const struct iphdr *iph = nh;

	if (af == AF_INET6)
		ivq_unrouted_set(u, qs, snapshot, d, &ip6h->saddr, &ip6h->daddr,
				 (const struct udphdr *)(ip6h + 1));
	else
		ivq_unrouted_set(u, qs, snapshot, d, &iph->saddr, &iph->daddr,
				 (const struct udphdr *)(iph + 1));
}

/*
 * All of steps 3 to 5 of section "Load Balancer Forwarding", on the default path.  Return:
 * the hook's verdict; NF_ACCEPT leaves the datagram to IPVS.
 */
unsigned int ivq_fallback(struct sk_buff *skb, struct ivq_unrouted *u,
			  struct ip_vs_iphdr *iph);

/*
 * The same in parts, for paths that do not have what IPVS must do.  Caller is in an RCU
 * read-side section with bottom halves disabled.
 *
 * First finds the server.  Return: true, and @u->target has no state of IPVS's; false:
 * the datagram is the default path's.
 */
bool ivq_fallback_find(struct ivq_unrouted *u);

/*
 * Then, when it is certain that the datagram can go to the server, makes or renews the
 * flow's entry.  If none can be made, @u->target is the flow's server without an entry,
 * which may be another one.
 */
void ivq_fallback_keep(struct ivq_unrouted *u);

/* Could it be another one? */
static inline bool ivq_fallback_may_change(const struct ivq_unrouted *u)
{
	return u->outcome == IP_VS_QUIC_FALLBACK_NEW && u->target != u->by_hash;
}

/* Then counts the datagram, for the service and in IPVS's books of connections. */
void ivq_fallback_count(const struct ivq_unrouted *u);

/*
 * A long header is routed by its CID: its connection does not need its 4-tuple's entry
 * any more, which is then the first one to go when places are needed.  Addresses are
 * those of the datagram, of the service's family.
 */
void ivq_fallback_routed(const struct ivq_service *qs,
			 const struct ivq_decision *d, const void *client,
			 const void *vip, const struct udphdr *uh);

/* The same for any datagram that is routed, whose IP header without options is at @nh. */
static inline void ivq_fallback_routed_at(const struct ivq_service *qs,
					  const struct ivq_decision *d,
					  const void *nh, u16 af)
{
	const struct ipv6hdr *ip6h = nh;
	const struct iphdr *iph = nh;

	if (!d->hdr.long_form)
		return;
	if (af == AF_INET6)
		ivq_fallback_routed(qs, d, &ip6h->saddr, &ip6h->daddr,
				    (const struct udphdr *)(ip6h + 1));
	else
		ivq_fallback_routed(qs, d, &iph->saddr, &iph->daddr,
				    (const struct udphdr *)(iph + 1));
}

#endif /* _IVQ_FALLBACK_H */
