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

static enum ip_vs_quic_outcome
route_cid(const struct ip_vs_quic_routes *routes, const u8 *cid, size_t view,
	  struct ip_vs_quic_decision *d)
{
	u8 config_id = qlb_config_id(cid[0]);
	union ip_vs_quic_sid_key key;

	if (config_id == QLB_CONFIG_ID_RESERVED)
		return IP_VS_QUIC_RESERVED;
	d->config = routes->configs[config_id];
	if (!d->config)
		return IP_VS_QUIC_NO_CONFIG;
	if (!qlb_decode(&d->config->qlb, cid, view, &d->sid, NULL))
		return IP_VS_QUIC_TOO_SHORT;

	key = ip_vs_quic_sid_key(config_id, &d->sid);
	d->route = ip_vs_quic_routes_find(routes, &key);
	if (!d->route)
		return IP_VS_QUIC_UNKNOWN_SERVER_ID;

	/* A pool that could not be rebuilt may still list a removed server. */
	d->target = d->route->target;
	if (!d->target || !ip_vs_quic_dest_available(d->target->conn.dest))
		return IP_VS_QUIC_NO_SERVER;

	return d->target->stateless ? IP_VS_QUIC_ROUTED : IP_VS_QUIC_DEFERRED;
}

void ip_vs_quic_decide_cid(const struct ip_vs_quic_routes *routes,
			   const u8 *cid, size_t len, size_t view,
			   struct ip_vs_quic_decision *d)
{
	d->config = NULL;
	d->sid.len = 0;
	d->route = NULL;
	d->target = NULL;
	d->outcome = len ? route_cid(routes, cid, view, d) :
			   IP_VS_QUIC_TOO_SHORT;
	if (d->outcome != IP_VS_QUIC_ROUTED && d->outcome != IP_VS_QUIC_DEFERRED)
		d->target = NULL;
}

void ip_vs_quic_decide(const struct ip_vs_quic_routes *routes,
		       const struct ip_vs_quic_payload *payload,
		       struct ip_vs_quic_decision *d)
{
	if (quic_hdr_parse(&d->hdr, payload->data, payload->view,
			   payload->len)) {
		ip_vs_quic_decide_cid(routes, d->hdr.dcid, d->hdr.dcid_len,
				      d->hdr.dcid_view, d);
		return;
	}
	d->outcome = IP_VS_QUIC_MALFORMED;
	d->hdr = (struct quic_hdr){};
	d->config = NULL;
	d->sid.len = 0;
	d->route = NULL;
	d->target = NULL;
}
