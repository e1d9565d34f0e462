// SPDX-License-Identifier: GPL-2.0-only
#include "model/model.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "hex.h"
#include "model/layout.h"

const struct setting_desc settings[SETTING_COUNT] = {
#define X(symbol, option, json, min, max, value) \
	{ option, json, IP_VS_QUIC_A_SET_##symbol, value },
	SETTINGS(X)
#undef X
};

const struct source_desc sources[SOURCE_COUNT] = {
#define X(symbol, option, family, octets, min) \
	{ option, IP_VS_QUIC_A_SET_##symbol, family, octets, min },
	SOURCES(X)
#undef X
};

bool endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
	return !endpoint_cmp(a, b);
}

bool endpoint_addr_eq(const struct endpoint *a, const struct endpoint *b)
{
	return a->af == b->af && !memcmp(a->addr, b->addr, sizeof(a->addr));
}

bool addr_bits_eq(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int octets = bits / 8, rest = bits % 8;

	if (memcmp(a, b, octets))
		return false;
	return !rest || !((a[octets] ^ b[octets]) >> (8 - rest));
}

int endpoint_cmp(const struct endpoint *a, const struct endpoint *b)
{
	int order;

	if (a->af != b->af)
		return a->af < b->af ? -1 : 1;
	order = memcmp(a->addr, b->addr, sizeof(a->addr));
	if (order)
		return order;
	return (a->port > b->port) - (a->port < b->port);
}

static int service_id_cmp(const struct service_id *a, const struct service_id *b)
{
	if (a->fwmark != b->fwmark)
		return a->fwmark < b->fwmark ? -1 : 1;
	if (a->fwmark)
		return (a->vip.af > b->vip.af) - (a->vip.af < b->vip.af);
	if (a->protocol != b->protocol)
		return a->protocol < b->protocol ? -1 : 1;
	return endpoint_cmp(&a->vip, &b->vip);
}

bool service_id_eq(const struct service_id *a, const struct service_id *b)
{
	return !service_id_cmp(a, b);
}

bool service_is_quic(const struct service *svc)
{
	return !strcmp(svc->sched, SCHED_QUIC);
}

char *endpoint_str(const struct endpoint *ep, char *buf)
{
	const char *format = ep->af == AF_INET6 ? "[%s]:%u" : "%s:%u";
	char addr[INET6_ADDRSTRLEN];

	if (!inet_ntop(ep->af, ep->addr, addr, sizeof(addr)))
		snprintf(addr, sizeof(addr), "family-%u", ep->af);
	snprintf(buf, ENDPOINT_STRLEN, format, addr, ep->port);
	return buf;
}

char *prefix_str(const struct prefix *prefix, uint16_t af, char *buf)
{
	char addr[INET6_ADDRSTRLEN] = "";

	inet_ntop(af, prefix->addr, addr, sizeof(addr));
	snprintf(buf, PREFIX_STRLEN, "%s/%u", addr, prefix->len);
	return buf;
}

char *service_str(const struct service_id *id, char *buf)
{
	if (!id->fwmark)
		return endpoint_str(&id->vip, buf);
	snprintf(buf, SERVICE_STRLEN, "fwmark %u%s", id->fwmark,
		 id->vip.af == AF_INET6 ? " (IPv6)" : "");
	return buf;
}

char *hex_str(const uint8_t *octets, size_t len, char *buf)
{
	quiclb_hex_write(buf, octets, len);
	return buf;
}

char *sid_value_str(const struct mapping *map, char *buf)
{
	size_t len = map->sid.len < QLB_SERVER_ID_LEN_MAX ?
		     map->sid.len : QLB_SERVER_ID_LEN_MAX;

	hex_str(map->sid.octets, len, buf);
	if (map->prefix)
		strcat(buf, "*");
	return buf;
}

char *sid_str(const struct mapping *map, char *buf)
{
	sid_value_str(map, buf + sprintf(buf, "%u:", map->config_id % 10U));
	return buf;
}

void service_init(struct service *svc, const struct service_id *id)
{
	unsigned int i;

	memset(svc, 0, sizeof(*svc));
	svc->id = *id;
	strcpy(svc->sched, SCHED_QUIC);
	svc->netmask = id->vip.af == AF_INET6 ? 128 : 0xffffffff;
	for (i = 0; i < SETTING_COUNT; i++)
		svc->settings[i] = settings[i].value;
}

void dest_init(struct dest *dest, const struct endpoint *server)
{
	memset(dest, 0, sizeof(*dest));
	dest->server = *server;
	dest->forward = IP_VS_CONN_F_DROUTE;
	dest->weight = 1;
}

/* Room for one more in an array that doubles whenever it is a power of two. */
static void *grow(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return xreallocarray(array, count ? 2 * count : 1, size);
}

/* FNV-1a of what service_id_cmp() compares. */
static uint32_t service_id_hash(const struct service_id *id)
{
	const uint32_t words[] = {
		id->fwmark, id->vip.af, id->fwmark ? 0 : id->protocol,
		id->fwmark ? 0 : id->vip.port,
	};
	uint32_t hash = 2166136261u;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		hash = (hash ^ words[i]) * 16777619u;
	for (i = 0; !id->fwmark && i < sizeof(id->vip.addr); i++)
		hash = (hash ^ id->vip.addr[i]) * 16777619u;
	return hash ^ hash >> 16;
}

/* That of the service, or the free one where it belongs. */
static struct service **place_of(const struct state *state,
				 const struct service_id *id)
{
	size_t at = service_id_hash(id);

	for (;; at++) {
		struct service **place = &state->places[at & (state->place_count - 1)];

		if (!*place || service_id_eq(&(*place)->id, id))
			return place;
	}
}

/* At least half of the places stay free. */
void state_index(struct state *state)
{
	size_t i;

	free(state->places);
	state->place_count = 16;
	while (state->place_count < 4 * state->count)
		state->place_count *= 2;
	state->places = xcalloc(state->place_count, sizeof(*state->places));
	for (i = 0; i < state->count; i++)
		*place_of(state, &state->services[i]->id) = state->services[i];
}

struct service *state_add(struct state *state, const struct service_id *id)
{
	struct service *svc = xcalloc(1, sizeof(*svc));

	service_init(svc, id);
	state->services = grow(state->services, state->count,
			       sizeof(*state->services));
	state->services[state->count++] = svc;
	if (2 * state->count > state->place_count)
		state_index(state);
	else
		*place_of(state, id) = svc;
	return svc;
}

void state_add_device(struct state *state, const struct device *device)
{
	state->devices = grow(state->devices, state->device_count,
			      sizeof(*device));
	state->devices[state->device_count++] = *device;
}

static const char *const mode_names[] = {
	[EXPRESS_INGRESS] = "ingress",
	[EXPRESS_DRIVER] = "driver",
	[EXPRESS_AUTO] = "auto",
};

const char *express_mode_name(enum express_mode mode)
{
	return mode_names[mode];
}

bool express_mode_read(const char *name, enum express_mode *mode)
{
	size_t i;

	for (i = 0; i < sizeof(mode_names) / sizeof(mode_names[0]); i++) {
		if (strcmp(name, mode_names[i]))
			continue;
		*mode = (enum express_mode)i;
		return true;
	}
	return false;
}

struct device *state_find_device(const struct state *state, const char *name)
{
	size_t i;

	for (i = 0; i < state->device_count; i++)
		if (!strcmp(state->devices[i].name, name))
			return &state->devices[i];
	return NULL;
}

struct service *state_find(const struct state *state, const struct service_id *id)
{
	return state->places ? *place_of(state, id) : NULL;
}

struct dest *service_add_dest(struct service *svc, const struct dest *dest)
{
	svc->dests = grow(svc->dests, svc->dest_count, sizeof(*dest));
	svc->dests[svc->dest_count] = *dest;
	return &svc->dests[svc->dest_count++];
}

struct dest *service_find_dest(const struct service *svc,
			       const struct endpoint *server)
{
	size_t i;

	for (i = 0; i < svc->dest_count; i++)
		if (endpoint_eq(&svc->dests[i].server, server))
			return &svc->dests[i];
	return NULL;
}

struct dest *service_find_dest_at(const struct service *svc,
				  const struct endpoint *address)
{
	size_t i;

	for (i = 0; i < svc->dest_count; i++)
		if (endpoint_addr_eq(&svc->dests[i].server, address))
			return &svc->dests[i];
	return NULL;
}

struct config *service_find_config(struct service *svc, unsigned int id,
				   unsigned int tenant)
{
	size_t i;

	for (i = 0; i < svc->config_count; i++)
		if (svc->configs[i].id == id && svc->configs[i].tenant == tenant)
			return &svc->configs[i];
	return NULL;
}

bool service_length_fits(const struct service *svc, const struct mapping *map)
{
	bool any = false;
	size_t i;

	for (i = 0; i < svc->config_count; i++) {
		const struct config *config = &svc->configs[i];

		if (config->id != map->config_id)
			continue;
		any = true;
		if (config_is_layout(config) &&
		    !qlb_layout_holds(&config->layout, map->sid.octets[0]))
			continue;
		if (map->sid.len == config->server_id_len ||
		    (map->prefix && map->sid.len < config->server_id_len))
			return true;
	}
	return !any;
}

const struct config *service_rival(const struct service *svc,
				   const struct config *config)
{
	size_t i;

	for (i = 0; i < svc->config_count; i++) {
		const struct config *other = &svc->configs[i];

		if ((config_is_layout(config) || config_is_layout(other)) &&
		    (config->id != other->id || config->tenant != other->tenant) &&
		    config_first_octets(config) & config_first_octets(other))
			return other;
	}
	return NULL;
}

bool service_lacks_bits(const struct service *svc, const struct mapping *map)
{
	struct mapping fewer = *map;

	fewer.sid.octets[0] = 0;
	return !service_length_fits(svc, map) && service_length_fits(svc, &fewer);
}

static int config_cmp(const struct config *a, const struct config *b)
{
	return a->id == b->id ? a->tenant - b->tenant : a->id - b->id;
}

bool service_add_config(struct service *svc, const struct config *config)
{
	size_t at = svc->config_count;

	if (svc->config_count == CONFIGS_MAX)
		return false;
	while (at && config_cmp(&svc->configs[at - 1], config) > 0)
		at--;
	memmove(&svc->configs[at + 1], &svc->configs[at],
		(svc->config_count - at) * sizeof(*config));
	svc->configs[at] = *config;
	svc->config_count++;
	return true;
}

void service_add_mapping(struct service *svc, const struct mapping *map)
{
	svc->maps = grow(svc->maps, svc->map_count, sizeof(*map));
	svc->maps[svc->map_count++] = *map;
}

bool setting_matters(const uint32_t *values, enum setting setting)
{
	return setting != SETTING_DCID_TIMEOUT || values[SETTING_DCID_MAX];
}

bool settings_same(const uint32_t *a, const uint32_t *b)
{
	unsigned int i;

	for (i = 0; i < SETTING_COUNT; i++)
		if (a[i] != b[i] && setting_matters(a, i))
			return false;
	return true;
}

struct mapping *service_find_mapping(const struct service *svc,
				     const struct mapping *map)
{
	size_t i;

	for (i = 0; i < svc->map_count; i++)
		if (!mapping_cmp_by_sid(&svc->maps[i], map))
			return &svc->maps[i];
	return NULL;
}

static int service_cmp(const void *a, const void *b)
{
	const struct service *const *one = a, *const *other = b;

	return service_id_cmp(&(*one)->id, &(*other)->id);
}

static int dest_cmp(const void *a, const void *b)
{
	const struct dest *one = a, *other = b;

	return endpoint_cmp(&one->server, &other->server);
}

struct dest *service_find_sorted_dest(const struct service *svc,
				      const struct endpoint *server)
{
	const struct dest wanted = { .server = *server };

	return svc->dest_count ? bsearch(&wanted, svc->dests, svc->dest_count,
					 sizeof(*svc->dests), dest_cmp) : NULL;
}

int mapping_cmp_by_sid(const void *a, const void *b)
{
	const struct mapping *one = a, *other = b;
	int order = one->config_id - other->config_id;

	if (!order)
		order = memcmp(one->sid.octets, other->sid.octets,
			       sizeof(one->sid.octets));
	if (!order)
		order = one->sid.len - other->sid.len;
	return order ? order : one->prefix - other->prefix;
}

int mapping_cmp_by_server(const void *a, const void *b)
{
	const struct mapping *one = a, *other = b;
	int order = endpoint_cmp(&one->server, &other->server);

	return order ? order : mapping_cmp_by_sid(a, b);
}

static void sort(void *array, size_t count, size_t size,
		 int (*cmp)(const void *, const void *))
{
	if (count > 1)
		qsort(array, count, size, cmp);
}

void service_sort(struct service *svc)
{
	sort(svc->dests, svc->dest_count, sizeof(*svc->dests), dest_cmp);
	sort(svc->maps, svc->map_count, sizeof(*svc->maps),
	     mapping_cmp_by_server);
}

static int device_cmp(const void *a, const void *b)
{
	const struct device *one = a, *other = b;

	return strcmp(one->name, other->name);
}

void state_sort(struct state *state)
{
	size_t i;

	sort(state->devices, state->device_count, sizeof(*state->devices),
	     device_cmp);
	sort(state->services, state->count, sizeof(*state->services),
	     service_cmp);
	for (i = 0; i < state->count; i++)
		service_sort(state->services[i]);
}

/* First mapping whose server is not less than (or, @past, greater than) this. */
static size_t maps_bound(const struct service *svc, const struct endpoint *server,
			 bool past)
{
	size_t low = 0, high = svc->map_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = endpoint_cmp(&svc->maps[middle].server, server);

		if (order < 0 || (past && !order))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct mapping *service_maps_of(const struct service *svc,
				      const struct endpoint *server,
				      size_t *count)
{
	size_t first = maps_bound(svc, server, false);

	*count = maps_bound(svc, server, true) - first;
	return *count ? &svc->maps[first] : NULL;
}

const struct mapping *service_next_absent(const struct service *svc, size_t *at,
					  size_t *count)
{
	const struct mapping *first;

	while (*at < svc->map_count) {
		first = service_maps_of(svc, &svc->maps[*at].server, count);
		*at += *count;
		if (!service_find_dest(svc, &first->server))
			return first;
	}
	return NULL;
}

void service_destroy(struct service *svc)
{
	size_t i;

	for (i = 0; i < svc->config_count; i++)
		config_destroy(&svc->configs[i]);
	free(svc->dests);
	free(svc->maps);
	explicit_bzero(svc, sizeof(*svc));
}

void state_destroy(struct state *state)
{
	size_t i;

	for (i = 0; i < state->count; i++) {
		service_destroy(state->services[i]);
		free(state->services[i]);
	}
	free(state->services);
	free(state->places);
	free(state->devices);
	memset(state, 0, sizeof(*state));
}
