// SPDX-License-Identifier: GPL-2.0-only
/*
 * flowgen - a datagram from each of very many 4-tuples, as fast as possible.
 *
 *	flowgen DEVICE COUNT SRC DST PORT PAYLOAD...
 *		makes a tunnel device, on which a datagram of each of COUNT flows
 *		arrives for DST and PORT.  The source of flow N, from 0 on, is address
 *		SRC + N % 256 and port 1024 + N / 256; its payload is one PAYLOAD (hex) in
 *		turn with N in place of the last four octets.
 *
 * A packet that is written to a tunnel device passes the whole stack before write()
 * returns.  So none waits in a queue, none is lost, and at the end all have been
 * forwarded.  IPv4 only.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tool.h"

enum {
	PAYLOAD_MAX	= 64,
	PAYLOADS_MAX	= 8,
	HOSTS		= 256,
	FIRST_PORT	= 1024,
	FLOWS_MAX	= HOSTS * (65536 - FIRST_PORT),
};

struct datagram {
	struct iphdr ip;
	struct udphdr udp;
	uint8_t data[PAYLOAD_MAX];
} __attribute__((packed));

static in_addr_t address(const char *s)
{
	struct in_addr addr;

	if (inet_pton(AF_INET, s, &addr) != 1)
		die("bad address: %s", s);
	return addr.s_addr;
}

/* Up, and without an address of its own. */
static int tunnel(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR);
	int ctl = socket(AF_INET, SOCK_DGRAM, 0);

	if (strlen(name) >= IFNAMSIZ)
		die("name too long: %s", name);
	strcpy(ifr.ifr_name, name);
	if (fd < 0 || ctl < 0 || ioctl(fd, TUNSETIFF, &ifr))
		die("tunnel device %s: %s", name, strerror(errno));
	ifr.ifr_flags = IFF_UP;
	if (ioctl(ctl, SIOCSIFFLAGS, &ifr))
		die("%s up: %s", name, strerror(errno));
	close(ctl);
	return fd;
}

static void fill(struct datagram *d, in_addr_t src, in_addr_t dst,
		 uint16_t port, const char *hex)
{
	size_t len = unhex(d->data, sizeof(d->data), hex);

	if (len < sizeof(uint32_t))
		die("too short: %s", hex);
	d->ip.version = 4;
	d->ip.ihl = 5;
	d->ip.tot_len = htons(sizeof(d->ip) + sizeof(d->udp) + len);
	d->ip.ttl = 64;
	d->ip.protocol = IPPROTO_UDP;
	d->ip.saddr = src;
	d->ip.daddr = dst;
	d->udp.uh_dport = htons(port);
	d->udp.uh_ulen = htons(sizeof(d->udp) + len);
}

/* The rest of @d is the same as for the flow before. */
static void set_flow(struct datagram *d, in_addr_t src, uint32_t n)
{
	size_t len = ntohs(d->udp.uh_ulen);
	uint32_t n_be = htonl(n), sum;

	d->ip.saddr = htonl(ntohl(src) + n % HOSTS);
	d->ip.check = 0;
	d->ip.check = htons(fold(add_up(0, &d->ip, sizeof(d->ip))));
	d->udp.uh_sport = htons(FIRST_PORT + n / HOSTS);
	memcpy((uint8_t *)&d->udp + len - sizeof(n_be), &n_be, sizeof(n_be));
	d->udp.uh_sum = 0;
	sum = add_up(IPPROTO_UDP + len, &d->ip.saddr, 2 * sizeof(d->ip.saddr));
	d->udp.uh_sum = htons(fold(add_up(sum, &d->udp, len)));
}

int main(int argc, char **argv)
{
	static struct datagram datagrams[PAYLOADS_MAX];
	uint32_t count, n;
	struct datagram *d;
	in_addr_t src;
	int fd, payloads, i;

	payloads = argc - 6;
	if (payloads < 1 || payloads > PAYLOADS_MAX) {
		fprintf(stderr, "usage: flowgen DEVICE COUNT SRC DST PORT PAYLOAD...\n");
		return 2;
	}
	count = number(argv[2], 10, FLOWS_MAX);
	src = address(argv[3]);
	for (i = 0; i < payloads; i++)
		fill(&datagrams[i], src, address(argv[4]),
		     number(argv[5], 10, 65535), argv[6 + i]);
	fd = tunnel(argv[1]);
	for (n = 0; n < count; n++) {
		d = &datagrams[n % payloads];
		set_flow(d, src, n);
		if (write(fd, d, ntohs(d->ip.tot_len)) < 0)
			die("datagram %u: %s", n, strerror(errno));
	}
	return 0;
}
