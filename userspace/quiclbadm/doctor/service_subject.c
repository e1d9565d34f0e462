// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/service_subject.h"

#include <stdio.h>
#include <string.h>

#include "common/xalloc.h"
#include "restore/state_file_write.h"

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

static bool same_method(const struct dest *a, const struct dest *b)
{
	return a->forward == b->forward && a->tun_type == b->tun_type &&
	       a->tun_port == b->tun_port && a->tun_flags == b->tun_flags;
}

const struct dest *service_typical_dest(const struct service_subject *s)
{
	const struct service *svc = s->svc;
	const struct dest *found = NULL;
	size_t i;

	for (i = 0; i < svc->dest_count; i++) {
		const struct dest *dest = &svc->dests[i];

		if (host_has_address(s->host, &dest->server))
			continue;
		if (found && !same_method(dest, found))
			return NULL;
		found = dest;
	}
	return found;
}

char *service_method_str(const struct dest *dest)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		no_memory();
	state_file_write_method(out, dest);
	if (fclose(out))
		no_memory();
	return text;
}
