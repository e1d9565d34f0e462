// SPDX-License-Identifier: GPL-2.0-only
#include "restore/yang_merge.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/xalloc.h"
#include "model/layout.h"

struct merge {
	const struct yang_document *document;
	bool absent;			/* server IDs may lead where no real server is */
	struct service *svc;
	struct mapping *old;		/* those it had, by server ID */
	size_t old_count;
	bool *said;			/* of each of these: the document speaks of it */
};

/* Tenants have the config's tenant 0 before them. */
static int check_tenant(const struct config *config, struct service *wanted,
			const struct service *svc)
{
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];

	if (service_find_config(wanted, config->id, 0))
		return 0;
	return refuse("%s of %s: the document has no config %u, and YANG cannot say that its tenants go; \"config del\" first",
		      config_str(config->id, config->tenant, config_name),
		      service_str(&svc->id, name), config->id);
}

/* What the document does not say of a config that is there. */
static int fill_in(const struct yang_document *document, struct config *config,
		   const struct config *old)
{
	config->check_length = old->check_length;
	if (old->keyed && !config->keyed) {
		yang_set_config_place(document, config->id, "cid-key");
		return refuse("missing, and config %u has a key; without one any observer could read server IDs: give the key, or do \"config del\" first",
			      config->id);
	}
	if (!config->key_source && old->key_source && config->keyed &&
	    config->fingerprint == old->fingerprint)
		config->key_source = xstrdup(old->key_source);
	return 0;
}

static int keep_tenant(struct config *config, const struct service *old,
		       struct service *svc)
{
	int err = check_tenant(config, svc, old);

	service_add_config(svc, config);
	return err;
}

/* YANG has no word for it, so it neither says that the layout goes nor that it stays. */
static int keep_layout(const struct config *config, struct service *svc)
{
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];
	const struct config *rival = service_find_config(svc, config->id, 0);

	if (!rival)
		rival = service_rival(svc, config);
	if (rival)
		return refuse("config %u: %s of %s is a layout that has its first octet; \"config del\" first",
			      rival->id, config_str(config->id, 0, config_name),
			      service_str(&svc->id, name));
	service_add_config(svc, config);
	return 0;
}

/* The document's configs take the place of those of tenant 0; the others come after them. */
static int merge_configs(const struct merge *merge)
{
	const struct service *wanted = &merge->document->svc;
	struct service *svc = merge->svc, old = *svc;
	struct config config, *known;
	int err = 0;
	size_t i;

	svc->config_count = 0;
	for (i = 0; i < wanted->config_count; i++) {
		config = wanted->configs[i];
		if (config.key_source)
			config.key_source = xstrdup(config.key_source);
		known = service_find_config(&old, config.id, 0);
		if (known && fill_in(merge->document, &config, known))
			err = EXIT_REFUSED;
		/* no more than there are IDs, and as many tenants as before */
		service_add_config(svc, &config);
		explicit_bzero(config.key, sizeof(config.key));
	}
	err_set_place(NULL);
	for (i = 0; i < old.config_count; i++) {
		known = &old.configs[i];
		if (!config_is_layout(known) && !known->tenant)
			config_destroy(known);
		else if (config_is_layout(known) ? keep_layout(known, svc) :
						   keep_tenant(known, &old, svc))
			err = EXIT_REFUSED;
	}
	explicit_bzero(&old, sizeof(old));
	return err;
}

/* The real servers at an address: how many, and one of them. */
static size_t servers_at(const struct service *svc, const struct endpoint *address,
			 struct endpoint *server)
{
	size_t count = 0, i;

	for (i = 0; i < svc->dest_count; i++)
		if (endpoint_addr_eq(&svc->dests[i].server, address)) {
			*server = svc->dests[i].server;
			count++;
		}
	return count;
}

static bool absent_at(const struct merge *merge, const struct endpoint *address,
		      struct endpoint *server)
{
	size_t i;

	for (i = 0; i < merge->old_count; i++)
		if (endpoint_addr_eq(&merge->old[i].server, address)) {
			*server = merge->old[i].server;
			return true;
		}
	return false;
}

static const struct mapping *find_mapping(const struct mapping *map,
					  const struct mapping *maps, size_t count)
{
	return count ? bsearch(map, maps, count, sizeof(*maps),
			       mapping_cmp_by_sid) : NULL;
}

/*
 * Completes the address in @map with a port: that of the server which has the server ID
 * already, else of the only real server there, else of an absent one.
 */
static int find_server(const struct merge *merge, struct mapping *map)
{
	const struct mapping *known = find_mapping(map, merge->old,
						   merge->old_count);
	const struct service_id *id = &merge->svc->id;
	const struct endpoint address = map->server;
	char text[SERVICE_STRLEN];
	size_t count;

	if (known && endpoint_addr_eq(&known->server, &address)) {
		map->server = known->server;
		return 0;
	}
	count = servers_at(merge->svc, &address, &map->server);
	if (count > 1)
		return refuse("%zu real servers of %s have this address, and the document has no ports; use server-id add",
			      count, service_str(id, text));
	if (count || absent_at(merge, &address, &map->server))
		return 0;
	if (!merge->absent)
		return refuse("no real server of %s has this address; add it by -a, or give --absent",
			      service_str(id, text));
	map->server.port = id->fwmark ? 0 : id->vip.port;
	return 0;
}

static int take_mappings(const struct merge *merge)
{
	const struct service *wanted = &merge->document->svc;
	struct mapping map;
	int err = 0;
	size_t i;

	for (i = 0; i < wanted->map_count; i++) {
		map = wanted->maps[i];
		yang_set_mapping_place(merge->document, &map, "server-address");
		if (find_server(merge, &map))
			err = EXIT_REFUSED;
		service_add_mapping(merge->svc, &map);
	}
	err_set_place(NULL);
	return err;
}

/* Those that the document has no place for, unless it has them now. */
static int keep_mappings(const struct merge *merge)
{
	const struct service *wanted = &merge->document->svc;
	char sid[SID_STRLEN], name[SERVICE_STRLEN];
	int err = 0;
	size_t i;

	for (i = 0; i < merge->old_count; i++) {
		const struct mapping *map = &merge->old[i];

		if (merge->said[i] ||
		    find_mapping(map, wanted->maps, wanted->map_count))
			continue;
		if (!service_length_fits(merge->svc, map))
			err = refuse("server ID %s of %s: YANG cannot name it, and it does not fit the lengths of config %u in the document; \"server-id del\" first",
				     sid_str(map, sid),
				     service_str(&merge->svc->id, name),
				     map->config_id);
		service_add_mapping(merge->svc, map);
	}
	return err;
}

int yang_merge(const struct yang_document *document, bool absent,
	       struct service *svc)
{
	struct merge merge = {
		.document = document,
		.absent = absent,
		.svc = svc,
		.old = svc->maps,
		.old_count = svc->map_count,
		.said = xcalloc(svc->map_count + 1, sizeof(*merge.said)),
	};
	int err;
	size_t i;

	if (merge.old_count)
		qsort(merge.old, merge.old_count, sizeof(*merge.old),
		      mapping_cmp_by_sid);
	for (i = 0; i < merge.old_count; i++)
		merge.said[i] = yang_has_mapping(svc, &merge.old[i]);
	svc->maps = NULL;
	svc->map_count = 0;
	err = merge_configs(&merge);
	if (take_mappings(&merge))
		err = EXIT_REFUSED;
	if (keep_mappings(&merge))
		err = EXIT_REFUSED;
	service_sort(svc);
	free(merge.said);
	free(merge.old);
	return err;
}
