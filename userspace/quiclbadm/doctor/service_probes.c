// SPDX-License-Identifier: GPL-2.0-only
/* End to end: which real servers do not answer through their tunnels. */
#include "doctor/service_probes.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "doctor/probe.h"

enum {
	TIMEOUT_MS = 2100,
	SMALL = 56,		/* octets of an echo request's data, as ping's */
	LARGE = 1452,		/* octets of UDP payload, what fills 1500 with IPv6 */
	PROBES_PER_DEST = 2,	/* with the director's source, and with one by flow */
};

/* A server's own doctor would find nothing. */
static void tell_small_only(const struct service_subject *s, const char *server)
{
	report_add(s->report, CHECK_FAULT, "size",
		   "%s answers a small packet for the VIP (ICMP echo) through the tunnel, but no datagram of %d octets: something on the way there drops large packets and does not say so",
		   server, QUIC_MIN);
}

/* @small: it answers a small packet */
static void tell_probe(const struct service_subject *s, const struct probe *probe, bool small)
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
		if (small) {
			tell_small_only(s, server);
			break;
		}
		/* fall through */
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
	probe->size = QUIC_MIN;
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

/* --- sizes -------------------------------------------------------------------------- */

/*
 * Payload that fills the route's MTU behind all headers, as far as servers have room for it;
 * 0: not known, or no more than QUIC_MIN.
 */
static unsigned int full_size(const struct service_subject *s, const struct probe *probe)
{
	unsigned int headers = doctor_tunnel_len(&probe->fwd, probe->fwd.server.af) +
			       (s->svc->id.vip.af == AF_INET6 ? 40 : 20) + 8, mtu;
	const struct link *link;
	struct route route;

	if (host_route(&probe->fwd.server, NULL, &route))
		return 0;
	link = host_link(s->host, route.link);
	mtu = route.mtu ? route.mtu : link ? link->mtu : 0;
	if (mtu > headers + LARGE)
		mtu = headers + LARGE;
	return mtu > headers + QUIC_MIN ? mtu - headers : 0;
}

/* What is asked of @probe's server next, by the same way. */
static void ask_again(const struct probe *probe, unsigned int size, bool echo,
		      struct probe *again)
{
	memset(again, 0, sizeof(*again));
	again->vip = probe->vip;
	again->fwd = probe->fwd;
	again->source = probe->source;
	again->size = size;
	again->echo = echo;
}

/*
 * Of a server that answers, a full-size datagram; of one that is silent, a small packet that
 * every host answers.  No server answers a smaller datagram of an unknown version (RFC 9000
 * section 5.2.2).  @asked: which of @probes each is about
 */
static size_t add_others(const struct service_subject *s, const struct probe *probes,
			 size_t count, struct probe *others, size_t *asked)
{
	size_t found = 0, i;

	for (i = 0; i < count; i++) {
		unsigned int size = probes[i].result == PROBE_ALIVE ?
				    full_size(s, &probes[i]) : 0;

		if (size)
			ask_again(&probes[i], size, false, &others[found]);
		else if (probes[i].result == PROBE_SILENT)
			ask_again(&probes[i], SMALL, true, &others[found]);
		else
			continue;
		asked[found++] = i;
	}
	return found;
}

static void tell_full(const struct service_subject *s, const struct probe *full)
{
	char server[ENDPOINT_STRLEN];

	doctor_addr_str(&full->fwd.server, server);
	report_add(s->report, CHECK_ADVICE, "size",
		   "%s answers datagrams of %d octets through the tunnel, but none of %u, which its route's MTU lets pass: something on the way there drops large packets and does not say so; give the route the MTU that passes",
		   server, QUIC_MIN, full->size);
}

static void tell_all(const struct service_subject *s, const struct probe *probes, size_t count,
		     const struct probe *others, const size_t *asked, size_t found)
{
	size_t i, next = 0;

	for (i = 0; i < count; i++) {
		const struct probe *other = next < found && asked[next] == i ?
					    &others[next++] : NULL;
		const bool small = other && other->echo && other->result == PROBE_ALIVE;

		tell_probe(s, &probes[i], small);
		if (other && !other->echo && other->result == PROBE_SILENT)
			tell_full(s, other);
	}
}

static int run_probes(const struct service_subject *s, struct probe *probes,
		      const struct probe_params *params)
{
	struct probe *others = probes + PROBES_PER_DEST * s->svc->dest_count;
	size_t *asked = xcalloc(PROBES_PER_DEST * s->svc->dest_count + 1, sizeof(*asked));
	size_t count = add_probes(s, probes), found = 0;
	int err = probe_run(probes, count, params);

	if (!err)
		found = add_others(s, probes, count, others, asked);
	if (!err && found)
		err = probe_run(others, found, params);
	if (!err)
		tell_all(s, probes, count, others, asked, found);
	free(asked);
	return err;
}

int service_check_probes(const struct service_subject *s, const struct endpoint *from)
{
	const struct probe_params params = { .from = *from, .timeout_ms = TIMEOUT_MS };
	struct probe *probes;
	int err;

	if (s->svc->id.fwmark || s->svc->id.vip.af != from->af)
		return 0;
	probes = xcalloc(2 * PROBES_PER_DEST * s->svc->dest_count + 1, sizeof(*probes));
	err = run_probes(s, probes, &params);
	report_about(s->report, &s->svc->id, NULL);
	free(probes);
	return err;
}
