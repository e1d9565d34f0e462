// SPDX-License-Identifier: GPL-2.0-only
/* Watches devices, and writes what arrives in rawgen's own words. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "rawgen.h"
#include "tool.h"

enum {
	WATCHED_MAX	= 16,
	GRE_CSUM	= 0x80,			/* in the first octet */
	GUE_PORT	= 6080,
};

static unsigned int get16(const uint8_t *from)
{
	return from[0] << 8 | from[1];
}

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

/* Does not parse options of GRE and GUE, nor options of IPv6 of another length. */
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
	       (data[6] == IPPROTO_ICMPV6 || data[6] == 0) && data[at] >= 130;
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

int cmd_watch(int argc, char **argv)
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
