// SPDX-License-Identifier: GPL-2.0-only
#include "diag/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "diag/datagrams.h"
#include "diag/module_event.h"
#include "diag/tally.h"
#include "diag/trace_line.h"
#include "kernel/ipvs.h"
#include "kernel/quic.h"
#include "model/packet.h"
#include "quic_hdr.h"
#include "system/host.h"
#include "system/proc.h"
#include "tracing/reasons.h"
#include "tracing/symbols.h"
#include "tracing/tracer.h"

enum {
	FOLLOWED_MAX = 64,		/* addresses of one connection */
	HOLD_MS = 100,			/* for what else becomes of a datagram */
};

struct watch {
	const struct args *args;
	struct state state;		/* services here */
	struct host host;
	struct tep_handle *symbols;	/* NULL until needed */
	struct datagrams *datagrams;
	struct tally tally;
	uint32_t netns;
	unsigned long shown;
	struct endpoint followed[FOLLOWED_MAX];	/* a ring */
	unsigned long followed_count;
	uint64_t socket;		/* whose owner is known */
	char owner[64];
};

/* Like /proc/net/ip_vs: where IPVS is not, it is not to be loaded. */
static void load_services(struct watch *watch)
{
	if (!access("/proc/net/ip_vs", F_OK) &&
	    ipvs_get(&watch->state, NULL)) {
		state_destroy(&watch->state);
		memset(&watch->state, 0, sizeof(watch->state));
	}
}

struct watch *watch_new(const struct args *args)
{
	struct watch *watch = xcalloc(1, sizeof(*watch));
	struct stat st;

	watch->args = args;
	watch->datagrams = datagrams_new();
	if (!stat("/proc/self/ns/net", &st))
		watch->netns = (uint32_t)st.st_ino;
	load_services(watch);
	if (!host_read(&watch->host))
		return watch;
	watch_free(watch);
	return NULL;
}

void watch_free(struct watch *watch)
{
	state_destroy(&watch->state);
	host_destroy(&watch->host);
	symbols_free(watch->symbols);
	datagrams_free(watch->datagrams);
	free(watch);
}

/* As many were begun as --count asked for. */
static bool has_enough(const struct watch *watch)
{
	return given(watch->args, O(COUNT_EVENTS)) &&
	       watch->shown >= watch->args->count;
}

bool watch_is_done(const struct watch *watch)
{
	return has_enough(watch) && datagrams_are_printed(watch->datagrams);
}

/* --- what is asked for --------------------------------------------------- */

/* The service that a datagram to @vip is for, NULL when there is none here. */
static const struct service *service_of(const struct watch *watch,
					const struct trace_line *line)
{
	size_t i;

	for (i = 0; i < watch->state.count; i++) {
		const struct service_id *id = &watch->state.services[i]->id;

		if (line->fwmark ? id->fwmark == line->fwmark &&
				id->vip.af == line->vip.af :
				!id->fwmark && endpoint_eq(&id->vip, &line->vip))
			return watch->state.services[i];
	}
	return NULL;
}

/* Port 0 in @wanted, or in a packet without ports, is any. */
static bool is_endpoint(const struct endpoint *wanted, const struct endpoint *ep)
{
	return endpoint_addr_eq(wanted, ep) &&
	       (!wanted->port || !ep->port || wanted->port == ep->port);
}

/* Config and server ID of a CID, as far as the services here know them. */
static bool decode(const struct watch *watch, const struct trace_line *line,
		   const uint8_t *cid, size_t len, struct quic_decoded *decoded)
{
	const struct service *svc = service_of(watch, line);

	return svc && service_is_quic(svc) && len &&
	       !quic_decode(&svc->id, cid, len, decoded) &&
	       decoded->has_config && decoded->map.sid.len;
}

static bool begins_with_cid(const struct trace_line *line, const struct args *args)
{
	return line->dcid_len >= args->cid_len &&
	       !memcmp(line->dcid, args->cid, args->cid_len);
}

/* A decision has no CID: the one asked for is then compared decoded. */
static bool has_cid(const struct watch *watch, const struct trace_line *line)
{
	const struct args *args = watch->args;
	struct quic_decoded decoded;

	if (!given(args, O(CID)))
		return true;
	if (line->dcid_len)
		return begins_with_cid(line, args);
	return line->sid.len && decode(watch, line, args->cid, args->cid_len,
				       &decoded) &&
	       decoded.config_id == line->config &&
	       !memcmp(&decoded.map.sid, &line->sid, sizeof(line->sid));
}

static bool has_server_id(const struct watch *watch, const struct trace_line *line)
{
	const struct args *args = watch->args;
	struct qlb_server_id sid = line->sid;
	struct quic_decoded decoded;
	int config = line->config;
	size_t i;

	if (!args->sid_count)
		return true;
	if (!sid.len && line->dcid_len &&
	    decode(watch, line, line->dcid, line->dcid_len, &decoded)) {
		config = decoded.config_id;
		sid = decoded.map.sid;
	}
	for (i = 0; i < args->sid_count; i++)
		if (args->sids[i].config_id == config &&
		    !memcmp(&args->sids[i].sid, &sid, sizeof(sid)))
			return true;
	return false;
}

static bool is_followed(const struct watch *watch, const struct endpoint *client)
{
	unsigned long i;

	for (i = 0; i < watch->followed_count && i < FOLLOWED_MAX; i++)
		if (endpoint_eq(&watch->followed[i], client))
			return true;
	return false;
}

/* From here on the datagrams of that client's address and port are shown. */
static void follow(struct watch *watch, const struct endpoint *client)
{
	if (!is_followed(watch, client))
		watch->followed[watch->followed_count++ % FOLLOWED_MAX] = *client;
}

static bool is_asked_for(const struct watch *watch, const struct trace_line *line)
{
	const struct args *args = watch->args;

	if (given(args, O(SERVICE)) &&
	    (args->service.fwmark ? line->fwmark != args->service.fwmark :
				    !is_endpoint(&args->service.vip, &line->vip)))
		return false;
	if (given(args, O(CLIENT)) &&
	    !endpoint_addr_eq(&args->client, &line->client))
		return false;
	if (args->follow ? !is_followed(watch, &line->client) : !has_cid(watch, line))
		return false;
	return has_server_id(watch, line);
}

static bool wants(struct watch *watch, const struct trace_line *line)
{
	bool wanted = is_asked_for(watch, line);

	watch->tally.others += !wanted;
	return wanted;
}

/* With -v and -j each event is shown when it is read. */
static void show(struct watch *watch, const struct trace_line *line)
{
	const bool each = given(watch->args, O(JSON) | O(VERBOSE));

	if (!each && datagrams_merge(watch->datagrams, line)) {
		tally_add(&watch->tally, line);
		return;
	}
	if (has_enough(watch))
		return;
	watch->shown++;
	tally_add(&watch->tally, line);
	if (!each)
		datagrams_hold(watch->datagrams, line);
	else if (given(watch->args, O(JSON)))
		trace_line_print_json(line);
	else
		trace_line_print(line);
}

void watch_print(struct watch *watch, bool all)
{
	datagrams_print(watch->datagrams, all ? UINT64_MAX :
			clock_ns(CLOCK_REALTIME) - HOLD_MS * UINT64_C(1000000));
}

void watch_hint(const struct watch *watch)
{
	if (!watch->shown)
		tally_hint(&watch->tally, watch->args);
}

void watch_print_tally(const struct watch *watch)
{
	tally_print(&watch->tally);
}

void watch_event(struct tep_event *event, struct tep_record *record,
		 uint64_t time, void *arg)
{
	struct watch *watch = arg;
	struct trace_line line = { .time = time, .config = -1, .function = "" };

	if (!module_event_read(event, record, watch->netns, &line))
		watch->tally.elsewhere++;
	else if (wants(watch, &line))
		show(watch, &line);
}

/* --- what the kernel does ------------------------------------------------------ */

/* A VIP of this host: of a service, or an address for its own sake. */
static bool is_vip(const struct watch *watch, const struct endpoint *ep)
{
	size_t i;

	for (i = 0; i < watch->state.count; i++)
		if (!watch->state.services[i]->id.fwmark &&
		    is_endpoint(&watch->state.services[i]->id.vip, ep))
			return true;
	for (i = 0; i < watch->host.address_count; i++)
		if (host_may_be_vip(&watch->host, &watch->host.addresses[i]) &&
		    endpoint_addr_eq(&watch->host.addresses[i].ep, ep))
			return true;
	return given(watch->args, O(SERVICE)) &&
	       is_endpoint(&watch->args->service.vip, ep);
}

static bool is_tunnel_protocol(uint8_t protocol)
{
	return protocol == IPPROTO_IPIP || protocol == IPPROTO_IPV6 ||
	       protocol == IPPROTO_GRE;
}

/* An answer has the VIP as its source. */
static bool set_flow(const struct watch *watch, const struct packet *p,
		     struct trace_line *line)
{
	bool answer = !is_vip(watch, &p->dst) && is_vip(watch, &p->src);

	line->client = answer ? p->dst : p->src;
	line->vip = answer ? p->src : p->dst;
	return answer || is_vip(watch, &p->dst) || p->tunnel != TUNNEL_NONE ||
	       is_tunnel_protocol(p->protocol);
}

static void set_packet(const struct packet *p, struct trace_line *line)
{
	struct quic_hdr hdr;

	line->tunnel = p->tunnel;
	line->outer_src = p->outer_src;
	line->outer_dst = p->outer_dst;
	if (!p->is_udp || !quic_hdr_parse(&hdr, p->payload, p->view, p->len))
		return;
	line->has_form = true;
	line->long_form = hdr.long_form;
	line->has_version = hdr.long_form;
	line->version = hdr.version;
	trace_line_set_dcid(line, hdr.dcid, hdr.dcid_view);
}

/*
 * Only where the kernel has no reason: its list of functions is long, and who waits
 * for a reason is not to wait for that.
 */
static const char *function_of(struct watch *watch, const struct packet_event *drop)
{
	if (strcmp(drop->reason, "NOT_SPECIFIED"))
		return "";
	if (!watch->symbols)
		watch->symbols = symbols_read();
	return symbols_find(watch->symbols, drop->location);
}

/* Return: false for a packet that concerns no VIP here. */
static bool read_packet(struct watch *watch, const struct packet_event *event,
			struct trace_line *line)
{
	struct packet p;

	if (event->has_netns && event->netns != watch->netns) {
		watch->tally.elsewhere++;
		return false;
	}
	snprintf(line->device, sizeof(line->device), "%s", event->device);
	if (!packet_event_parse(event, &p))
		return !event->has_packet;
	if (!set_flow(watch, &p, line))
		return false;
	set_packet(&p, line);
	return true;
}

void watch_drop(const struct packet_event *drop, void *arg)
{
	struct watch *watch = arg;
	struct trace_line line = {
		.time = drop->time,
		.what = tracer_step_name(STEP_DROPPED),
		.config = -1,
	};

	if (!read_packet(watch, drop, &line) || !wants(watch, &line))
		return;
	snprintf(line.drop, sizeof(line.drop), "%s", drop->reason);
	line.function = function_of(watch, drop);
	line.reason = reason_find(drop->reason, line.function);
	show(watch, &line);
}

/* One socket gets most of what is seen, and its owner is looked for in all of /proc. */
static const char *owner_of(struct watch *watch, uint64_t socket)
{
	if (socket && socket == watch->socket)
		return watch->owner;
	watch->socket = socket;
	proc_socket_owner(socket, watch->owner, sizeof(watch->owner));
	return watch->owner;
}

void watch_step(const struct packet_event *step, void *arg)
{
	struct watch *watch = arg;
	struct trace_line line = {
		.time = step->time,
		.what = tracer_step_name(step->step),
		.config = -1,
		.function = "",
	};

	if (!step->has_packet || !read_packet(watch, step, &line))
		return;
	if (watch->args->follow && begins_with_cid(&line, watch->args))
		follow(watch, &line.client);
	if (!given(watch->args, O(VERBOSE)) || !wants(watch, &line))
		return;
	if (step->step == STEP_QUEUED)
		snprintf(line.owner, sizeof(line.owner), "%s",
			 owner_of(watch, step->socket));
	show(watch, &line);
}
