// SPDX-License-Identifier: GPL-2.0-only
/*
 * The datagram is a QUIC long header of a version that is reserved to be unknown (RFC
 * 9000 section 15): every server answers it with version negotiation, none makes a
 * connection of it.  Its answer has the VIP as source, which is an address of this
 * host, too.  The kernel drops such packets, so a packet socket receives them.
 */
#include "doctor/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>

#include "common/progress.h"
#include "common/err.h"
#include "model/packet.h"

enum {
	TRIES = 3,
	TRY_MS = 700,
	PORT_FIRST = 33434,		/* as traceroute's: no server listens there */
	PACKET_MAX = 2048,
	HOPS = 64,
};

static uint32_t add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *octets = data;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? octets[i] : (uint32_t)octets[i] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* Form, version, both CIDs; 0b111, so that no director takes it for a server's. */
static size_t put_quic(uint8_t *p)
{
	static const uint8_t header[] = { 0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8 };

	memset(p, 0, QUIC_MIN);
	memcpy(p, header, sizeof(header));
	if (getrandom(p + 6, 17, GRND_NONBLOCK) < 0)
		memset(p + 6, 0x5a, 17);
	p[6] |= 0xe0;
	p[14] = 8;
	return QUIC_MIN;
}

static void put_udp(uint8_t *p, const struct probe *probe, size_t len)
{
	size_t alen = probe->vip.af == AF_INET6 ? 16 : 4;
	struct udphdr uh = {
		.source = htons(probe->from.port),
		.dest = htons(probe->vip.port),
		.len = htons((uint16_t)(sizeof(uh) + len)),
	};
	uint32_t sum = IPPROTO_UDP + (uint32_t)(sizeof(uh) + len);

	sum = add(sum, probe->from.addr, alen);
	sum = add(sum, probe->vip.addr, alen);
	sum = add(sum, &uh, sizeof(uh));
	uh.check = fold(add(sum, p + sizeof(uh), len));
	if (!uh.check)
		uh.check = 0xffff;
	memcpy(p, &uh, sizeof(uh));
}

static size_t put_ip(uint8_t *p, const struct probe *probe, size_t len)
{
	struct ip6_hdr v6 = {
		.ip6_flow = htonl(0x60000000), .ip6_nxt = IPPROTO_UDP,
		.ip6_hlim = HOPS, .ip6_plen = htons((uint16_t)len),
	};
	struct iphdr v4 = {
		.version = 4, .ihl = 5, .ttl = HOPS, .protocol = IPPROTO_UDP,
		.frag_off = htons(IP_DF),
		.tot_len = htons((uint16_t)(sizeof(v4) + len)),
	};

	if (probe->vip.af == AF_INET6) {
		memcpy(&v6.ip6_src, probe->from.addr, 16);
		memcpy(&v6.ip6_dst, probe->vip.addr, 16);
		memcpy(p, &v6, sizeof(v6));
		return sizeof(v6);
	}
	memcpy(&v4.saddr, probe->from.addr, 4);
	memcpy(&v4.daddr, probe->vip.addr, 4);
	v4.check = fold(add(0, &v4, sizeof(v4)));
	memcpy(p, &v4, sizeof(v4));
	return sizeof(v4);
}

/* The headers between the outer IP header, which the kernel makes, and the inner one. */
static size_t put_tunnel(uint8_t *p, const struct probe *probe)
{
	bool v6 = probe->vip.af == AF_INET6;
	uint16_t type = htons(v6 ? ETH_P_IPV6 : ETH_P_IP);

	memset(p, 0, 4);
	switch (probe->fwd.tun_type) {
	case IP_VS_CONN_F_TUNNEL_TYPE_GRE:
		memcpy(p + 2, &type, sizeof(type));
		return 4;
	case IP_VS_CONN_F_TUNNEL_TYPE_GUE:
		p[1] = v6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
		return 4;
	default:
		return 0;
	}
}

static int open_way(const struct probe *probe)
{
	int af = probe->fwd.server.af;

	switch (probe->fwd.tun_type) {
	case IP_VS_CONN_F_TUNNEL_TYPE_GUE:
		return socket(af, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	case IP_VS_CONN_F_TUNNEL_TYPE_GRE:
		return socket(af, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_GRE);
	default:
		return socket(af, SOCK_RAW | SOCK_CLOEXEC,
			      probe->vip.af == AF_INET6 ? IPPROTO_IPV6 :
							  IPPROTO_IPIP);
	}
}

/* A raw socket of IPv6 takes no port. */
static socklen_t way_addr(const struct probe *probe, struct sockaddr_storage *sa)
{
	bool gue = probe->fwd.tun_type == IP_VS_CONN_F_TUNNEL_TYPE_GUE;
	uint16_t port = htons(gue ? probe->fwd.tun_port : 0);
	struct sockaddr_in6 *sin6 = (void *)sa;
	struct sockaddr_in *sin = (void *)sa;

	memset(sa, 0, sizeof(*sa));
	sa->ss_family = probe->fwd.server.af;
	if (sa->ss_family == AF_INET6) {
		memcpy(&sin6->sin6_addr, probe->fwd.server.addr, 16);
		sin6->sin6_port = port;
		return sizeof(*sin6);
	}
	memcpy(&sin->sin_addr, probe->fwd.server.addr, 4);
	sin->sin_port = port;
	return sizeof(*sin);
}

/* The source need not be an address of this host: answers go to the inner source. */
static bool set_source(int fd, const struct probe *probe)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int on = 1;

	if (!probe->source.af)
		return true;
	if (probe->source.af == AF_INET6) {
		memcpy(&sin6.sin6_addr, probe->source.addr, 16);
		return !setsockopt(fd, SOL_IPV6, IPV6_TRANSPARENT, &on, sizeof(on)) &&
		       !bind(fd, (void *)&sin6, sizeof(sin6));
	}
	memcpy(&sin.sin_addr, probe->source.addr, 4);
	return !setsockopt(fd, SOL_IP, IP_TRANSPARENT, &on, sizeof(on)) &&
	       !bind(fd, (void *)&sin, sizeof(sin));
}

/* A packet that cannot be sent is not answered either; other checks say why. */
static int send_probe(const struct probe *probe)
{
	uint8_t packet[PACKET_MAX], *inner;
	struct sockaddr_storage sa;
	size_t ip = probe->vip.af == AF_INET6 ? sizeof(struct ip6_hdr) :
						sizeof(struct iphdr);
	int fd = open_way(probe);
	socklen_t sa_len;
	size_t len;

	if (fd < 0 || !set_source(fd, probe)) {
		refuse("--from: no packet can be sent: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return EXIT_REFUSED;
	}
	inner = packet + put_tunnel(packet, probe);
	len = put_quic(inner + ip + sizeof(struct udphdr));
	put_udp(inner + ip, probe, len);
	len += sizeof(struct udphdr);
	len += put_ip(inner, probe, len);
	len += (size_t)(inner - packet);
	sa_len = way_addr(probe, &sa);
	if (sendto(fd, packet, len, 0, (void *)&sa, sa_len) < 0)
		errno = 0;
	close(fd);
	return 0;
}

/* Of an ICMP error "port unreachable", the packet it quotes. */
static bool open_error(const uint8_t *data, size_t len, struct packet *p)
{
	size_t header = p->src.af == AF_INET6 ? sizeof(struct ip6_hdr) :
						sizeof(struct iphdr);
	const uint8_t *icmp = data + p->at + header;

	if (p->at + header + 8 > len)
		return false;
	if (p->protocol == IPPROTO_ICMP ?
	    icmp[0] != ICMP_DEST_UNREACH || icmp[1] != ICMP_PORT_UNREACH :
	    p->protocol != IPPROTO_ICMPV6 || icmp[0] != ICMP6_DST_UNREACH ||
	    icmp[1] != ICMP6_DST_UNREACH_NOPORT)
		return false;
	return packet_parse(icmp + 8, len - p->at - header - 8, p);
}

static void on_packet(struct probe *probes, size_t count, const uint8_t *data,
		      size_t len)
{
	enum probe_result result = PROBE_ANSWERED;
	struct packet p;
	size_t i;

	if (!packet_parse(data, len, &p))
		return;
	if (open_error(data, len, &p)) {
		struct endpoint src = p.src;

		/* it quotes what we sent */
		p.src = p.dst;
		p.dst = src;
		result = PROBE_REFUSED;
	}
	for (i = 0; p.is_udp && i < count; i++)
		if (endpoint_eq(&p.src, &probes[i].vip) &&
		    endpoint_eq(&p.dst, &probes[i].from) &&
		    probes[i].result != PROBE_ANSWERED)
			probes[i].result = result;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool all_told(const struct probe *probes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (probes[i].result == PROBE_SILENT)
			return false;
	return true;
}

static void watch(int fd, struct probe *probes, size_t count)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	uint64_t end = now_ms() + TRY_MS, now;
	uint8_t data[PACKET_MAX];
	struct sockaddr_ll from = { 0 };
	socklen_t from_len;
	ssize_t len;

	while (!all_told(probes, count) && (now = now_ms()) < end) {
		if (poll(&pollfd, 1, (int)(end - now)) <= 0)
			continue;
		from_len = sizeof(from);
		len = recvfrom(fd, data, sizeof(data), MSG_DONTWAIT,
			       (void *)&from, &from_len);
		/* our own probes pass here, too */
		if (len > 0 && from.sll_pkttype != PACKET_OUTGOING)
			on_packet(probes, count, data, (size_t)len);
	}
}

int probe_run(struct probe *probes, size_t count, const struct endpoint *from)
{
	unsigned int try;
	int fd, err = 0;
	size_t i;

	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL));
	if (fd < 0)
		return refuse("--from: answers cannot be watched for: %s",
			      strerror(errno));
	for (i = 0; i < count; i++) {
		probes[i].from = *from;
		probes[i].from.port = (uint16_t)(PORT_FIRST + i % 16384);
		probes[i].result = PROBE_SILENT;
	}
	for (try = 0; !err && try < TRIES && !all_told(probes, count); try++) {
		progress("rounds of probes", try, TRIES);
		for (i = 0; !err && i < count; i++)
			if (probes[i].result == PROBE_SILENT)
				err = send_probe(&probes[i]);
		if (!err)
			watch(fd, probes, count);
	}
	progress_end();
	close(fd);
	return err;
}
