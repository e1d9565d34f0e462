// SPDX-License-Identifier: GPL-2.0-only
/*
 * server-config: what a real server needs to make connection IDs that lead to it.  The form
 * of a line is in Documentation/provisioning.rst.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "kernel/kernel.h"
#include "kernel/lock.h"
#include "model/layout.h"
#include "output/json_build.h"
#include "output/text.h"
#include "restore/config_key.h"
#include "restore/output_file.h"
#include "restore/yang_write.h"

#define KEY_PATH_DEFAULT "/etc/quiclb.key"

/* The entries for a server: one for each config that it can use. */
struct provision {
	struct service *svc;
	const struct endpoint *server;
	struct yang_server entries[QLB_CONFIGS_MAX];
	struct qlb_server_id sids[QLB_CONFIGS_MAX];
	size_t count;
};

/* Which server has that server ID, as the datapath finds it: itself, else the longest prefix. */
static const struct mapping *owner_of(const struct service *svc, uint8_t id,
				      const struct qlb_server_id *sid)
{
	const struct mapping *best = NULL;
	size_t i;

	for (i = 0; i < svc->map_count; i++) {
		const struct mapping *map = &svc->maps[i];

		if (map->config_id != id || map->sid.len > sid->len ||
		    memcmp(map->sid.octets, sid->octets, map->sid.len))
			continue;
		if (!map->prefix && map->sid.len == sid->len)
			return map;
		if (map->prefix && (!best || map->sid.len > best->sid.len))
			best = map;
	}
	return best;
}

static bool leads_here(const struct provision *provision,
		       const struct config *config,
		       const struct qlb_server_id *sid)
{
	const struct mapping *owner = owner_of(provision->svc, config->id, sid);

	return owner && endpoint_eq(&owner->server, provision->server);
}

/*
 * Makes a server ID of the config's length from @map: itself, or the first or the last one
 * with the prefix.  Return: false when these are another server's, or of other lengths.
 */
static bool complete(const struct provision *provision,
		     const struct config *config, const struct mapping *map,
		     struct qlb_server_id *sid)
{
	*sid = map->sid;
	if (map->sid.len > config->server_id_len ||
	    (!map->prefix && map->sid.len != config->server_id_len))
		return false;
	sid->len = config->server_id_len;
	if (leads_here(provision, config, sid))
		return true;
	memset(sid->octets + map->sid.len, 0xff, sid->len - map->sid.len);
	return leads_here(provision, config, sid);
}

/* Sets @sid to the first that the server has.  Return: how many there are to choose from. */
static size_t choose(const struct provision *provision,
		     const struct config *config, struct qlb_server_id *sid)
{
	const struct mapping *maps;
	struct qlb_server_id other;
	size_t found = 0, count, i;

	maps = service_maps_of(provision->svc, provision->server, &count);
	for (i = 0; maps && i < count; i++)
		if (maps[i].config_id == config->id &&
		    complete(provision, config, &maps[i], found ? &other : sid))
			found++;
	return found;
}

/* The one that --server-id gives for that config, or NULL. */
static const struct mapping *asked(const struct args *args,
				   const struct config *config)
{
	size_t i;

	for (i = 0; i < args->sid_count; i++)
		if (args->sids[i].config_id == config->id)
			return &args->sids[i];
	return NULL;
}

static int check_asked(const struct provision *provision,
		       const struct config *config, const struct mapping *map)
{
	char sid[SID_STRLEN], server[ENDPOINT_STRLEN], name[SERVICE_STRLEN];

	if (map->sid.len == config->server_id_len && !map->prefix &&
	    leads_here(provision, config, &map->sid))
		return 0;
	return refuse("server ID %s: does not lead to %s in %s (server-id list)",
		      sid_str(map, sid), endpoint_str(provision->server, server),
		      service_str(&provision->svc->id, name));
}

/* The server's own path; the default is where the director reads the same key. */
static const char *key_path(const struct args *args, const struct config *config)
{
	if (!config->keyed)
		return NULL;
	if (given(args, O(KEY_PATH)))
		return args->key_path;
	return config->key_source ? config->key_source : KEY_PATH_DEFAULT;
}

static void warn_of(const struct provision *provision,
		    const struct config *config, size_t choices)
{
	char sid[2 * QLB_SERVER_ID_LEN_MAX + 1], name[CONFIG_STRLEN];
	const struct qlb_server_id *chosen = &provision->sids[provision->count];

	config_str(config->id, config->tenant, name);
	if (choices > 1)
		caution("%s: the server has %zu server IDs; %s is taken, --server-id takes another",
			name, choices, hex_str(chosen->octets, chosen->len, sid));
}

/* As a number, too, which is how such servers are told theirs. */
static void warn_of_layout(const struct provision *provision,
			   const struct config *config)
{
	const struct qlb_server_id *sid = &provision->sids[provision->count];
	char hex[2 * QLB_SERVER_ID_LEN_MAX + 1], layout[LAYOUT_STRLEN];
	char name[CONFIG_STRLEN], number[32] = "";
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < sid->len && sid->len <= sizeof(value); i++)
		value = value << 8 | sid->octets[i];
	if (sid->len <= sizeof(value))
		snprintf(number, sizeof(number), ", which is %" PRIu64, value);
	caution("%s: the server makes connection IDs of layout %s by itself; its server ID there is %s%s",
		config_str(config->id, config->tenant, name),
		layout_name(&config->layout, layout),
		hex_str(sid->octets, sid->len, hex), number);
}

static int add_entry(const struct args *args, struct provision *provision,
		     const struct config *config)
{
	struct qlb_server_id *sid = &provision->sids[provision->count];
	const struct mapping *map = asked(args, config);
	char server[ENDPOINT_STRLEN], name[CONFIG_STRLEN];
	size_t choices = 1;
	int err = 0;

	if (map)
		err = check_asked(provision, config, map);
	if (map)
		*sid = map->sid;
	else
		choices = choose(provision, config, sid);
	if (err)
		return err;
	if (choices && config_is_layout(config)) {
		warn_of_layout(provision, config);
		return 0;
	}
	if (!choices) {
		caution("%s: %s has no server ID for it (server-id add)",
			config_str(config->id, config->tenant, name),
			endpoint_str(provision->server, server));
		return 0;
	}
	warn_of(provision, config, choices);
	provision->entries[provision->count++] = (struct yang_server){
		config, sid, key_path(args, config),
	};
	return 0;
}

/* Whose tenant a server is, the director does not know. */
static int check_tenant(const struct args *args, const struct service *svc,
			const struct config *config)
{
	char name[SERVICE_STRLEN];
	size_t count = 0, i;

	for (i = 0; i < svc->config_count; i++)
		count += svc->configs[i].id == config->id;
	if (count == 1 || given(args, O(TENANT)))
		return 0;
	return refuse("config %u of %s: it has %zu tenants; --tenant says whose the server is",
		      config->id, service_str(&svc->id, name), count);
}

static int collect(const struct args *args, struct provision *provision)
{
	struct service *svc = provision->svc;
	int err = 0;
	size_t i;

	for (i = 0; !err && i < svc->config_count; i++) {
		const struct config *config = &svc->configs[i];

		if (given(args, O(ID)) && config->id != args->id)
			continue;
		err = check_tenant(args, svc, config);
		/* without --tenant there is one, 0 */
		if (!err && config->tenant == args->tenant)
			err = add_entry(args, provision, config);
	}
	return err;
}

/* A server ID for a config that is not printed was a mistake. */
static int check_all_asked(const struct args *args,
			   const struct provision *provision)
{
	char sid[SID_STRLEN];
	size_t i, j;

	for (i = 0; i < args->sid_count; i++) {
		for (j = 0; j < provision->count; j++)
			if (provision->entries[j].config->id ==
			    args->sids[i].config_id)
				break;
		if (j == provision->count)
			return refuse("--server-id %s: there is no config %u to print",
				      sid_str(&args->sids[i], sid),
				      args->sids[i].config_id);
		if (i && args->sids[i].config_id == args->sids[i - 1].config_id)
			return refuse("--server-id %s: a second server ID of config %u, and a line has one",
				      sid_str(&args->sids[i], sid),
				      args->sids[i].config_id);
	}
	return 0;
}

/* Two keys cannot be in one file. */
static int check_paths(const struct provision *provision)
{
	size_t i, j;

	for (i = 0; i < provision->count; i++)
		for (j = 0; j < i; j++) {
			const struct yang_server *one = &provision->entries[j];
			const struct yang_server *other = &provision->entries[i];

			if (one->key_file && other->key_file &&
			    one->config->fingerprint != other->config->fingerprint &&
			    !strcmp(one->key_file, other->key_file))
				return refuse("configs %u and %u have different keys and one path for them, %s; print them one by one, with --id and --key-path",
					      one->config->id, other->config->id,
					      one->key_file);
		}
	return 0;
}

static bool all_layouts(const struct service *svc)
{
	size_t i;

	for (i = 0; i < svc->config_count && config_is_layout(&svc->configs[i]); i++)
		;
	return i == svc->config_count;
}

static int check_count(const struct args *args,
		       const struct provision *provision)
{
	char server[ENDPOINT_STRLEN], name[SERVICE_STRLEN];
	struct service *svc = provision->svc;

	endpoint_str(provision->server, server);
	service_str(&svc->id, name);
	if (provision->count)
		return given(args, O(YANG)) && provision->count > 1 ?
			refuse("--yang: %zu configs, and the draft's module for a server has one; say which by --id",
			       provision->count) : 0;
	if (!svc->config_count)
		return refuse("service %s: no config (config add)", name);
	if (all_layouts(svc))
		return refuse("service %s: it has layouts only, and servers that make such connection IDs need nothing of QUIC-LB",
			      name);
	return refuse("real server %s of %s: no server ID for %s (server-id add)",
		      server, name,
		      given(args, O(ID) | O(TENANT)) ? "the config that is asked for" :
						       "any config");
}

static char *line_str(const struct yang_server *entry, char *buf, size_t size)
{
	char sid[2 * QLB_SERVER_ID_LEN_MAX + 1];

	snprintf(buf, size, "%u:%s:%u%s%s%s", entry->config->id,
		 hex_str(entry->sid->octets, entry->sid->len, sid),
		 entry->config->nonce_len,
		 entry->config->check_length ? ",self-len" : "",
		 entry->key_file ? ":" : "",
		 entry->key_file ? entry->key_file : "");
	return buf;
}

static json_t *entry_json(const struct provision *provision,
			  const struct yang_server *entry, const char *line)
{
	const struct config *config = entry->config;
	json_t *object = need(json_object());
	char fingerprint[9];

	set(object, "service", service_id_json(&provision->svc->id));
	set_nested_endpoint(object, "server", provision->server);
	set_number(object, "config", config->id);
	set_number(object, "tenant", config->tenant);
	set_hex(object, "server_id", entry->sid->octets, entry->sid->len);
	set_number(object, "nonce_len", config->nonce_len);
	set(object, "self_len", json_boolean(config->check_length));
	if (config->keyed) {
		snprintf(fingerprint, sizeof(fingerprint), "%08x",
			 config->fingerprint);
		set_text(object, "key_file", entry->key_file);
		set_text(object, "key_fingerprint", fingerprint);
	}
	set_text(object, "line", line);
	return object;
}

static void print_lines(const struct provision *provision, bool as_json)
{
	json_t *array = as_json ? need(json_array()) : NULL;
	char line[KEY_SOURCE_MAX + 64];
	size_t i;

	for (i = 0; i < provision->count; i++) {
		line_str(&provision->entries[i], line, sizeof(line));
		if (as_json)
			append(array, entry_json(provision,
						 &provision->entries[i], line));
		else
			printf("%s\n", line);
	}
	if (as_json)
		dump(array);
}

static int print_yang(struct provision *provision, bool keys)
{
	struct yang_server *entry = &provision->entries[0];
	/* the service's own, to be read into */
	struct config *config = service_find_config(provision->svc,
						    entry->config->id,
						    entry->config->tenant);
	json_t *json;
	int err = 0;

	if (keys && config->keyed)
		err = config_read_key(provision->svc, config);
	if (err)
		return err;
	json = yang_server(entry, keys);
	err = output_write(NULL, keys, yang_write, json);
	json_decref(json);
	return err;
}

static int print(const struct args *args, struct provision *provision)
{
	int err = collect(args, provision);

	if (!err)
		err = check_all_asked(args, provision);
	if (!err)
		err = check_count(args, provision);
	if (!err)
		err = check_paths(provision);
	/* without any, it has been refused */
	if (err || !provision->count)
		return err;
	if (given(args, O(YANG)))
		return print_yang(provision, given(args, O(KEYS)));
	print_lines(provision, given(args, O(JSON)));
	return 0;
}

static int check_server(const struct provision *provision)
{
	char server[ENDPOINT_STRLEN], name[SERVICE_STRLEN];
	size_t count;

	if (service_find_dest(provision->svc, provision->server) ||
	    service_maps_of(provision->svc, provision->server, &count))
		return 0;
	return refuse("real server %s of %s: the service has no such real server",
		      endpoint_str(provision->server, server),
		      service_str(&provision->svc->id, name));
}

static int check_args(const struct args *args)
{
	const char *c;

	if (given(args, O(KEYS)) && !given(args, O(YANG)))
		return bad_usage("--keys: only with --yang; a line names the file of a key");
	if (!given(args, O(KEY_PATH)))
		return 0;
	if (*args->key_path != '/')
		return bad_usage("--key-path %s: not an absolute path, and it is the server's",
				 args->key_path);
	for (c = args->key_path; *c; c++)
		if ((unsigned char)*c < ' ')
			return bad_usage("--key-path: a control character in the path");
	return 0;
}

int cmd_server_config(const struct args *args)
{
	struct provision provision = { .server = &args->server };
	struct state state = { 0 };
	int err = check_args(args);

	yang_wipe_json();
	if (!err && given(args, O(KEYS)))
		err = output_check_stdout();
	if (!err)
		err = lock_take(false, cmd_name(args->cmd));
	if (!err)
		err = kernel_load_quic(&state, &args->service);
	lock_release();
	if (!err) {
		provision.svc = state.services[0];
		err = check_server(&provision);
	}
	if (!err)
		err = print(args, &provision);
	state_destroy(&state);
	return err;
}
