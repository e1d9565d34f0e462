// SPDX-License-Identifier: GPL-2.0-only
#include "diag/trace_line.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/color.h"
#include "common/printable.h"
#include "tracing/reasons.h"
#include "model/outcome.h"
#include "output/json_build.h"

void trace_line_set_dcid(struct trace_line *line, const uint8_t *dcid, size_t len)
{
	line->dcid_len = len < sizeof(line->dcid) ? len : sizeof(line->dcid);
	memcpy(line->dcid, dcid, line->dcid_len);
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
		printf(" dcid=%s", hex_str(line->dcid, line->dcid_len, text));
	if (line->config >= 0)
		printf(" config=%d", line->config);
	if (line->sid.len)
		printf(" server-id=%s", hex_str(line->sid.octets, line->sid.len, text));
}

static void print_tunnel(const struct trace_line *line)
{
	char text[ENDPOINT_STRLEN];

	if (line->tunnel == TUNNEL_NONE)
		return;
	printf(" in %s %s", packet_tunnel_name(line->tunnel),
	       ep_str(&line->outer_src, text));
	printf(" > %s", ep_str(&line->outer_dst, text));
}

/* Its name may have control characters. */
static void print_device(const struct trace_line *line)
{
	if (!*line->device)
		return;
	putchar(' ');
	print_printable(stdout, line->device);
}

static void print_reason(const struct trace_line *line)
{
	printf("%sdrop %s%s", paint(stdout, PAINT_BAD), line->drop, paint_end(stdout));
	print_device(line);
}

static void get_remedy(const struct trace_line *line, char *remedy, size_t size)
{
	snprintf(remedy, size, line->reason->remedy,
		 *line->device ? line->device : "DEVICE");
}

static void print_cause(const struct trace_line *line)
{
	char remedy[512];

	if (*line->function)
		printf(" at %s", line->function);
	printf(": %s; fix: ", line->reason->cause);
	get_remedy(line, remedy, sizeof(remedy));
	print_printable(stdout, remedy);
}

/* What the module says of it. */
static void print_decided(const struct trace_line *line)
{
	char text[ENDPOINT_STRLEN];

	if (line->server.af)
		printf(" server=%s", endpoint_str(&line->server, text));
	if (line->mtu)
		printf(" mtu=%u", line->mtu);
	if (line->has_pool)
		printf(" servers=%u slots=%u error=%d", line->servers, line->slots,
		       line->error);
}

static void print_outcomes(const struct trace_line *line)
{
	unsigned int i;

	for (i = 0; i < line->outcome_count; i++)
		printf("%s%s", i ? ", " : " ", outcome_name(line->outcomes[i]));
}

void trace_line_print(const struct trace_line *line)
{
	const bool is_drop = !strcmp(line->what, "drop");

	print_time(line->time);
	if (is_drop)
		print_reason(line);
	else
		printf("%s", line->what);
	print_outcomes(line);
	if (!*line->drop)
		print_device(line);
	print_flow(line);
	print_quic(line);
	print_decided(line);
	if (*line->drop && !is_drop) {
		printf("; ");
		print_reason(line);
	}
	print_tunnel(line);
	if (*line->owner) {
		printf(" to ");
		print_printable(stdout, line->owner);
	}
	if (*line->drop)
		print_cause(line);
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

	if (*line->function)
		set_text(object, "function", line->function);
	set_text(object, "cause", line->reason->cause);
	get_remedy(line, remedy, sizeof(remedy));
	set_text(object, "fix", remedy);
}

/* What the kernel did, with what, and in which packet. */
static void set_step(json_t *object, const struct trace_line *line)
{
	if (*line->drop)
		set_text(object, "reason", line->drop);
	if (*line->device)
		set_text(object, "device", line->device);
	if (line->tunnel != TUNNEL_NONE) {
		set_text(object, "tunnel", packet_tunnel_name(line->tunnel));
		set_ep(object, "outer_source", &line->outer_src);
		set_ep(object, "outer_destination", &line->outer_dst);
	}
	if (*line->owner)
		set_text(object, "owner", line->owner);
	if (*line->drop)
		set_drop(object, line);
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
	if (line->outcome_count)
		set_text(object, "outcome", outcome_name(line->outcomes[0]));
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
	set_step(object, line);
	dump_line(object);
}
