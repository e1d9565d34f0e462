// SPDX-License-Identifier: GPL-2.0-only
#include "restore/config_guard.h"

#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "common/xalloc.h"

enum { KEY_STRLEN = sizeof("key 01234567"), CHANGE_STRLEN = 64 };

/* Do they get the same connection IDs to the same server IDs? */
static bool decodes_alike(const struct config *a, const struct config *b)
{
	return a->server_id_len == b->server_id_len &&
	       a->nonce_len == b->nonce_len &&
	       !memcmp(&a->layout, &b->layout, sizeof(a->layout)) &&
	       a->keyed == b->keyed &&
	       (!a->keyed || a->fingerprint == b->fingerprint);
}

static int resolve_key(struct service *before, const struct service *svc,
		       struct config *config)
{
	const struct config *known = before ?
		service_find_config(before, config->id, config->tenant) : NULL;
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];

	if (known && decodes_alike(known, config)) {
		if (known->key_source)
			config->key_source = xstrdup(known->key_source);
		return 0;
	}
	return refuse("%s of %s: its key, fingerprint %08x, is not in the kernel, and no file is named; add the config by \"config add --key-file\", or write --key-file into the line",
		      config_str(config->id, config->tenant, config_name),
		      service_str(&svc->id, name), config->fingerprint);
}

static const char *key_str(const struct config *config, char *buf)
{
	if (config->keyed)
		snprintf(buf, KEY_STRLEN, "key %08x", config->fingerprint);
	else
		snprintf(buf, KEY_STRLEN, "no key");
	return buf;
}

/* What becomes of @config, which @wanted is in the place of; NULL: nothing is. */
static const char *change_str(const struct config *config, const struct config *wanted,
			      char *buf)
{
	char key[KEY_STRLEN];

	if (!wanted)
		snprintf(buf, CHANGE_STRLEN, "it would be deleted");
	else if (config->keyed != wanted->keyed || config->fingerprint != wanted->fingerprint)
		snprintf(buf, CHANGE_STRLEN, "it would have %s", key_str(wanted, key));
	else
		snprintf(buf, CHANGE_STRLEN, "it would have other lengths");
	return buf;
}

static int check_use(const struct config *config, struct service *wanted, bool rekey)
{
	const struct config *next = service_find_config(wanted, config->id, config->tenant);
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN], age[AGE_STRLEN];
	char key[KEY_STRLEN], change[CHANGE_STRLEN];

	if (!config->seen || config->last_seen >= 1000 * CONFIG_IN_USE_S ||
	    (next && decodes_alike(config, next)))
		return 0;
	config_str(config->id, config->tenant, config_name);
	service_str(&wanted->id, name);
	age_str(config, age);
	key_str(config, key);
	change_str(config, next, change);
	if (!rekey)
		return refuse("%s of %s: seen %s with %s, so connections use it, and %s (--rekey does it all the same)",
			      config_name, name, age, key, change);
	caution("%s of %s: seen %s with %s; by --rekey %s", config_name, name, age, key,
		change);
	return 0;
}

int config_guard(const struct state *before, struct state *wanted, bool rekey)
{
	size_t i, j;
	int err = 0;

	for (i = 0; i < wanted->count; i++) {
		struct service *svc = wanted->services[i];
		struct service *old = state_find(before, &svc->id);

		for (j = 0; j < svc->config_count; j++)
			if (svc->configs[j].keyed && !svc->configs[j].have_key &&
			    !svc->configs[j].key_source &&
			    resolve_key(old, svc, &svc->configs[j]))
				err = EXIT_REFUSED;
		for (j = 0; old && j < old->config_count; j++)
			if (check_use(&old->configs[j], svc, rekey))
				err = EXIT_REFUSED;
	}
	return err;
}
