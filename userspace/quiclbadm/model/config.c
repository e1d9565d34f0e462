// SPDX-License-Identifier: GPL-2.0-only
#include "model/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool same_key(const struct config *a, const struct config *b)
{
	const char *a_source = a->key_source ? a->key_source : "";
	const char *b_source = b->key_source ? b->key_source : "";

	return a->keyed == b->keyed &&
	       (!a->keyed || a->fingerprint == b->fingerprint) &&
	       !strcmp(a_source, b_source);
}

#define SAME_NUMBER(name) (a->name == b->name)
#define SAME_LENGTH(name) (a->name == b->name)
#define SAME_OPTIONAL(name) (a->name == b->name)
#define SAME_FLAG(name) (a->name == b->name)
#define SAME_LAYOUT(name) (!memcmp(&a->name, &b->name, sizeof(a->name)))
#define SAME_KEY(name) same_##name(a, b)

bool config_same(const struct config *a, const struct config *b)
{
#define X(symbol, name, kind) SAME_##kind(name)
	return QLB_CONFIG_FIELDS(X, &&);
#undef X
}

char *config_str(unsigned int id, unsigned int tenant, char *buf)
{
	if (tenant)
		snprintf(buf, CONFIG_STRLEN, "config %u tenant %u",
			 id & 0xff, tenant & 0xff);
	else
		snprintf(buf, CONFIG_STRLEN, "config %u", id & 0xff);
	return buf;
}

char *age_str(const struct config *config, char *buf)
{
	static const struct {
		uint64_t seconds;
		char name;
	} units[] = {
		{ 24 * 3600, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' },
	};
	uint64_t seconds = config->last_seen / 1000;
	unsigned int i = 0;

	if (!config->seen)
		return strcpy(buf, "never");
	/* two of a unit at least: rounding down loses less than a third */
	while (units[i].seconds > 1 && seconds < 2 * units[i].seconds)
		i++;
	snprintf(buf, AGE_STRLEN, "%" PRIu64 "%c ago",
		 seconds / units[i].seconds, units[i].name);
	return buf;
}

void config_destroy(struct config *config)
{
	explicit_bzero(config->key, sizeof(config->key));
	config->have_key = false;
	free(config->key_source);
	config->key_source = NULL;
}
