// SPDX-License-Identifier: GPL-2.0-only
#include "restore/yang_write.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/err.h"
#include "output/json_build.h"

static void set_hex_string(json_t *object, const char *name,
			   const uint8_t *octets, size_t len)
{
	char text[YANG_HEX_MAX];

	set_text(object, name, yang_hex_str(octets, len, text));
	explicit_bzero(text, sizeof(text));
}

/* A config without either would be one of the plaintext algorithm. */
static void set_key(json_t *object, const struct config *config, bool keys,
		    const char *member, const char *file)
{
	if (!config->keyed)
		return;
	if (keys)
		set_hex_string(object, "cid-key", config->key,
			       sizeof(config->key));
	if (file)
		set_text(object, member, file);
}

static json_t *mapping_json(const struct mapping *map)
{
	json_t *object = need(json_object());
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(map->server.af, map->server.addr, address, sizeof(address));
	set_hex_string(object, "server-id", map->sid.octets, map->sid.len);
	set_text(object, "server-address", address);
	return object;
}

static json_t *config_json(const struct service *svc,
			   const struct config *config, bool keys)
{
	json_t *object = need(json_object()), *maps = need(json_array());
	size_t i;

	set_number(object, "config-rotation-bits", config->id);
	set_number(object, "server-id-length", config->server_id_len);
	set_key(object, config, keys, YANG_MIDDLEBOX_KEY_FILE,
		config->key_source);
	set_number(object, "nonce-length", config->nonce_len);
	for (i = 0; i < svc->map_count; i++)
		if (svc->maps[i].config_id == config->id &&
		    yang_has_mapping(svc, &svc->maps[i]))
			append(maps, mapping_json(&svc->maps[i]));
	set(object, "server-id-mappings", maps);
	return object;
}

json_t *yang_middlebox(const struct service *svc, bool keys)
{
	json_t *root = need(json_object()), *quic_lb = need(json_object());
	json_t *configs = need(json_array());
	size_t i;

	for (i = 0; i < svc->config_count; i++)
		if (!svc->configs[i].tenant)
			append(configs, config_json(svc, &svc->configs[i], keys));
	set(quic_lb, "cid-configs", configs);
	set(root, YANG_MIDDLEBOX, quic_lb);
	return root;
}

/* Is another real server of the service at that address, with another port? */
static bool is_ambiguous(const struct service *svc, const struct mapping *map)
{
	size_t i;

	for (i = 0; i < svc->dest_count; i++)
		if (endpoint_addr_eq(&svc->dests[i].server, &map->server) &&
		    svc->dests[i].server.port != map->server.port)
			return true;
	return false;
}

void yang_warn_left_out(const struct service *svc)
{
	size_t left = 0, ambiguous = 0, i;
	char name[SERVICE_STRLEN], config[CONFIG_STRLEN];

	service_str(&svc->id, name);
	for (i = 0; i < svc->config_count; i++)
		if (svc->configs[i].tenant)
			caution("%s of %s: left out, the draft's YANG has one config of an ID",
				config_str(svc->configs[i].id,
					   svc->configs[i].tenant, config), name);
	for (i = 0; i < svc->map_count; i++) {
		if (!yang_has_mapping(svc, &svc->maps[i]))
			left++;
		else if (is_ambiguous(svc, &svc->maps[i]))
			ambiguous++;
	}
	if (left)
		caution("%zu server IDs of %s: left out, the draft's YANG has neither prefixes nor server IDs without a config that they fit",
			left, name);
	if (ambiguous)
		caution("%zu server IDs of %s: several real servers have the address, and the draft's YANG has no ports",
			ambiguous, name);
}

json_t *yang_server(const struct yang_server *server, bool keys)
{
	json_t *root = need(json_object()), *quic_lb = need(json_object());
	const struct config *config = server->config;

	set_number(quic_lb, "config-id", config->id);
	/* the director compares the length, so the server has to tell it */
	if (config->check_length)
		set(quic_lb, "first-octet-encodes-cid-length", json_true());
	set_number(quic_lb, "server-id-length", config->server_id_len);
	set_number(quic_lb, "nonce-length", config->nonce_len);
	set_key(quic_lb, config, keys, YANG_SERVER_KEY_FILE, server->key_file);
	set_hex_string(quic_lb, "server-id", server->sid->octets,
		       server->sid->len);
	set(root, YANG_SERVER, quic_lb);
	return root;
}

void yang_write(FILE *out, const void *json)
{
	json_dumpf(json, out, JSON_INDENT(2));
	putc('\n', out);
}
