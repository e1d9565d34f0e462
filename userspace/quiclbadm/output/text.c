// SPDX-License-Identifier: GPL-2.0-only
#include "output/text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/color.h"
#include "common/printable.h"
#include "model/density.h"
#include "model/layout.h"
#include "model/outcome.h"
#include "output/names.h"
#include "system/conns.h"

/* ipvsadm's: at most 8 columns, rounded to K, M, G, T. */
static void print_large(uint64_t number, bool exact)
{
	static const char units[] = "KMGTPE";
	const char *unit = units;

	if (exact) {
		printf(" %13" PRIu64, number);
		return;
	}
	if (number < 100000000) {
		printf(" %8" PRIu64, number);
		return;
	}
	number /= 1000;
	while (number >= 10000000 && unit[1]) {
		number /= 1000;
		unit++;
	}
	printf(" %7" PRIu64 "%c", number, *unit);
}

/* A list under way: the width of its first column is that of the longest name. */
struct listing {
	const struct list_style *style;
	int width;			/* with what stands in front of names */
};

enum {
	NAME_WIDTH = 33,		/* ipvsadm's, which IPv6 does not fit in */
	SERVER_ID_WIDTH = 60,		/* of those that are listed without --all */
};

static void service_name(const struct service *svc, char *buf, size_t size)
{
	char vip[ENDPOINT_STRLEN];

	if (svc->id.fwmark)
		snprintf(buf, size, "FWM  %u%s", svc->id.fwmark,
			 svc->id.vip.af == AF_INET6 ? " IPv6" : "");
	else
		snprintf(buf, size, "UDP  %s", endpoint_str(&svc->id.vip, vip));
}

static int wider(int width, const struct endpoint *ep)
{
	char text[ENDPOINT_STRLEN];
	int len = 5 + (int)strlen(endpoint_str(ep, text));

	return len > width ? len : width;
}

static int name_width(const struct state *state)
{
	int width = NAME_WIDTH;
	size_t i, j;

	for (i = 0; i < state->count; i++) {
		const struct service *svc = state->services[i];

		width = wider(width, &svc->id.vip);
		for (j = 0; j < svc->dest_count; j++)
			width = wider(width, &svc->dests[j].server);
		for (j = 0; j < svc->map_count; j++)
			width = wider(width, &svc->maps[j].server);
	}
	return width;
}

static void print_number_titles(const char *const *titles, bool exact)
{
	int i;

	for (i = 0; i < COUNT_CPS; i++)
		printf(" %*s", exact ? 13 : 8, titles[i]);
	putchar('\n');
}

static void print_column_titles(const struct listing *list)
{
	static const char *const counts[] = {
		"Conns", "InPkts", "OutPkts", "InBytes", "OutBytes",
	};
	static const char *const rates[] = {
		"CPS", "InPPS", "OutPPS", "InBPS", "OutBPS",
	};

	printf("%-*s", list->width, "Prot LocalAddress:Port");
	switch (list->style->view) {
	case VIEW_STATS:
		print_number_titles(counts, list->style->exact);
		break;
	case VIEW_RATE:
		print_number_titles(rates, list->style->exact);
		break;
	case VIEW_THRESHOLDS:
		puts(" Uthreshold Lthreshold ActiveConn InActConn");
		break;
	case VIEW_PERSISTENT:
		puts(" Weight    PersistConn ActiveConn InActConn");
		break;
	default:
		puts(" TunnelType TunnelPort TunnelFlags");
		break;
	}
	puts("  -> RemoteAddress:Port");
}

static void print_title(const struct ipvs_info *info, const struct listing *list)
{
	printf("IP Virtual Server version %u.%u.%u (size=%u)\n",
	       info->version >> 16 & 0xff, info->version >> 8 & 0xff,
	       info->version & 0xff, info->conn_tab_size);
	if (list->style->view != VIEW_DEFAULT) {
		print_column_titles(list);
		return;
	}
	/* here, services have no columns and real servers have */
	printf("Prot LocalAddress:Port Scheduler Flags\n"
	       "%-*s Forward Weight ActiveConn InActConn  ServerID\n",
	       list->width, "  -> RemoteAddress:Port");
}

static bool shown(const struct listing *list, uint64_t count)
{
	return count || list->style->all;
}

static bool any_shown(const struct listing *list, const uint64_t *outcomes,
		      size_t count)
{
	size_t i;

	for (i = 0; i < count && !shown(list, outcomes[i]); i++)
		;
	return i < count;
}

/* IPVS's counters in the list are up to 2 seconds old, ours are not. */
static void print_outcome_title(const struct state *state,
				const struct listing *list)
{
	bool any = false;
	size_t i;

	for (i = 0; i < state->count; i++)
		any |= any_shown(list, state->services[i]->outcomes,
				 state->services[i]->outcome_count);
	for (i = 0; i < state->device_count; i++)
		any |= any_shown(list, state->devices[i].outcomes,
				 state->devices[i].outcome_count);
	if (any)
		printf("     %-22s %20s  (of now; IPVS sums the numbers above only every 2 seconds)\n",
		       "Outcome", "Datagrams");
}

static void print_flags(const struct service *svc)
{
	char mask[INET_ADDRSTRLEN];

	if (svc->flags & IP_VS_SVC_F_ONEPACKET)
		printf(" ops");
	if (svc->flags & IP_VS_SVC_F_PERSISTENT) {
		printf(" persistent %u", svc->timeout);
		if (svc->id.vip.af == AF_INET6 && svc->netmask != 128)
			printf(" mask %u", svc->netmask);
		if (svc->id.vip.af == AF_INET && svc->netmask != 0xffffffff)
			printf(" mask %s", inet_ntop(AF_INET, &svc->netmask,
						     mask, sizeof(mask)));
		if (*svc->pe)
			printf(" pe %s", svc->pe);
	}
	if (svc->flags & IP_VS_SVC_F_SCHED1)
		printf(" flag-1");
	if (svc->flags & IP_VS_SVC_F_SCHED2)
		printf(" flag-2");
	if (svc->flags & IP_VS_SVC_F_SCHED3)
		printf(" flag-3");
}

/* Those that are not the default. */
static void print_settings(const struct service *svc)
{
	char text[PREFIX_STRLEN];
	unsigned int i;

	for (i = 0; i < SETTING_COUNT; i++)
		if (svc->settings[i] != settings[i].value &&
		    setting_matters(svc->settings, i))
			printf(" %s %u", settings[i].option, svc->settings[i]);
	for (i = 0; i < SOURCE_COUNT; i++)
		if (svc->sources[i].len)
			printf(" %s %s", sources[i].option,
			       prefix_str(&svc->sources[i], sources[i].af, text));
}

/* As many as a terminal's width holds, and how many there are besides. */
static void print_maps(const struct mapping *maps, size_t count, bool all)
{
	size_t i, used = 0;
	char text[SID_STRLEN];

	for (i = 0; i < count; i++) {
		used += strlen(sid_str(&maps[i], text)) + 1;
		if (!all && i && used > SERVER_ID_WIDTH)
			break;
		printf("%s%s", i ? "," : "", text);
	}
	if (i < count)
		printf(",+%zu", count - i);
}

static void print_counters(const char *name, const uint64_t *counters,
			   const struct listing *list)
{
	const bool rates = list->style->view == VIEW_RATE;
	unsigned int first = rates ? COUNT_CPS : COUNT_CONNS, i;

	printf("%-*s", list->width, name);
	for (i = first; i < first + COUNT_CPS; i++)
		print_large(counters[i], list->style->exact);
	putchar('\n');
}

/* Ends the line. */
static void print_held(bool held)
{
	if (held)
		printf(" %sheld%s", paint(stdout, PAINT_ADVICE),
		       paint_end(stdout));
	putchar('\n');
}

/* Flows whose 4-tuple has an entry reach the server, whatever the weight. */
static void print_state(const struct service *svc, const struct dest *dest)
{
	const bool drains = service_is_quic(svc) && !dest->weight;
	const unsigned int tuples = dest->active + dest->inactive;

	if (drains && tuples)
		printf(" tuples %u", tuples);
	if (drains && !dest->held)
		printf(" draining");
	print_held(dest->held);
}

static void print_dest(const struct service *svc, const struct dest *dest,
		       const struct listing *list)
{
	const char *forward = forward_name(dest->forward);
	char server[ENDPOINT_STRLEN], number[16];
	const struct mapping *maps;
	size_t count;

	if (!forward) {
		snprintf(number, sizeof(number), "%u", dest->forward);
		forward = number;
	}
	maps = service_maps_of(svc, &dest->server, &count);
	printf("  -> %-*s %-7s %-6u %-10u %-10u", list->width - 5,
	       endpoint_str(&dest->server, server), forward, dest->weight,
	       dest->active, dest->inactive);
	if (count)
		putchar(' ');
	print_maps(maps, count, list->style->all);
	print_state(svc, dest);
}

static void print_tunnel(const char *name, const struct dest *dest, int width)
{
	const char *type = tunnel_name(dest->tun_type);
	char number[16];

	if (!type) {
		snprintf(number, sizeof(number), "%u", dest->tun_type);
		type = number;
	}
	if (dest->forward != IP_VS_CONN_F_TUNNEL)
		type = "none";
	printf("%-*s %-10s %-10u ", width, name, type, dest->tun_port);
	if (dest->tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM)
		printf("csum\n");
	else if (dest->tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM)
		printf("remcsum\n");
	else if (dest->tun_flags)
		printf("0x%x\n", dest->tun_flags);
	else
		printf("nocsum\n");
}

static void print_dest_view(const struct service *svc, const struct dest *dest,
			    const struct listing *list)
{
	char name[8 + ENDPOINT_STRLEN] = "  -> ";

	endpoint_str(&dest->server, name + 5);
	switch (list->style->view) {
	case VIEW_DEFAULT:
		print_dest(svc, dest, list);
		break;
	case VIEW_STATS:
	case VIEW_RATE:
		print_counters(name, dest->counters, list);
		break;
	case VIEW_THRESHOLDS:
		printf("%-*s %-10u %-10u %-10u %-10u\n", list->width, name,
		       dest->u_threshold, dest->l_threshold, dest->active,
		       dest->inactive);
		break;
	case VIEW_PERSISTENT:
		printf("%-*s %-9u %-11u %-10u %-10u\n", list->width, name,
		       dest->weight, dest->persistent, dest->active,
		       dest->inactive);
		break;
	case VIEW_TUN_INFO:
		print_tunnel(name, dest, list->width);
		break;
	case VIEW_CONNECTIONS:
	case VIEW_TIMEOUT:
	case VIEW_DAEMON:
		/* no lists of services */
		break;
	}
}

/* Servers that have server IDs but are not in the pool. */
static void print_absent(const struct service *svc, const struct listing *list)
{
	char server[ENDPOINT_STRLEN];
	const struct mapping *maps;
	size_t at = 0, count;

	while ((maps = service_next_absent(svc, &at, &count))) {
		printf("  -> %-*s %-7s %-6s %-10s %-10s ", list->width - 5,
		       endpoint_str(&maps->server, server), "Absent", "-", "-",
		       "-");
		print_maps(maps, count, list->style->all);
		print_held(maps->held);
	}
}

static void print_outcome(const char *name, uint64_t count)
{
	printf("     %-22s %20" PRIu64, name, count);
}

static void print_service_outcomes(const struct service *svc, const struct listing *list)
{
	uint32_t i;

	for (i = 0; i < svc->outcome_count; i++) {
		if (!shown(list, svc->outcomes[i]))
			continue;
		print_outcome(outcome_name(i), svc->outcomes[i]);
		if (i == IP_VS_QUIC_RESERVED && svc->reserved_short)
			printf("  short headers: %" PRIu64, svc->reserved_short);
		putchar('\n');
	}
}

static void print_device_outcomes(const struct device *device, const struct listing *list)
{
	uint32_t i;

	for (i = 0; i < device->outcome_count; i++) {
		if (!shown(list, device->outcomes[i]))
			continue;
		print_outcome(express_name(i), device->outcomes[i]);
		putchar('\n');
	}
}

static void print_devices(const struct state *state, const struct listing *list)
{
	size_t i;

	for (i = 0; i < state->device_count; i++) {
		const struct device *device = &state->devices[i];

		printf("EXP  ");
		print_printable(stdout, device->name);
		if (device->mode != EXPRESS_INGRESS)
			printf(" %s", express_mode_name(device->mode));
		puts(device->awaited ? " awaited" : "");
		if (list->style->view == VIEW_STATS)
			print_device_outcomes(device, list);
	}
}

/* "density 0.0046%", and of several configs "density 0.0046%,12%" */
static void print_densities(const struct service *svc)
{
	char density[DENSITY_STRLEN];
	size_t i;

	for (i = 0; i < svc->config_count; i++)
		printf("%s%s", i ? "," : " density ",
		       density_str(config_density(svc, &svc->configs[i]), density));
}

/* " layout katran-v1"; a config that is none has no place here */
static void print_layouts(const struct service *svc)
{
	const char *before = " layout ";
	char text[LAYOUT_STRLEN];
	size_t i;

	for (i = 0; i < svc->config_count; i++) {
		if (!config_is_layout(&svc->configs[i]))
			continue;
		printf("%s%s", before, layout_name(&svc->configs[i].layout, text));
		before = ",";
	}
}

/* "config 0", "configs 0,3", and with tenants "configs 0,0/1" */
static void print_config_ids(const struct service *svc)
{
	size_t i;

	if (!service_is_quic(svc))
		return;
	printf(svc->config_count == 1 ? " config" :
	       svc->config_count ? " configs" : " no-config");
	for (i = 0; i < svc->config_count; i++) {
		printf("%c%u", i ? ',' : ' ', svc->configs[i].id);
		if (svc->configs[i].tenant)
			printf("/%u", svc->configs[i].tenant);
	}
	print_layouts(svc);
	print_densities(svc);
}

static void print_service(const struct service *svc, const struct listing *list)
{
	char name[8 + SERVICE_STRLEN];

	service_name(svc, name, sizeof(name));
	if (list->style->view == VIEW_STATS || list->style->view == VIEW_RATE) {
		print_counters(name, svc->counters, list);
		return;
	}
	printf("%s %s", name, svc->sched);
	print_flags(svc);
	print_config_ids(svc);
	print_settings(svc);
	if (svc->rebuild_error)
		fputs(" rebuild-failed", stdout);
	putchar('\n');
}

void print_services(const struct state *state, const struct ipvs_info *info,
		    const struct list_style *style)
{
	const struct listing list = { style, name_width(state) };
	size_t i, j;

	print_title(info, &list);
	if (style->view == VIEW_STATS)
		print_outcome_title(state, &list);
	for (i = 0; i < state->count; i++) {
		const struct service *svc = state->services[i];

		print_service(svc, &list);
		for (j = 0; j < svc->dest_count; j++)
			print_dest_view(svc, &svc->dests[j], &list);
		if (style->view == VIEW_DEFAULT)
			print_absent(svc, &list);
		if (style->view == VIEW_STATS)
			print_service_outcomes(svc, &list);
	}
	if (style->view == VIEW_DEFAULT || style->view == VIEW_STATS)
		print_devices(state, &list);
}

/* An address of IPv6 may be as wide as that; the table is too long to measure first. */
static int conn_width(const struct state *state)
{
	size_t i;

	for (i = 0; i < state->count; i++)
		if (state->services[i]->id.vip.af == AF_INET6)
			return ENDPOINT_STRLEN;
	return (int)sizeof("255.255.255.255:65535") - 1;
}

static void print_conn(const struct conn *conn, void *data)
{
	char client[ENDPOINT_STRLEN], vip[ENDPOINT_STRLEN], server[ENDPOINT_STRLEN];
	const int width = *(const int *)data;

	printf("%-3s %02u:%02u  %-11s %-*s %-*s %s\n", conn->protocol,
	       conn->expires / 60, conn->expires % 60, conn->state,
	       width, endpoint_str(&conn->client, client),
	       width, endpoint_str(&conn->vip, vip),
	       endpoint_str(&conn->server, server));
}

int print_conns(const struct state *state)
{
	int width = conn_width(state);

	printf("IPVS connection entries\npro expire %-11s %-*s %-*s destination\n",
	       "state", width, "source", width, "virtual");
	return conns_each(state, print_conn, &width);
}

void print_timeouts(const struct ipvs_timeouts *timeouts)
{
	printf("Timeout (tcp tcpfin udp): %u %u %u\n", timeouts->tcp,
	       timeouts->tcp_fin, timeouts->udp);
}

void print_daemons(const struct ipvs_daemon *daemons, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		printf("%s sync daemon (mcast=", daemon_name(daemons[i].state));
		print_printable(stdout, daemons[i].device);
		printf(", syncid=%u)\n", daemons[i].sync_id);
	}
}

/* A column for each field; those of a config's key are Algorithm, Fingerprint and KeySource. */
#define TITLE_ID "ID"
#define TITLE_TENANT "Tenant"
#define TITLE_SERVER_ID_LEN "ServerIDLen"
#define TITLE_NONCE_LEN "NonceLen"
#define TITLE_CHECK_LENGTH "Check"
#define TITLE_LAYOUT "Layout"
#define WORD_CHECK_LENGTH "length"

static void print_number(const char *title, unsigned int value)
{
	printf(" %*u", (int)strlen(title), value);
}

/* Numbers stand before the algorithm, flags behind it. */
#define NUMBER_NUMBER(symbol, name) print_number(TITLE_##symbol, config->name)
#define NUMBER_LENGTH(symbol, name) NUMBER_NUMBER(symbol, name)
#define NUMBER_OPTIONAL(symbol, name) NUMBER_NUMBER(symbol, name)
#define NUMBER_FLAG(symbol, name)
#define NUMBER_LAYOUT(symbol, name)
#define NUMBER_KEY(symbol, name)
#define FLAG_NUMBER(symbol, name)
#define FLAG_LENGTH(symbol, name)
#define FLAG_OPTIONAL(symbol, name)
#define FLAG_FLAG(symbol, name) \
	printf(" %-6s", config->name ? WORD_##symbol : "-")
#define FLAG_LAYOUT(symbol, name) \
	printf(" %-11s", layout_or_none(&config->name, layout))
#define FLAG_KEY(symbol, name)

static const char *layout_or_none(const struct qlb_layout *layout, char *buf)
{
	return layout->bits ? layout_name(layout, buf) : "-";
}

static void print_config(const char *service, int width,
			 const struct config *config)
{
	char age[AGE_STRLEN], fingerprint[9] = "-", layout[LAYOUT_STRLEN];

	if (config->keyed)
		snprintf(fingerprint, sizeof(fingerprint), "%08x",
			 config->fingerprint);
	printf("%-*s", width, service);
#define X(symbol, name, kind) NUMBER_##kind(symbol, name)
	QLB_CONFIG_FIELDS(X, ;);
#undef X
	printf(" %-11s", algorithm_name(config));
#define X(symbol, name, kind) FLAG_##kind(symbol, name)
	QLB_CONFIG_FIELDS(X, ;);
#undef X
	printf(" %12" PRIu64 " %9s %12" PRIu64 " %-11s ", config->datagrams,
	       age_str(config, age), config->misses, fingerprint);
	/* other programs may have set it */
	print_printable(stdout, config->key_source ? config->key_source : "-");
	putchar('\n');
}

#define NUMBER_TITLE_NUMBER(symbol) printf(" %s", TITLE_##symbol)
#define NUMBER_TITLE_LENGTH(symbol) NUMBER_TITLE_NUMBER(symbol)
#define NUMBER_TITLE_OPTIONAL(symbol) NUMBER_TITLE_NUMBER(symbol)
#define NUMBER_TITLE_FLAG(symbol)
#define NUMBER_TITLE_LAYOUT(symbol)
#define NUMBER_TITLE_KEY(symbol)
#define FLAG_TITLE_NUMBER(symbol)
#define FLAG_TITLE_LENGTH(symbol)
#define FLAG_TITLE_OPTIONAL(symbol)
#define FLAG_TITLE_FLAG(symbol) printf(" %-6s", TITLE_##symbol)
#define FLAG_TITLE_LAYOUT(symbol) printf(" %-11s", TITLE_##symbol)
#define FLAG_TITLE_KEY(symbol)

static void print_config_titles(int width)
{
	printf("%-*s", width, "Service");
#define X(symbol, name, kind) NUMBER_TITLE_##kind(symbol)
	QLB_CONFIG_FIELDS(X, ;);
#undef X
	printf(" %-11s", "Algorithm");
#define X(symbol, name, kind) FLAG_TITLE_##kind(symbol)
	QLB_CONFIG_FIELDS(X, ;);
#undef X
	printf(" %12s %9s %12s %-11s %s\n", "Datagrams", "LastSeen",
	       "Misses", "Fingerprint", "KeySource");
}

/* Of a column of services. */
static int service_width(const struct state *state)
{
	char name[SERVICE_STRLEN];
	int width = 28, len;
	size_t i;

	for (i = 0; i < state->count; i++) {
		len = (int)strlen(service_str(&state->services[i]->id, name));
		if (len > width)
			width = len;
	}
	return width;
}

void print_configs(const struct state *state)
{
	int width = service_width(state);
	size_t i, j;

	print_config_titles(width);
	for (i = 0; i < state->count; i++) {
		const struct service *svc = state->services[i];
		char name[SERVICE_STRLEN];

		service_str(&svc->id, name);
		for (j = 0; j < svc->config_count; j++)
			print_config(name, width, &svc->configs[j]);
	}
}

static void print_server_id(const char *service, int width,
			    const struct service *svc,
			    const struct mapping *map, int server_width)
{
	char server[ENDPOINT_STRLEN], sid[SID_STRLEN];

	printf("%-*s %-33s %-*s %s\n", width, service, sid_str(map, sid),
	       server_width, endpoint_str(&map->server, server),
	       service_find_dest(svc, &map->server) ? "present" : "absent");
}

void print_server_ids(const struct state *state, const struct endpoint *only)
{
	int width = service_width(state), server_width = name_width(state) - 5;
	size_t i, j;

	printf("%-*s %-33s %-*s %s\n", width, "Service", "ServerID",
	       server_width, "Server", "Pool");
	for (i = 0; i < state->count; i++) {
		const struct service *svc = state->services[i];
		char name[SERVICE_STRLEN];

		service_str(&svc->id, name);
		for (j = 0; j < svc->map_count; j++)
			if (!only || endpoint_eq(only, &svc->maps[j].server))
				print_server_id(name, width, svc, &svc->maps[j],
						server_width);
	}
}

/* Its name may have any character but a slash and white space. */
static void print_device(const struct device *device)
{
	print_printable(stdout, device->name);
	printf("%*s", 16 - (int)strlen(device->name), "");
}

void print_express(const struct state *state)
{
	size_t i, j;

	printf("%-16s %-7s", "Device", "Mode");
	for (j = 0; j < IP_VS_QUIC_EXPRESS_OUTCOME_COUNT; j++)
		printf(" %12s", express_name((uint32_t)j));
	putchar('\n');
	for (i = 0; i < state->device_count; i++) {
		const struct device *device = &state->devices[i];

		print_device(device);
		printf(" %-7s", express_mode_name(device->mode));
		if (device->awaited) {
			printf(" %12s\n", "awaited");
			continue;
		}
		for (j = 0; j < IP_VS_QUIC_EXPRESS_OUTCOME_COUNT; j++)
			printf(" %12" PRIu64, device->outcomes[j]);
		putchar('\n');
	}
}

void print_decoded(const struct quic_decoded *decoded)
{
	char text[ENDPOINT_STRLEN];

	if (decoded->has_outcome)
		printf("outcome    %s\n", outcome_name(decoded->outcome));
	if (decoded->has_config)
		printf("config     %u\n", decoded->config_id);
	if (decoded->tenant)
		printf("tenant     %u\n", decoded->tenant);
	if (decoded->map.sid.len)
		printf("server-id  %s\n", sid_value_str(&decoded->map, text));
	if (decoded->nonce_len)
		printf("nonce      %s\n",
		       hex_str(decoded->nonce, decoded->nonce_len, text));
	if (decoded->has_server)
		printf("server     %s\n",
		       endpoint_str(&decoded->map.server, text));
	if (decoded->has_outcome && decoded->outcome != IP_VS_QUIC_ROUTED)
		printf("why        %s\n", outcome_meaning(decoded->outcome));
}
