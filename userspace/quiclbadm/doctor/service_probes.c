// SPDX-License-Identifier: GPL-2.0-only
/* End to end: which real servers do not answer through their tunnels. */
#include "doctor/service_probes.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "doctor/probe.h"

enum {
	TIMEOUT_MS = 2100,
};

static void tell_probe(const struct service_subject *s, const struct probe *probe)
{
	char server[ENDPOINT_STRLEN], text[ENDPOINT_STRLEN];
	const char *from = "", *source = "", *option = "";

	report_about(s->report, &s->svc->id, &probe->fwd.server);
	doctor_addr_str(&probe->fwd.server, server);
	if (probe->source.af) {
		from = " from ";
		option = " --from ";
		source = doctor_addr_str(&probe->source, text);
	}
	switch (probe->result) {
	case PROBE_ALIVE:
		report_add(s->report, CHECK_OK, "probe",
			   "%s answers through the tunnel%s%s for %s", server,
			   from, source, s->name);
		break;
	case PROBE_REFUSED:
		report_add(s->report, CHECK_FAULT, "probe",
			   "%s has no socket for %s: start the server there",
			   server, s->name);
		break;
	case PROBE_WRONG:
		report_add(s->report, CHECK_FAULT, "probe",
			   "%s answers through the tunnel%s%s for %s, but not as a server of QUIC does (Version Negotiation): what listens there?",
			   server, from, source, s->name);
		break;
	case PROBE_SILENT:
	case PROBE_NO_TUNNEL:
	case PROBE_UNSENT:		/* other checks say why */
		report_add(s->report, CHECK_FAULT, "probe",
			   "%s does not answer what comes through the tunnel%s%s for %s; on that host: quiclbadm doctor -u %s -r %s%s%s",
			   server, from, source, s->name, s->name, server,
			   option, source);
		break;
	}
}

static struct probe *add_probe(const struct service_subject *s, struct probe *probe,
			       const struct dest *dest)
{
	memset(probe, 0, sizeof(*probe));
	probe->vip = s->svc->id.vip;
	probe->fwd.forward = dest->forward;
	probe->fwd.tun_type = dest->tun_type;
	probe->fwd.tun_port = dest->tun_port;
	probe->fwd.tun_flags = dest->tun_flags;
	probe->fwd.server = dest->server;
	return probe;
}

/*
 * Where outer sources are by flow, some packets have the director's own nevertheless:
 * both must arrive.
 */
static size_t add_probes(const struct service_subject *s, struct probe *probes)
{
	const struct service *svc = s->svc;
	size_t count = 0, i, j;

	for (i = 0; i < svc->dest_count; i++) {
		const struct dest *dest = &svc->dests[i];

		/* of the methods, only tunnels can be imitated */
		if (dest->forward != IP_VS_CONN_F_TUNNEL)
			continue;
		add_probe(s, &probes[count++], dest);
		if (dest->tun_type != IP_VS_CONN_F_TUNNEL_TYPE_IPIP)
			continue;
		for (j = 0; j < SOURCE_COUNT; j++)
			if (sources[j].af == dest->server.af &&
			    svc->sources[j].len)
				service_outer_source(svc, j, &add_probe(s, &probes[count++], dest)->source);
	}
	return count;
}

int service_check_probes(const struct service_subject *s, const struct endpoint *from)
{
	struct probe_params params = {
		.from = *from,
		.timeout_ms = TIMEOUT_MS,
		.size = QUIC_MIN,
	};
	struct probe *probes;
	size_t count, i;
	int err;

	if (s->svc->id.fwmark || s->svc->id.vip.af != from->af)
		return 0;
	probes = xcalloc(2 * s->svc->dest_count + 1, sizeof(*probes));
	count = add_probes(s, probes);
	err = probe_run(probes, count, &params);
	for (i = 0; !err && i < count; i++)
		tell_probe(s, &probes[i]);
	report_about(s->report, &s->svc->id, NULL);
	free(probes);
	return err;
}
