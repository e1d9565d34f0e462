/* SPDX-License-Identifier: GPL-2.0-only */
/* IP and UDP headers as they are on the wire. */
#ifndef _QUICLBADM_DOCTOR_PACKET_BUILD_H
#define _QUICLBADM_DOCTOR_PACKET_BUILD_H

#include "model/model.h"

enum {
	PACKET_HOPS = 64,
};

/* An address that no vendor gives out: the sender of frames that arrive from nowhere. */
extern const uint8_t packet_sender_mac[6];

/* An Ethernet header from there.  Return: its length. */
size_t packet_put_ethernet(uint8_t *p, const uint8_t dst[6], uint16_t protocol);

/* The Internet checksum of RFC 1071 of @len octets, in network byte order. */
uint16_t packet_checksum(const void *data, size_t len);

/*
 * The same of a transport header, whose own checksum is 0, and its payload, with the pseudo
 * header of the addresses' family.
 */
uint16_t packet_transport_checksum(const struct endpoint *src, const struct endpoint *dst,
				   uint8_t protocol, const void *data, size_t len);

/*
 * An IP header of the addresses' family, not to be fragmented, in front of @len octets.
 * Return: its length.
 */
size_t packet_put_ip(uint8_t *p, const struct endpoint *src, const struct endpoint *dst,
		     uint8_t protocol, size_t len);

/* A UDP header in front of @len octets that are there already; @checksum: or 0 for none. */
void packet_put_udp(uint8_t *p, const struct endpoint *src, const struct endpoint *dst,
		    size_t len, bool checksum);

#endif /* _QUICLBADM_DOCTOR_PACKET_BUILD_H */
