// SPDX-License-Identifier: GPL-2.0
#include "decide.h"

#include <linux/udp.h>

#include "core/qlb_layout.h"
#include "core/qlb_length.h"

void ivq_payload_find(const struct udphdr *uh, unsigned int have,
		      struct ivq_payload *p)
{
	size_t len = ntohs(uh->len);

	p->data = (const u8 *)(uh + 1);
	p->len = 0;
	p->view = 0;
	if (len > sizeof(*uh) && len <= have) {
		p->len = len - sizeof(*uh);
		p->view = min_t(size_t, p->len, QUIC_HDR_VIEW_LEN);
	}
}

const struct udphdr *ivq_pull(const struct sk_buff *skb, int offset,
			      u8 *buf, struct ivq_payload *p)
{
	int have = (int)skb->len - offset;
	const struct udphdr *uh;

	if (have < (int)sizeof(*uh))
		return NULL;
	uh = skb_header_pointer(skb, offset,
				min_t(int, have, IVQ_PULL_LEN), buf);
	if (uh)
		ivq_payload_find(uh, have, p);
	return uh;
}

/* The server ID itself, else the longest prefix of it that the map has. */
static const struct ivq_route *
find_route(const struct ivq_snapshot *snapshot, u8 config_id,
	   const struct qlb_server_id *sid)
{
	union ivq_sid_key key = ivq_sid_key(config_id, sid);
	const struct ivq_route *route;
	unsigned int lengths;

	route = ivq_snapshot_find(snapshot, &key);
	lengths = snapshot->prefixes[config_id];
	while (unlikely(!route && lengths)) {
		unsigned int len = __fls(lengths);

		lengths &= ~BIT(len);
		if (len > sid->len)
			continue;
		key = ivq_sid_prefix_key(config_id, sid, len);
		route = ivq_snapshot_find(snapshot, &key);
	}
	return route;
}

/*
 * Only the packet path can use what it decrypted on the way here.  LOCAL_OUT and
 * "decode" may be moved to another CPU at any time.
 */
static bool decode(const struct ivq_snapshot *snapshot,
		   const struct ivq_config *cfg, struct ivq_decision *d)
{
	const struct qlb_server_id *sid;
	struct ivq_cid cid;

	if (qlb_has_key(&cfg->qlb) && d->hdr.dcid_view >= QLB_CID_LEN_MAX &&
	    in_softirq()) {
		cid = ivq_cid_load(d->hdr.dcid, &cfg->cid_mask);
		sid = ivq_last_miss_find(snapshot->generation, &cid);
		if (sid) {
			d->sid = *sid;
			return true;
		}
	}
	return qlb_decode(&cfg->qlb, d->hdr.dcid, d->hdr.dcid_view, &d->sid,
			  NULL);
}

static bool length_can_be_right(const struct ivq_config *cfg,
				const struct quic_hdr *hdr)
{
	if (ivq_config_is_layout(cfg))
		return qlb_layout_len_can_be_right(&cfg->qlb.layout,
						   hdr->long_form,
						   hdr->dcid_len);
	return !cfg->check_length ||
	       qlb_length_can_be_right(hdr, cfg->qlb.plaintext_len);
}

static enum ip_vs_quic_outcome
try_config(const struct ivq_snapshot *snapshot,
	   const struct ivq_config *cfg, struct ivq_decision *d)
{
	if (!decode(snapshot, cfg, d))
		return d->hdr.dcid_view > cfg->qlb.plaintext_len ?
		       IP_VS_QUIC_NO_CONFIG : IP_VS_QUIC_TOO_SHORT;
	if (!length_can_be_right(cfg, &d->hdr))
		return IP_VS_QUIC_BAD_LENGTH;

	d->route = find_route(snapshot, cfg->qlb.id, &d->sid);
	if (!d->route)
		return IP_VS_QUIC_UNKNOWN_SERVER_ID;

	/* A pool that could not be rebuilt may still list a removed server. */
	d->target = d->route->target;
	if (!d->target || !ivq_dest_available(d->target->conn.dest)) {
		d->target = NULL;
		return IP_VS_QUIC_NO_SERVER;
	}
	return d->target->stateless ? IP_VS_QUIC_ROUTED : IP_VS_QUIC_DEFERRED;
}

/*
 * Trial decryption, section "Limited configuration scope": the first tenant whose
 * server ID is active wins.  When none is, the one that got furthest is told;
 * the outcomes are in that order.
 */
static void try_tenants(const struct ivq_snapshot *snapshot, u8 config_id,
			struct ivq_decision *d)
{
	struct ivq_config * const *cfgs = snapshot->configs.at[config_id];
	struct ivq_decision best = { .outcome = IP_VS_QUIC_NO_CONFIG };
	unsigned int i;

	for (i = 0; i < IVQ_TENANTS_MAX && cfgs[i]; i++) {
		d->sid.len = 0;
		d->route = NULL;
		d->config = cfgs[i];
		d->outcome = try_config(snapshot, cfgs[i], d);
		if (d->target || d->outcome > best.outcome)
			best = *d;
		if (d->target)
			break;
	}
	best.hdr = d->hdr;
	best.tried = i;
	*d = best;
}

/* The CID's first octet is a layout's.  Without its other fixed bits it is none of its. */
static void try_layout(const struct ivq_snapshot *snapshot,
		       const struct ivq_config *cfg, struct ivq_decision *d)
{
	d->outcome = try_config(snapshot, cfg, d);
	if (d->outcome != IP_VS_QUIC_NO_CONFIG)
		d->config = cfg;
}

void ivq_decide_cid(const struct ivq_snapshot *snapshot, struct ivq_decision *d)
{
	u8 config_id;

	d->config = NULL;
	d->tried = 0;
	d->sid.len = 0;
	d->route = NULL;
	d->target = NULL;

	if (!d->hdr.dcid_view) {
		d->outcome = IP_VS_QUIC_TOO_SHORT;
		return;
	}
	config_id = qlb_config_id(d->hdr.dcid[0]);
	if (snapshot->layouts[config_id]) {
		try_layout(snapshot, snapshot->layouts[config_id], d);
		return;
	}
	if (config_id == QLB_CONFIG_ID_RESERVED) {
		d->outcome = IP_VS_QUIC_RESERVED;
		return;
	}
	d->config = snapshot->configs.at[config_id][0];
	if (!d->config)
		d->outcome = IP_VS_QUIC_NO_CONFIG;
	else if (likely(!snapshot->configs.at[config_id][1]))
		d->outcome = try_config(snapshot, d->config, d);
	else
		try_tenants(snapshot, config_id, d);
}

/*
 * Decrypts.  A CID that maps to a server is cached; any other only until the next such
 * CID.  What was decoded under @snapshot has one meaning: its fast configs have no other
 * tenants.
 */
static noinline const struct ivq_route *
find_uncached(const struct ivq_snapshot *snapshot,
	      const struct ivq_config *cfg, const u8 *cid,
	      const struct ivq_cid *c, struct ivq_cid_set *set)
{
	struct qlb_server_id sid ivq_uninitialized;
	const struct ivq_route *route;
	union ivq_sid_key key;

	if (ivq_last_miss_find(snapshot->generation, c) ||
	    !qlb_decode(&cfg->qlb, cid, QLB_CID_LEN_MAX, &sid, NULL))
		return NULL;
	key = ivq_sid_key(cfg->qlb.id, &sid);
	route = ivq_snapshot_find(snapshot, &key);
	if (route)
		ivq_cidcache_add(set, snapshot->generation, c, route);
	else
		ivq_last_miss_set(snapshot->generation, c, &sid);
	return route;
}

const struct ivq_route *
ivq_find_encrypted(const struct ivq_snapshot *snapshot,
		   const struct ivq_config *cfg, const u8 *cid)
{
	struct ivq_cid c = ivq_cid_load(cid, &cfg->cid_mask);
	struct ivq_cid_set *set = ivq_cidcache_set(&c);
	const struct ivq_route *route;

	route = ivq_cidcache_find(set, snapshot->generation, &c);
	if (likely(route))
		return route;
	return find_uncached(snapshot, cfg, cid, &c, set);
}

const struct ivq_route *
ivq_find_layout(const struct ivq_snapshot *snapshot,
		const struct ivq_config *cfg, const u8 *cid)
{
	struct qlb_server_id sid ivq_uninitialized;
	union ivq_sid_key key;

	if (!qlb_layout_decode(&cfg->qlb.layout, &cfg->qlb.place, cid, &sid))
		return NULL;
	key = ivq_sid_key(cfg->qlb.id, &sid);
	return ivq_snapshot_find(snapshot, &key);
}

void ivq_decide(const struct ivq_snapshot *snapshot,
		const struct ivq_payload *payload, struct ivq_decision *d)
{
	if (quic_hdr_parse(&d->hdr, payload->data, payload->view,
			   payload->len)) {
		ivq_decide_cid(snapshot, d);
		return;
	}
	memset(d, 0, sizeof(*d));
	d->outcome = IP_VS_QUIC_MALFORMED;
}

void ivq_decide_count(const struct ivq_service *qs,
		      const struct ivq_snapshot *snapshot,
		      const struct ivq_decision *d)
{
	const struct ivq_config *cfg;
	unsigned int i;

	ivq_stats_count(qs->stats, d->outcome);
	if (!d->config) {
		if (d->outcome == IP_VS_QUIC_RESERVED && !d->hdr.long_form)
			ivq_stats_count(qs->stats, IVQ_STAT_RESERVED_SHORT);
		return;
	}
	if (d->target)
		ivq_stats_count(d->target->by_config, d->config->qlb.id);
	if (likely(d->route))
		ivq_config_used(d->config);
	else if (d->sid.len && !d->tried)
		ivq_config_missed(d->config);
	for (i = 0; unlikely(i < d->tried); i++) {
		cfg = snapshot->configs.at[d->config->qlb.id][i];
		if (cfg != d->config || !d->route)
			ivq_config_missed(cfg);
	}
}
