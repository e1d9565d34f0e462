// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/probe_ways.h"

#include "doctor/service_subject.h"

bool probe_can_ask(const struct forwarding *fwd)
{
	switch (fwd->forward) {
	case IP_VS_CONN_F_TUNNEL:
		return true;
	case IP_VS_CONN_F_DROUTE:
		return fwd->server.af == AF_INET;
	case IP_VS_CONN_F_MASQ:
		return fwd->server.port;
	default:
		return false;
	}
}

struct probe probe_of_dest(const struct service *svc, const struct dest *dest,
			   const struct endpoint *server)
{
	return (struct probe) {
		.vip = svc->id.vip,
		.fwd = {
			.forward = dest->forward,
			.tun_type = dest->tun_type,
			.tun_port = dest->tun_port,
			.tun_flags = dest->tun_flags,
			.server = *server,
		},
		.size = QUIC_MIN,
	};
}

size_t probe_ways(const struct probe *probe, const struct service *svc,
		  struct probe ways[PROBE_WAYS_MAX])
{
	size_t count = 0, i;

	ways[count++] = *probe;
	if (!svc || probe->fwd.forward != IP_VS_CONN_F_TUNNEL ||
	    probe->fwd.tun_type != IP_VS_CONN_F_TUNNEL_TYPE_IPIP)
		return count;
	for (i = 0; i < SOURCE_COUNT; i++) {
		if (sources[i].af != probe->fwd.server.af || !svc->sources[i].len)
			continue;
		ways[count] = *probe;
		service_outer_source(svc, i, &ways[count++].source);
	}
	return count;
}
