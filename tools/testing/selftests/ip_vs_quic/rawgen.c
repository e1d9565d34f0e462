// SPDX-License-Identifier: GPL-2.0-only
/*
 * rawgen - packets that no socket would send, and a look at what arrives.
 *
 *	rawgen send [-n NETNS] [-c COUNT] [-l DEV/LLADDR] LAYER [FIELD=VALUE...] ... | -
 *		sends one packet, or with "-" one for each line read; COUNT of each,
 *		the outermost source one higher each time.  With -l past IP's
 *		output, which would put a header's checksum right.
 *	rawgen watch [-x] FILE NAME=NETNS...
 *		goes to the background once it listens on eth0 of each namespace,
 *		prints its pid, and writes a line to FILE for each IP packet to the
 *		host: NAME and the layers, in the same words; with -x also all octets.
 *		Neighbour discovery is left out.
 *
 * LAYERs are ip4, ip6, frag (of IPv6), opts (IPv6 destination options), udp, icmp,
 * icmp6, gre and gue, outermost first; FIELDs are in field_table.  What a layer
 * carries, lengths and checksums are filled in unless given.  What follows an
 * ICMP layer is the quoted packet; claim=N makes its lengths say that N octets
 * more were there.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

enum {
	PACKET_MAX	= 65536,
	LAYERS_MAX	= 8,
	WATCHED_MAX	= 16,
	NOT_GIVEN	= -1,
	GRE_CSUM	= 0x80,			/* in the first octet */
	GRE_IP4		= 0x0800,
	GRE_IP6		= 0x86dd,
	PROTO_IP4	= 4,
	PROTO_IP6	= 41,
	PROTO_FRAG	= 44,
	PROTO_GRE	= 47,
	PROTO_ICMP6	= 58,
	PROTO_OPTS	= 60,
	GUE_PORT	= 6080,
};

enum kind { IP4, IP6, FRAG, OPTS, UDP, ICMP, ICMP6, GRE, GUE, KINDS };

static const struct {
	const char *name;
	size_t len;
	int proto;			/* as IP calls it */
} kinds[KINDS] = {
	[IP4]	= { "ip4", 20, PROTO_IP4 },
	[IP6]	= { "ip6", 40, PROTO_IP6 },
	[FRAG]	= { "frag", 8, PROTO_FRAG },
	[OPTS]	= { "opts", 8, PROTO_OPTS },
	[UDP]	= { "udp", 8, IPPROTO_UDP },
	[ICMP]	= { "icmp", 8, IPPROTO_ICMP },
	[ICMP6]	= { "icmp6", 8, PROTO_ICMP6 },
	[GRE]	= { "gre", 4, PROTO_GRE },
	[GUE]	= { "gue", 4, 0 },		/* in UDP to GUE_PORT */
};

struct layer {
	enum kind kind;
	uint8_t src[16];
	uint8_t dst[16];
	uint8_t options[40];		/* IPv4 */
	size_t options_len;
	long ttl, tos, id, df, mf, offset, proto;
	long sport, dport, len, sum;
	long type, code, mtu;
	size_t at;			/* in the packet */
};

struct packet {
	struct layer layers[LAYERS_MAX];
	int count;
	uint8_t data[PACKET_MAX];
	size_t data_len;
	size_t claim;
	uint8_t octets[PACKET_MAX];
	size_t len;
};

/* --- octets ------------------------------------------------------------- */

static void put16(uint8_t *to, unsigned int v)
{
	to[0] = v >> 8;
	to[1] = v;
}

static unsigned int get16(const uint8_t *from)
{
	return from[0] << 8 | from[1];
}

/* --- words -------------------------------------------------------------- */

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

static void add_word(struct packet *p, char *word)
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

/* --- building ----------------------------------------------------------- */

static long given(long value, long otherwise)
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

/* @len: of the layer and what it carries, including what a quote claims. */
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

static void build(struct packet *p)
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
	/* innermost first, as checksums cover what is further in */
	for (i = p->count - 1; i >= 0; i--)
		put_layer(p, i, p->octets + p->layers[i].at,
			  p->len - p->layers[i].at +
			  (in_quote[i] ? p->claim : 0));
}

/* --- sending ------------------------------------------------------------ */

static int raw_socket(int af)
{
	int size = 4 << 20;
	int fd = socket(af, SOCK_RAW, IPPROTO_RAW);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return fd;
}

/* Set by -l. */
static struct sockaddr_ll link_layer;

static void set_link_layer(char *s)
{
	unsigned char *a = link_layer.sll_addr;
	char *addr = strchr(s, '/');

	if (!addr)
		die("not DEV/LLADDR: %s", s);
	*addr++ = '\0';
	link_layer.sll_family = AF_PACKET;
	link_layer.sll_halen = 6;
	link_layer.sll_ifindex = if_nametoindex(s);
	if (!link_layer.sll_ifindex ||
	    sscanf(addr, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &a[0], &a[1],
		   &a[2], &a[3], &a[4], &a[5]) != 6)
		die("no such device, or no address: %s/%s", s, addr);
}

static void send_by_link_layer(const struct packet *p, bool v6)
{
	static int fd = -1;

	if (fd < 0)
		fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	link_layer.sll_protocol = htons(v6 ? ETH_P_IPV6 : ETH_P_IP);
	if (sendto(fd, p->octets, p->len, 0, (void *)&link_layer,
		   sizeof(link_layer)) < 0)
		die("sendto: %s", strerror(errno));
}

static void send_packet(struct packet *p)
{
	static int fds[2] = { -1, -1 };
	bool v6 = p->layers[0].kind == IP6;
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in to4 = { .sin_family = AF_INET };

	if (p->layers[0].kind > IP6)
		die("the outermost layer is not IP");
	build(p);
	if (link_layer.sll_ifindex) {
		send_by_link_layer(p, v6);
		return;
	}
	if (fds[v6] < 0)
		fds[v6] = raw_socket(v6 ? AF_INET6 : AF_INET);
	memcpy(&to4.sin_addr, p->layers[0].dst, 4);
	memcpy(&to6.sin6_addr, p->layers[0].dst, 16);
	if (sendto(fds[v6], p->octets, p->len, 0,
		   v6 ? (void *)&to6 : (void *)&to4,
		   v6 ? sizeof(to6) : sizeof(to4)) < 0)
		die("sendto: %s", strerror(errno));
}

/* The next source: addresses first, then ports. */
static void walk(struct layer *ip, struct layer *udp)
{
	unsigned int last = ip->kind == IP4 ? 3 : 15;

	if (++ip->src[last] == 0)
		udp->sport = given(udp->sport, 4433) + 1;
}

static void send_all(struct packet *p, unsigned long count)
{
	while (count--) {
		send_packet(p);
		walk(&p->layers[0], &p->layers[p->count > 1]);
	}
}

static int cmd_send(int argc, char **argv)
{
	static struct packet p;
	unsigned long count = 1;
	char *line = NULL, *word, *save;
	size_t room = 0;
	int c;

	while ((c = getopt(argc, argv, "+n:c:l:")) != -1) {
		if (c == 'n')
			enter_netns(optarg);
		else if (c == 'l')
			set_link_layer(optarg);
		else if (c == 'c')
			count = number(optarg, 0, 1000000);
		else
			return 2;
	}
	if (optind < argc && strcmp(argv[optind], "-")) {
		while (optind < argc)
			add_word(&p, argv[optind++]);
		send_all(&p, count);
		return 0;
	}
	while (getline(&line, &room, stdin) > 0) {
		memset(&p, 0, sizeof(p));
		for (word = strtok_r(line, " \t\n", &save); word;
		     word = strtok_r(NULL, " \t\n", &save))
			add_word(&p, word);
		send_all(&p, count);
	}
	return 0;
}

/* --- watching ----------------------------------------------------------- */

struct view {
	const uint8_t *data;
	size_t len;
	FILE *out;
};

static void tell(struct view v, int proto);

static void tell_addrs(const struct view *v, int af, size_t at, size_t len)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	inet_ntop(af, v->data + at, src, sizeof(src));
	inet_ntop(af, v->data + at + len, dst, sizeof(dst));
	fprintf(v->out, " src=%s dst=%s", src, dst);
}

static void skip(struct view *v, size_t len)
{
	v->data += len;
	v->len -= len;
}

static void tell_ip4(struct view v)
{
	unsigned int hlen = (v.data[0] & 15) * 4, frag = get16(v.data + 6);
	int proto = v.data[9];

	tell_addrs(&v, AF_INET, 12, 4);
	fprintf(v.out, " ttl=%u tos=0x%02x df=%u", v.data[8], v.data[1],
		frag >> 14 & 1);
	if (hlen > kinds[IP4].len)
		fprintf(v.out, " options=%zu", hlen - kinds[IP4].len);
	if (frag & 0x3fff)
		fprintf(v.out, " mf=%u offset=%u", frag >> 13 & 1,
			(frag & 0x1fff) * 8);
	if (v.len < hlen || (frag & 0x1fff))
		return;
	skip(&v, hlen);
	tell(v, proto);
}

static void tell_ip6(struct view v)
{
	int proto = v.data[6];

	tell_addrs(&v, AF_INET6, 8, 16);
	fprintf(v.out, " ttl=%u tos=0x%02x", v.data[7],
		(v.data[0] << 4 | v.data[1] >> 4) & 0xff);
	skip(&v, kinds[IP6].len);
	tell(v, proto);
}

static void tell_udp(struct view v)
{
	unsigned int dport = get16(v.data + 2);

	fprintf(v.out, " sport=%u dport=%u len=%u", get16(v.data), dport,
		get16(v.data + 4));
	skip(&v, kinds[UDP].len);
	if (dport != GUE_PORT || v.len < kinds[GUE].len)
		return;
	fprintf(v.out, " gue");
	skip(&v, kinds[GUE].len);
	tell(v, v.data[-3]);
}

static void tell_icmp(struct view v, int quoted)
{
	fprintf(v.out, " type=%u code=%u mtu=%u", v.data[0], v.data[1],
		get16(v.data + 6));
	skip(&v, kinds[ICMP].len);
	tell(v, quoted);
}

static void tell_gre(struct view v)
{
	int proto = get16(v.data + 2) == GRE_IP6 ? PROTO_IP6 : PROTO_IP4;
	size_t len = kinds[GRE].len;

	if (v.data[0] & GRE_CSUM) {
		fprintf(v.out, " csum");
		len += 4;
	}
	if (v.len < len)
		return;
	skip(&v, len);
	tell(v, proto);
}

static void tell_layer(struct view v, enum kind kind)
{
	switch (kind) {
	case IP4:
		tell_ip4(v);
		break;
	case IP6:
		tell_ip6(v);
		break;
	case UDP:
		tell_udp(v);
		break;
	case ICMP:
		tell_icmp(v, PROTO_IP4);
		break;
	case ICMP6:
		tell_icmp(v, PROTO_IP6);
		break;
	case GRE:
		tell_gre(v);
		break;
	case FRAG:
		fprintf(v.out, " mf=%d offset=%u", v.data[3] & 1,
			get16(v.data + 2) & ~7U);
		if (get16(v.data + 2) & ~7U)
			break;
		skip(&v, kinds[FRAG].len);
		tell(v, v.data[-8]);
		break;
	case OPTS:
		skip(&v, kinds[OPTS].len);
		tell(v, v.data[-8]);
		break;
	default:
		break;
	}
}

/* GRE and GUE itself are not looked into, nor options of IPv6 of other length. */
static void tell(struct view v, int proto)
{
	enum kind kind;

	for (kind = 0; kind < GUE; kind++)
		if (kinds[kind].proto == proto)
			break;
	if (kind == GUE || v.len < kinds[kind].len)
		return;
	fprintf(v.out, " %s", kinds[kind].name);
	tell_layer(v, kind);
}

static bool is_neighbour_discovery(const uint8_t *data, size_t len)
{
	size_t at = kinds[IP6].len;

	if (len > at + 8 && data[0] >> 4 == 6 && data[6] == 0)
		at += 8;	/* router alert of multicast listener discovery */
	return len > at && data[0] >> 4 == 6 &&
	       (data[6] == PROTO_ICMP6 || data[6] == 0) && data[at] >= 130;
}

static bool watch_octets;

static void watch_one(int fd, const char *name, FILE *out)
{
	static uint8_t data[PACKET_MAX];
	struct sockaddr_ll from;
	socklen_t from_len = sizeof(from);
	struct view v = { .data = data, .out = out };
	ssize_t n, i;

	n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from,
		     &from_len);
	if (n <= 0 || from.sll_pkttype != PACKET_HOST ||
	    is_neighbour_discovery(data, n))
		return;
	v.len = n;
	if (data[0] >> 4 != 4 && data[0] >> 4 != 6)
		return;
	if (from.sll_protocol != htons(ETH_P_IP) &&
	    from.sll_protocol != htons(ETH_P_IPV6))
		return;
	fprintf(out, "%s", name);
	tell(v, data[0] >> 4 == 4 ? PROTO_IP4 : PROTO_IP6);
	if (watch_octets)
		fputs(" octets=", out);
	for (i = 0; watch_octets && i < n; i++)
		fprintf(out, "%02x", data[i]);
	fputc('\n', out);
}

static int watching_socket(char *netns)
{
	struct sockaddr_ll on = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
	};
	int fd;

	enter_netns(netns);
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	on.sll_ifindex = if_nametoindex("eth0");
	if (fd < 0 || !on.sll_ifindex ||
	    bind(fd, (struct sockaddr *)&on, sizeof(on)))
		die("cannot watch eth0 of %s: %s", netns, strerror(errno));
	return fd;
}

static void watch(struct pollfd *fds, char **names, nfds_t n, FILE *out)
{
	nfds_t i;

	for (;;) {
		if (poll(fds, n, -1) <= 0)
			continue;
		for (i = 0; i < n; i++)
			if (fds[i].revents)
				watch_one(fds[i].fd, names[i], out);
		fflush(out);
	}
}

static int cmd_watch(int argc, char **argv)
{
	static struct pollfd fds[WATCHED_MAX];
	static char *names[WATCHED_MAX];
	char *netns;
	nfds_t n;
	FILE *out;

	if (argc > 1 && !strcmp(argv[1], "-x")) {
		watch_octets = true;
		argc--;
		argv++;
	}
	if (argc < 3 || argc > WATCHED_MAX)
		return 2;
	out = fopen(argv[1], "a");
	if (!out)
		die("%s: %s", argv[1], strerror(errno));
	for (n = 0; argv[n + 2]; n++) {
		names[n] = argv[n + 2];
		netns = strchr(names[n], '=');
		if (!netns)
			die("not NAME=NETNS: %s", names[n]);
		*netns++ = '\0';
		fds[n].fd = watching_socket(netns);
		fds[n].events = POLLIN;
	}
	go_to_background();
	watch(fds, names, n, out);
	return 0;
}

int main(int argc, char **argv)
{
	const char *cmd = argc > 1 ? argv[1] : "";

	argc--;
	argv++;
	if (!strcmp(cmd, "send"))
		return cmd_send(argc, argv);
	if (!strcmp(cmd, "watch"))
		return cmd_watch(argc, argv);
	fprintf(stderr, "usage: rawgen send|watch ...\n");
	return 2;
}
