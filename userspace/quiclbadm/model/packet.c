// SPDX-License-Identifier: GPL-2.0-only
#include "model/packet.h"

#include <arpa/inet.h>
#include <string.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>

enum {
	TUNNELS_MAX = 4,	/* one in another */
	EXTENSIONS_MAX = 8,
	GRE_LEN = 4,
	GRE_CSUM_LEN = 4,
	GUE_LEN = 4,
};

/* What is left to read. */
struct rest {
	const uint8_t *data;
	size_t len;		/* octets that are there */
	size_t total;		/* octets that were sent */
};

static uint16_t be16(const uint8_t *data)
{
	return (uint16_t)(data[0] << 8 | data[1]);
}

static bool skip(struct rest *rest, size_t len)
{
	if (len > rest->len)
		return false;
	rest->data += len;
	rest->len -= len;
	rest->total -= len < rest->total ? len : rest->total;
	return true;
}

/* The length field says what was sent; what follows is padding. */
static void limit(struct rest *rest, size_t total)
{
	rest->total = total;
	if (rest->len > total)
		rest->len = total;
}

static void set_addr(struct endpoint *ep, uint16_t af, const void *addr)
{
	memset(ep, 0, sizeof(*ep));
	ep->af = af;
	memcpy(ep->addr, addr, af == AF_INET6 ? 16 : 4);
}

static bool parse_v4(struct rest *rest, struct packet *p)
{
	size_t header;
	struct iphdr ih;

	if (rest->len < sizeof(ih))
		return false;
	memcpy(&ih, rest->data, sizeof(ih));
	header = ih.ihl * 4u;
	if (ih.version != 4 || header < sizeof(ih) ||
	    ntohs(ih.tot_len) < header)
		return false;
	limit(rest, ntohs(ih.tot_len));
	set_addr(&p->src, AF_INET, &ih.saddr);
	set_addr(&p->dst, AF_INET, &ih.daddr);
	p->protocol = ih.protocol;
	p->fragment = ntohs(ih.frag_off) & IP_OFFMASK;
	return skip(rest, header);
}

/* Steps over one extension header.  Return: false when there is none. */
static bool skip_extension(struct rest *rest, struct packet *p)
{
	size_t len = 8;

	switch (p->protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		if (rest->len < 8)
			return false;
		len = 8u * (rest->data[1] + 1u);
		break;
	case IPPROTO_FRAGMENT:
		if (rest->len < 8)
			return false;
		p->fragment = be16(rest->data + 2) & ~7;
		break;
	default:
		return false;
	}
	p->protocol = rest->data[0];
	return skip(rest, len);
}

static bool parse_v6(struct rest *rest, struct packet *p)
{
	unsigned int extensions = EXTENSIONS_MAX;
	struct ip6_hdr ih;

	if (rest->len < sizeof(ih))
		return false;
	memcpy(&ih, rest->data, sizeof(ih));
	if (ih.ip6_vfc >> 4 != 6)
		return false;
	limit(rest, sizeof(ih) + ntohs(ih.ip6_plen));
	set_addr(&p->src, AF_INET6, &ih.ip6_src);
	set_addr(&p->dst, AF_INET6, &ih.ip6_dst);
	p->protocol = ih.ip6_nxt;
	p->fragment = false;
	if (!skip(rest, sizeof(ih)))
		return false;
	while (extensions-- && !p->fragment && skip_extension(rest, p))
		;
	return true;
}

static bool parse_ip(struct rest *rest, struct packet *p)
{
	if (!rest->len)
		return false;
	return rest->data[0] >> 4 == 6 ? parse_v6(rest, p) :
					 parse_v4(rest, p);
}

static bool open_gre(struct rest *rest)
{
	uint16_t flags, protocol;

	if (rest->len < GRE_LEN)
		return false;
	flags = be16(rest->data);
	protocol = be16(rest->data + 2);
	/* a checksum is the only option that IPVS has */
	if (flags & ~0x8000 || (protocol != 0x0800 && protocol != 0x86dd))
		return false;
	return skip(rest, GRE_LEN + (flags ? GRE_CSUM_LEN : 0));
}

/* Return: whether a UDP payload is one of GUE's, variant 0, with an IP packet. */
static bool open_gue(struct rest *rest)
{
	uint8_t flags, protocol;

	if (rest->len < GUE_LEN)
		return false;
	flags = rest->data[0];
	protocol = rest->data[1];
	if (flags & 0xe0 ||
	    (protocol != IPPROTO_IPIP && protocol != IPPROTO_IPV6) ||
	    !skip(rest, GUE_LEN + 4u * (flags & 0x1f)))
		return false;
	return rest->len && rest->data[0] >> 4 ==
			    (protocol == IPPROTO_IPV6 ? 6 : 4);
}

static void parse_udp(struct rest *rest, struct packet *p)
{
	struct udphdr uh;

	if (rest->len < sizeof(uh))
		return;
	memcpy(&uh, rest->data, sizeof(uh));
	p->src.port = ntohs(uh.source);
	p->dst.port = ntohs(uh.dest);
	p->is_udp = true;
	p->payload = rest->data + sizeof(uh);
	/* as the director: a length that cannot be right leaves no payload */
	if (ntohs(uh.len) < sizeof(uh) || ntohs(uh.len) > rest->total)
		limit(rest, sizeof(uh));
	else
		limit(rest, ntohs(uh.len));
	skip(rest, sizeof(uh));
	p->view = rest->len;
	p->len = rest->total;
}

/* Return: what the packet that @p describes carries another one in. */
static enum tunnel open_tunnel(struct rest *rest, const struct packet *p)
{
	struct rest inside = *rest;

	if (p->fragment)
		return TUNNEL_NONE;
	switch (p->protocol) {
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		return TUNNEL_IPIP;
	case IPPROTO_GRE:
		return open_gre(rest) ? TUNNEL_GRE : TUNNEL_NONE;
	case IPPROTO_UDP:
		if (!skip(&inside, sizeof(struct udphdr)) ||
		    !open_gue(&inside))
			return TUNNEL_NONE;
		*rest = inside;
		return TUNNEL_GUE;
	}
	return TUNNEL_NONE;
}

bool packet_parse(const uint8_t *data, size_t len, struct packet *p)
{
	struct rest rest = { data, len, len }, before;
	unsigned int depth = TUNNELS_MAX;
	struct packet inner;
	enum tunnel tunnel;

	memset(p, 0, sizeof(*p));
	if (!parse_ip(&rest, p))
		return false;
	for (;;) {
		before = rest;
		tunnel = depth-- ? open_tunnel(&rest, p) : TUNNEL_NONE;
		if (tunnel == TUNNEL_NONE)
			break;
		memset(&inner, 0, sizeof(inner));
		inner.at = (size_t)(rest.data - data);
		if (!parse_ip(&rest, &inner)) {
			rest = before;
			break;
		}
		if (tunnel == TUNNEL_GUE)
			parse_udp(&before, p);
		inner.tunnel = tunnel;
		inner.outer_src = p->src;
		inner.outer_dst = p->dst;
		*p = inner;
	}
	if (p->protocol == IPPROTO_UDP && !p->fragment)
		parse_udp(&rest, p);
	return true;
}

void packet_find_outer(const uint8_t *data, size_t len, struct packet *p)
{
	/* the headers of IPIP, GRE, GRE with checksum and GUE, IPv4 and IPv6 */
	static const size_t lengths[] = { 20, 40, 24, 28, 44, 48, 32, 52 };
	struct packet whole;
	size_t i, before;

	if (p->tunnel != TUNNEL_NONE)
		return;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		if (lengths[i] > p->at)
			continue;
		before = p->at - lengths[i];
		if (!packet_parse(data + before, len - before, &whole) ||
		    whole.tunnel == TUNNEL_NONE || whole.at != lengths[i] ||
		    !endpoint_addr_eq(&whole.src, &p->src) ||
		    !endpoint_addr_eq(&whole.dst, &p->dst))
			continue;
		p->tunnel = whole.tunnel;
		p->outer_src = whole.outer_src;
		p->outer_dst = whole.outer_dst;
		return;
	}
}

const char *packet_tunnel_name(enum tunnel tunnel)
{
	static const char *const names[] = {
		[TUNNEL_IPIP] = "ipip",
		[TUNNEL_GRE] = "gre",
		[TUNNEL_GUE] = "gue",
	};

	return names[tunnel];
}
