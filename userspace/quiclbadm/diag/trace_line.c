// SPDX-License-Identifier: GPL-2.0-only
#include "diag/trace_line.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/color.h"
#include "common/printable.h"
#include "tracing/reasons.h"
#include "tracing/tracer.h"
#include "kernel/quic.h"
#include "model/outcome.h"
#include "model/packet.h"
#include "output/json_build.h"

/* The beginning of a long one. */
static char *dcid_str(const struct trace_line *line, char *text)
{
	return hex_str(line->dcid, line->dcid_len < QLB_CID_LEN_MAX ? line->dcid_len :
		       QLB_CID_LEN_MAX, text);
}

/* Of what has no ports, the address alone. */
static const char *ep_str(const struct endpoint *ep, char *text)
{
	if (ep->port || !inet_ntop(ep->af, ep->addr, text, ENDPOINT_STRLEN))
		endpoint_str(ep, text);
	return text;
}

static void print_time(uint64_t time)
{
	time_t seconds = (time_t)(time / 1000000000);
	char text[16] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%T", &tm);
	printf("%s.%06u ", text, (unsigned int)(time % 1000000000 / 1000));
}

static void print_flow(const struct trace_line *line)
{
	char text[ENDPOINT_STRLEN];

	if (line->client.af)
		printf(" %s", ep_str(&line->client, text));
	if (line->fwmark)
		printf(" > fwmark %u", line->fwmark);
	else if (line->vip.af)
		printf(" > %s", ep_str(&line->vip, text));
}

static void print_quic(const struct trace_line *line)
{
	char text[2 * QLB_CID_LEN_MAX + 1];

	if (line->has_form)
		printf(" %s", line->long_form ? "long" : "short");
	if (line->has_version)
		printf(" version=%#x", line->version);
	if (line->dcid_len)
		printf(" dcid=%s", dcid_str(line, text));
	if (line->config >= 0)
		printf(" config=%d", line->config);
	if (line->sid.len)
		printf(" server-id=%s", hex_str(line->sid.octets, line->sid.len, text));
}

static void print_drop(const struct trace_line *line)
{
	const char *device = *line->drop->device ? line->drop->device : "DEVICE";
	const struct packet *p = line->packet;
	char text[ENDPOINT_STRLEN], remedy[512];

	if (p && p->tunnel != TUNNEL_NONE) {
		printf(" in %s %s", packet_tunnel_name(p->tunnel),
		       ep_str(&p->outer_src, text));
		printf(" > %s", ep_str(&p->outer_dst, text));
	}
	if (*line->function)
		printf(" at %s", line->function);
	printf(": %s; fix: ", line->reason->cause);
	snprintf(remedy, sizeof(remedy), line->reason->remedy, device);
	print_printable(stdout, remedy);
}

/* Its name may have control characters. */
static void print_device(const char *name)
{
	putchar(' ');
	print_printable(stdout, name);
}

void trace_line_print(const struct trace_line *line)
{
	char text[ENDPOINT_STRLEN];

	print_time(line->time);
	if (line->drop)
		printf("%s%s %s%s", paint(stdout, PAINT_BAD), line->what,
		       line->drop->reason, paint_end(stdout));
	else
		printf("%s", line->what);
	if (line->has_outcome)
		printf(" %s", outcome_name(line->outcome));
	if (line->drop && *line->drop->device)
		print_device(line->drop->device);
	print_flow(line);
	print_quic(line);
	if (line->server.af)
		printf(" server=%s", endpoint_str(&line->server, text));
	if (line->mtu)
		printf(" mtu=%u", line->mtu);
	if (line->has_pool)
		printf(" servers=%u slots=%u error=%d", line->servers, line->slots,
		       line->error);
	if (line->drop)
		print_drop(line);
	putchar('\n');
}

static void set_ep(json_t *object, const char *name, const struct endpoint *ep)
{
	if (ep->af)
		set_nested_endpoint(object, name, ep);
}

static void set_drop(json_t *object, const struct trace_line *line)
{
	char remedy[512];

	set_text(object, "reason", line->drop->reason);
	if (*line->drop->device)
		set_text(object, "device", line->drop->device);
	if (*line->function)
		set_text(object, "function", line->function);
	if (line->packet && line->packet->tunnel != TUNNEL_NONE) {
		set_text(object, "tunnel",
			 packet_tunnel_name(line->packet->tunnel));
		set_ep(object, "outer_source", &line->packet->outer_src);
		set_ep(object, "outer_destination", &line->packet->outer_dst);
	}
	snprintf(remedy, sizeof(remedy), line->reason->remedy,
		 *line->drop->device ? line->drop->device : "DEVICE");
	set_text(object, "cause", line->reason->cause);
	set_text(object, "fix", remedy);
}

void trace_line_print_json(const struct trace_line *line)
{
	json_t *object = need(json_object());

	set(object, "time", json_real((double)line->time / 1e9));
	set_text(object, "event", line->what);
	set_ep(object, "client", &line->client);
	if (line->fwmark)
		set_number(object, "fwmark", line->fwmark);
	else
		set_ep(object, "vip", &line->vip);
	if (line->has_outcome)
		set_text(object, "outcome", outcome_name(line->outcome));
	if (line->has_form)
		set_text(object, "form", line->long_form ? "long" : "short");
	if (line->has_version)
		set_number(object, "version", line->version);
	if (line->dcid_len)
		set_hex(object, "dcid", line->dcid, line->dcid_len);
	if (line->config >= 0)
		set_number(object, "config", (uint64_t)line->config);
	if (line->sid.len)
		set_hex(object, "server_id", line->sid.octets, line->sid.len);
	set_ep(object, "server", &line->server);
	if (line->mtu)
		set_number(object, "mtu", line->mtu);
	if (line->has_pool) {
		set_number(object, "servers", line->servers);
		set_number(object, "slots", line->slots);
		set(object, "error", json_integer(line->error));
	}
	if (line->drop)
		set_drop(object, line);
	dump_line(object);
}
