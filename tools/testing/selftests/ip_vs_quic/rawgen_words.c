// SPDX-License-Identifier: GPL-2.0-only
/* From LAYERs and FIELDs to a packet's description: see kinds and field_table. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "rawgen.h"
#include "tool.h"

const struct kind_info kinds[KINDS] = {
	[IP4]	= { "ip4", 20, PROTO_IP4 },
	[IP6]	= { "ip6", 40, PROTO_IP6 },
	[FRAG]	= { "frag", 8, IPPROTO_FRAGMENT },
	[OPTS]	= { "opts", 8, IPPROTO_DSTOPTS },
	[UDP]	= { "udp", 8, IPPROTO_UDP },
	[ICMP]	= { "icmp", 8, IPPROTO_ICMP },
	[ICMP6]	= { "icmp6", 8, IPPROTO_ICMPV6 },
	[GRE]	= { "gre", 4, IPPROTO_GRE },
	[GUE]	= { "gue", 4, 0 },		/* in UDP to GUE_PORT */
};

static const struct {
	const char *name;
	size_t at;
} field_table[] = {
	{ "ttl", offsetof(struct layer, ttl) },		/* or hop limit */
	{ "tos", offsetof(struct layer, tos) },		/* or traffic class */
	{ "id", offsetof(struct layer, id) },
	{ "df", offsetof(struct layer, df) },
	{ "mf", offsetof(struct layer, mf) },
	{ "offset", offsetof(struct layer, offset) },	/* octets */
	{ "proto", offsetof(struct layer, proto) },
	{ "sport", offsetof(struct layer, sport) },
	{ "dport", offsetof(struct layer, dport) },
	{ "len", offsetof(struct layer, len) },
	{ "sum", offsetof(struct layer, sum) },
	{ "type", offsetof(struct layer, type) },
	{ "code", offsetof(struct layer, code) },
	{ "mtu", offsetof(struct layer, mtu) },
	/* and src, dst, options=HEX; of the packet: data=HEX, pad=N, claim=N */
};

static void set_addr(const struct layer *layer, uint8_t *addr, const char *s)
{
	int af = layer->kind == IP4 ? AF_INET : AF_INET6;

	if (layer->kind > IP6 || inet_pton(af, s, addr) != 1)
		die("bad address: %s", s);
}

static long *number_field(struct layer *layer, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(field_table) / sizeof(field_table[0]); i++)
		if (!strcmp(field_table[i].name, name))
			return (long *)((char *)layer + field_table[i].at);
	die("unknown field: %s", name);
}

static void add_layer(struct packet *p, const char *name)
{
	struct layer *layer = &p->layers[p->count];
	enum kind kind;
	size_t i;

	for (kind = 0; kind < KINDS; kind++)
		if (!strcmp(kinds[kind].name, name))
			break;
	if (kind == KINDS || p->count == LAYERS_MAX)
		die("unknown layer, or too many: %s", name);
	memset(layer, 0, sizeof(*layer));
	for (i = 0; i < sizeof(field_table) / sizeof(field_table[0]); i++)
		*number_field(layer, field_table[i].name) = NOT_GIVEN;
	layer->kind = kind;
	p->count++;
}

void add_word(struct packet *p, char *word)
{
	char *value = strchr(word, '=');
	struct layer *layer = &p->layers[p->count - 1];

	if (!value) {
		add_layer(p, word);
		return;
	}
	*value++ = '\0';
	if (!p->count)
		die("a field before any layer: %s", word);
	if (!strcmp(word, "src"))
		set_addr(layer, layer->src, value);
	else if (!strcmp(word, "dst"))
		set_addr(layer, layer->dst, value);
	else if (!strcmp(word, "options"))
		layer->options_len = unhex(layer->options,
					   sizeof(layer->options), value);
	else if (!strcmp(word, "data"))
		p->data_len += unhex(p->data + p->data_len,
				     sizeof(p->data) / 2 - p->data_len, value);
	else if (!strcmp(word, "pad"))
		p->data_len += strtoul(value, NULL, 0) % (PACKET_MAX / 2);
	else if (!strcmp(word, "claim"))
		p->claim = strtoul(value, NULL, 0);
	else
		*number_field(layer, word) = strtol(value, NULL, 0);
}
