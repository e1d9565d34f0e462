// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/realserver.h"

uint16_t realserver_outer_af(const struct realserver *rs)
{
	return rs->fwd.server.af ? rs->fwd.server.af : rs->vip.af;
}

int realserver_route_back(const struct realserver *rs, struct route *route)
{
	return host_route_in(rs->vrf, &rs->client, rs->vip_is_local ? &rs->vip : NULL, route);
}
