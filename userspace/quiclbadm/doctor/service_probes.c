// SPDX-License-Identifier: GPL-2.0-only
/* End to end: which real servers do not answer what a director sends them. */
#include "doctor/service_probes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/neighbour.h>

#include "common/xalloc.h"
#include "doctor/probe.h"
#include "doctor/probe_ways.h"

enum {
	TIMEOUT_MS = 2100,
	SMALL = 56,		/* octets of an echo request's data, as ping's */
	OTHERS_PER_PROBE = 2,
};

/* A question, and what was asked besides when its answer was known; NULL: it was not. */
struct inquiry {
	const struct probe *probe;
	const struct probe *full;	/* a datagram that fills the MTU */
	const struct probe *small;	/* a small packet through the tunnel */
	const struct probe *host;	/* ... to the server's own address, without one */
};

/* --- what is told ------------------------------------------------------------------- */

/* Of a server that gets no new connections, silence is no fault of the service's. */
static enum check_level level_of(const struct service_subject *s, const struct probe *probe)
{
	const struct dest *dest = service_find_dest(s->svc, &probe->fwd.server);

	return dest && dest->weight ? CHECK_FAULT : CHECK_ADVICE;
}

/* "10.0.0.12", and why nothing new is sent to it, in @text. */
static void name_server(const struct service_subject *s, const struct probe *probe,
			char *text, size_t size)
{
	const struct dest *dest = service_find_dest(s->svc, &probe->fwd.server);
	char server[ENDPOINT_STRLEN];

	snprintf(text, size, "%s%s", doctor_addr_str(&probe->fwd.server, server),
		 !dest ? " (not in the pool)" : dest->weight ? "" : " (weight 0)");
}

/* "through the tunnel from 10.99.0.1" */
static void name_way(const struct probe *probe, char *text, size_t size)
{
	char source[ENDPOINT_STRLEN] = "";

	if (probe->source.af)
		doctor_addr_str(&probe->source, source);
	snprintf(text, size, "%s%s%s",
		 probe->fwd.forward == IP_VS_CONN_F_TUNNEL ? "through the tunnel" :
							     "without a tunnel",
		 *source ? " from " : "", source);
}

/* The command for that host. */
static char *name_command(const struct service_subject *s, const struct probe *probe)
{
	const struct forwarding *fwd = &probe->fwd;
	const struct dest dest = {
		.forward = fwd->forward, .tun_type = fwd->tun_type,
		.tun_port = fwd->tun_port, .tun_flags = fwd->tun_flags,
	};
	const bool usual = fwd->forward == IP_VS_CONN_F_TUNNEL &&
			   fwd->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_IPIP;
	char server[ENDPOINT_STRLEN], source[ENDPOINT_STRLEN] = "";
	char *method = usual ? xstrdup("") : service_method_str(&dest);
	char *text = xcalloc(1, 512);

	if (probe->source.af)
		doctor_addr_str(&probe->source, source);
	snprintf(text, 512, "quiclbadm doctor -u %s -r %s%s%s%s", s->name,
		 doctor_addr_str(&fwd->server, server), method,
		 *source ? " --from " : "", source);
	free(method);
	return text;
}

/* Does what is sent to it arrive?  A word about the host itself, not about the tunnel. */
static const char *tell_host(const struct inquiry *q)
{
	struct endpoint hop = q->probe->fwd.server;
	struct route route;

	if (q->host && q->host->result == PROBE_ALIVE)
		return "that host answers ping, so the datagram arrives and is dropped there, or the network between does not let it pass";
	if (!host_route(&q->probe->fwd.server, NULL, &route) && route.gateway.af)
		hop = route.gateway;
	/* it has been asked for all the time since */
	if (host_neighbour(route.link, &hop) & (NUD_FAILED | NUD_INCOMPLETE))
		return "it does not arrive: no host answers for the next hop's address";
	if (q->host)
		return "that host does not answer ping either, so probably it does not arrive there at all";
	return "whether it arrives is not known";
}

static void tell_silent(const struct service_subject *s, const struct inquiry *q,
			const char *server)
{
	char way[96], *command;

	/* a server's own doctor would find nothing */
	if (q->small && q->small->result == PROBE_ALIVE) {
		report_add(s->report, level_of(s, q->probe), "size",
			   "%s answers a small packet for the VIP (ICMP echo) through the tunnel, but no datagram of %d octets: something on the way there drops large packets and does not say so",
			   server, QUIC_MIN);
		return;
	}
	name_way(q->probe, way, sizeof(way));
	command = name_command(s, q->probe);
	report_add(s->report, level_of(s, q->probe), "probe",
		   "%s does not answer what comes %s for %s; %s; on that host, with --await 60 it waits for the next one: %s",
		   server, way, s->name, tell_host(q), command);
	free(command);
}

static void tell_refused(const struct service_subject *s, const struct inquiry *q,
			 const char *server)
{
	char way[96], *command;

	name_way(q->probe, way, sizeof(way));
	command = name_command(s, q->probe);
	report_add(s->report, level_of(s, q->probe), "probe",
		   "%s does not answer what comes %s for %s; it arrives, and that host refuses the tunnel's packets (ICMP), as nothing there takes them apart; on that host: %s",
		   server, way, s->name, command);
	free(command);
}

/* What the tables said of the way to a server that has answered by now. */
static const char *const predictions[] = { "route", "neighbour", "mtu", NULL };

static void tell_probe(const struct service_subject *s, const struct inquiry *q)
{
	const struct probe *probe = q->probe;
	char server[ENDPOINT_STRLEN + 32], way[96];

	report_about(s->report, &s->svc->id, &probe->fwd.server);
	name_server(s, probe, server, sizeof(server));
	name_way(probe, way, sizeof(way));
	switch (probe->result) {
	case PROBE_ALIVE:
		report_refute(s->report, predictions);
		report_add(s->report, CHECK_OK, "probe", "%s answers %s for %s", server,
			   way, s->name);
		break;
	case PROBE_REFUSED:
		report_add(s->report, level_of(s, probe), "probe",
			   "%s has no socket for %s: start the server there",
			   server, s->name);
		break;
	case PROBE_WRONG:
		report_add(s->report, level_of(s, probe), "probe",
			   "%s answers %s for %s, but not as a server of QUIC does (Version Negotiation): what listens there?",
			   server, way, s->name);
		break;
	case PROBE_SILENT:
		tell_silent(s, q, server);
		break;
	case PROBE_NO_TUNNEL:
		tell_refused(s, q, server);
		break;
	case PROBE_UNSENT:
		report_add(s->report, level_of(s, probe), "probe",
			   "%s does not answer: nothing can be sent to it (%s)", server,
			   strerror(probe->error));
		break;
	}
	if (q->full && q->full->result == PROBE_SILENT)
		report_add(s->report, CHECK_ADVICE, "size",
			   "%s answers datagrams of %d octets through the tunnel, but none of %u, which its route's MTU lets pass: something on the way there drops large packets and does not say so; give the route the MTU that passes",
			   server, QUIC_MIN, q->full->size);
}

/* --- whom to ask -------------------------------------------------------------------- */

static size_t add_ways(const struct service_subject *s, struct probe *probes,
		       const struct dest *dest, const struct endpoint *server)
{
	const struct probe probe = probe_of_dest(s->svc, dest, server);

	if (!probe_can_ask(&probe.fwd) || host_has_address(s->host, server))
		return 0;
	return probe_ways(&probe, s->svc, probes);
}

/* Those of the pool, also at weight 0, and those that have server IDs and were taken out of it. */
static size_t add_probes(const struct service_subject *s, struct probe *probes)
{
	const struct dest *typical = service_typical_dest(s);
	const struct service *svc = s->svc;
	const struct mapping *absent;
	size_t count = 0, at = 0, maps, i;

	for (i = 0; i < svc->dest_count; i++)
		count += add_ways(s, &probes[count], &svc->dests[i], &svc->dests[i].server);
	while (typical && (absent = service_next_absent(svc, &at, &maps)))
		count += add_ways(s, &probes[count], typical, &absent->server);
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
	if (mtu > headers + QUIC_LARGE)
		mtu = headers + QUIC_LARGE;
	return mtu > headers + QUIC_MIN ? mtu - headers : 0;
}

/* What is asked of @probe's server next, by the same way. */
static const struct probe *ask_again(const struct probe *probe, unsigned int size, bool echo,
				     struct probe *again)
{
	memset(again, 0, sizeof(*again));
	again->vip = probe->vip;
	again->fwd = probe->fwd;
	again->source = probe->source;
	again->size = size;
	again->echo = echo;
	return again;
}

/* An ICMP echo request as "ping" sends it. */
static const struct probe *ask_host(const struct probe *probe, struct probe *again)
{
	ask_again(probe, SMALL, true, again);
	memset(&again->source, 0, sizeof(again->source));
	again->vip = again->fwd.server;
	again->vip.port = 0;
	again->fwd.forward = IP_VS_CONN_F_DROUTE;
	return again;
}

/*
 * Of a server that answers, a full-size datagram; of one that is silent, small packets that
 * every host answers.  No server answers a smaller datagram of an unknown version (RFC 9000
 * section 5.2.2).
 */
static size_t ask_others(const struct service_subject *s, struct inquiry *inquiries,
			 size_t count, struct probe *others)
{
	size_t found = 0, i;

	for (i = 0; i < count; i++) {
		const struct probe *probe = inquiries[i].probe;
		const bool tunnel = probe->fwd.forward == IP_VS_CONN_F_TUNNEL;
		unsigned int size = tunnel && probe->result == PROBE_ALIVE ?
				    full_size(s, probe) : 0;

		if (size)
			inquiries[i].full = ask_again(probe, size, false, &others[found++]);
		if (probe->result != PROBE_SILENT)
			continue;
		if (tunnel)
			inquiries[i].small = ask_again(probe, SMALL, true, &others[found++]);
		if (probe->fwd.server.af == probe->vip.af)
			inquiries[i].host = ask_host(probe, &others[found++]);
	}
	return found;
}

static int run_probes(const struct service_subject *s, struct probe *probes,
		      struct inquiry *inquiries, const struct probe_params *params)
{
	size_t count = add_probes(s, probes), found = 0, i;
	struct probe *others = probes + count;
	int err = probe_run(probes, count, params);

	for (i = 0; !err && i < count; i++)
		inquiries[i].probe = &probes[i];
	if (!err)
		found = ask_others(s, inquiries, count, others);
	if (!err && found)
		err = probe_run(others, found, params);
	for (i = 0; !err && i < count; i++)
		tell_probe(s, &inquiries[i]);
	return err;
}

int service_check_probes(const struct service_subject *s, const struct endpoint *from)
{
	const struct probe_params params = { .from = *from, .timeout_ms = TIMEOUT_MS };
	const size_t room = PROBE_WAYS_MAX * (s->svc->dest_count + s->svc->map_count) + 1;
	struct inquiry *inquiries;
	struct probe *probes;
	int err;

	if (s->svc->id.fwmark || s->svc->id.vip.af != from->af)
		return 0;
	probes = xcalloc(room * (1 + OTHERS_PER_PROBE), sizeof(*probes));
	inquiries = xcalloc(room, sizeof(*inquiries));
	err = run_probes(s, probes, inquiries, &params);
	report_about(s->report, &s->svc->id, NULL);
	free(inquiries);
	free(probes);
	return err;
}
