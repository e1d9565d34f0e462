// SPDX-License-Identifier: GPL-2.0
#include "decide.h"

#include <linux/udp.h>

const struct udphdr *ip_vs_quic_pull(const struct sk_buff *skb, int offset,
				     u8 *buf, struct ip_vs_quic_payload *p)
{
	int have = (int)skb->len - offset;
	const struct udphdr *uh;
	size_t len;

	if (have < (int)sizeof(*uh))
		return NULL;
	uh = skb_header_pointer(skb, offset,
				min_t(int, have, IP_VS_QUIC_PULL_LEN), buf);
	if (!uh)
		return NULL;

	p->data = (const u8 *)(uh + 1);
	p->len = 0;
	p->view = 0;
	len = ntohs(uh->len);
	if (len > sizeof(*uh) && len <= have) {
		p->len = len - sizeof(*uh);
		p->view = min_t(size_t, p->len, QUIC_HDR_VIEW_LEN);
	}
	return uh;
}

/* Versions whose CIDs are known to be at most 20 octets: RFC 9000, RFC 9369. */
static bool is_known_version(u32 version)
{
	return version == 1 || version == 0x6b3343cf;
}

/*
 * Section "Definition" of unroutable CIDs: the three checks a load balancer may
 * make when it knows that all servers encode the length.
 */
static bool length_can_be_right(const struct ip_vs_quic_config *cfg,
				const struct quic_hdr *hdr)
{
	size_t len = qlb_self_len(hdr->dcid[0]);

	if (hdr->long_form && len != hdr->dcid_len)
		return false;
	if (hdr->long_form && is_known_version(hdr->version) &&
	    len > QLB_CID_LEN_MAX)
		return false;
	return len >= 1 + cfg->qlb.plaintext_len;
}

/* The server ID itself, else the longest prefix of it that the map has. */
static const struct ip_vs_quic_route *
find_route(const struct ip_vs_quic_routes *routes, u8 config_id,
	   const struct qlb_server_id *sid)
{
	union ip_vs_quic_sid_key key = ip_vs_quic_sid_key(config_id, sid);
	const struct ip_vs_quic_route *route;
	unsigned int lengths;

	route = ip_vs_quic_routes_find(routes, &key);
	lengths = routes->prefixes[config_id];
	while (unlikely(!route && lengths)) {
		unsigned int len = __fls(lengths);

		lengths &= ~BIT(len);
		if (len > sid->len)
			continue;
		key = ip_vs_quic_sid_prefix_key(config_id, sid, len);
		route = ip_vs_quic_routes_find(routes, &key);
	}
	return route;
}

/*
 * Nobody but the packet path knows what it has decrypted on the way here: LOCAL_OUT and
 * "decode" may be moved to another CPU at any time.
 */
static bool decode(const struct ip_vs_quic_routes *routes,
		   const struct ip_vs_quic_config *cfg,
		   struct ip_vs_quic_decision *d)
{
	const struct qlb_server_id *sid;
	struct ip_vs_quic_cid cid;

	if (cfg->qlb.keyed && d->hdr.dcid_view >= QLB_CID_LEN_MAX &&
	    in_softirq()) {
		cid = ip_vs_quic_cid_load(d->hdr.dcid, &cfg->cid_mask);
		sid = ip_vs_quic_cidstray_find(routes->generation, &cid);
		if (sid) {
			d->sid = *sid;
			return true;
		}
	}
	return qlb_decode(&cfg->qlb, d->hdr.dcid, d->hdr.dcid_view, &d->sid,
			  NULL);
}

static enum ip_vs_quic_outcome
try_config(const struct ip_vs_quic_routes *routes,
	   const struct ip_vs_quic_config *cfg, struct ip_vs_quic_decision *d)
{
	if (!decode(routes, cfg, d))
		return IP_VS_QUIC_TOO_SHORT;
	if (cfg->check_length && !length_can_be_right(cfg, &d->hdr))
		return IP_VS_QUIC_BAD_LENGTH;

	d->route = find_route(routes, cfg->qlb.id, &d->sid);
	if (!d->route)
		return IP_VS_QUIC_UNKNOWN_SERVER_ID;

	/* A pool that could not be rebuilt may still list a removed server. */
	d->target = d->route->target;
	if (!d->target || !ip_vs_quic_dest_available(d->target->conn.dest)) {
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
static void try_tenants(const struct ip_vs_quic_routes *routes, u8 config_id,
			struct ip_vs_quic_decision *d)
{
	struct ip_vs_quic_config * const *cfgs = routes->configs.at[config_id];
	struct ip_vs_quic_decision best = { .outcome = IP_VS_QUIC_NO_CONFIG };
	unsigned int i;

	for (i = 0; i < IP_VS_QUIC_TENANTS_MAX && cfgs[i]; i++) {
		d->sid.len = 0;
		d->route = NULL;
		d->config = cfgs[i];
		d->outcome = try_config(routes, cfgs[i], d);
		if (d->target || d->outcome > best.outcome)
			best = *d;
		if (d->target)
			break;
	}
	best.hdr = d->hdr;
	best.tried = i;
	*d = best;
}

void ip_vs_quic_decide_cid(const struct ip_vs_quic_routes *routes,
			   struct ip_vs_quic_decision *d)
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
	if (config_id == QLB_CONFIG_ID_RESERVED) {
		d->outcome = IP_VS_QUIC_RESERVED;
		return;
	}
	d->config = routes->configs.at[config_id][0];
	if (!d->config)
		d->outcome = IP_VS_QUIC_NO_CONFIG;
	else if (likely(!routes->configs.at[config_id][1]))
		d->outcome = try_config(routes, d->config, d);
	else
		try_tenants(routes, config_id, d);
}

/*
 * Decrypts; a CID that has a server is remembered, and another one until the next.  What
 * was decoded under @routes has one meaning: its configs are all but those of tenants.
 */
static noinline const struct ip_vs_quic_route *
find_uncached(const struct ip_vs_quic_routes *routes,
	      const struct ip_vs_quic_config *cfg, const u8 *cid,
	      const struct ip_vs_quic_cid *c, struct ip_vs_quic_cid_set *set)
{
	struct qlb_server_id sid ip_vs_quic_uninitialized;
	const struct ip_vs_quic_route *route;
	union ip_vs_quic_sid_key key;

	if (ip_vs_quic_cidstray_find(routes->generation, c) ||
	    !qlb_decode(&cfg->qlb, cid, QLB_CID_LEN_MAX, &sid, NULL))
		return NULL;
	key = ip_vs_quic_sid_key(cfg->qlb.id, &sid);
	route = ip_vs_quic_routes_find(routes, &key);
	if (route)
		ip_vs_quic_cidcache_add(set, routes->generation, c, route);
	else
		ip_vs_quic_cidstray_set(routes->generation, c, &sid);
	return route;
}

const struct ip_vs_quic_route *
ip_vs_quic_find_encrypted(const struct ip_vs_quic_routes *routes,
			  const struct ip_vs_quic_config *cfg, const u8 *cid)
{
	struct ip_vs_quic_cid c = ip_vs_quic_cid_load(cid, &cfg->cid_mask);
	struct ip_vs_quic_cid_set *set = ip_vs_quic_cidcache_set(&c);
	const struct ip_vs_quic_route *route;

	route = ip_vs_quic_cidcache_find(set, routes->generation, &c);
	if (likely(route))
		return route;
	return find_uncached(routes, cfg, cid, &c, set);
}

void ip_vs_quic_decide(const struct ip_vs_quic_routes *routes,
		       const struct ip_vs_quic_payload *payload,
		       struct ip_vs_quic_decision *d)
{
	if (quic_hdr_parse(&d->hdr, payload->data, payload->view,
			   payload->len)) {
		ip_vs_quic_decide_cid(routes, d);
		return;
	}
	memset(d, 0, sizeof(*d));
	d->outcome = IP_VS_QUIC_MALFORMED;
}

void ip_vs_quic_decide_count(const struct ip_vs_quic_service *qs,
			     const struct ip_vs_quic_routes *routes,
			     const struct ip_vs_quic_decision *d)
{
	const struct ip_vs_quic_config *cfg;
	unsigned int i;

	ip_vs_quic_stats_count(qs->stats, d->outcome);
	if (!d->config)
		return;
	if (likely(d->route))
		ip_vs_quic_config_used(d->config);
	else if (d->sid.len && !d->tried)
		ip_vs_quic_config_missed(d->config);
	for (i = 0; unlikely(i < d->tried); i++) {
		cfg = routes->configs.at[d->config->qlb.id][i];
		if (cfg != d->config || !d->route)
			ip_vs_quic_config_missed(cfg);
	}
}
