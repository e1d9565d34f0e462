// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm - packets that an attacker would send, and a client that must not be affected.
 *
 *	storm [-n COUNT] [-s SEED] -r ROUTER -d DEVICE/LLADDR -c CLIENT -4 VIP -6 VIP KIND
 *
 * COUNT packets of a KIND leave DEVICE of namespace ROUTER for LLADDR.  After every burst of them
 * each of CLIENT's two sockets, one for each family, sends a datagram with a CID of the second
 * server and waits for that server's answer, so that no queue overflows.  Prints how many such
 * datagrams there were.  The same seed makes the same packets.
 *
 *	short	short headers, all octets random
 *	initial	Initials, each with a new 4-tuple, with CIDs of a config that does not exist
 *	cids	short headers with random CIDs of config 1
 *	icmp	errors about datagrams that the VIP might have sent
 *	fuzz	all of these, and tunnel packets quoted in errors, fragments, options, extension
 *		headers, trains of merged datagrams; of both families; some are damaged
 *
 * Sources are 198.51.100.70 and 2001:db8:c::70, except for trains and some damaged packets.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "random.h"
#include "tool.h"

enum {
	PACKET_MAX	= 1400,
	BURST		= 64,
	PORT		= 443,
	PROTO_IP4	= 4,
	PROTO_IP6	= 41,
	PROTO_ROUTING	= 43,
	PROTO_FRAG	= 44,
	PROTO_GRE	= 47,
	PROTO_ICMP6	= 58,
	PROTO_OPTS	= 60,
	GUE_PORT	= 6080,
	FIRST_PORT	= 1024,
	REDIRECT	= 5,
};

struct packet {
	uint8_t octets[PACKET_MAX];
	size_t len;
};

static struct in_addr vip4;
static struct in6_addr vip6;
static unsigned long made;

/* --- the client ----------------------------------------------------------- */

static int clients[2], trains[2];

static int udp_socket(int af, const char *from)
{
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_addr = vip6, .sin6_port = htons(PORT) };
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_addr = vip4, .sin_port = htons(PORT) };
	struct sockaddr_in6 from6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in from4 = { .sin_family = AF_INET };
	const struct timeval patience = { .tv_sec = 60 };
	int fd = socket(af, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool v6 = af == AF_INET6;
	int one = 1;

	setsockopt(fd, SOL_IPV6, IPV6_FREEBIND, &one, sizeof(one));
	inet_pton(af, from, v6 ? (void *)&from6.sin6_addr : (void *)&from4.sin_addr);
	if (fd < 0 ||
	    bind(fd, v6 ? (void *)&from6 : (void *)&from4, v6 ? sizeof(from6) : sizeof(from4)) ||
	    connect(fd, v6 ? (void *)&to6 : (void *)&to4, v6 ? sizeof(to6) : sizeof(to4)))
		die("client: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static void open_client(const char *netns)
{
	enter_netns(netns);
	clients[0] = udp_socket(AF_INET, "198.51.100.69");
	clients[1] = udp_socket(AF_INET6, "2001:db8:c::69");
	trains[0] = udp_socket(AF_INET, "198.51.100.68");
	trains[1] = udp_socket(AF_INET6, "2001:db8:c::68");
}

/* CIDs of servers 1 to 3 by config 0, as lib.sh's sid makes them. */
static void put_cid(uint8_t *to, unsigned int server)
{
	memcpy(to, "\x07\x5a\x0f\x00", 4);
	to[3] = server;
	random_fill(to + 4, 4);
}

/*
 * An ICMP error for the socket may be a forged one, so it is ignored.  An answer to another
 * datagram cannot be, so it is a failure.
 */
static void check_client(int fd, unsigned long n)
{
	uint8_t datagram[64] = { 0x40 };
	char answer[256] = "";
	int tries;

	put_cid(datagram + 1, 2);
	memcpy(datagram + 32, &n, sizeof(n));
	for (tries = 0; send(fd, datagram, sizeof(datagram), 0) < 0; tries++)
		if (tries == 9)
			die("after %lu packets a datagram cannot be sent: %s", made, strerror(errno));
	while (recv(fd, answer, sizeof(answer) - 1, 0) < 2)
		if (errno == EAGAIN || ++tries > 99)
			die("after %lu packets a datagram is not answered: %s", made, strerror(errno));
	if (strncmp(answer, "quicgen s2 ", 11))
		die("after %lu packets a datagram of s2 is answered: %.16s", made, answer);
}

/* --- pieces, innermost first: each is put before what there is --------------- */

static void put16(uint8_t *to, unsigned int v)
{
	to[0] = v >> 8;
	to[1] = v;
}

static uint8_t *prepend(struct packet *p, size_t len)
{
	memmove(p->octets + len, p->octets, p->len);
	memset(p->octets, 0, len);
	p->len += len;
	return p->octets;
}

static unsigned int some_length(unsigned int good)
{
	return one_in(8) ? below(256) : good;
}

static void short_header(struct packet *p, bool routable)
{
	p->len = one_in(8) ? 1 + below(30) : 40 + below(60);
	random_fill(p->octets, p->len);
	p->octets[0] = 0x40 | (p->octets[0] & 0x3f);
	if (routable)
		put_cid(p->octets + 1, 1 + below(3));
}

static void long_header(struct packet *p, bool routable)
{
	static const uint8_t versions[][4] = { { 0, 0, 0, 1 }, { 0x6b, 0x33, 0x43, 0xcf }, { 0 }, { 0xba, 0xba, 0xba, 0xba } };
	unsigned int dcid = routable ? 8 : below(21), scid = routable ? 8 : below(21);

	p->len = 7 + dcid + scid + below(40);
	random_fill(p->octets, p->len);
	p->octets[0] |= 0xc0;
	memcpy(p->octets + 1, versions[below(4)], 4);
	p->octets[5] = some_length(dcid);
	p->octets[6 + dcid] = some_length(scid);
	if (!routable)
		return;
	put_cid(p->octets + 6, 1 + below(3));
	put_cid(p->octets + 7 + dcid, 1 + below(3));
}

static void payload(struct packet *p)
{
	if (one_in(2))
		short_header(p, one_in(2));
	else
		long_header(p, one_in(2));
}

static void udp(struct packet *p, unsigned int sport, unsigned int dport)
{
	uint8_t *to = prepend(p, 8);

	put16(to, sport);
	put16(to + 2, dport);
	put16(to + 4, one_in(32) ? random_next() : p->len);
}

static void ip4_sum(uint8_t *ip)
{
	size_t hlen = (ip[0] & 15) * 4;

	put16(ip + 10, 0);
	put16(ip + 10, fold(add_up(0, ip, hlen)));
}

static void ip4(struct packet *p, int proto, uint32_t src, uint32_t dst)
{
	size_t options = one_in(16) ? 4 * below(11) : 0;
	uint8_t *ip = prepend(p, 20 + options);

	/* NOPs: other options could route the packet elsewhere */
	memset(ip + 20, 1, options);
	ip[0] = 0x45 + options / 4;
	put16(ip + 2, p->len);
	put16(ip + 4, random_next());
	ip[8] = one_in(16) ? below(4) : 64;
	ip[9] = proto;
	memcpy(ip + 12, &src, 4);
	memcpy(ip + 16, &dst, 4);
	ip4_sum(ip);
}

static void ip6(struct packet *p, int proto, const struct in6_addr *src, const struct in6_addr *dst)
{
	uint8_t *ip = prepend(p, 40);

	ip[0] = 0x60;
	put16(ip + 4, p->len - 40);
	ip[6] = proto;
	ip[7] = one_in(16) ? below(4) : 64;
	memcpy(ip + 8, src, 16);
	memcpy(ip + 24, dst, 16);
}

static uint32_t client4(void)
{
	return htonl(0xc6336446);
}

static struct in6_addr client6(void)
{
	struct in6_addr addr;

	inet_pton(AF_INET6, "2001:db8:c::70", &addr);
	return addr;
}

static uint32_t server4(void)
{
	return htonl(0x0a00000b + below(3));
}

static struct in6_addr server6(void)
{
	struct in6_addr addr;

	inet_pton(AF_INET6, "fd00:10::11", &addr);
	addr.s6_addr[15] += below(3);
	return addr;
}

static unsigned int some_port(void)
{
	return FIRST_PORT + below(60000);
}

static void icmp(struct packet *p, unsigned int type, unsigned int code, unsigned int mtu)
{
	uint8_t *to = prepend(p, 8);

	to[0] = type;
	to[1] = code;
	put16(to + 6, mtu);
	put16(to + 2, fold(add_up(0, to, p->len)));
}

/* Its checksum covers addresses. */
static void icmp6(struct packet *p, unsigned int type, unsigned int code, unsigned int mtu, const struct in6_addr *src)
{
	uint8_t *to = prepend(p, 8);
	uint32_t sum;

	to[0] = type;
	to[1] = code;
	put16(to + 6, mtu);
	sum = add_up(add_up(PROTO_ICMP6 + p->len, src, 16), &vip6, 16);
	put16(to + 2, fold(add_up(sum, to, p->len)));
}

/* --- packets -------------------------------------------------------------------- */

static void datagram4(struct packet *p)
{
	payload(p);
	udp(p, some_port(), PORT);
	ip4(p, IPPROTO_UDP, client4(), vip4.s_addr);
}

static void datagram6(struct packet *p)
{
	const struct in6_addr from = client6();
	int proto = IPPROTO_UDP, next;

	payload(p);
	udp(p, some_port(), PORT);
	while (one_in(6) && p->len < 600) {
		uint8_t *to;

		next = one_in(3) ? PROTO_ROUTING : one_in(2) ? PROTO_OPTS : 0;
		to = prepend(p, 8);
		to[0] = proto;
		to[1] = one_in(8) ? below(4) : 0;
		if (next == PROTO_ROUTING)
			to[2] = below(5);
		else
			memcpy(to + 2, "\x01\x04", 2);	/* padding */
		proto = next;
	}
	ip6(p, proto, &from, &vip6);
}

/* A packet that the VIP might have sent to the client. */
static void quote4(struct packet *p)
{
	long_header(p, one_in(2));
	udp(p, PORT, some_port());
	ip4(p, IPPROTO_UDP, vip4.s_addr, client4());
	if (one_in(4))
		p->len = 28 + below(p->len - 27);
}

static void quote6(struct packet *p)
{
	const struct in6_addr to = client6();

	long_header(p, one_in(2));
	udp(p, PORT, some_port());
	ip6(p, IPPROTO_UDP, &vip6, &to);
	if (one_in(4))
		p->len = 48 + below(p->len - 47);
}

/* A tunnel packet that the director might have sent to a server; @p has its datagram. */
static void tunnel(struct packet *p, bool outer6)
{
	const struct in6_addr from = client6(), to = server6();
	int proto = p->octets[0] >> 4 == 6 ? PROTO_IP6 : PROTO_IP4;
	uint8_t *gue;

	switch (below(4)) {
	case 0:
		put16(prepend(p, 4) + 2, proto == PROTO_IP6 ? ETH_P_IPV6 : ETH_P_IP);
		proto = PROTO_GRE;
		break;
	case 1:
		gue = prepend(p, 4);
		gue[0] = one_in(4) ? below(256) : 0;
		gue[1] = proto;
		udp(p, some_port(), GUE_PORT);
		proto = IPPROTO_UDP;
	}
	if (outer6)
		ip6(p, proto, &from, &to);
	else
		ip4(p, proto, htonl(0x0a000001), server4());
}

static void quote_tunnel(struct packet *p, bool outer6)
{
	if (one_in(2))
		datagram4(p);
	else
		datagram6(p);
	tunnel(p, outer6);
	if (one_in(4))
		p->len = 20 + below(p->len - 19);
}

static void error4(struct packet *p)
{
	static const uint8_t types[] = { 3, 3, 3, 4, 11, 12 };

	if (one_in(2))
		quote4(p);
	else
		quote_tunnel(p, false);
	icmp(p, types[below(sizeof(types))], one_in(2) ? 4 : below(16), one_in(2) ? 1400 : random_next());
	ip4(p, IPPROTO_ICMP, client4(), vip4.s_addr);
}

static void error6(struct packet *p)
{
	const struct in6_addr from = client6();

	if (one_in(2))
		quote6(p);
	else
		quote_tunnel(p, true);
	icmp6(p, 1 + below(4), one_in(2) ? 0 : below(8), one_in(2) ? 1400 : random_next(), &from);
	ip6(p, PROTO_ICMP6, &from, &vip6);
}

/* A fragment of a datagram; it may not fit the others. */
static void fragment4(struct packet *p)
{
	unsigned int at, len;

	datagram4(p);
	at = 8 * below(p->len / 8);
	len = one_in(2) ? p->len : 20 + 8 * below(8);
	if (len < p->len)
		p->len = len;
	p->octets[0] = 0x45;
	put16(p->octets + 2, p->len);
	put16(p->octets + 4, below(4));
	put16(p->octets + 6, at / 8 * one_in(2) | one_in(2) << 13);
	ip4_sum(p->octets);
}

static void fragment6(struct packet *p)
{
	const struct in6_addr from = client6();
	uint8_t *frag;

	payload(p);
	udp(p, some_port(), PORT);
	p->len &= ~7UL;
	frag = prepend(p, 8);
	frag[0] = IPPROTO_UDP;
	put16(frag + 2, 8 * below(8) * one_in(2) | one_in(2));
	frag[7] = below(4);
	ip6(p, PROTO_FRAG, &from, &vip6);
}

/* --- damage -------------------------------------------------------------------- */

/* Leaves out packets that would make machines of the lab send to others afterwards. */
static void spare_the_lab(struct packet *p)
{
	uint8_t *o = p->octets;
	size_t hlen = (o[0] & 15) * 4;

	if (o[0] >> 4 == 4) {
		if (o[9] == IPPROTO_ICMP && hlen < p->len && o[hlen] == REDIRECT)
			o[hlen]--;
	} else if (p->len > 48) {
		o[7] = o[7] == 255 ? 64 : o[7];		/* no neighbour has it */
	}
}

static void damage(struct packet *p)
{
	unsigned int n = 1 + below(4);
	bool v4 = p->octets[0] >> 4 == 4;

	while (n--)
		p->octets[1 + below(p->len - 1)] = one_in(2) ? random_next() : below(4);
	if (one_in(8))
		p->octets[0] = (v4 ? 0x40 : 0x60) | below(16);
	if (one_in(8))
		p->len = 1 + below(p->len);
	else if (one_in(8))
		random_fill(p->octets + p->len, 40), p->len += 40;
	if (v4 && p->len >= 60 && !one_in(8))
		ip4_sum(p->octets);
}

/* --- kinds ------------------------------------------------------------------------ */

/* Datagrams of one length and 4-tuple, which the kernel merges or leaves merged. */
static void send_train(void)
{
	unsigned int size = 21 + below(80), n = 2 + below(15), i;
	bool v6 = one_in(2);
	uint8_t octets[16 * 101];
	int fd = trains[v6], tries = 0;

	random_fill(octets, sizeof(octets));
	for (i = 0; i < n; i++) {
		octets[i * size] = one_in(4) ? octets[i * size] : 0x40;
		if (one_in(2))
			put_cid(octets + i * size + 1, 1 + below(3));
	}
	n = n * size - below(size);
	i = size;
	if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &i, sizeof(i)))
		die("UDP_SEGMENT: %s", strerror(errno));
	/* errors that were forged for this socket are ignored */
	while (send(fd, octets, n, MSG_DONTWAIT) < 0 && ++tries < 9)
		;
	while (recv(fd, octets, sizeof(octets), MSG_DONTWAIT) >= 0)
		;
}

static bool make_fuzz(struct packet *p)
{
	static void (* const makers[])(struct packet *p) = {
		datagram4, datagram4, datagram6, error4, error4, error6, fragment4, fragment6,
	};
	unsigned int i = below(sizeof(makers) / sizeof(makers[0]) + 1);

	if (i == sizeof(makers) / sizeof(makers[0])) {
		send_train();
		return false;
	}
	makers[i](p);
	if (one_in(2))
		damage(p);
	spare_the_lab(p);
	return true;
}

static bool make_short(struct packet *p)
{
	p->len = 60;
	random_fill(p->octets, p->len);
	p->octets[0] &= 0x7f;
	udp(p, some_port(), PORT);
	ip4(p, IPPROTO_UDP, client4(), vip4.s_addr);
	return true;
}

/* As many 4-tuples as there are ports, of as many clients as that takes. */
static bool make_initial(struct packet *p)
{
	p->len = 1200;
	memset(p->octets, 0, p->len);
	memcpy(p->octets, "\xc0\x00\x00\x00\x01\x08\xa7", 7);	/* config 5 */
	random_fill(p->octets + 7, 7);
	udp(p, FIRST_PORT + made % 60000, PORT);
	put16(p->octets + 4, p->len);
	ip4(p, IPPROTO_UDP, client4() + htonl(made / 60000), vip4.s_addr);
	return true;
}

static bool make_cids(struct packet *p)
{
	make_short(p);
	p->len = 60;
	random_fill(p->octets, p->len);
	p->octets[0] = 0x40;
	p->octets[1] = 0x30;	/* 1 + 8 + 8 octets of config 1 */
	udp(p, some_port(), PORT);
	put16(p->octets + 4, p->len);
	ip4(p, IPPROTO_UDP, client4(), vip4.s_addr);
	return true;
}

static bool make_icmp(struct packet *p)
{
	p->len = 60;
	random_fill(p->octets, p->len);
	memcpy(p->octets, "\x40\xe0", 2);
	udp(p, PORT, some_port());
	put16(p->octets + 4, p->len);
	ip4(p, IPPROTO_UDP, vip4.s_addr, client4());
	icmp(p, 3, 1, 0);
	ip4(p, IPPROTO_ICMP, client4(), vip4.s_addr);
	return true;
}

static const struct {
	const char *name;
	bool (*make)(struct packet *p);
} kinds[] = {
	{ "short", make_short }, { "initial", make_initial }, { "cids", make_cids }, { "icmp", make_icmp }, { "fuzz", make_fuzz },
};

/* --- sending -------------------------------------------------------------------- */

static struct sockaddr_ll link_layer = { .sll_family = AF_PACKET, .sll_halen = 6 };

static int open_link(char *where)
{
	unsigned char *a = link_layer.sll_addr;
	char *addr = strchr(where, '/');
	int fd;

	if (!addr)
		die("not DEV/LLADDR: %s", where);
	*addr++ = '\0';
	link_layer.sll_ifindex = if_nametoindex(where);
	if (!link_layer.sll_ifindex || sscanf(addr, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &a[0], &a[1], &a[2], &a[3], &a[4],
					      &a[5]) != 6)
		die("no such device, or no address: %s/%s", where, addr);
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("packet socket: %s", strerror(errno));
	return fd;
}

static void send_packet(int fd, const struct packet *p)
{
	link_layer.sll_protocol = htons(p->octets[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP);
	if (sendto(fd, p->octets, p->len, 0, (struct sockaddr *)&link_layer, sizeof(link_layer)) < 0)
		die("send: %s", strerror(errno));
}

static void run(int fd, bool (*make)(struct packet *p), unsigned long count)
{
	static struct packet p;
	unsigned long asked = 0;

	check_client(clients[0], asked++);
	check_client(clients[1], asked++);
	while (made < count) {
		p.len = 0;
		if (make(&p))
			send_packet(fd, &p);
		made++;
		if (made % BURST && made < count)
			continue;
		check_client(clients[0], asked++);
		check_client(clients[1], asked++);
	}
	printf("%lu\n", asked / 2);
}

int main(int argc, char **argv)
{
	const char *router = NULL, *client = NULL;
	unsigned long count = 1000;
	char *device = NULL;
	size_t i;
	int c, fd;

	while ((c = getopt(argc, argv, "n:s:r:d:c:4:6:")) != -1) {
		switch (c) {
		case 'n':
			count = number(optarg, 0, 1000000000);
			break;
		case 's':
			random_state = number(optarg, 0, ~0UL);
			break;
		case 'r':
			router = optarg;
			break;
		case 'd':
			device = optarg;
			break;
		case 'c':
			client = optarg;
			break;
		case '4':
			inet_pton(AF_INET, optarg, &vip4);
			break;
		case '6':
			inet_pton(AF_INET6, optarg, &vip6);
			break;
		default:
			return 2;
		}
	}
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (optind + 1 == argc && !strcmp(kinds[i].name, argv[optind]))
			break;
	if (i == sizeof(kinds) / sizeof(kinds[0]) || !router || !client || !device)
		die("usage: storm [-n COUNT] [-s SEED] -r ROUTER -d DEVICE/LLADDR -c CLIENT -4 VIP -6 VIP short|initial|cids|icmp|fuzz");
	open_client(client);
	enter_netns(router);
	fd = open_link(device);
	run(fd, kinds[i].make, count);
	return 0;
}
