// SPDX-License-Identifier: GPL-2.0-only
#include "output/json.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "model/fingerprint.h"
#include "model/density.h"
#include "model/layout.h"
#include "model/outcome.h"
#include "output/json_build.h"
#include "output/json_parts.h"
#include "output/names.h"
#include "system/conns.h"

/* What -S saves, or that and what the kernel has counted. */
enum contents {
	SAVED,
	LISTED,
};

static json_t *counters_json(const uint64_t *counters)
{
	static const char *const names[COUNTERS] = {
		[COUNT_CONNS] = "conns",
		[COUNT_INPKTS] = "in_packets",
		[COUNT_OUTPKTS] = "out_packets",
		[COUNT_INBYTES] = "in_bytes",
		[COUNT_OUTBYTES] = "out_bytes",
		[COUNT_CPS] = "conns_per_second",
		[COUNT_INPPS] = "in_packets_per_second",
		[COUNT_OUTPPS] = "out_packets_per_second",
		[COUNT_INBPS] = "in_bytes_per_second",
		[COUNT_OUTBPS] = "out_bytes_per_second",
	};
	json_t *object = need(json_object());
	unsigned int i;

	for (i = 0; i < COUNTERS; i++)
		set_number(object, names[i], counters[i]);
	return object;
}

static json_t *maps_json(const struct mapping *maps, size_t count)
{
	json_t *array = need(json_array());
	size_t i;

	for (i = 0; i < count; i++) {
		json_t *object = need(json_object());

		set_number(object, "config", maps[i].config_id);
		set_hex(object, "server_id", maps[i].sid.octets,
			maps[i].sid.len);
		set(object, "prefix", json_boolean(maps[i].prefix));
		append(array, object);
	}
	return array;
}

/* A name; of a number without one the number as text, so that a field has one type. */
json_t *name_json(const char *name, uint32_t number)
{
	char text[sizeof("0xffffffff")];

	if (name)
		return json_string(name);
	snprintf(text, sizeof(text), "0x%x", number);
	return json_string(text);
}

static void set_tunnel(json_t *object, const struct dest *dest)
{
	set(object, "tunnel",
	    name_json(tunnel_name(dest->tun_type), dest->tun_type));
	set_number(object, "tunnel_port", dest->tun_port);
	set(object, "tunnel_checksum",
	    name_json(checksum_name(dest->tun_flags), dest->tun_flags));
}

static void set_dest_figures(json_t *object, const struct dest *dest)
{
	set(object, "held", json_boolean(dest->held));
	/* deprecated */
	if (dest->forward == IP_VS_CONN_F_TUNNEL)
		set_number(object, "tunnel_flags", dest->tun_flags);
	set_number(object, "active_conns", dest->active);
	set_number(object, "inactive_conns", dest->inactive);
	set_number(object, "persistent_conns", dest->persistent);
	set(object, "stats", counters_json(dest->counters));
}

/* Tenants share a config ID. */
static json_t *config_counts_json(const struct service *svc, const struct dest *dest)
{
	json_t *array = need(json_array());
	size_t i;

	for (i = 0; i < svc->config_count; i++) {
		const unsigned int id = svc->configs[i].id;
		json_t *object;

		if (svc->configs[i].tenant || id >= QLB_CONFIGS_MAX)
			continue;
		object = need(json_object());
		set_number(object, "config", id);
		set_number(object, "datagrams", dest->datagrams[id]);
		append(array, object);
	}
	return array;
}

static json_t *dest_json(const struct service *svc, const struct dest *dest,
			 enum contents contents)
{
	json_t *object = need(json_object());
	const struct mapping *maps;
	size_t count;

	set_endpoint(object, &dest->server);
	set(object, "present", json_true());
	set(object, "forward",
	    name_json(forward_name(dest->forward), dest->forward));
	if (dest->forward == IP_VS_CONN_F_TUNNEL)
		set_tunnel(object, dest);
	set_number(object, "weight", dest->weight);
	set_number(object, "upper_threshold", dest->u_threshold);
	set_number(object, "lower_threshold", dest->l_threshold);
	maps = service_maps_of(svc, &dest->server, &count);
	set(object, "server_ids", maps_json(maps, count));
	if (contents == LISTED)
		set_dest_figures(object, dest);
	if (contents == LISTED && svc->counts_servers)
		set(object, "config_counts", config_counts_json(svc, dest));
	return object;
}

static json_t *dests_json(const struct service *svc, enum contents contents)
{
	json_t *array = need(json_array());
	const struct mapping *maps;
	size_t at = 0, count, i;

	for (i = 0; i < svc->dest_count; i++)
		append(array, dest_json(svc, &svc->dests[i], contents));
	while ((maps = service_next_absent(svc, &at, &count))) {
		json_t *object = need(json_object());

		set_endpoint(object, &maps->server);
		set(object, "present", json_false());
		if (contents == LISTED)
			set(object, "held", json_boolean(maps->held));
		set(object, "server_ids", maps_json(maps, count));
		append(array, object);
	}
	return array;
}

static void set_layout(json_t *object, const struct qlb_layout *layout)
{
	json_t *nested;
	char text[LAYOUT_STRLEN];

	if (!layout->bits)
		return;
	nested = need(json_object());
	set_text(nested, "name", layout_name(layout, text));
	set_text(nested, "text", layout_str(layout, text));
	set_number(nested, "bit_offset", layout->bit_offset);
	set_number(nested, "bits", layout->bits);
	set_number(nested, "cid_len", layout->cid_len);
	set_hex(nested, "mask", layout->mask, sizeof(layout->mask));
	set_hex(nested, "value", layout->value, sizeof(layout->value));
	set(object, "layout", nested);
}

static void set_key(json_t *object, const struct config *config)
{
	char text[9];

	set_text(object, "algorithm", algorithm_name(config));
	if (config->keyed) {
		snprintf(text, sizeof(text), "%08x", config->fingerprint);
		set_text(object, "key_fingerprint", text);
	}
	if (config->key_source)
		set_text(object, "key_source", config->key_source);
}

#define SET_NUMBER(name) set_number(object, #name, config->name)
#define SET_LENGTH(name) set_number(object, #name, config->name)
#define SET_OPTIONAL(name) set_number(object, #name, config->name)
#define SET_FLAG(name) set(object, #name, json_boolean(config->name))
#define SET_LAYOUT(name) set_##name(object, &config->name)
#define SET_KEY(name) set_##name(object, config)

json_t *config_fields_json(const struct config *config)
{
	json_t *object = need(json_object());

#define X(symbol, name, kind) SET_##kind(name)
	QLB_CONFIG_FIELDS(X, ;);
#undef X
	return object;
}

static json_t *config_json(const struct service *svc, const struct config *config)
{
	json_t *object = config_fields_json(config);

	set_number(object, "datagrams", config->datagrams);
	set(object, "last_seen_ms", config->seen ?
	    json_integer((json_int_t)config->last_seen) : json_null());
	set_number(object, "misses", config->misses);
	set(object, "server_id_density", json_real(config_density(svc, config)));
	return object;
}

json_t *settings_json(const struct service *svc)
{
	json_t *object = need(json_object());
	char text[PREFIX_STRLEN];
	unsigned int i;

	for (i = 0; i < SETTING_COUNT; i++)
		if (setting_matters(svc->settings, i))
			set_number(object, settings[i].json, svc->settings[i]);
	for (i = 0; i < SOURCE_COUNT; i++)
		if (svc->sources[i].len)
			set_text(object, sources[i].option,
				 prefix_str(&svc->sources[i], sources[i].af,
					    text));
	return object;
}

/* Twice: "outcomes", with hyphens in its names, is deprecated. */
static void set_outcomes(json_t *object, const char *(*name_of)(uint32_t outcome),
			 const uint64_t *outcomes, size_t count)
{
	json_t *counts = need(json_object()), *hyphened = need(json_object());
	char name[64], *hyphen;
	size_t i;

	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s", name_of((uint32_t)i));
		set_number(hyphened, name, outcomes[i]);
		while ((hyphen = strchr(name, '-')))
			*hyphen = '_';
		set_number(counts, name, outcomes[i]);
	}
	set(object, "outcome_counts", counts);
	set(object, "outcomes", hyphened);
}

static json_t *flags_json(uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = {
		{ IP_VS_SVC_F_PERSISTENT, "persistent" },
		{ IP_VS_SVC_F_ONEPACKET, "ops" },
		{ IP_VS_SVC_F_SCHED1, "flag-1" },
		{ IP_VS_SVC_F_SCHED2, "flag-2" },
		{ IP_VS_SVC_F_SCHED3, "flag-3" },
	};
	json_t *array = need(json_array());
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].flag) {
			append(array, json_string(names[i].name));
			flags &= ~names[i].flag;
		}
	if (flags)
		append(array, name_json(NULL, flags));
	return array;
}

static json_t *configs_json(const struct service *svc, enum contents contents)
{
	json_t *array = need(json_array());
	size_t i;

	for (i = 0; i < svc->config_count; i++)
		append(array, contents == LISTED ?
			      config_json(svc, &svc->configs[i]) :
			      config_fields_json(&svc->configs[i]));
	return array;
}

static void set_fingerprint(json_t *object, const struct service *svc)
{
	char text[FINGERPRINT_STRLEN];

	set_text(object, "fingerprint", fingerprint_str(service_fingerprint(svc), text));
}

static void set_service_figures(json_t *object, const struct service *svc)
{
	if (svc->rebuild_error)
		set_text(object, "rebuild_error",
			 strerror((int)svc->rebuild_error));
	if (service_is_quic(svc)) {
		if (svc->contract) {
			set_number(object, "contract", svc->contract);
			set_fingerprint(object, svc);
		}
		set_outcomes(object, outcome_name, svc->outcomes,
			     svc->outcome_count);
		set_number(object, "unroutable_reserved_short", svc->reserved_short);
	}
	set(object, "stats", counters_json(svc->counters));
}

static json_t *service_json(const struct service *svc, enum contents contents)
{
	json_t *object = service_id_json(&svc->id);

	set_text(object, "scheduler", svc->sched);
	set(object, "flags", flags_json(svc->flags));
	if (svc->flags & IP_VS_SVC_F_PERSISTENT) {
		set_number(object, "timeout", svc->timeout);
		set_number(object, "netmask_len", svc->id.vip.af == AF_INET6 ?
			   svc->netmask :
			   (uint64_t)__builtin_popcount(svc->netmask));
	}
	if (*svc->pe)
		set_text(object, "persistence_engine", svc->pe);
	if (service_is_quic(svc)) {
		set(object, "configs", configs_json(svc, contents));
		set(object, "settings", settings_json(svc));
	}
	if (contents == LISTED)
		set_service_figures(object, svc);
	set(object, "servers", dests_json(svc, contents));
	return object;
}

static json_t *asks_json(uint32_t asks)
{
	json_t *array = need(json_array());
	uint32_t i;

	for (i = 0; i < 32; i++)
		if (asks >> i & 1)
			append(array, need(json_string(ask_name(i))));
	return array;
}

static json_t *devices_json(const struct state *state)
{
	json_t *array = need(json_array()), *object;
	size_t i;

	for (i = 0; i < state->device_count; i++) {
		const struct device *device = &state->devices[i];

		object = need(json_object());
		set_text(object, "device", device->name);
		set_outcomes(object, express_name, device->outcomes,
			     device->outcome_count);
		set_text(object, "mode", express_mode_name(device->mode));
		set(object, "asks", asks_json(device->asks));
		set(object, "awaited", json_boolean(device->awaited));
		append(array, object);
	}
	return array;
}

void print_services_json(const struct state *state,
			 const struct ipvs_info *info)
{
	json_t *object = need(json_object()), *services = need(json_array());
	char version[16];
	size_t i;

	snprintf(version, sizeof(version), "%u.%u.%u",
		 info->version >> 16 & 0xff, info->version >> 8 & 0xff,
		 info->version & 0xff);
	set_text(object, "ipvs_version", version);
	set_number(object, "conn_tab_size", info->conn_tab_size);
	for (i = 0; i < state->count; i++)
		append(services, service_json(state->services[i], LISTED));
	set(object, "services", services);
	set(object, "express", devices_json(state));
	dump(object);
}

void print_saved_json(FILE *out, const struct state *state)
{
	json_t *object = need(json_object()), *services = need(json_array()),
	       *devices = need(json_array());
	size_t i;

	for (i = 0; i < state->count; i++)
		append(services, service_json(state->services[i], SAVED));
	set(object, "services", services);
	for (i = 0; i < state->device_count; i++) {
		json_t *device = need(json_object());

		set_text(device, "device", state->devices[i].name);
		set_text(device, "mode",
			 express_mode_name(state->devices[i].mode));
		append(devices, device);
	}
	set(object, "express", devices);
	dump_to(out, object);
}

void print_configs_json(const struct state *state)
{
	json_t *array = need(json_array()), *object;
	size_t i, j;

	for (i = 0; i < state->count; i++) {
		const struct service *svc = state->services[i];

		for (j = 0; j < svc->config_count; j++) {
			object = config_json(svc, &svc->configs[j]);
			set(object, "service", service_id_json(&svc->id));
			append(array, object);
		}
	}
	dump(array);
}

void print_server_ids_json(const struct state *state,
			   const struct endpoint *only)
{
	json_t *array = need(json_array()), *object;
	size_t i, j;

	for (i = 0; i < state->count; i++) {
		const struct service *svc = state->services[i];

		for (j = 0; j < svc->map_count; j++) {
			const struct mapping *map = &svc->maps[j];

			if (only && !endpoint_eq(only, &map->server))
				continue;
			object = need(json_object());
			set(object, "service", service_id_json(&svc->id));
			set_number(object, "config", map->config_id);
			set_hex(object, "server_id", map->sid.octets,
				map->sid.len);
			set(object, "prefix", json_boolean(map->prefix));
			set_nested_endpoint(object, "server", &map->server);
			set(object, "present",
			    json_boolean(service_find_dest(svc, &map->server)));
			append(array, object);
		}
	}
	dump(array);
}

void print_express_json(const struct state *state)
{
	dump(devices_json(state));
}

void print_decoded_json(const struct quic_decoded *decoded)
{
	json_t *object = need(json_object());

	if (decoded->has_outcome) {
		set_text(object, "outcome", outcome_name(decoded->outcome));
		set_text(object, "meaning", outcome_meaning(decoded->outcome));
	}
	if (decoded->has_config)
		set_number(object, "config", decoded->config_id);
	if (decoded->has_tenant)
		set_number(object, "tenant", decoded->tenant);
	if (decoded->map.sid.len)
		set_hex(object, "server_id", decoded->map.sid.octets,
			decoded->map.sid.len);
	if (decoded->nonce_len)
		set_hex(object, "nonce", decoded->nonce, decoded->nonce_len);
	if (decoded->has_server)
		set_nested_endpoint(object, "server", &decoded->map.server);
	dump(object);
}

void print_cid_json(const char *cid)
{
	json_t *object = need(json_object());

	set_text(object, "cid", cid);
	dump(object);
}

void print_version_json(const char *version)
{
	json_t *object = need(json_object());

	set_text(object, "version", version);
	dump(object);
}

static json_t *lines_json(char *const *lines, size_t count)
{
	json_t *array = need(json_array());
	size_t i;

	for (i = 0; i < count; i++)
		append(array, json_string(lines[i]));
	return array;
}

void print_diff_json(char *const *here, size_t here_count, char *const *there,
		     size_t there_count)
{
	json_t *object = need(json_object());

	set(object, "only_here", lines_json(here, here_count));
	set(object, "only_in_file", lines_json(there, there_count));
	dump(object);
}

void print_key_fingerprint_json(const char *fingerprint)
{
	json_t *object = need(json_object());

	set_text(object, "key_fingerprint", fingerprint);
	dump(object);
}

void print_service_fingerprint_json(const struct service *svc)
{
	json_t *object = need(json_object());

	set(object, "service", service_id_json(&svc->id));
	set_fingerprint(object, svc);
	dump(object);
}

static void add_conn(const struct conn *conn, void *data)
{
	json_t *object = need(json_object());

	set_text(object, "protocol", "udp");
	set_text(object, "state", conn->state);
	set_number(object, "expires_s", conn->expires);
	set_nested_endpoint(object, "client", &conn->client);
	set_nested_endpoint(object, "virtual", &conn->vip);
	set_nested_endpoint(object, "server", &conn->server);
	append(data, object);
}

int print_conns_json(const struct state *state)
{
	json_t *array = need(json_array());
	int err = conns_each(state, add_conn, array);

	if (err)
		json_decref(array);
	else
		dump(array);
	return err;
}

void print_timeouts_json(const struct ipvs_timeouts *timeouts)
{
	json_t *object = need(json_object());

	set_number(object, "tcp_s", timeouts->tcp);
	set_number(object, "tcp_fin_s", timeouts->tcp_fin);
	set_number(object, "udp_s", timeouts->udp);
	dump(object);
}

void print_daemons_json(const struct ipvs_daemon *daemons, size_t count)
{
	json_t *array = need(json_array());
	size_t i;

	for (i = 0; i < count; i++) {
		json_t *object = need(json_object());

		set_text(object, "state", daemon_name(daemons[i].state));
		set_text(object, "device", daemons[i].device);
		set_number(object, "sync_id", daemons[i].sync_id);
		append(array, object);
	}
	dump(array);
}
