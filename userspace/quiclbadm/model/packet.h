/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet as it is on the wire, down to the UDP payload: IPv4 and IPv6, and the
 * tunnels IPVS knows (IPIP, GRE, GUE).  Reads what is there and never beyond.
 */
#ifndef _QUICLBADM_MODEL_PACKET_H
#define _QUICLBADM_MODEL_PACKET_H

#include "model/model.h"

enum tunnel {
	TUNNEL_NONE,
	TUNNEL_IPIP,		/* any mix of IPv4 and IPv6 */
	TUNNEL_GRE,
	TUNNEL_GUE,
};

/**
 * struct packet - the innermost IP packet, and the tunnel next around it
 * @src, @dst: its addresses; ports when it is UDP, else 0
 * @protocol: of its payload
 * @fragment: it is not the first fragment: there are no ports
 * @is_udp: @payload is what follows the UDP header
 * @view: octets readable at @payload
 * @len: octets the datagram has, at least @view
 * @tunnel: what the packet came in, with the addresses of that; ports for GUE
 * @at: offset of the innermost IP header
 */
struct packet {
	struct endpoint src;
	struct endpoint dst;
	uint8_t protocol;
	bool fragment;
	bool is_udp;
	const uint8_t *payload;
	size_t view;
	size_t len;
	enum tunnel tunnel;
	struct endpoint outer_src;
	struct endpoint outer_dst;
	size_t at;
};

/* From an IP header on.  Return: false when there is none. */
bool packet_parse(const uint8_t *data, size_t len, struct packet *p);

/*
 * The kernel leaves the outer headers in front of a packet that has come out
 * of a tunnel.  Looks there: the innermost IP header of @p is at @p->at in @data, which
 * has @len octets.
 */
void packet_find_outer(const uint8_t *data, size_t len, struct packet *p);

/* NULL for TUNNEL_NONE */
const char *packet_tunnel_name(enum tunnel tunnel);

#endif /* _QUICLBADM_MODEL_PACKET_H */
