// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/server_id_warning.h"

#include "common/err.h"
#include "kernel/ipvs.h"
#include "model/density.h"

static void warn_of_density(const struct service *svc, const struct config *config)
{
	const double density = config_density(svc, config);
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN], share[DENSITY_STRLEN];

	if (density <= DENSITY_HIGH)
		return;
	caution("%s of %s: %s of random connection IDs with its ID name a server, which are those of clients' first datagrams; longer server IDs are better",
		config_str(config->id, config->tenant, config_name),
		service_str(&svc->id, name), density_str(density, share));
}

static void warn_of_exposure(const struct service *svc, unsigned int config_ids)
{
	char name[SERVICE_STRLEN], sid[SID_STRLEN];
	const struct mapping *map;
	const struct config *keyed;
	size_t count;

	map = service_exposed_id(svc, &count, &keyed);
	if (!map || !(config_ids & (1u << map->config_id | 1u << keyed->id)))
		return;
	caution("server ID %s of %s: config %u has no key, and config %u, which has one, has the server ID as well (%zu in common); the draft demands other ones, or the key is easier to attack (section \"Distinguishing Attacks\")",
		sid_value_str(map, sid), service_str(&svc->id, name),
		map->config_id, keyed->id, count);
}

void server_id_warn(const struct service *svc, unsigned int config_ids)
{
	size_t i;

	for (i = 0; i < svc->config_count; i++)
		if (config_ids & 1u << svc->configs[i].id)
			warn_of_density(svc, &svc->configs[i]);
	warn_of_exposure(svc, config_ids);
}

void server_id_warn_after(const struct quic_change *change)
{
	struct state state = { 0 };
	unsigned int config_ids = 0;
	size_t i;

	for (i = 0; i < change->config_count; i++)
		config_ids |= 1u << change->configs[i].id;
	for (i = 0; i < change->map_count; i++)
		config_ids |= 1u << change->maps[i].config_id;
	if (!ipvs_get(&state, change->service) && state.count &&
	    !quic_get(&state, change->service))
		server_id_warn(state.services[0], config_ids);
	state_destroy(&state);
}
