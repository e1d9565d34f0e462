/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The decision for one datagram, shared by the hook, the scheduler and the
 * "decode" command, so that what is asked is what happens.
 */
#ifndef _IP_VS_QUIC_DECIDE_H
#define _IP_VS_QUIC_DECIDE_H

#include "quic_hdr.h"
#include "service.h"

/**
 * struct ip_vs_quic_decision - how far the decoder got, and the result
 * @outcome: IP_VS_QUIC_ROUTED and _DEFERRED have a target
 * @hdr: as parsed; not set for IP_VS_QUIC_MALFORMED
 * @config: the config that the CID names, NULL when there is none; of several
 *	    tenants' the one that got furthest
 * @tried: tenants' configs that were tried
 * @sid: decoded server ID, length 0 when it was not
 * @route: the server map's entry for it, or NULL
 * @target: of the server, valid in the caller's RCU read-side section
 */
struct ip_vs_quic_decision {
	enum ip_vs_quic_outcome outcome;
	struct quic_hdr hdr;
	const struct ip_vs_quic_config *config;
	unsigned int tried;
	struct qlb_server_id sid;
	const struct ip_vs_quic_route *route;
	struct ip_vs_quic_target *target;
};

/* The datagram's UDP payload within an skb. */
struct ip_vs_quic_payload {
	const u8 *data;		/* of which @view octets are readable */
	size_t view;
	size_t len;
};

/* Enough of a UDP header and payload for a decision. */
#define IP_VS_QUIC_PULL_LEN (sizeof(struct udphdr) + QUIC_HDR_VIEW_LEN)

/*
 * Finds the payload of the datagram whose UDP header is at @offset.  @buf has
 * IP_VS_QUIC_PULL_LEN octets and is used when the skb is not linear there.
 * Return: the UDP header, NULL when the skb ends before it does.  A length field
 * that is not right leaves the payload empty.
 */
const struct udphdr *ip_vs_quic_pull(const struct sk_buff *skb, int offset,
				     u8 *buf, struct ip_vs_quic_payload *p);

/* Caller is in an RCU read-side section; @routes from qs->routes. */
void ip_vs_quic_decide(const struct ip_vs_quic_routes *routes,
		       const struct ip_vs_quic_payload *payload,
		       struct ip_vs_quic_decision *d);

/* The same for a CID: from what d->hdr says of it on. */
void ip_vs_quic_decide_cid(const struct ip_vs_quic_routes *routes,
			   struct ip_vs_quic_decision *d);

/*
 * Counts the decision for the service and its configs; caller has bottom halves
 * disabled.
 */
void ip_vs_quic_decide_count(const struct ip_vs_quic_service *qs,
			     const struct ip_vs_quic_routes *routes,
			     const struct ip_vs_quic_decision *d);

#endif /* _IP_VS_QUIC_DECIDE_H */
