// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters tell servers' connection IDs from everyday noise so: clients choose their
 * first connection IDs at random.  Of those, one in eight has each config ID, and all are
 * in long headers.  Two counts measure that: 0b111 in long headers ("unroutable-reserved")
 * and IDs that no config here has ("unroutable-config").  Servers without a config add to
 * the first alone, servers with another director's config to the second alone, so the
 * smaller is the noise, and what is far above it comes from servers.
 */
#include "doctor/service_configs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "model/density.h"
#include "model/layout.h"

enum {
	NOISE_MIN = 16,			/* so many datagrams may be chance */
	NOISE_FACTOR = 4,
	STALE_DAYS = 7,
};

static uint64_t outcome(const struct service *svc, uint32_t which)
{
	return which < svc->outcome_count ? svc->outcomes[which] : 0;
}

/* The layout that gets connection IDs with 0b111, or NULL. */
static const struct config *reserved_layout(const struct service *svc)
{
	size_t i;

	for (i = 0; i < svc->config_count; i++)
		if (config_takes(&svc->configs[i], QLB_CONFIG_ID_RESERVED))
			return &svc->configs[i];
	return NULL;
}

/* Of the IDs 0 to 6, how many are no config's? */
static unsigned int absent_ids(const struct service *svc)
{
	unsigned int ids = 0;
	size_t i;

	for (i = 0; i < svc->config_count; i++)
		ids |= config_first_octets(&svc->configs[i]);
	return QLB_CONFIGS_MAX -
	       (unsigned int)__builtin_popcount(ids & ((1u << QLB_CONFIGS_MAX) - 1));
}

/* With 0b111 in a long header.  The two counts are not of one moment. */
static uint64_t reserved_long(const struct service *svc)
{
	const uint64_t all = outcome(svc, IP_VS_QUIC_RESERVED);

	return all > svc->reserved_short ? all - svc->reserved_short : 0;
}

/* Random connection IDs for each config ID; a layout that gets 0b111 misses them. */
static uint64_t noise(const struct service *svc)
{
	const struct config *layout = reserved_layout(svc);
	const unsigned int absent = absent_ids(svc);
	uint64_t least = layout ?
			 layout->misses / (unsigned int)__builtin_popcount(config_first_octets(layout)) :
			 reserved_long(svc);

	if (absent && outcome(svc, IP_VS_QUIC_NO_CONFIG) / absent < least)
		least = outcome(svc, IP_VS_QUIC_NO_CONFIG) / absent;
	return least + NOISE_MIN;
}

/*
 * A layout gets as many random connection IDs as there are first octets of its own, and each
 * connection begins with one or two.  So servers' must be more than what misses.
 */
static bool misses_too_much(const struct service *svc, const struct config *config)
{
	if (config_is_layout(config))
		return config->misses > config->datagrams + NOISE_FACTOR * NOISE_MIN;
	return config->misses > NOISE_FACTOR * noise(svc);
}

/* --- server IDs ------------------------------------------------------------ */

static bool has_server_id(const struct service *svc, const struct dest *dest,
			  unsigned int config_id)
{
	const struct mapping *maps;
	size_t count, i;

	maps = service_maps_of(svc, &dest->server, &count);
	for (i = 0; i < count; i++)
		if (maps[i].config_id == config_id)
			return true;
	return false;
}

static void check_server_ids(const struct service_subject *s)
{
	const struct service *svc = s->svc;
	char server[ENDPOINT_STRLEN];
	bool all = true;
	size_t i, j;

	for (i = 0; i < svc->dest_count; i++) {
		const struct dest *dest = &svc->dests[i];

		for (j = 0; dest->weight && j < svc->config_count; j++) {
			unsigned int id = svc->configs[j].id;

			if (svc->configs[j].tenant ||
			    has_server_id(svc, dest, id))
				continue;
			all = false;
			report_about(s->report, &svc->id, &dest->server);
			report_add(s->report, CHECK_FAULT, "server-id",
				   "%s gets new connections and has no server ID of config %u, so the connection IDs it makes lead nowhere",
				   endpoint_str(&dest->server, server), id);
			report_fix(s->report, "quiclbadm server-id add %s -r %s --server-id %u:HEX",
				   s->option, server, id);
		}
	}
	report_about(s->report, &svc->id, NULL);
	if (all && svc->config_count)
		report_add(s->report, CHECK_OK, "server-id",
			   "%s: every real server with weight has a server ID of every config",
			   s->name);
}

static void fix_absent(const struct service_subject *s, const char *server)
{
	const struct dest *typical = service_typical_dest(s);
	char *method;

	if (!typical)
		return;
	method = service_method_str(typical);
	report_fix(s->report, "quiclbadm -a %s -r %s%s -w 1", s->option, server, method);
	free(method);
}

/* One check per real server that has server IDs and is not in the pool. */
static void check_absent(const struct service_subject *s)
{
	uint64_t hits = outcome(s->svc, IP_VS_QUIC_NO_SERVER);
	const struct service *svc = s->svc;
	char server[ENDPOINT_STRLEN];
	size_t i;

	for (i = 0; i < svc->map_count; i++) {
		const struct endpoint *ep = &svc->maps[i].server;

		if (service_find_dest(svc, ep) ||
		    (i && endpoint_eq(&svc->maps[i - 1].server, ep)))
			continue;
		report_about(s->report, &svc->id, ep);
		report_add(s->report, hits ? CHECK_FAULT : CHECK_ADVICE,
			   "absent",
			   "%s has server IDs and is not in the pool, from which a health checker may have taken it; %" PRIu64 " datagrams named such a server",
			   endpoint_str(ep, server), hits);
		fix_absent(s, server);
	}
	report_about(s->report, &svc->id, NULL);
}

static void check_dense(const struct service_subject *s, const struct config *config)
{
	const double density = config_density(s->svc, config);
	char share[DENSITY_STRLEN];

	if (config->tenant || density <= DENSITY_HIGH)
		return;
	report_add(s->report, CHECK_ADVICE, "dense",
		   "%s: %s of the random connection IDs that have config %u's ID name a server, so that clients' first datagrams are often not sent by hash; longer server IDs are better",
		   s->name, density_str(density, share), config->id);
}

/* Draft section "Distinguishing Attacks" */
static void check_exposed(const struct service_subject *s)
{
	const struct mapping *map;
	const struct config *keyed;
	char sid[SID_STRLEN];
	size_t count;

	map = service_exposed_id(s->svc, &count, &keyed);
	if (!map)
		return;
	report_add(s->report, CHECK_ADVICE, "exposed",
		   "%s: config %u has no key, and server ID %s is one of config %u as well, whose key it helps to attack; server IDs in common: %zu",
		   s->name, map->config_id, sid_value_str(map, sid), keyed->id,
		   count);
	report_fix(s->report, "quiclbadm server-id add %s -r SERVER --server-id %u:HEX",
		   s->option, keyed->id);
}

/* --- configs --------------------------------------------------------------- */

static void fault_layout(const struct service_subject *s, const struct config *config)
{
	char layout[LAYOUT_STRLEN];

	report_add(s->report, CHECK_FAULT, "config",
		   "%s: of connection IDs with layout %s (config %u), %" PRIu64 " had a server ID that no server has and %" PRIu64 " one that a server has: a server ID is missing, or the servers have another layout",
		   s->name, layout_name(&config->layout, layout), config->id,
		   config->misses, config->datagrams);
	report_fix(s->report, "quiclbadm config replace %s --id %u --layout LAYOUT",
		   s->option, config->id);
}

static void fault_key(const struct service_subject *s, const struct config *config)
{
	if (config_is_layout(config)) {
		fault_layout(s, config);
		return;
	}
	if (config->datagrams)
		report_add(s->report, CHECK_FAULT, "config",
			   "%s: config %u decoded %" PRIu64 " server IDs that no server has, far more than chance: a server ID is missing, or a server has another key",
			   s->name, config->id, config->misses);
	else
		report_add(s->report, CHECK_FAULT, "config",
			   "%s: config %u decoded %" PRIu64 " server IDs that no server has and none that a server has: its key or its lengths are not the servers'",
			   s->name, config->id, config->misses);
	report_fix(s->report, "quiclbadm config replace %s --id %u%s --server-id-len %u --nonce-len %u --key-file PATH",
		   s->option, config->id, "", config->server_id_len,
		   config->nonce_len);
}

/* Trial decryption fails for all tenants but one: only a single one is judged. */
static bool is_sole_tenant(const struct service *svc, const struct config *config)
{
	size_t i;

	for (i = 0; i < svc->config_count; i++)
		if (svc->configs[i].id == config->id &&
		    svc->configs[i].tenant)
			return false;
	return true;
}

static void check_config(const struct service_subject *s, const struct config *config)
{
	char age[AGE_STRLEN], name[CONFIG_STRLEN];

	config_str(config->id, config->tenant, name);
	if (is_sole_tenant(s->svc, config) &&
	    misses_too_much(s->svc, config)) {
		fault_key(s, config);
	} else if (!config->seen) {
		report_add(s->report, CHECK_ADVICE, "config",
			   "%s: %s was never seen: no server uses it yet",
			   s->name, name);
	} else if (config->last_seen > UINT64_C(86400000) * STALE_DAYS) {
		report_add(s->report, CHECK_ADVICE, "config",
			   "%s: %s was last seen %s: no connection uses it any more",
			   s->name, name, age_str(config, age));
		report_fix(s->report, "quiclbadm config del %s --id %u --tenant %u",
			   s->option, config->id, config->tenant);
	} else {
		report_add(s->report, CHECK_OK, "config",
			   "%s: %s was seen %s", s->name, name,
			   age_str(config, age));
	}
}

/*
 * Servers make the connection IDs of all short headers, so those with 0b111 are of servers
 * without a config.  Garbage has no more of these than of each other ID.
 */
static void check_lost(const struct service_subject *s)
{
	const uint64_t count = s->svc->reserved_short;

	if (reserved_layout(s->svc) || count <= noise(s->svc))
		return;
	if (s->svc->settings[SETTING_DCID_MAX])
		report_add(s->report, CHECK_ADVICE, "config",
			   "%s: %" PRIu64 " datagrams with a short header have config ID 0b111, so servers make connection IDs without a config; this director routes those that the table of --dcid-max has, other directors do not know them",
			   s->name, count);
	else
		report_add(s->report, CHECK_FAULT, "config",
			   "%s: %" PRIu64 " datagrams with a short header have config ID 0b111, so servers make connection IDs without a config, or have lost it (quiclbadm trace shows which), and a connection with such a connection ID is lost when the client's address changes",
			   s->name, count);
}

static void check_configs(const struct service_subject *s)
{
	uint64_t unknown = outcome(s->svc, IP_VS_QUIC_NO_CONFIG);
	unsigned int absent = absent_ids(s->svc);
	size_t i;

	if (!s->svc->config_count) {
		report_add(s->report, CHECK_FAULT, "config",
			   "%s has no config: every datagram is routed by hash", s->name);
		report_fix(s->report, "quiclbadm config add %s --id ID --server-id-len OCTETS --nonce-len OCTETS",
			   s->option);
		return;
	}
	for (i = 0; i < s->svc->config_count; i++) {
		check_config(s, &s->svc->configs[i]);
		check_dense(s, &s->svc->configs[i]);
	}
	check_lost(s);
	if (unknown <= NOISE_FACTOR * absent * noise(s->svc))
		return;
	report_add(s->report, CHECK_FAULT, "config",
		   "%s: %" PRIu64 " datagrams have a config ID that is not here, far more than chance: the servers have a config that this director lacks (quiclbadm trace shows the connection IDs)",
		   s->name, unknown);
	report_fix(s->report, "quiclbadm config add %s --id ID --server-id-len OCTETS --nonce-len OCTETS",
		   s->option);
}

/* /proc/crypto has a paragraph per implementation. */
static bool has_fast_aes(void)
{
	bool is_aes = false, fast = false;
	char line[256];
	FILE *file = fopen("/proc/crypto", "re");

	if (!file)
		return true;
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "driver", 6))
			fast |= is_aes && !strstr(line, "generic") &&
				!strstr(line, "fixed-time");
		if (!strncmp(line, "name", 4))
			is_aes = !strcmp(strchr(line, ':') ? strchr(line, ':') : "",
					 ": aes\n");
	}
	fclose(file);
	return fast;
}

static void check_aes(const struct service_subject *s)
{
	bool keyed = false;
	size_t i;

	for (i = 0; i < s->svc->config_count; i++)
		keyed |= s->svc->configs[i].keyed;
	if (!keyed || has_fast_aes())
		return;
	report_add(s->report, CHECK_ADVICE, "aes",
		   "AES runs in plain C, at about three times the cost of all the rest of a datagram");
	report_fix(s->report, "modprobe aesni_intel");
}

void service_check_configs(const struct service_subject *s)
{
	check_configs(s);
	check_server_ids(s);
	check_absent(s);
	check_exposed(s);
	check_aes(s);
}
