/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The decision for one datagram, shared by the hook, the scheduler and the
 * "decode" command, so that what is asked is what happens.
 */
#ifndef _IVQ_DECIDE_H
#define _IVQ_DECIDE_H

#include <linux/udp.h>

#include "cidcache.h"
#include "core/quic_hdr.h"
#include "service.h"

/**
 * struct ivq_decision - how far the decoder got, and the result
 * @outcome: IP_VS_QUIC_ROUTED and _DEFERRED have a target
 * @hdr: as parsed; not set for IP_VS_QUIC_MALFORMED
 * @config: the config that the CID names, or whose layout it has; NULL when there is
 *	    none; of several tenants' the one that got furthest
 * @tried: tenants' configs that were tried
 * @sid: decoded server ID, length 0 when it was not
 * @route: the server map's entry for it, or NULL
 * @target: of the server, valid in the caller's RCU read-side section
 */
struct ivq_decision {
	enum ip_vs_quic_outcome outcome;
	struct quic_hdr hdr;
	const struct ivq_config *config;
	unsigned int tried;
	struct qlb_server_id sid;
	const struct ivq_route *route;
	struct ivq_target *target;
};

/* The datagram's UDP payload within an skb. */
struct ivq_payload {
	const u8 *data;		/* of which @view octets are readable */
	size_t view;
	size_t len;
};

/* Enough of a UDP header and payload for a decision. */
#define IVQ_PULL_LEN (sizeof(struct udphdr) + QUIC_HDR_VIEW_LEN)

/*
 * The payload behind @uh, from where @have octets are left of the packet; of these, as many
 * as a decision reads are readable.  A length field that is not right leaves it empty.
 */
void ivq_payload_find(const struct udphdr *uh, unsigned int have,
		      struct ivq_payload *p);

/*
 * Finds the payload of the datagram whose UDP header is at @offset.  @buf has
 * IVQ_PULL_LEN octets and is used when the skb is not linear there.
 * Return: the UDP header, NULL when the skb ends before it does.  A length field
 * that is not right leaves the payload empty.
 */
const struct udphdr *ivq_pull(const struct sk_buff *skb, int offset,
			      u8 *buf, struct ivq_payload *p);

/* Caller is in an RCU read-side section; @snapshot from qs->snapshot. */
void ivq_decide(const struct ivq_snapshot *snapshot,
		const struct ivq_payload *payload, struct ivq_decision *d);

/* The same for a CID: from what d->hdr says of it on. */
void ivq_decide_cid(const struct ivq_snapshot *snapshot,
		    struct ivq_decision *d);

/*
 * The fast decision.  It takes short headers whose CID names a server that is available
 * and needs no IPVS state, which is nearly all datagrams.
 *
 * Caller is in an RCU read-side section with bottom halves disabled; @data has
 * IVQ_FAST_LEN octets.  Return: the route, and its config in *cfgp; NULL: call
 * ivq_decide(), which makes the same decision for all datagrams.
 */
enum {
	IVQ_FAST_LEN = 1 + QLB_CID_LEN_MAX,
};

/*
 * Out of line, so that plaintext does not pay for its stack frame.  @cid has
 * QLB_CID_LEN_MAX octets.
 */
const struct ivq_route *
ivq_find_encrypted(const struct ivq_snapshot *snapshot,
		   const struct ivq_config *cfg, const u8 *cid);

/* Likewise; @cfg is the layout that gets CIDs with such first octets. */
const struct ivq_route *
ivq_find_layout(const struct ivq_snapshot *snapshot,
		const struct ivq_config *cfg, const u8 *cid);

static __always_inline const struct ivq_route *
ivq_find_plaintext(const struct ivq_snapshot *snapshot,
		   const struct ivq_config *cfg, const u8 *cid)
{
	u64 w0, w1;

	memcpy(&w0, cid, sizeof(w0));
	memcpy(&w1, cid + sizeof(w0), sizeof(w1));
	w0 = (w0 & cfg->sid_mask.words[0]) | cfg->sid_first;
	return ivq_snapshot_find_words(snapshot, w0,
				       w1 & cfg->sid_mask.words[1]);
}

static __always_inline const struct ivq_route *
ivq_decide_fast(const struct ivq_snapshot *snapshot, const u8 *data,
		const struct ivq_config **cfgp)
{
	const struct ivq_config *cfg;
	const struct ivq_target *target;
	const struct ivq_route *route;
	const u8 *cid = data + 1;

	if (data[0] & 0x80)
		return NULL;
	cfg = snapshot->fast[qlb_config_id(cid[0])];
	if (unlikely(!cfg)) {
		cfg = snapshot->layouts[qlb_config_id(cid[0])];
		if (!cfg)
			return NULL;
		route = ivq_find_layout(snapshot, cfg, cid);
	} else if (qlb_has_key(&cfg->qlb)) {
		route = ivq_find_encrypted(snapshot, cfg, cid);
	} else {
		route = ivq_find_plaintext(snapshot, cfg, cid);
	}
	if (unlikely(!route))
		return NULL;
	target = route->target;
	if (unlikely(!target || !target->stateless ||
		     !ivq_dest_available(target->conn.dest)))
		return NULL;
	*cfgp = cfg;
	return route;
}

/*
 * The same for a datagram whose UDP header is at @uh.  From there, @have octets are left
 * of the packet; IVQ_FAST_LEN octets behind the header are readable.  Return: the
 * server, or NULL.
 */
static __always_inline struct ivq_target *
ivq_fast_target(const struct ivq_snapshot *snapshot,
		const struct udphdr *uh, unsigned int have,
		const struct ivq_config **cfgp)
{
	const struct ivq_route *route;
	unsigned int len = ntohs(uh->len);

	if (len < sizeof(*uh) + IVQ_FAST_LEN || len > have)
		return NULL;
	route = ivq_decide_fast(snapshot, (const u8 *)(uh + 1), cfgp);
	return route ? route->target : NULL;
}

static __always_inline void ivq_fast_count(const struct ivq_service *qs,
					   const struct ivq_config *cfg,
					   const struct ivq_target *target)
{
	ivq_stats_count(qs->stats, IP_VS_QUIC_ROUTED);
	ivq_config_used(cfg);
	ivq_stats_count(target->by_config, cfg->qlb.id);
}

/*
 * Counts the decision for the service, its configs and the server; caller has bottom
 * halves disabled.
 */
void ivq_decide_count(const struct ivq_service *qs,
		      const struct ivq_snapshot *snapshot,
		      const struct ivq_decision *d);

#endif /* _IVQ_DECIDE_H */
