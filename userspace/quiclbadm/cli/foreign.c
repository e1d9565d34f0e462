// SPDX-License-Identifier: GPL-2.0-only
#include "cli/foreign.h"

#include <stddef.h>
#include <string.h>

#define SYNC "IPVS's connection synchronization is ipvsadm's; what is routed by connection ID needs none, since each director computes the same"

static const struct {
	const char *name;
	const char *sentence;
} foreign[] = {
	{ "set", "ipvsadm --set changes IPVS's timeouts; that of a quic service is its own (quiclbadm set SERVICE --tuple-timeout SECONDS)" },
	{ "start-daemon", SYNC " (ipvsadm --start-daemon)" },
	{ "stop-daemon", SYNC " (ipvsadm --stop-daemon)" },
	{ "mcast-interface", SYNC " (ipvsadm --start-daemon)" },
	{ "mcast-group", SYNC " (ipvsadm --start-daemon)" },
	{ "mcast-port", SYNC " (ipvsadm --start-daemon)" },
	{ "mcast-ttl", SYNC " (ipvsadm --start-daemon)" },
	{ "syncid", SYNC " (ipvsadm --start-daemon)" },
	{ "sync-maxlen", SYNC " (ipvsadm --start-daemon)" },
	{ "nosort", "the list is always sorted; leave it out" },
};

const char *foreign_option(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (!strcmp(foreign[i].name, name))
			return foreign[i].sentence;
	return NULL;
}
