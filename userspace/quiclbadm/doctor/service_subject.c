// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/service_subject.h"

#include <string.h>

void service_outer_source(const struct service *svc, enum source which,
			  struct endpoint *ep)
{
	const struct prefix *prefix = &svc->sources[which];
	unsigned int last = sources[which].octets - 1;

	memset(ep, 0, sizeof(*ep));
	if (!prefix->len)
		return;
	ep->af = sources[which].af;
	memcpy(ep->addr, prefix->addr, sources[which].octets);
	/* no network's own address, which hosts cannot have */
	if (prefix->len < 8 * sources[which].octets)
		ep->addr[last] |= 1;
}
