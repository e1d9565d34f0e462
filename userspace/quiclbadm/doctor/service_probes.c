// SPDX-License-Identifier: GPL-2.0-only
/* End to end: which real server eats packets. */
#include "doctor/service_probes.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "doctor/probe.h"

static void tell_probe(const struct examined *e, const struct probe *probe)
{
	char server[ENDPOINT_STRLEN], text[ENDPOINT_STRLEN];
	const char *from = "", *source = "", *option = "";

	doctor_addr_str(&probe->way.server, server);
	if (probe->source.af) {
		from = " from ";
		option = " --from ";
		source = doctor_addr_str(&probe->source, text);
	}
	switch (probe->result) {
	case PROBE_ANSWERED:
		report_add(e->report, CHECK_OK, "probe",
			   "%s answers through the tunnel%s%s for %s", server,
			   from, source, e->name);
		break;
	case PROBE_REFUSED:
		report_add(e->report, CHECK_FAULT, "probe",
			   "%s has no socket for %s: start the server there",
			   server, e->name);
		break;
	case PROBE_SILENT:
		report_add(e->report, CHECK_FAULT, "probe",
			   "%s eats what goes through the tunnel%s%s for %s; on that host: quiclbadm doctor -u %s -r %s%s%s",
			   server, from, source, e->name, e->name, server,
			   option, source);
		break;
	}
}

static struct probe *add_probe(const struct examined *e, struct probe *probe,
			       const struct dest *dest)
{
	memset(probe, 0, sizeof(*probe));
	probe->vip = e->svc->id.vip;
	probe->way.forward = dest->forward;
	probe->way.tun_type = dest->tun_type;
	probe->way.tun_port = dest->tun_port;
	probe->way.server = dest->server;
	return probe;
}

/*
 * Where outer sources are by flow, some packets have the director's own nevertheless:
 * both must arrive.
 */
static size_t add_probes(const struct examined *e, struct probe *probes)
{
	const struct service *svc = e->svc;
	size_t count = 0, i, j;

	for (i = 0; i < svc->dest_count; i++) {
		const struct dest *dest = &svc->dests[i];

		/* of the methods, only tunnels can be imitated */
		if (dest->forward != IP_VS_CONN_F_TUNNEL)
			continue;
		add_probe(e, &probes[count++], dest);
		if (dest->tun_type != IP_VS_CONN_F_TUNNEL_TYPE_IPIP)
			continue;
		for (j = 0; j < SOURCE_COUNT; j++)
			if (sources[j].af == dest->server.af &&
			    svc->sources[j].len)
				examined_source(svc, j, &add_probe(e, &probes[count++], dest)->source);
	}
	return count;
}

int examine_probes(const struct examined *e, const struct endpoint *from)
{
	struct probe *probes;
	size_t count, i;
	int err;

	if (e->svc->id.fwmark || e->svc->id.vip.af != from->af)
		return 0;
	probes = xcalloc(2 * e->svc->dest_count + 1, sizeof(*probes));
	count = add_probes(e, probes);
	err = probe_run(probes, count, from);
	for (i = 0; !err && i < count; i++)
		tell_probe(e, &probes[i]);
	free(probes);
	return err;
}
