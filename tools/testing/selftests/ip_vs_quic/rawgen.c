// SPDX-License-Identifier: GPL-2.0-only
/*
 * rawgen - sends packets that no socket would, and watches what arrives.
 *
 *	rawgen send [-n NETNS] [-c COUNT] [-l DEV/LLADDR] LAYER [FIELD=VALUE...] ... | -
 *		sends one packet, or with "-" one for each line read; COUNT of each,
 *		the outermost source one higher each time.  With -l bypasses IP's
 *		output, which would correct a header's checksum.
 *	rawgen watch [-x] FILE NAME=NETNS...
 *		goes to the background once it listens on eth0 of each namespace,
 *		prints its pid, and writes a line to FILE for each IP packet to the
 *		host: NAME and the layers, in the same words; with -x also all octets.
 *		Neighbour discovery is left out.
 *
 * LAYERs are ip4, ip6, frag (of IPv6), opts (IPv6 destination options), udp, icmp,
 * icmp6, gre and gue, outermost first; FIELDs are in field_table.  Protocol numbers,
 * lengths and checksums are filled in unless given.  The layers after an ICMP layer
 * are the quoted packet; claim=N adds N to its lengths, as if N more octets had been
 * quoted.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rawgen.h"
#include "tool.h"

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
