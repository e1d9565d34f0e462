// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/realserver.h"

uint16_t patient_outer_af(const struct patient *p)
{
	return p->way.server.af ? p->way.server.af : p->vip.af;
}

int patient_way_back(const struct patient *p, struct route *route)
{
	return host_route(&p->client, p->vip_is_local ? &p->vip : NULL, route);
}
