/* SPDX-License-Identifier: GPL-2.0-only */
/* How datagrams reach a real server, and what their headers take of the MTU. */
#ifndef _QUICLBADM_DOCTOR_FORWARDING_H
#define _QUICLBADM_DOCTOR_FORWARDING_H

#include "model/model.h"

enum {
	QUIC_MIN = 1200,	/* octets of UDP payload, RFC 9000 section 14 */
	QUIC_LARGE = 1452,	/* ... that fill an MTU of 1500 with IPv6 */
	QUIC_ACK = 40,		/* ... as an acknowledgement has */
};

/* How datagrams reach a real server. */
struct forwarding {
	uint32_t forward;		/* IPVS_CONN_F_* */
	uint8_t tun_type;
	uint16_t tun_port;
	uint16_t tun_flags;		/* IP_VS_TUNNEL_ENCAP_FLAG_* */
	struct endpoint server;		/* its own address; af 0: not known */
};

/* An address as any client's; only looked up, nothing is sent there. */
void doctor_some_client(uint16_t af, struct endpoint *client);

/*
 * The same for a datagram that is sent: answers go there, so unless @wanted is the user's
 * own it becomes an address that no host has (RFC 5737, RFC 3849).
 * @vrf: in which clients are reached
 * Return: false if that is not reached as other clients are.
 */
bool doctor_sending_client(const struct endpoint *wanted, int vrf, struct endpoint *client);

/* IPPROTO_* of a tunnel's packets with IP packets of @inner_af in them. */
uint8_t doctor_tunnel_protocol(const struct forwarding *fwd, uint16_t inner_af);

/* The headers of a tunnel packet in octets. */
unsigned int doctor_tunnel_len(const struct forwarding *fwd, uint16_t outer_af);

/* The address alone, in ENDPOINT_STRLEN. */
char *doctor_addr_str(const struct endpoint *ep, char *buf);

#endif /* _QUICLBADM_DOCTOR_FORWARDING_H */
