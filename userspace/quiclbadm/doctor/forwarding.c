// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/forwarding.h"

#include <arpa/inet.h>
#include <string.h>

#include "system/host.h"

void doctor_some_client(uint16_t af, struct endpoint *client)
{
	memset(client, 0, sizeof(*client));
	client->af = af;
	inet_pton(af, af == AF_INET6 ? "2600::1" : "4.0.0.1", client->addr);
}

bool doctor_sending_client(const struct endpoint *wanted, int vrf, struct endpoint *client)
{
	struct route route, usual;
	struct endpoint some;

	*client = *wanted;
	client->port = 0;
	doctor_some_client(wanted->af, &some);
	if (!endpoint_addr_eq(&some, wanted))
		return true;
	inet_pton(wanted->af, wanted->af == AF_INET6 ? "2001:db8::1" : "203.0.113.1",
		  client->addr);
	return !host_route_in(vrf, &some, NULL, &usual) &&
	       !host_route_in(vrf, client, NULL, &route) &&
	       route.type == usual.type && route.link == usual.link;
}

uint8_t doctor_tunnel_protocol(const struct forwarding *fwd, uint16_t inner_af)
{
	switch (fwd->tun_type) {
	case IP_VS_CONN_F_TUNNEL_TYPE_GUE:
		return IPPROTO_UDP;
	case IP_VS_CONN_F_TUNNEL_TYPE_GRE:
		return IPPROTO_GRE;
	default:
		return inner_af == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	}
}

unsigned int doctor_tunnel_len(const struct forwarding *fwd, uint16_t outer_af)
{
	unsigned int len = outer_af == AF_INET6 ? 40 : 20;

	if (fwd->forward != IP_VS_CONN_F_TUNNEL)
		return 0;
	switch (fwd->tun_type) {
	case IP_VS_CONN_F_TUNNEL_TYPE_GRE:
		return len + (fwd->tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM ? 8 : 4);
	case IP_VS_CONN_F_TUNNEL_TYPE_GUE:
		return len + 8 + 4;
	default:
		return len;
	}
}

char *doctor_addr_str(const struct endpoint *ep, char *buf)
{
	if (!inet_ntop(ep->af, ep->addr, buf, ENDPOINT_STRLEN))
		*buf = '\0';
	return buf;
}
