// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/packet_build.h"

#include <arpa/inet.h>
#include <string.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>

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

uint16_t packet_checksum(const void *data, size_t len)
{
	return fold(add(0, data, len));
}

uint16_t packet_transport_checksum(const struct endpoint *src, const struct endpoint *dst,
				   uint8_t protocol, const void *data, size_t len)
{
	size_t alen = dst->af == AF_INET6 ? 16 : 4;
	uint32_t sum = protocol + (uint32_t)len;

	sum = add(sum, src->addr, alen);
	sum = add(sum, dst->addr, alen);
	return fold(add(sum, data, len));
}

const uint8_t packet_sender_mac[6] = { 0x02, 0, 0, 0, 0, 0x01 };

size_t packet_put_ethernet(uint8_t *p, const uint8_t dst[6], uint16_t protocol)
{
	struct ethhdr eth = { .h_proto = htons(protocol) };

	memcpy(eth.h_dest, dst, sizeof(eth.h_dest));
	memcpy(eth.h_source, packet_sender_mac, sizeof(eth.h_source));
	memcpy(p, &eth, sizeof(eth));
	return sizeof(eth);
}

size_t packet_put_ip(uint8_t *p, const struct endpoint *src, const struct endpoint *dst,
		     uint8_t protocol, size_t len)
{
	struct ip6_hdr v6 = {
		.ip6_flow = htonl(0x60000000), .ip6_nxt = protocol,
		.ip6_hlim = PACKET_HOPS, .ip6_plen = htons((uint16_t)len),
	};
	struct iphdr v4 = {
		.version = 4, .ihl = 5, .ttl = PACKET_HOPS, .protocol = protocol,
		.frag_off = htons(IP_DF),
		.tot_len = htons((uint16_t)(sizeof(v4) + len)),
	};

	if (dst->af == AF_INET6) {
		memcpy(&v6.ip6_src, src->addr, 16);
		memcpy(&v6.ip6_dst, dst->addr, 16);
		memcpy(p, &v6, sizeof(v6));
		return sizeof(v6);
	}
	memcpy(&v4.saddr, src->addr, 4);
	memcpy(&v4.daddr, dst->addr, 4);
	v4.check = packet_checksum(&v4, sizeof(v4));
	memcpy(p, &v4, sizeof(v4));
	return sizeof(v4);
}

void packet_put_udp(uint8_t *p, const struct endpoint *src, const struct endpoint *dst,
		    size_t len, bool checksum)
{
	struct udphdr uh = {
		.source = htons(src->port),
		.dest = htons(dst->port),
		.len = htons((uint16_t)(sizeof(uh) + len)),
	};

	memcpy(p, &uh, sizeof(uh));
	if (!checksum)
		return;
	uh.check = packet_transport_checksum(src, dst, IPPROTO_UDP, p, sizeof(uh) + len);
	if (!uh.check)
		uh.check = 0xffff;
	memcpy(p, &uh, sizeof(uh));
}
