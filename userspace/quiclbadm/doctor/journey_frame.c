// SPDX-License-Identifier: GPL-2.0-only
/* The frame that a journey begins with. */
#include <string.h>
#include <linux/if_ether.h>
#include <netinet/udp.h>

#include "doctor/journey.h"
#include "doctor/packet_build.h"

/* The outer headers, in front of @len octets, which make room.  Return: their length. */
static size_t put_outer(const struct journey *journey, uint8_t *packet, size_t len)
{
	const struct probe *probe = &journey->probe;
	bool gue = probe->fwd.tun_type == IP_VS_CONN_F_TUNNEL_TYPE_GUE;
	size_t ip = probe->fwd.server.af == AF_INET6 ? 40 : 20;
	size_t udp = gue ? sizeof(struct udphdr) : 0;
	struct endpoint src = journey->outer_source, dst = probe->fwd.server;

	memmove(packet + ip + udp, packet, len);
	src.port = probe->from.port;
	dst.port = probe->fwd.tun_port;
	if (gue)
		packet_put_udp(packet + ip, &src, &dst, len,
			       probe_has_checksum(probe));
	packet_put_ip(packet, &src, &dst, doctor_tunnel_protocol(&probe->fwd, probe->vip.af), len + udp);
	return ip + udp;
}

size_t journey_put_frame(const struct journey *journey, const uint8_t mac[6],
			 uint8_t *frame, unsigned int size)
{
	const struct probe *probe = &journey->probe;
	uint8_t *packet = frame + ETH_HLEN;
	uint16_t af = probe->vip.af;
	size_t len = probe_put_packet(probe, 0, packet, size);

	if (probe->fwd.forward == IP_VS_CONN_F_TUNNEL) {
		af = probe->fwd.server.af;
		len += put_outer(journey, packet, len);
	}
	return packet_put_ethernet(frame, mac, af == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP) +
	       len;
}
