// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/server_id_refusal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "kernel/ipvs.h"
#include "kernel/kernel.h"
#include "model/layout.h"

enum {
	LENGTHS_STRLEN = sizeof("15, ") * TENANTS_MAX,
};

/* "2" or, with tenants, "2, 4" */
static const char *lengths_str(const struct service *svc, uint8_t config_id,
			       char *buf)
{
	const char *between = "";
	size_t i, at = 0;

	*buf = '\0';
	for (i = 0; i < svc->config_count; i++) {
		if (svc->configs[i].id != config_id)
			continue;
		at += (size_t)snprintf(buf + at, LENGTHS_STRLEN - at, "%s%u",
				       between, svc->configs[i].server_id_len);
		between = ", ";
	}
	return buf;
}

static bool has_wrong_length(const struct service *svc, const struct mapping *map,
			     const char *what)
{
	char sid[SID_STRLEN], lengths[LENGTHS_STRLEN];

	if (service_length_fits(svc, map))
		return false;
	if (service_lacks_bits(svc, map))
		return refuse("%s: server ID %s has more bits than the layout of config %u",
			      what, sid_str(map, sid), map->config_id);
	refuse("%s: server ID %s has %u octet%s, and config %u server IDs of %s",
	       what, sid_str(map, sid), map->sid.len,
	       map->sid.len == 1 ? "" : "s", map->config_id,
	       lengths_str(svc, map->config_id, lengths));
	return true;
}

static bool is_taken(const struct service *svc, const struct mapping *map,
		     const char *what)
{
	const struct mapping *have = service_find_mapping(svc, map);
	char sid[SID_STRLEN], server[ENDPOINT_STRLEN];

	if (!have || !map->server.af || endpoint_eq(&have->server, &map->server))
		return false;
	refuse("%s: server ID %s belongs to %s", what, sid_str(map, sid),
	       endpoint_str(&have->server, server));
	return true;
}

static bool is_unknown(const struct service *svc, const struct mapping *map,
		       const char *what)
{
	char sid[SID_STRLEN];

	if (service_find_mapping(svc, map))
		return false;
	refuse("%s: there is no server ID %s", what, sid_str(map, sid));
	return true;
}

/* As it would be after the change. */
static void put_configs(struct service *svc, const struct quic_change *change)
{
	size_t i;

	for (i = 0; i < change->config_count; i++) {
		const struct config *config = &change->configs[i];
		struct config *have = service_find_config(svc, config->id,
							  config->tenant);
		struct config lengths = {
			.id = config->id,
			.tenant = config->tenant,
			.server_id_len = config->server_id_len,
			.layout = config->layout,
		};

		if (have) {
			have->server_id_len = config->server_id_len;
			have->layout = config->layout;
		} else {
			service_add_config(svc, &lengths);
		}
	}
}

/* Says it and returns true, once a server ID is found that is to blame. */
static bool blame(struct service *svc, const struct quic_change *change,
		  uint8_t cmd, int error, const char *what)
{
	bool found = false;
	size_t i;

	put_configs(svc, change);
	for (i = 0; !found && i < change->map_count; i++) {
		const struct mapping *map = &change->maps[i];

		if (error == -EINVAL)
			found = has_wrong_length(svc, map, what);
		else if (error == -EEXIST || cmd == IP_VS_QUIC_CMD_DEL)
			found = is_taken(svc, map, what) ||
				(cmd == IP_VS_QUIC_CMD_DEL &&
				 is_unknown(svc, map, what));
	}
	/* a config was given that its server IDs do not fit */
	for (i = 0; !found && error == -EINVAL && change->config_count &&
	     i < svc->map_count; i++)
		found = has_wrong_length(svc, &svc->maps[i], what);
	return found;
}

int server_id_refusal(const struct quic_change *change, uint8_t cmd, int error,
		      const char *what)
{
	struct state state = { 0 };
	char *sentence;
	int err;

	if (error != -EINVAL && error != -EEXIST && error != -ENOENT)
		return kernel_refusal(NL_QUIC, cmd, error, "%s", what);
	/* reading the state takes the place of the kernel's sentence */
	sentence = xstrdup(nl_sentence());
	err = ipvs_get(&state, change->service);
	if (!err && state.count)
		err = quic_get(&state, change->service);
	if (err || !state.count ||
	    !blame(state.services[0], change, cmd, error, what)) {
		if (*sentence)
			refuse("%s: %s", what, sentence);
		else
			kernel_refusal(NL_QUIC, cmd, error, "%s", what);
	}
	state_destroy(&state);
	free(sentence);
	return EXIT_REFUSED;
}
