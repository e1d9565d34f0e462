// SPDX-License-Identifier: GPL-2.0-only
#include "watch.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "ipvs.h"
#include "json.h"
#include "packet.h"
#include "quic.h"
#include "quic_hdr.h"
#include "reasons.h"
#include "symbols.h"
#include "tracer.h"

struct watch {
	const struct args *args;
	struct state state;		/* services here */
	struct host host;
	struct symbols *symbols;	/* NULL until needed */
	uint32_t netns;
	uint8_t cid[QLB_CID_LEN_MAX];
	size_t cid_len;
	unsigned long shown;
};

/* One line, from an event of the module's or from a drop. */
struct shown {
	uint64_t time;			/* ns */
	const char *what;		/* "decision", "drop" */
	struct endpoint client;
	struct endpoint vip;
	uint32_t fwmark;
	bool has_outcome;
	uint32_t outcome;
	bool has_form;
	bool long_form;
	bool has_version;
	uint32_t version;
	int config;			/* -1: none */
	struct qlb_server_id sid;	/* len 0: none */
	const uint8_t *dcid;
	size_t dcid_len;
	struct endpoint server;		/* af 0: none */
	uint32_t mtu;			/* that an ICMP error tells; 0: none */
	bool has_pool;			/* what follows, of a rebuild */
	uint32_t servers;
	uint32_t slots;
	int error;
	/* of a drop: */
	const struct drop *drop;
	const char *function;		/* that dropped it, or "" */
	const struct reason *reason;
	const struct packet *packet;
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
					const struct shown *s)
{
	size_t i;

	for (i = 0; i < watch->state.count; i++) {
		const struct service_id *id = &watch->state.services[i]->id;

		if (s->fwmark ? id->fwmark == s->fwmark &&
				id->vip.af == s->vip.af :
				!id->fwmark && endpoint_eq(&id->vip, &s->vip))
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

/* Config and server ID of a CID, as far as anybody here can tell. */
static bool decode(const struct watch *watch, const struct shown *s,
		   const uint8_t *cid, size_t len, struct quic_decoded *decoded)
{
	const struct service *svc = service_of(watch, s);

	return svc && service_is_quic(svc) && len &&
	       !quic_decode(&svc->id, cid, len, decoded) &&
	       decoded->has_config && decoded->map.sid.len;
}

/* A decision has no CID: the one asked for is then compared decoded. */
static bool has_cid(const struct watch *watch, const struct shown *s)
{
	struct quic_decoded decoded;

	if (!watch->cid_len)
		return true;
	if (s->dcid_len)
		return s->dcid_len >= watch->cid_len &&
		       !memcmp(s->dcid, watch->cid, watch->cid_len);
	return s->sid.len && decode(watch, s, watch->cid, watch->cid_len,
				    &decoded) &&
	       decoded.config_id == s->config &&
	       !memcmp(&decoded.map.sid, &s->sid, sizeof(s->sid));
}

static bool has_server_id(const struct watch *watch, const struct shown *s)
{
	const struct args *args = watch->args;
	struct qlb_server_id sid = s->sid;
	struct quic_decoded decoded;
	int config = s->config;
	size_t i;

	if (!args->sid_count)
		return true;
	if (!sid.len && s->dcid_len &&
	    decode(watch, s, s->dcid, s->dcid_len, &decoded)) {
		config = decoded.config_id;
		sid = decoded.map.sid;
	}
	for (i = 0; i < args->sid_count; i++)
		if (args->sids[i].config_id == config &&
		    !memcmp(&args->sids[i].sid, &sid, sizeof(sid)))
			return true;
	return false;
}

static bool is_asked_for(const struct watch *watch, const struct shown *s)
{
	const struct args *args = watch->args;

	if (watch_is_done(watch))
		return false;
	if (given(args, O(SERVICE)) &&
	    (args->service.fwmark ? s->fwmark != args->service.fwmark :
				    !is_endpoint(&args->service.vip, &s->vip)))
		return false;
	if (given(args, O(CLIENT)) &&
	    !endpoint_addr_eq(&args->client, &s->client))
		return false;
	return has_cid(watch, s) && has_server_id(watch, s);
}

/* --- how it is shown ------------------------------------------------------- */

static char *hex_str(const uint8_t *octets, size_t len, char *text)
{
	size_t i;

	*text = '\0';
	for (i = 0; i < len && i < QLB_CID_LEN_MAX; i++)
		sprintf(text + 2 * i, "%02x", octets[i]);
	return text;
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
		printf(" dcid=%s", hex_str(s->dcid, s->dcid_len, text));
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

static void print_text(const struct shown *s)
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
	json_t *nested;

	if (!ep->af)
		return;
	nested = need(json_object());
	set_endpoint(nested, ep);
	set(object, name, nested);
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

static void print_json(const struct shown *s)
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

static void show(struct watch *watch, const struct shown *s)
{
	watch->shown++;
	if (given(watch->args, O(JSON)))
		print_json(s);
	else
		print_text(s);
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
			struct shown *s)
{
	unsigned long long value;
	int len;

	s->has_form = read_number(event, record, "long_form", &value);
	s->long_form = value;
	s->has_version = read_number(event, record, "version", &value) &&
			 s->long_form;
	s->version = (uint32_t)value;
	if (read_number(event, record, "config_id", &value))
		s->config = (int8_t)value;
	s->dcid = tep_get_field_raw(NULL, event, "dcid", record, &len, 0);
	s->dcid_len = s->dcid && len > 0 ? (size_t)len : 0;
}

static void read_sid(struct tep_event *event, struct tep_record *record,
		     struct shown *s)
{
	const uint8_t *raw;
	int len;

	raw = tep_get_field_raw(NULL, event, "server_id", record, &len, 0);
	if (!raw || len <= 0 || len > QLB_SERVER_ID_LEN_MAX)
		return;
	s->sid.len = (uint8_t)len;
	memcpy(s->sid.octets, raw, (size_t)len);
}

static void read_pool(struct tep_event *event, struct tep_record *record,
		      struct shown *s)
{
	unsigned long long value;

	s->has_pool = read_number(event, record, "servers", &value);
	s->servers = (uint32_t)value;
	read_number(event, record, "slots", &value);
	s->slots = (uint32_t)value;
	read_number(event, record, "error", &value);
	s->error = (int)value;
}

void watch_event(struct tep_event *event, struct tep_record *record,
		 uint64_t time, void *arg)
{
	const char *what = event->name;
	struct watch *watch = arg;
	struct shown s = { .time = time, .config = -1 };
	unsigned long long value;

	if (!read_number(event, record, "netns", &value) ||
	    value != watch->netns)
		return;
	if (!strncmp(what, "ip_vs_quic_", strlen("ip_vs_quic_")))
		what += strlen("ip_vs_quic_");
	s.what = what;
	read_sockaddr(event, record, "client", &s.client);
	read_sockaddr(event, record, "vip", &s.vip);
	read_number(event, record, "fwmark", &value);
	s.fwmark = (uint32_t)value;
	s.has_outcome = read_number(event, record, "outcome", &value);
	s.outcome = (uint32_t)value;
	read_header(event, record, &s);
	read_sid(event, record, &s);
	read_sockaddr(event, record, "server", &s.server);
	read_number(event, record, "mtu", &value);
	s.mtu = (uint32_t)value;
	read_pool(event, record, &s);
	if (is_asked_for(watch, &s))
		show(watch, &s);
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
		     struct shown *s)
{
	bool answer = !is_vip(watch, &p->dst) && is_vip(watch, &p->src);

	s->client = answer ? p->dst : p->src;
	s->vip = answer ? p->src : p->dst;
	return answer || is_vip(watch, &p->dst) || p->tunnel != TUNNEL_NONE ||
	       is_tunnel_protocol(p->protocol);
}

static void set_cid(const struct packet *p, struct shown *s)
{
	struct quic_hdr hdr;

	if (!p->is_udp || !quic_hdr_parse(&hdr, p->payload, p->view, p->len))
		return;
	s->has_form = true;
	s->long_form = hdr.long_form;
	s->has_version = hdr.long_form;
	s->version = hdr.version;
	s->dcid = hdr.dcid;
	s->dcid_len = hdr.dcid_view < QLB_CID_LEN_MAX ? hdr.dcid_view :
							QLB_CID_LEN_MAX;
}

static bool find_packet(const struct drop *drop, struct packet *p)
{
	if (!drop->has_packet || drop->ip < (int)drop->begin ||
	    drop->ip >= WINDOW_LEN)
		return false;
	if (!packet_parse(drop->window + drop->ip,
			  (size_t)(WINDOW_LEN - drop->ip), p))
		return false;
	p->at += (size_t)drop->ip - drop->begin;
	packet_find_outer(drop->window + drop->begin, p);
	return true;
}

/*
 * Only where the kernel has no reason: its list of functions is long, and who waits
 * for a reason is not to wait for that.
 */
static const char *function_of(struct watch *watch, const struct drop *drop)
{
	if (strcmp(drop->reason, "NOT_SPECIFIED"))
		return "";
	if (!watch->symbols)
		watch->symbols = symbols_read();
	return symbols_find(watch->symbols, drop->location);
}

void watch_drop(const struct drop *drop, void *arg)
{
	struct watch *watch = arg;
	struct shown s = {
		.time = drop->time,
		.what = "drop",
		.config = -1,
		.drop = drop,
	};
	struct packet p;

	if (drop->has_netns && drop->netns != watch->netns)
		return;
	if (find_packet(drop, &p)) {
		s.packet = &p;
		if (!set_flow(watch, &p, &s))
			return;
		set_cid(&p, &s);
	} else if (drop->has_packet) {
		return;
	}
	if (!is_asked_for(watch, &s))
		return;
	s.function = function_of(watch, drop);
	s.reason = reason_find(drop->reason, s.function);
	show(watch, &s);
}
