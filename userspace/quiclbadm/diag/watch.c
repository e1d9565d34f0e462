// SPDX-License-Identifier: GPL-2.0-only
#include "diag/watch.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "tracing/reasons.h"
#include "tracing/symbols.h"
#include "diag/trace_line.h"
#include "tracing/tracer.h"
#include "kernel/ipvs.h"
#include "kernel/quic.h"
#include "model/packet.h"
#include "quic_hdr.h"
#include "system/host.h"

struct watch {
	const struct args *args;
	struct state state;		/* services here */
	struct host host;
	struct tep_handle *symbols;	/* NULL until needed */
	uint32_t netns;
	uint8_t cid[QLB_CID_LEN_MAX];
	size_t cid_len;
	unsigned long shown;
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
	memcpy(watch->cid, args->cid, sizeof(watch->cid));
	watch->cid_len = args->cid_len;
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
	free(watch);
}

bool watch_is_done(const struct watch *watch)
{
	return given(watch->args, O(COUNT_EVENTS)) &&
	       watch->shown >= watch->args->count;
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

/* A decision has no CID: the one asked for is then compared decoded. */
static bool has_cid(const struct watch *watch, const struct trace_line *line)
{
	struct quic_decoded decoded;

	if (!watch->cid_len)
		return true;
	if (line->dcid_len)
		return line->dcid_len >= watch->cid_len &&
		       !memcmp(line->dcid, watch->cid, watch->cid_len);
	return line->sid.len && decode(watch, line, watch->cid, watch->cid_len,
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

static bool is_asked_for(const struct watch *watch, const struct trace_line *line)
{
	const struct args *args = watch->args;

	if (watch_is_done(watch))
		return false;
	if (given(args, O(SERVICE)) &&
	    (args->service.fwmark ? line->fwmark != args->service.fwmark :
				    !is_endpoint(&args->service.vip, &line->vip)))
		return false;
	if (given(args, O(CLIENT)) &&
	    !endpoint_addr_eq(&args->client, &line->client))
		return false;
	return has_cid(watch, line) && has_server_id(watch, line);
}

static void show(struct watch *watch, const struct trace_line *line)
{
	watch->shown++;
	if (given(watch->args, O(JSON)))
		trace_line_print_json(line);
	else
		trace_line_print(line);
}

/* --- the module's events ----------------------------------------------------- */

/* A sockaddr as the module's events have it. */
static void read_sockaddr(struct tep_event *event, struct tep_record *record,
			  const char *field, struct endpoint *ep)
{
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;
	int len;
	const void *raw = tep_get_field_raw(NULL, event, field, record, &len, 0);

	memset(ep, 0, sizeof(*ep));
	if (!raw || len < (int)sizeof(sin6))
		return;
	memcpy(&sin6, raw, sizeof(sin6));
	memcpy(&sin, raw, sizeof(sin));
	ep->af = sin6.sin6_family;
	ep->port = ntohs(sin6.sin6_port);
	if (ep->af == AF_INET6)
		memcpy(ep->addr, &sin6.sin6_addr, 16);
	else
		memcpy(ep->addr, &sin.sin_addr, 4);
}

static bool read_number(struct tep_event *event, struct tep_record *record,
			const char *field, unsigned long long *value)
{
	*value = 0;
	return !tep_get_field_val(NULL, event, field, record, value, 0);
}

static void read_header(struct tep_event *event, struct tep_record *record,
			struct trace_line *line)
{
	unsigned long long value = 0;
	int len;

	line->has_form = read_number(event, record, "long_form", &value);
	line->long_form = value;
	line->has_version = read_number(event, record, "version", &value) &&
			 line->long_form;
	line->version = (uint32_t)value;
	if (read_number(event, record, "config_id", &value))
		/* -1 is none */
		line->config = (int8_t)value; /* NOLINT(bugprone-signed-char-misuse,cert-str34-c) */
	line->dcid = tep_get_field_raw(NULL, event, "dcid", record, &len, 0);
	line->dcid_len = line->dcid && len > 0 ? (size_t)len : 0;
}

static void read_sid(struct tep_event *event, struct tep_record *record,
		     struct trace_line *line)
{
	const uint8_t *raw;
	int len;

	raw = tep_get_field_raw(NULL, event, "server_id", record, &len, 0);
	if (!raw || len <= 0 || len > QLB_SERVER_ID_LEN_MAX)
		return;
	line->sid.len = (uint8_t)len;
	memcpy(line->sid.octets, raw, (size_t)len);
}

static void read_pool(struct tep_event *event, struct tep_record *record,
		      struct trace_line *line)
{
	unsigned long long value;

	line->has_pool = read_number(event, record, "servers", &value);
	line->servers = (uint32_t)value;
	read_number(event, record, "slots", &value);
	line->slots = (uint32_t)value;
	read_number(event, record, "error", &value);
	line->error = (int)value;
}

void watch_event(struct tep_event *event, struct tep_record *record,
		 uint64_t time, void *arg)
{
	const char *what = event->name;
	struct watch *watch = arg;
	struct trace_line line = { .time = time, .config = -1 };
	unsigned long long value;

	if (!read_number(event, record, "netns", &value) ||
	    value != watch->netns)
		return;
	if (!strncmp(what, "ip_vs_quic_", strlen("ip_vs_quic_")))
		what += strlen("ip_vs_quic_");
	line.what = what;
	read_sockaddr(event, record, "client", &line.client);
	read_sockaddr(event, record, "vip", &line.vip);
	read_number(event, record, "fwmark", &value);
	line.fwmark = (uint32_t)value;
	line.has_outcome = read_number(event, record, "outcome", &value);
	line.outcome = (uint32_t)value;
	read_header(event, record, &line);
	read_sid(event, record, &line);
	read_sockaddr(event, record, "server", &line.server);
	read_number(event, record, "mtu", &value);
	line.mtu = (uint32_t)value;
	read_pool(event, record, &line);
	if (is_asked_for(watch, &line))
		show(watch, &line);
}

/* --- drops ---------------------------------------------------------------------- */

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

static void set_cid(const struct packet *p, struct trace_line *line)
{
	struct quic_hdr hdr;

	if (!p->is_udp || !quic_hdr_parse(&hdr, p->payload, p->view, p->len))
		return;
	line->has_form = true;
	line->long_form = hdr.long_form;
	line->has_version = hdr.long_form;
	line->version = hdr.version;
	line->dcid = hdr.dcid;
	line->dcid_len = hdr.dcid_view < QLB_CID_LEN_MAX ? hdr.dcid_view :
							QLB_CID_LEN_MAX;
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

void watch_drop(const struct packet_event *drop, void *arg)
{
	struct watch *watch = arg;
	struct trace_line line = {
		.time = drop->time,
		.what = "drop",
		.config = -1,
		.drop = drop,
	};
	struct packet p;

	if (drop->has_netns && drop->netns != watch->netns)
		return;
	if (packet_event_parse(drop, &p)) {
		line.packet = &p;
		if (!set_flow(watch, &p, &line))
			return;
		set_cid(&p, &line);
	} else if (drop->has_packet) {
		return;
	}
	if (!is_asked_for(watch, &line))
		return;
	line.function = function_of(watch, drop);
	line.reason = reason_find(drop->reason, line.function);
	show(watch, &line);
}
