// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tunnel's packet goes to the real server, and IPVS's hook for local packets does not
 * look into it.  With direct routing the packet itself goes to the VIP, but by the
 * route to the real server, which a raw socket allows; IPVS leaves raw packets alone
 * whose socket has IP_NODEFRAG (net/netfilter/ipvs/ip_vs_core.c).
 */
#include "doctor/probe_send.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>

#include "doctor/packet_build.h"

enum {
	UNASKED = 64,		/* octets of UDP payload */
	TUNNEL_MAX = 8,		/* octets of GRE or GUE */
	GRE_CSUM = 0x80,	/* in the first octet */
};

#define VERSION 0x1a2a3a4a	/* reserved to be unknown, RFC 9000 section 15 */

bool probe_choose_cids(struct probe *probe)
{
	uint8_t random[2 * PROBE_CID_LEN];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return false;
	memcpy(probe->dcid, random, PROBE_CID_LEN);
	memcpy(probe->scid, random + PROBE_CID_LEN, PROBE_CID_LEN);
	probe->dcid[0] |= 0xe0;
	return true;
}

/* Form, CID: RFC 8999 section 5.2. */
static void put_short(const struct probe *probe, uint8_t *p)
{
	*p = 0x40;
	memcpy(p + 1, probe->dcid, PROBE_CID_LEN);
}

/* Form, version, both CIDs: RFC 8999 section 5.1. */
void probe_put_quic(const struct probe *probe, unsigned int try, uint8_t *p,
		    unsigned int size)
{
	const uint32_t version = htonl(VERSION);

	memset(p, 0, size);
	if (probe->is_short) {
		put_short(probe, p);
		return;
	}
	*p = 0xc0;
	memcpy(p + 1, &version, sizeof(version));
	p[5] = PROBE_CID_LEN;
	memcpy(p + 6, probe->dcid, PROBE_CID_LEN);
	p[6 + PROBE_CID_LEN] = PROBE_CID_LEN;
	memcpy(p + 7 + PROBE_CID_LEN, probe->scid, PROBE_CID_LEN);
	p[6 + 2 * PROBE_CID_LEN] = (uint8_t)try;
}

bool probe_is_question(const uint8_t *payload, size_t len)
{
	const uint32_t version = htonl(VERSION);

	return len >= 7 && *payload == 0xc0 && !memcmp(payload + 1, &version, sizeof(version)) &&
	       payload[5] == PROBE_CID_LEN && payload[6] >= 0xe0;
}

static bool is_tunnel(const struct probe *probe, uint8_t type)
{
	return probe->fwd.forward == IP_VS_CONN_F_TUNNEL &&
	       probe->fwd.tun_type == type;
}

bool probe_has_checksum(const struct probe *probe)
{
	return probe->fwd.tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM;
}

/* The headers between the outer IP header, which the kernel makes, and the inner one. */
static size_t put_tunnel(uint8_t *p, const struct probe *probe)
{
	bool v6 = probe->vip.af == AF_INET6;
	uint16_t type = htons(v6 ? ETH_P_IPV6 : ETH_P_IP);

	memset(p, 0, TUNNEL_MAX);
	if (is_tunnel(probe, IP_VS_CONN_F_TUNNEL_TYPE_GRE)) {
		p[0] = probe_has_checksum(probe) ? GRE_CSUM : 0;
		memcpy(p + 2, &type, sizeof(type));
		return probe_has_checksum(probe) ? 8 : 4;
	}
	if (is_tunnel(probe, IP_VS_CONN_F_TUNNEL_TYPE_GUE)) {
		p[1] = v6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
		return 4;
	}
	return 0;
}

/* GRE's checksum is about all that follows the outer IP header. */
static void finish_tunnel(uint8_t *p, const struct probe *probe, size_t len)
{
	uint16_t check;

	if (!is_tunnel(probe, IP_VS_CONN_F_TUNNEL_TYPE_GRE) || !probe_has_checksum(probe))
		return;
	check = packet_checksum(p, len);
	memcpy(p + 4, &check, sizeof(check));
}

static int open_way(const struct probe *probe)
{
	const int raw = SOCK_RAW | SOCK_CLOEXEC;
	int af = probe->fwd.server.af;

	if (probe->fwd.forward != IP_VS_CONN_F_TUNNEL)
		return socket(af, raw, IPPROTO_RAW);
	if (is_tunnel(probe, IP_VS_CONN_F_TUNNEL_TYPE_GUE))
		return socket(af, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return socket(af, raw, doctor_tunnel_protocol(&probe->fwd, probe->vip.af));
}

/* A raw socket of IPv6 takes no port. */
static socklen_t way_addr(const struct probe *probe, struct sockaddr_storage *sa)
{
	struct sockaddr_in6 *sin6 = (void *)sa;
	struct sockaddr_in *sin = (void *)sa;
	uint16_t port = 0;

	if (is_tunnel(probe, IP_VS_CONN_F_TUNNEL_TYPE_GUE))
		port = probe->fwd.tun_port;
	if (probe->fwd.forward == IP_VS_CONN_F_MASQ)
		port = probe->fwd.server.port;
	memset(sa, 0, sizeof(*sa));
	sa->ss_family = probe->fwd.server.af;
	if (sa->ss_family == AF_INET6) {
		memcpy(&sin6->sin6_addr, probe->fwd.server.addr, 16);
		sin6->sin6_port = htons(port);
		return sizeof(*sin6);
	}
	memcpy(&sin->sin_addr, probe->fwd.server.addr, 4);
	sin->sin_port = htons(port);
	return sizeof(*sin);
}

/* As IPVS's packets: not to be fragmented, and of GUE's checksum what it was told. */
static bool set_options(int fd, const struct probe *probe)
{
	int on = 1, never = IP_PMTUDISC_DO, never6 = IPV6_PMTUDISC_DO;
	bool v6 = probe->fwd.server.af == AF_INET6;

	if (v6 ? setsockopt(fd, SOL_IPV6, IPV6_MTU_DISCOVER, &never6, sizeof(never6)) :
		 setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, &never, sizeof(never)))
		return false;
	if (probe->fwd.forward == IP_VS_CONN_F_DROUTE && !v6)
		return !setsockopt(fd, SOL_IP, IP_NODEFRAG, &on, sizeof(on));
	if (!is_tunnel(probe, IP_VS_CONN_F_TUNNEL_TYPE_GUE) || probe_has_checksum(probe))
		return true;
	return !(v6 ? setsockopt(fd, SOL_UDP, UDP_NO_CHECK6_TX, &on, sizeof(on)) :
		      setsockopt(fd, SOL_SOCKET, SO_NO_CHECK, &on, sizeof(on)));
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

/* Both families' echo messages are alike but for their types, RFC 792 and RFC 4443. */
static size_t put_echo(const struct probe *probe, unsigned int try, uint8_t *p, size_t size)
{
	bool v6 = probe->vip.af == AF_INET6;
	struct icmphdr icmp = {
		.type = v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
		.un.echo = { htons(probe->from.port), htons((uint16_t)try) },
	};
	size_t len = sizeof(icmp) + size;

	memset(p, 0, len);
	memcpy(p, &icmp, sizeof(icmp));
	memcpy(p + sizeof(icmp), probe->dcid, PROBE_CID_LEN);
	icmp.checksum = v6 ? packet_transport_checksum(&probe->from, &probe->vip,
						       IPPROTO_ICMPV6, p, len) :
			     packet_checksum(p, len);
	memcpy(p, &icmp, sizeof(icmp));
	return len;
}

bool probe_is_echo_reply(const struct probe *probe, const uint8_t *data, size_t len)
{
	struct icmphdr icmp;

	if (len < sizeof(icmp) + PROBE_CID_LEN)
		return false;
	memcpy(&icmp, data, sizeof(icmp));
	return icmp.type == (probe->vip.af == AF_INET6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) &&
	       ntohs(icmp.un.echo.id) == probe->from.port &&
	       !memcmp(data + sizeof(icmp), probe->dcid, PROBE_CID_LEN);
}

static size_t put_datagram(const struct probe *probe, unsigned int try, uint8_t *p,
			   size_t size)
{
	probe_put_quic(probe, try, p + sizeof(struct udphdr), (unsigned int)size);
	packet_put_udp(p, &probe->from, &probe->vip, size, true);
	return sizeof(struct udphdr) + size;
}

static uint8_t inner_protocol(const struct probe *probe)
{
	if (!probe->echo)
		return IPPROTO_UDP;
	return probe->vip.af == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
}

size_t probe_put_packet(const struct probe *probe, unsigned int try, uint8_t *packet,
			unsigned int size)
{
	size_t ip = probe->vip.af == AF_INET6 ? sizeof(struct ip6_hdr) :
						sizeof(struct iphdr);
	uint8_t *inner = packet + put_tunnel(packet, probe);
	size_t len = probe->echo ? put_echo(probe, try, inner + ip, size) :
				   put_datagram(probe, try, inner + ip, size);

	len += packet_put_ip(inner, &probe->from, &probe->vip, inner_protocol(probe), len);
	len += (size_t)(inner - packet);
	finish_tunnel(packet, probe, len);
	return len;
}

/* A masqueraded server gets the datagram from the probe's own socket. */
static int send_plain(const struct probe *probe, unsigned int try)
{
	uint8_t data[PROBE_PAYLOAD_MAX];
	struct sockaddr_storage sa;
	socklen_t sa_len = way_addr(probe, &sa);

	probe_put_quic(probe, try, data, probe->size);
	if (sendto(probe->socket, data, probe->size, 0, (void *)&sa, sa_len) < 0)
		return errno;
	return 0;
}

int probe_send(const struct probe *probe, unsigned int try)
{
	uint8_t packet[PROBE_PAYLOAD_MAX + PROBE_HEADERS_MAX];
	struct sockaddr_storage sa;
	int fd, error = 0;
	size_t len;

	if (probe->fwd.forward == IP_VS_CONN_F_MASQ)
		return send_plain(probe, try);
	fd = open_way(probe);
	if (fd < 0)
		return errno;
	len = probe_put_packet(probe, try, packet, probe->size);
	if (!set_options(fd, probe) || !set_source(fd, probe) ||
	    sendto(fd, packet, len, 0, (void *)&sa, way_addr(probe, &sa)) < 0)
		error = errno;
	close(fd);
	return error;
}

/* A socket address without a port, as raw sockets take it. */
static socklen_t put_address(const struct endpoint *ep, struct sockaddr_storage *sa)
{
	struct sockaddr_in6 *sin6 = (void *)sa;
	struct sockaddr_in *sin = (void *)sa;

	memset(sa, 0, sizeof(*sa));
	sa->ss_family = ep->af;
	if (ep->af == AF_INET6)
		memcpy(&sin6->sin6_addr, ep->addr, 16);
	else
		memcpy(&sin->sin_addr, ep->addr, 4);
	return ep->af == AF_INET6 ? sizeof(*sin6) : sizeof(*sin);
}

static int open_raw(uint16_t af, const char *vrf)
{
	int fd = socket(af, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	if (fd < 0 || !vrf ||
	    !setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, vrf, (socklen_t)strlen(vrf)))
		return fd;
	close(fd);
	return -1;
}

int probe_send_here(const struct endpoint *dst, const char *vrf, const uint8_t *packet,
		    size_t len)
{
	int fd = open_raw(dst->af, vrf), error = 0;
	struct sockaddr_storage sa;
	socklen_t sa_len = put_address(dst, &sa);

	if (fd < 0)
		return errno;
	if (sendto(fd, packet, len, 0, (void *)&sa, sa_len) < 0)
		error = errno;
	close(fd);
	return error;
}

/* Bound to the VIP, so that it takes the route that the server's own do. */
int probe_send_unasked(const struct probe *probe, const char *vrf)
{
	int fd = open_raw(probe->vip.af, vrf), error = 0;
	uint8_t packet[UNASKED + PROBE_HEADERS_MAX];
	const size_t udp = sizeof(struct udphdr);
	struct sockaddr_storage vip, client;
	socklen_t vip_len = put_address(&probe->vip, &vip);
	socklen_t client_len = put_address(&probe->from, &client);
	size_t ip = packet_put_ip(packet, &probe->vip, &probe->from, IPPROTO_UDP, udp + UNASKED);

	if (fd < 0)
		return errno;
	probe_put_quic(probe, 0, packet + ip + udp, UNASKED);
	memset(packet + ip + udp + 1, 0, sizeof(uint32_t));
	packet_put_udp(packet + ip, &probe->vip, &probe->from, UNASKED, true);
	if (bind(fd, (void *)&vip, vip_len) ||
	    sendto(fd, packet, ip + udp + UNASKED, 0, (void *)&client, client_len) < 0)
		error = errno;
	close(fd);
	return error;
}
