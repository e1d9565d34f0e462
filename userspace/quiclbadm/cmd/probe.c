// SPDX-License-Identifier: GPL-2.0-only
/* probe: is one real server alive, by the path that the service's datagrams take? */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "common/err.h"
#include "doctor/probe.h"
#include "doctor/probe_ways.h"
#include "kernel/ipvs.h"
#include "kernel/kernel.h"
#include "output/json_build.h"
#include "output/names.h"
#include "system/host.h"

enum {
	EXIT_UNTRIED = EXIT_USAGE,	/* nothing is known about the server */
};

/* The question, and one probe for each source that tunnel packets may have. */
struct question {
	const struct args *args;
	struct probe_params params;
	struct forwarding fwd;
	bool pooled;			/* the server is in the service's pool */
	struct probe probes[PROBE_WAYS_MAX];
	size_t count;
	char vip[ENDPOINT_STRLEN];
	char server[ENDPOINT_STRLEN];
	char way[64];
};

/* --- the path ------------------------------------------------------------------ */

/* Ports differ where -g and -i leave them unused. */
static const struct dest *find_dest(const struct service *svc,
				    const struct endpoint *server)
{
	const struct dest *dest = service_find_dest(svc, server);

	return dest ? dest : service_find_dest_at(svc, server);
}

/*
 * Of a server that a checker has taken out of the pool, the path is the one that it will
 * have there again: the other servers' one.
 */
static void use_service(struct question *q, const struct service *svc)
{
	const struct dest *dest = find_dest(svc, &q->args->server);

	q->pooled = dest;
	if (!dest && svc->dest_count)
		dest = &svc->dests[0];
	if (!dest)
		return;
	q->fwd.forward = dest->forward;
	q->fwd.tun_type = dest->tun_type;
	q->fwd.tun_port = dest->tun_port;
	q->fwd.tun_flags = dest->tun_flags;
}

static void use_options(struct question *q)
{
	const struct args *args = q->args;

	q->fwd.forward = args->forward;
	q->fwd.tun_type = (uint8_t)args->tun_type;
	q->fwd.tun_port = (uint16_t)args->tun_port;
	q->fwd.tun_flags = (uint16_t)args->tun_flags;
}

/* To ask the kernel's IPVS would load it, where it is not. */
static int read_service(struct question *q, struct state *state)
{
	const struct service_id *id = &q->args->service;
	int err = 0;

	if (!access("/proc/net/ip_vs", F_OK))
		err = ipvs_get(state, id);
	if (err == -EPERM)
		return kernel_refusal(NL_IPVS, IPVS_CMD_GET_SERVICE, err, "%s", q->vip);
	/* without the rest the question can still be asked */
	if (!err && state->count && service_is_quic(state->services[0]))
		quic_get(state, id);
	return 0;
}

static int find_path(struct question *q)
{
	struct state state = { 0 };
	int err = read_service(q, &state);
	const struct service *svc = state.count ? state.services[0] : NULL;
	struct probe probe = { .vip = q->args->service.vip, .size = q->args->size };

	if (svc)
		use_service(q, svc);
	if (given(q->args, O(FORWARD)))
		use_options(q);
	probe.fwd = q->fwd;
	if (!err)
		q->count = probe_ways(&probe, svc, q->probes);
	state_destroy(&state);
	return err ? EXIT_UNTRIED : 0;
}

static int check_path(const struct question *q)
{
	switch (q->fwd.forward) {
	case IP_VS_CONN_F_TUNNEL:
		return 0;
	case IP_VS_CONN_F_MASQ:
		if (q->fwd.server.port)
			return 0;
		return bad_usage("-r %s: the port is missing, masquerading needs it", q->server);
	case IP_VS_CONN_F_DROUTE:
		if (q->fwd.server.af == AF_INET)
			return 0;
		return bad_usage("probe %s: an IPv6 server with direct routing cannot be asked, IPVS would take the datagram for a client's",
				 q->server);
	}
	return bad_usage("probe %s: this host is the server, and no path leads to it",
			 q->server);
}

/* --- the source ------------------------------------------------------------------ */

static int check_from(const struct question *q)
{
	const struct endpoint *from = &q->params.from;
	char text[ENDPOINT_STRLEN];
	struct host host;
	bool here;

	doctor_addr_str(from, text);
	if (from->af != q->args->service.vip.af)
		return bad_usage("--from %s: not of the VIP's family", text);
	if (host_read(&host))
		return EXIT_UNTRIED;
	here = host_has_address(&host, from);
	host_destroy(&host);
	if (here)
		return 0;
	return bad_usage("--from %s: no address of this host, and answers go there", text);
}

static int find_source(struct question *q)
{
	if (!given(q->args, O(FROM)))
		return probe_find_source(&q->probes[0], &q->params.from);
	q->params.from = q->args->from;
	return check_from(q);
}

/* --- the answer ------------------------------------------------------------------ */

/* Of several sources the one that is worst off: all of them have datagrams. */
static const struct probe *worst(const struct question *q)
{
	const struct probe *found = &q->probes[0];
	size_t i;

	for (i = 1; i < q->count; i++) {
		const struct probe *probe = &q->probes[i];

		if (found->result != PROBE_ALIVE)
			break;
		if (probe->result != PROBE_ALIVE || probe->latency_us > found->latency_us)
			found = probe;
	}
	return found;
}

static void name_way(struct question *q)
{
	const char *tunnel = tunnel_name(q->fwd.tun_type);

	if (q->fwd.forward == IP_VS_CONN_F_MASQ)
		snprintf(q->way, sizeof(q->way), "with masquerading");
	else if (q->fwd.forward != IP_VS_CONN_F_TUNNEL)
		snprintf(q->way, sizeof(q->way), "by direct routing");
	else if (q->fwd.tun_type == IP_VS_CONN_F_TUNNEL_TYPE_GUE)
		snprintf(q->way, sizeof(q->way), "through %s, port %u", tunnel,
			 q->fwd.tun_port);
	else
		snprintf(q->way, sizeof(q->way), "through %s", tunnel ? tunnel : "?");
}

static int tell_in_words(struct question *q, const struct probe *probe)
{
	char text[ENDPOINT_STRLEN], source[sizeof(text) + 8] = "";

	name_way(q);
	if (probe->source.af)
		snprintf(source, sizeof(source), " from %s",
			 doctor_addr_str(&probe->source, text));
	switch (probe->result) {
	case PROBE_ALIVE:
		printf("%s answers for %s %s: %" PRIu64 ".%03u ms\n", q->server, q->vip,
		       q->way, probe->latency_us / 1000,
		       (unsigned int)(probe->latency_us % 1000));
		return 0;
	case PROBE_REFUSED:
		return refuse("probe %s: that host says that no server listens there for %s (ICMP)",
			      q->server, q->vip);
	case PROBE_NO_TUNNEL:
		return refuse("probe %s: that host says that it has no tunnel %s (ICMP)",
			      q->server, tunnel_name(q->fwd.tun_type));
	case PROBE_WRONG:
		return refuse("probe %s: what answers for %s %s%s is no server of QUIC: it does not negotiate a version",
			      q->server, q->vip, q->way, source);
	case PROBE_UNSENT:
		refuse("probe %s: the datagram cannot be sent %s%s: %s", q->server, q->way,
		       source, strerror(probe->error));
		return EXIT_UNTRIED;
	case PROBE_SILENT:
		break;
	}
	return refuse("probe %s: no answer for %s %s%s within %u ms", q->server, q->vip,
		      q->way, source, q->params.timeout_ms);
}

static void set_way(json_t *object, const struct question *q)
{
	const char *checksum = checksum_name(q->fwd.tun_flags);
	const char *forward = forward_name(q->fwd.forward);
	const char *tunnel = tunnel_name(q->fwd.tun_type);

	if (forward)
		set_text(object, "forward", forward);
	if (q->fwd.forward != IP_VS_CONN_F_TUNNEL)
		return;
	if (tunnel)
		set_text(object, "tunnel", tunnel);
	set_number(object, "tunnel_port", q->fwd.tun_port);
	if (checksum)
		set_text(object, "tunnel_checksum", checksum);
}

static void set_address(json_t *object, const char *name, const struct endpoint *ep)
{
	char text[ENDPOINT_STRLEN];

	set_text(object, name, doctor_addr_str(ep, text));
}

static void set_answer(json_t *object, const struct probe *probe)
{
	json_t *versions = need(json_array());
	char text[9];
	size_t i;

	set_number(object, "latency_us", probe->latency_us);
	for (i = 0; i < probe->version_count; i++) {
		snprintf(text, sizeof(text), "%08x", probe->versions[i]);
		append(versions, json_string(text));
	}
	set(object, "versions", versions);
}

static int tell_in_json(const struct question *q, const struct probe *probe)
{
	static const char *const results[] = {
		[PROBE_SILENT] = "silent",
		[PROBE_ALIVE] = "alive",
		[PROBE_REFUSED] = "refused",
		[PROBE_NO_TUNNEL] = "no_tunnel",
		[PROBE_WRONG] = "wrong_answer",
		[PROBE_UNSENT] = "unsent",
	};
	json_t *object = need(json_object());

	set(object, "service", service_id_json(&q->args->service));
	set_nested_endpoint(object, "server", &q->args->server);
	set(object, "present", json_boolean(q->pooled));
	set_way(object, q);
	set_address(object, "from", &probe->from);
	if (probe->source.af)
		set_address(object, "tunnel_source", &probe->source);
	set_number(object, "size", q->args->size);
	set_number(object, "timeout_ms", q->params.timeout_ms);
	set(object, "alive", json_boolean(probe->result == PROBE_ALIVE));
	set_text(object, "result", results[probe->result]);
	if (probe->result == PROBE_ALIVE)
		set_answer(object, probe);
	if (probe->result == PROBE_UNSENT)
		set_text(object, "error", strerror(probe->error));
	dump(object);
	if (probe->result == PROBE_UNSENT)
		return EXIT_UNTRIED;
	return probe->result == PROBE_ALIVE ? 0 : EXIT_REFUSED;
}

int cmd_probe(const struct args *args)
{
	struct question q = {
		.args = args,
		.params = { .timeout_ms = args->wait_ms },
		.fwd = { .forward = IP_VS_CONN_F_TUNNEL, .server = args->server },
	};
	int err;

	endpoint_str(&args->service.vip, q.vip);
	endpoint_str(&args->server, q.server);
	err = find_path(&q);
	if (!err)
		err = check_path(&q);
	if (!err)
		err = find_source(&q);
	if (!err && probe_run(q.probes, q.count, &q.params))
		err = EXIT_UNTRIED;
	if (err)
		return err;
	return given(args, O(JSON)) ? tell_in_json(&q, worst(&q)) :
				      tell_in_words(&q, worst(&q));
}
