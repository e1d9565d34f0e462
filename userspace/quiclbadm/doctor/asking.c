// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/asking.h"

#include <arpa/inet.h>
#include <string.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>

#include "doctor/packet_build.h"

/* An address that no vendor gives out. */
static const uint8_t asker[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x01 };

/* RFC 826, of IPv4 over Ethernet. */
struct arp {
	uint16_t hardware;
	uint16_t protocol;
	uint8_t hardware_len;
	uint8_t protocol_len;
	uint16_t operation;
	uint8_t sender_mac[ETH_ALEN];
	uint8_t sender[4];
	uint8_t target_mac[ETH_ALEN];
	uint8_t target[4];
};

static size_t put_arp(const struct endpoint *target, uint8_t *frame)
{
	struct ethhdr eth = { .h_proto = htons(ETH_P_ARP) };
	struct arp arp = {
		.hardware = htons(ARPHRD_ETHER), .protocol = htons(ETH_P_IP),
		.hardware_len = ETH_ALEN, .protocol_len = 4,
		.operation = htons(ARPOP_REQUEST),
	};

	memset(eth.h_dest, 0xff, ETH_ALEN);
	memcpy(eth.h_source, asker, ETH_ALEN);
	memcpy(arp.sender_mac, asker, ETH_ALEN);
	memcpy(arp.target, target->addr, 4);
	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + sizeof(eth), &arp, sizeof(arp));
	return sizeof(eth) + sizeof(arp);
}

/* Of ICMPv6, with the pseudo header of RFC 8200 section 8.1. */
static uint16_t icmp6_checksum(const struct ip6_hdr *ip, const void *icmp, size_t len)
{
	uint8_t data[40 + ASKING_FRAME_MAX] = { 0 };

	memcpy(data, &ip->ip6_src, 16);
	memcpy(data + 16, &ip->ip6_dst, 16);
	data[35] = (uint8_t)len;
	data[39] = IPPROTO_ICMPV6;
	memcpy(data + 40, icmp, len);
	return packet_checksum(data, 40 + len);
}

/* To the target's solicited-node multicast address, RFC 4291 section 2.7.1. */
static size_t put_solicitation(const struct endpoint *target, uint8_t *frame)
{
	struct ethhdr eth = { .h_dest = { 0x33, 0x33, 0xff }, .h_proto = htons(ETH_P_IPV6) };
	struct nd_neighbor_solicit ns = { .nd_ns_type = ND_NEIGHBOR_SOLICIT };
	struct ip6_hdr ip = {
		.ip6_flow = htonl(0x60000000), .ip6_plen = htons(sizeof(ns)),
		.ip6_nxt = IPPROTO_ICMPV6, .ip6_hlim = 255,
	};

	memcpy(eth.h_dest + 3, target->addr + 13, 3);
	memcpy(eth.h_source, asker, ETH_ALEN);
	inet_pton(AF_INET6, "ff02::1:ff00:0", &ip.ip6_dst);
	memcpy((uint8_t *)&ip.ip6_dst + 13, target->addr + 13, 3);
	memcpy(&ns.nd_ns_target, target->addr, 16);
	ns.nd_ns_cksum = icmp6_checksum(&ip, &ns, sizeof(ns));
	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + sizeof(eth), &ip, sizeof(ip));
	memcpy(frame + sizeof(eth) + sizeof(ip), &ns, sizeof(ns));
	return sizeof(eth) + sizeof(ip) + sizeof(ns);
}

size_t asking_put_frame(const struct endpoint *target, uint8_t *frame)
{
	return target->af == AF_INET6 ? put_solicitation(target, frame) :
					put_arp(target, frame);
}

bool asking_is_answer(const struct endpoint *target, const uint8_t *frame, size_t len)
{
	struct nd_neighbor_advert na;
	struct ip6_hdr ip;
	struct ethhdr eth;
	struct arp arp;

	if (len < sizeof(eth))
		return false;
	memcpy(&eth, frame, sizeof(eth));
	frame += sizeof(eth);
	len -= sizeof(eth);
	if (target->af == AF_INET && ntohs(eth.h_proto) == ETH_P_ARP && len >= sizeof(arp)) {
		memcpy(&arp, frame, sizeof(arp));
		return ntohs(arp.operation) == ARPOP_REPLY &&
		       !memcmp(arp.sender, target->addr, 4);
	}
	if (target->af != AF_INET6 || ntohs(eth.h_proto) != ETH_P_IPV6 ||
	    len < sizeof(ip) + sizeof(na))
		return false;
	memcpy(&ip, frame, sizeof(ip));
	memcpy(&na, frame + sizeof(ip), sizeof(na));
	return ip.ip6_nxt == IPPROTO_ICMPV6 && na.nd_na_type == ND_NEIGHBOR_ADVERT &&
	       !memcmp(&na.nd_na_target, target->addr, 16);
}
