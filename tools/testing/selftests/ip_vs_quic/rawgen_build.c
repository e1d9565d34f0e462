// SPDX-License-Identifier: GPL-2.0-only
/* From a packet's description to its octets. */
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "rawgen.h"
#include "tool.h"

static void put16(uint8_t *to, unsigned int v)
{
	to[0] = v >> 8;
	to[1] = v;
}

long given(long value, long otherwise)
{
	return value == NOT_GIVEN ? otherwise : value;
}

static size_t header_len(const struct layer *layer)
{
	return kinds[layer->kind].len + layer->options_len;
}

/* How an IP header names the layer after layer i; GRE has its own numbers. */
static int next_proto(const struct packet *p, int i)
{
	const struct layer *layer = &p->layers[i];

	if (layer->proto != NOT_GIVEN)
		return layer->proto;
	if (i + 1 == p->count)
		return layer->kind == GRE ? GRE_IP4 : IPPROTO_UDP;
	if (layer->kind == GRE)
		return layer[1].kind == IP6 ? GRE_IP6 : GRE_IP4;
	return kinds[layer[1].kind].proto;
}

static void put_ip4(const struct packet *p, int i, uint8_t *to, size_t len)
{
	const struct layer *layer = &p->layers[i];
	size_t hlen = header_len(layer);

	to[0] = 0x40 | hlen / 4;
	to[1] = given(layer->tos, 0);
	put16(to + 2, given(layer->len, len));
	put16(to + 4, given(layer->id, 0x1234));
	put16(to + 6, (layer->df > 0) << 14 | (layer->mf > 0) << 13 |
		      given(layer->offset, 0) / 8);
	to[8] = given(layer->ttl, 64);
	to[9] = next_proto(p, i);
	memcpy(to + 12, layer->src, 4);
	memcpy(to + 16, layer->dst, 4);
	memcpy(to + 20, layer->options, layer->options_len);
	put16(to + 10, given(layer->sum, fold(add_up(0, to, hlen))));
}

static void put_ip6(const struct packet *p, int i, uint8_t *to, size_t len)
{
	const struct layer *layer = &p->layers[i];
	unsigned int tclass = given(layer->tos, 0);

	to[0] = 0x60 | tclass >> 4;
	to[1] = tclass << 4;
	put16(to + 4, given(layer->len, len - 40));
	to[6] = next_proto(p, i);
	to[7] = given(layer->ttl, 64);
	memcpy(to + 8, layer->src, 16);
	memcpy(to + 24, layer->dst, 16);
}

/* Sum of the pseudo header of the IP layer before layer i. */
static uint32_t pseudo_sum(const struct packet *p, int i, size_t len)
{
	const struct layer *ip = &p->layers[i];
	size_t alen;

	while (ip > p->layers && ip->kind > IP6)
		ip--;
	alen = ip->kind == IP4 ? 4 : 16;
	return add_up(add_up(kinds[p->layers[i].kind].proto + len, ip->src,
			     alen), ip->dst, alen);
}

static void put_udp(const struct packet *p, int i, uint8_t *to, size_t len)
{
	const struct layer *layer = &p->layers[i];
	size_t have = p->octets + p->len - to;
	unsigned int sum;

	put16(to, given(layer->sport, 4433));
	put16(to + 2, given(layer->dport, 443));
	put16(to + 4, given(layer->len, len));
	sum = fold(add_up(pseudo_sum(p, i, len), to, have));
	put16(to + 6, given(layer->sum, sum ? sum : 0xffff));
}

static void put_icmp(const struct packet *p, int i, uint8_t *to)
{
	const struct layer *layer = &p->layers[i];
	size_t have = p->octets + p->len - to;
	uint32_t sum = 0;

	to[0] = given(layer->type, 3);
	to[1] = given(layer->code, 0);
	put16(to + 6, given(layer->mtu, 0));
	if (layer->kind == ICMP6)
		sum = pseudo_sum(p, i, have);
	put16(to + 2, given(layer->sum, fold(add_up(sum, to, have))));
}

/* @len: the length of the layer with its payload, including the octets of claim=. */
static void put_layer(const struct packet *p, int i, uint8_t *to, size_t len)
{
	const struct layer *layer = &p->layers[i];

	switch (layer->kind) {
	case IP4:
		put_ip4(p, i, to, len);
		break;
	case IP6:
		put_ip6(p, i, to, len);
		break;
	case FRAG:
		to[0] = next_proto(p, i);
		put16(to + 2, given(layer->offset, 0) | (layer->mf > 0));
		put16(to + 6, given(layer->id, 0x1234));
		break;
	case OPTS:
		to[0] = next_proto(p, i);
		to[2] = 1;		/* PadN over the rest */
		to[3] = 4;
		break;
	case UDP:
		put_udp(p, i, to, len);
		break;
	case ICMP:
	case ICMP6:
		put_icmp(p, i, to);
		break;
	case GRE:
		put16(to + 2, next_proto(p, i));
		break;
	case GUE:
		to[1] = next_proto(p, i);
		break;
	default:
		break;
	}
}

void build(struct packet *p)
{
	bool in_quote[LAYERS_MAX] = { false };
	int i;

	p->len = 0;
	for (i = 0; i < p->count; i++) {
		p->layers[i].at = p->len;
		p->len += header_len(&p->layers[i]);
		if (i)
			in_quote[i] = in_quote[i - 1] ||
				      p->layers[i - 1].kind == ICMP ||
				      p->layers[i - 1].kind == ICMP6;
	}
	if (p->len + p->data_len > PACKET_MAX)
		die("packet too long");
	memset(p->octets, 0, p->len);
	memcpy(p->octets + p->len, p->data, p->data_len);
	p->len += p->data_len;
	/* innermost first, because checksums cover the inner layers */
	for (i = p->count - 1; i >= 0; i--)
		put_layer(p, i, p->octets + p->layers[i].at,
			  p->len - p->layers[i].at +
			  (in_quote[i] ? p->claim : 0));
}
