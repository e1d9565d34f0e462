// SPDX-License-Identifier: GPL-2.0-only
#include "model/density.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "model/layout.h"

static int map_cmp(const void *a, const void *b)
{
	const struct mapping *const *one = a, *const *other = b;

	return mapping_cmp_by_sid(*one, *other);
}

static bool can_be_in(const struct mapping *map, const struct config *config)
{
	return map->config_id == config->id &&
	       (map->prefix ? map->sid.len <= config->server_id_len :
			      map->sid.len == config->server_id_len);
}

/* Those that connection IDs of @config can name; for free(). */
static const struct mapping **maps_in(const struct service *svc,
				      const struct config *config, size_t *count)
{
	const struct mapping **maps = xcalloc(svc->map_count + 1, sizeof(*maps));
	size_t i;

	*count = 0;
	for (i = 0; i < svc->map_count; i++)
		if (can_be_in(&svc->maps[i], config))
			maps[(*count)++] = &svc->maps[i];
	return maps;
}

/* A prefix covers the server ID of its own octets as well. */
static bool covers(const struct mapping *prefix, const struct mapping *map)
{
	return prefix->sid.len <= map->sid.len &&
	       !memcmp(prefix->sid.octets, map->sid.octets, prefix->sid.len);
}

static bool same_octets(const struct mapping *a, const struct mapping *b)
{
	return covers(a, b) && covers(b, a);
}

/* Bits that random connection IDs with its first octets would have to have besides. */
static unsigned int fixed_bits(const struct qlb_layout *layout)
{
	unsigned int i, bits = (unsigned int)__builtin_popcount(layout->mask[0] & 0x1f);

	for (i = 1; i < sizeof(layout->mask); i++)
		bits += (unsigned int)__builtin_popcount(layout->mask[i]);
	return bits;
}

/* The first octet of a layout's server IDs may have fewer than eight bits. */
static double share(const struct mapping *map, const struct config *config)
{
	double part = 1;
	unsigned int i;

	for (i = 0; i < map->sid.len; i++)
		part /= 256;
	if (!config_is_layout(config))
		return part;
	for (i = config->layout.bits; i < 8u * config->server_id_len; i++)
		part *= 2;
	for (i = fixed_bits(&config->layout); i; i--)
		part /= 2;
	return part;
}

static bool any_prefix(const struct mapping **maps, size_t count)
{
	size_t i;

	for (i = 0; i < count && !maps[i]->prefix; i++)
		;
	return i < count;
}

/* In the order of map_cmp() a prefix comes before what it covers, but for its own octets' ID. */
double config_density(const struct service *svc, const struct config *config)
{
	const struct mapping *prefix = NULL;
	const struct mapping **maps;
	double density = 0;
	size_t i, count;

	maps = maps_in(svc, config, &count);
	/* without prefixes, which are rare, the order does not matter */
	if (any_prefix(maps, count))
		qsort(maps, count, sizeof(*maps), map_cmp);
	for (i = 0; i < count; i++) {
		if (prefix && covers(prefix, maps[i]))
			continue;
		if (!i || !same_octets(maps[i - 1], maps[i]))
			density += share(maps[i], config);
		if (maps[i]->prefix)
			prefix = maps[i];
	}
	free(maps);
	return density;
}

double maps_density(const struct mapping *maps, size_t count,
		    const struct config *config)
{
	double density = 0;
	size_t i;

	for (i = 0; i < count; i++)
		if (can_be_in(&maps[i], config))
			density += share(&maps[i], config);
	return density;
}

char *density_str(double density, char *buf)
{
	const double percent = 100 * density;

	if (percent > 0 && percent < 0.001)
		return strcpy(buf, "<0.001%");
	snprintf(buf, DENSITY_STRLEN, percent < 10 ? "%.2g%%" : "%.0f%%", percent);
	return buf;
}

static size_t common(const struct service *svc, const struct config *plain,
		     const struct config *keyed, const struct mapping **first)
{
	const struct mapping **maps, *wanted;
	size_t i, count, found = 0;
	struct mapping map;

	maps = maps_in(svc, keyed, &count);
	qsort(maps, count, sizeof(*maps), map_cmp);
	for (i = 0; i < svc->map_count; i++) {
		if (!can_be_in(&svc->maps[i], plain))
			continue;
		map = svc->maps[i];
		map.config_id = keyed->id;
		wanted = &map;
		if (!bsearch(&wanted, maps, count, sizeof(*maps), map_cmp))
			continue;
		if (!found++)
			*first = &svc->maps[i];
	}
	free(maps);
	return found;
}

const struct mapping *service_exposed_id(const struct service *svc, size_t *count,
					 const struct config **keyed)
{
	const struct mapping *first = NULL;
	size_t i, j;

	for (i = 0; i < svc->config_count; i++)
		for (j = 0; j < svc->config_count; j++) {
			if (svc->configs[i].keyed || !svc->configs[j].keyed)
				continue;
			*keyed = &svc->configs[j];
			*count = common(svc, &svc->configs[i], *keyed, &first);
			if (first)
				return first;
		}
	return NULL;
}
