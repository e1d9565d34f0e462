// SPDX-License-Identifier: GPL-2.0-only
#include "diag/trace_line.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "diag/reasons.h"
#include "diag/tracer.h"
#include "kernel/quic.h"
#include "model/outcome.h"
#include "model/packet.h"
#include "output/json_build.h"

/* The beginning of a long one. */
static char *dcid_str(const struct shown *s, char *text)
{
	return hex_str(s->dcid, s->dcid_len < QLB_CID_LEN_MAX ? s->dcid_len :
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

static void print_flow(const struct shown *s)
{
	char text[ENDPOINT_STRLEN];

	if (s->client.af)
		printf(" %s", ep_str(&s->client, text));
	if (s->fwmark)
		printf(" > fwmark %u", s->fwmark);
	else if (s->vip.af)
		printf(" > %s", ep_str(&s->vip, text));
}

static void print_quic(const struct shown *s)
{
	char text[2 * QLB_CID_LEN_MAX + 1];

	if (s->has_form)
		printf(" %s", s->long_form ? "long" : "short");
	if (s->has_version)
		printf(" version=%#x", s->version);
	if (s->dcid_len)
		printf(" dcid=%s", dcid_str(s, text));
	if (s->config >= 0)
		printf(" config=%d", s->config);
	if (s->sid.len)
		printf(" server-id=%s", hex_str(s->sid.octets, s->sid.len, text));
}

static void print_drop(const struct shown *s)
{
	const char *device = *s->drop->device ? s->drop->device : "DEVICE";
	const struct packet *p = s->packet;
	char text[ENDPOINT_STRLEN];

	if (p && p->tunnel != TUNNEL_NONE) {
		printf(" in %s %s", packet_tunnel_name(p->tunnel),
		       ep_str(&p->outer_src, text));
		printf(" > %s", ep_str(&p->outer_dst, text));
	}
	if (*s->function)
		printf(" at %s", s->function);
	printf(": %s; fix: ", s->reason->cause);
	printf(s->reason->remedy, device);
}

void shown_print(const struct shown *s)
{
	char text[ENDPOINT_STRLEN];

	print_time(s->time);
	printf("%s", s->what);
	if (s->drop)
		printf(" %s", s->drop->reason);
	if (s->has_outcome)
		printf(" %s", outcome_name(s->outcome));
	if (s->drop && *s->drop->device)
		printf(" %s", s->drop->device);
	print_flow(s);
	print_quic(s);
	if (s->server.af)
		printf(" server=%s", endpoint_str(&s->server, text));
	if (s->mtu)
		printf(" mtu=%u", s->mtu);
	if (s->has_pool)
		printf(" servers=%u slots=%u error=%d", s->servers, s->slots,
		       s->error);
	if (s->drop)
		print_drop(s);
	putchar('\n');
}

static void set_ep(json_t *object, const char *name, const struct endpoint *ep)
{
	if (ep->af)
		set_nested_endpoint(object, name, ep);
}

static void set_drop(json_t *object, const struct shown *s)
{
	char remedy[512];

	set_text(object, "reason", s->drop->reason);
	if (*s->drop->device)
		set_text(object, "device", s->drop->device);
	if (*s->function)
		set_text(object, "function", s->function);
	if (s->packet && s->packet->tunnel != TUNNEL_NONE) {
		set_text(object, "tunnel",
			 packet_tunnel_name(s->packet->tunnel));
		set_ep(object, "outer_source", &s->packet->outer_src);
		set_ep(object, "outer_destination", &s->packet->outer_dst);
	}
	snprintf(remedy, sizeof(remedy), s->reason->remedy,
		 *s->drop->device ? s->drop->device : "DEVICE");
	set_text(object, "cause", s->reason->cause);
	set_text(object, "fix", remedy);
}

void shown_print_json(const struct shown *s)
{
	json_t *object = need(json_object());

	set(object, "time", json_real((double)s->time / 1e9));
	set_text(object, "event", s->what);
	set_ep(object, "client", &s->client);
	if (s->fwmark)
		set_number(object, "fwmark", s->fwmark);
	else
		set_ep(object, "vip", &s->vip);
	if (s->has_outcome)
		set_text(object, "outcome", outcome_name(s->outcome));
	if (s->has_form)
		set_text(object, "form", s->long_form ? "long" : "short");
	if (s->has_version)
		set_number(object, "version", s->version);
	if (s->dcid_len)
		set_hex(object, "dcid", s->dcid, s->dcid_len);
	if (s->config >= 0)
		set_number(object, "config", (uint64_t)s->config);
	if (s->sid.len)
		set_hex(object, "server_id", s->sid.octets, s->sid.len);
	set_ep(object, "server", &s->server);
	if (s->mtu)
		set_number(object, "mtu", s->mtu);
	if (s->has_pool) {
		set_number(object, "servers", s->servers);
		set_number(object, "slots", s->slots);
		set(object, "error", json_integer(s->error));
	}
	if (s->drop)
		set_drop(object, s);
	dump_line(object);
}
