// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/asking.h"

#include <arpa/inet.h>
#include <string.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>

#include "doctor/packet_build.h"

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
	static const uint8_t everyone[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct arp arp = {
		.hardware = htons(ARPHRD_ETHER), .protocol = htons(ETH_P_IP),
		.hardware_len = ETH_ALEN, .protocol_len = 4,
		.operation = htons(ARPOP_REQUEST),
	};

	memcpy(arp.sender_mac, packet_sender_mac, ETH_ALEN);
	memcpy(arp.target, target->addr, 4);
	frame += packet_put_ethernet(frame, everyone, ETH_P_ARP);
	memcpy(frame, &arp, sizeof(arp));
	return ETH_HLEN + sizeof(arp);
}

/* To the target's solicited-node multicast address, RFC 4291 section 2.7.1. */
static size_t put_solicitation(const struct endpoint *target, uint8_t *frame)
{
	uint8_t mac[ETH_ALEN] = { 0x33, 0x33, 0xff };
	struct nd_neighbor_solicit ns = { .nd_ns_type = ND_NEIGHBOR_SOLICIT };
	struct endpoint unspecified = { .af = AF_INET6 }, group = { .af = AF_INET6 };
	struct ip6_hdr ip = {
		.ip6_flow = htonl(0x60000000), .ip6_plen = htons(sizeof(ns)),
		.ip6_nxt = IPPROTO_ICMPV6, .ip6_hlim = 255,
	};

	memcpy(mac + 3, target->addr + 13, 3);
	inet_pton(AF_INET6, "ff02::1:ff00:0", group.addr);
	memcpy(group.addr + 13, target->addr + 13, 3);
	memcpy(&ip.ip6_dst, group.addr, 16);
	memcpy(&ns.nd_ns_target, target->addr, 16);
	ns.nd_ns_cksum = packet_transport_checksum(&unspecified, &group, IPPROTO_ICMPV6, &ns,
						   sizeof(ns));
	frame += packet_put_ethernet(frame, mac, ETH_P_IPV6);
	memcpy(frame, &ip, sizeof(ip));
	memcpy(frame + sizeof(ip), &ns, sizeof(ns));
	return ETH_HLEN + sizeof(ip) + sizeof(ns);
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
