// SPDX-License-Identifier: GPL-2.0-only
#include "model/rotation.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/xalloc.h"
#include "model/density.h"
#include "model/layout.h"

enum {
	CHANCE_FACTOR = 4,
	IDS_STRLEN = 2 * QLB_CONFIGS_MAX + 1,
};

static bool no(char *why, const char *format, ...) __printf(2, 3);

/* Return: false, for rotation_find(). */
static bool no(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, ROTATION_TEXT, format, args);
	va_end(args);
	return false;
}

/* --- which configs --------------------------------------------------------- */

/* A bit for each ID. */
static unsigned int config_ids(const struct service *svc)
{
	unsigned int ids = 0;
	size_t i;

	for (i = 0; i < svc->config_count; i++)
		ids |= 1u << svc->configs[i].id;
	return ids;
}

static unsigned int lowest(unsigned int ids)
{
	return ids ? (unsigned int)__builtin_ctz(ids) : ROTATION_NO_ID;
}

/* "0,1,5" */
static const char *ids_str(unsigned int ids, char *buf)
{
	char *at = buf;
	unsigned int id;

	*at = '\0';
	for (id = 0; id < QLB_CONFIGS_MAX; id++)
		if (ids & 1u << id)
			at += sprintf(at, "%s%u", at == buf ? "" : ",", id);
	return buf;
}

static const struct config *config_of(const struct service *svc, unsigned int id)
{
	size_t i;

	for (i = 0; i < svc->config_count; i++)
		if (svc->configs[i].id == id)
			return &svc->configs[i];
	return NULL;
}

static bool is_taken(const struct service *svc, unsigned int id)
{
	size_t i;

	for (i = 0; i < svc->config_count; i++)
		if (config_takes(&svc->configs[i], id))
			return true;
	return false;
}

static bool is_free(const struct service *svc, unsigned int id)
{
	size_t i;

	for (i = 0; i < svc->map_count && svc->maps[i].config_id != id; i++)
		;
	return i == svc->map_count && !is_taken(svc, id);
}

/*
 * The next one in the circle of IDs 0 to 6, so that an ID is used again as late as possible.
 * 0b111 is never used.
 */
static unsigned int free_id(const struct service *svc, unsigned int old_id)
{
	unsigned int i, id;

	for (i = 1; i < QLB_CONFIGS_MAX; i++) {
		id = (old_id + i) % QLB_CONFIGS_MAX;
		if (is_free(svc, id))
			return id;
	}
	return ROTATION_NO_ID;
}

/* Would free_id() have led from one to the other? */
static bool follows(const struct service *svc, unsigned int old_id, unsigned int new_id)
{
	unsigned int id = (old_id + 1) % QLB_CONFIGS_MAX;

	while (id != new_id && !is_free(svc, id))
		id = (id + 1) % QLB_CONFIGS_MAX;
	return id == new_id;
}

static unsigned int id_of_key(const struct service *svc, uint32_t fingerprint)
{
	size_t i;

	for (i = 0; i < svc->config_count; i++)
		if (svc->configs[i].keyed && svc->configs[i].fingerprint == fingerprint)
			return svc->configs[i].id;
	return ROTATION_NO_ID;
}

/* Of two configs, the one that the other leads to. */
static unsigned int newer_of(const struct service *svc, unsigned int ids)
{
	unsigned int a = lowest(ids), b = lowest(ids & (ids - 1));
	bool forward = follows(svc, a, b), backward = follows(svc, b, a);

	return forward == backward ? ROTATION_NO_ID : forward ? b : a;
}

static bool any_layout(const struct service *svc)
{
	size_t i;

	for (i = 0; i < svc->config_count && !config_is_layout(&svc->configs[i]); i++)
		;
	return i < svc->config_count;
}

static bool pick_free_id(const struct service *svc, struct rotation *r, char *why)
{
	const unsigned int ids = config_ids(svc);

	r->new_id = free_id(svc, r->old_id);
	if (r->new_id != ROTATION_NO_ID)
		return true;
	if (any_layout(svc))
		return no(why, "the service has a layout, and the other config IDs are taken or have server IDs");
	if (ids == (1u << QLB_CONFIGS_MAX) - 1)
		return no(why, "all seven config IDs are taken; delete a config that is not seen any more (config del)");
	return no(why, "every config ID without a config has server IDs; --id N takes these, or delete them (server-id del)");
}

/* The new config is not there, or not named. */
static bool find_new(const struct service *svc, const struct rotation_wish *wish,
		     struct rotation *r, char *why)
{
	const unsigned int ids = config_ids(svc), others = ids & ~(1u << wish->old_id);
	const bool two = __builtin_popcount(ids) == 2;
	char text[IDS_STRLEN];

	r->old_id = wish->old_id;
	if (wish->has_key)
		r->new_id = id_of_key(svc, wish->fingerprint);
	else if (two && wish->old_id != ROTATION_NO_ID)
		r->new_id = lowest(others);
	else if (two)
		r->new_id = newer_of(svc, ids);
	if (r->new_id != ROTATION_NO_ID)
		return true;
	if (r->old_id == ROTATION_NO_ID && ids & (ids - 1))
		return no(why, "it has configs %s; --old N says which one is to be replaced, and --id N which one is the new one",
			  ids_str(ids, text));
	if (r->old_id == ROTATION_NO_ID)
		r->old_id = lowest(ids);
	return pick_free_id(svc, r, why);
}

static bool find_old(const struct service *svc, const struct rotation_wish *wish,
		     struct rotation *r, char *why)
{
	const unsigned int others = config_ids(svc) & ~(1u << r->new_id);
	char text[IDS_STRLEN];

	r->old_id = wish->old_id;
	if (r->old_id == r->new_id)
		return no(why, "config %u would be replaced by itself; a rotation needs another key (genkey)",
			  r->new_id);
	if (r->old_id == ROTATION_NO_ID && others & (others - 1))
		return no(why, "it has configs %s beside config %u; --old N says which one is to be replaced",
			  ids_str(others, text), r->new_id);
	if (r->old_id == ROTATION_NO_ID)
		r->old_id = lowest(others);
	r->old = config_of(svc, r->old_id);
	r->new = config_of(svc, r->new_id);
	if (!r->old && !r->new)
		return no(why, "there is no config %u", r->old_id);
	if ((r->old && config_is_layout(r->old)) || (r->new && config_is_layout(r->new)))
		return no(why, "config %u is a layout, which has no key; add a config beside it or in its place (config add, config replace), and delete the layout when it is not seen any more (config del)",
			  r->old && config_is_layout(r->old) ? r->old_id : r->new_id);
	return true;
}

static bool check_key(const struct service *svc, const struct rotation_wish *wish,
		      const struct rotation *r, char *why)
{
	unsigned int id;

	if (!wish->has_key)
		return true;
	id = id_of_key(svc, wish->fingerprint);
	if (r->new && (!r->new->keyed || r->new->fingerprint != wish->fingerprint))
		return no(why, "config %u is there already, with another key than the one given, whose fingerprint is %08x",
			  r->new_id, wish->fingerprint);
	if (!r->new && id != ROTATION_NO_ID)
		return no(why, "config %u has this key, %08x; a rotation needs another one (genkey)",
			  id, wish->fingerprint);
	return true;
}

static bool find_configs(const struct service *svc, const struct rotation_wish *wish,
			 struct rotation *r, char *why)
{
	size_t i;

	if (!svc->config_count)
		return no(why, "it has no config to be replaced (config add)");
	for (i = 0; i < svc->config_count; i++)
		if (svc->configs[i].tenant)
			return no(why, "config %u has tenants, whose keys are added and deleted one by one (config add)",
				  svc->configs[i].id);
	r->new_id = wish->new_id;
	if (r->new_id == ROTATION_NO_ID && !find_new(svc, wish, r, why))
		return false;
	return find_old(svc, wish, r, why) && check_key(svc, wish, r, why);
}

/* --- what is done ---------------------------------------------------------- */

/* Those of the real server at @at, of which there are *@count; with that config ID? */
static bool has_id(const struct mapping *maps, size_t count, unsigned int config_id)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (maps[i].config_id == config_id)
			return true;
	return false;
}

/* A real server that has server IDs of the old config and none of the new one, or NULL. */
static const struct endpoint *next_lacking(const struct rotation *r, size_t *at,
					   const struct mapping **maps, size_t *count)
{
	const struct service *svc = r->svc;

	while (*at < svc->map_count) {
		*maps = service_maps_of(svc, &svc->maps[*at].server, count);
		*at += *count;
		if (has_id(*maps, *count, r->old_id) && !has_id(*maps, *count, r->new_id))
			return &(*maps)->server;
	}
	return NULL;
}

static bool is_added(struct rotation *r)
{
	const struct endpoint *lacking;
	const struct mapping *maps;
	char server[ENDPOINT_STRLEN];
	size_t at = 0, count;

	if (!r->new)
		return no(r->missing[ROTATION_ADD], "there is no config %u", r->new_id);
	lacking = r->old ? next_lacking(r, &at, &maps, &count) : NULL;
	return !lacking || no(r->missing[ROTATION_ADD],
			      "real server %s has no server ID of config %u",
			      endpoint_str(lacking, server), r->new_id);
}

/*
 * Random connection IDs have datagrams and misses in the ratio of density to its rest; those
 * that servers mint have datagrams alone.  @density is that of the server IDs that
 * @datagrams are of, which may be one real server's.
 */
static bool is_above_chance(const struct rotation *r, uint64_t datagrams, double density)
{
	const double all = config_density(r->svc, r->new);
	const double chance = all < 1 ? density / (1 - all) : 1;

	return (double)datagrams > CHANCE_FACTOR * chance * (double)r->new->misses;
}

/* One that gets new connections and has server IDs of the new config, and does not use it. */
static const struct dest *next_silent(const struct rotation *r, size_t *at)
{
	const struct service *svc = r->svc;
	const struct mapping *maps;
	const struct dest *dest;
	size_t count;

	while (*at < svc->map_count) {
		maps = service_maps_of(svc, &svc->maps[*at].server, &count);
		*at += count;
		dest = service_find_sorted_dest(svc, &maps->server);
		if (dest && dest->weight && has_id(maps, count, r->new_id) &&
		    !is_above_chance(r, dest->datagrams[r->new_id],
				     maps_density(maps, count, r->new)))
			return dest;
	}
	return NULL;
}

static bool all_mint(const struct rotation *r, char *missing)
{
	char server[ENDPOINT_STRLEN], more[32] = "";
	const struct dest *first;
	unsigned int others = 0;
	size_t at = 0;

	first = next_silent(r, &at);
	if (!first)
		return true;
	while (next_silent(r, &at))
		others++;
	if (others)
		snprintf(more, sizeof(more), ", nor %s %u other%s", others > 1 ? "do" : "does",
			 others, others > 1 ? "s" : "");
	return no(missing, "real server %s makes no connection IDs of config %u yet: %" PRIu64 " datagrams%s%s",
		  endpoint_str(&first->server, server), r->new_id,
		  first->datagrams[r->new_id], first->datagrams[r->new_id] ?
		  ", which are no more than clients' random connection IDs" : "", more);
}

static bool is_minted(struct rotation *r)
{
	char *missing = r->missing[ROTATION_MINTED], age[AGE_STRLEN];

	if (!r->new)
		return no(missing, "there is no config %u", r->new_id);
	if (r->new->seen &&
	    is_above_chance(r, r->new->datagrams, config_density(r->svc, r->new)))
		/* an older module, which stays loaded until it is loaded anew, does not say who */
		return !r->svc->counts_servers || all_mint(r, missing);
	return no(missing, "config %u was seen %s: %" PRIu64 " datagrams%s", r->new_id,
		  age_str(r->new, age), r->new->datagrams,
		  r->new->datagrams ? ", which are no more than clients' random connection IDs" : "");
}

/*
 * The kernel does not tell how old a config is.  One that was never seen has been there no
 * longer than the machine is up.
 */
static bool is_unseen(const struct rotation_wish *wish, struct rotation *r)
{
	char *missing = r->missing[ROTATION_UNSEEN], age[AGE_STRLEN];

	if (!r->old)
		return true;
	if (r->old->seen && r->old->last_seen >= UINT64_C(1000) * wish->unseen)
		return true;
	if (!r->old->seen && wish->uptime >= wish->unseen)
		return true;
	if (!r->old->seen)
		return no(missing, "config %u was seen never, but the machine is up for %" PRIu64 " s, and %u s are needed",
			  r->old_id, wish->uptime, wish->unseen);
	if (r->old->seen_by)
		return no(missing, "config %u was seen %s by %s, and %u s without that are needed",
			  r->old_id, age_str(r->old, age), r->old->seen_by, wish->unseen);
	return no(missing, "config %u was seen %s (%" PRIu64 " datagrams), and %u s without any are needed",
		  r->old_id, age_str(r->old, age), r->old->datagrams, wish->unseen);
}

bool rotation_find(const struct service *svc, const struct rotation_wish *wish,
		   struct rotation *rotation, char *why)
{
	memset(rotation, 0, sizeof(*rotation));
	rotation->svc = svc;
	rotation->unseen = wish->unseen;
	if (!find_configs(svc, wish, rotation, why))
		return false;
	rotation->done[ROTATION_ADD] = is_added(rotation);
	/* after the last step it no longer matters what was seen */
	rotation->done[ROTATION_MINTED] = !rotation->old || is_minted(rotation);
	rotation->done[ROTATION_SERVERS] = rotation->done[ROTATION_MINTED];
	rotation->done[ROTATION_UNSEEN] = is_unseen(wish, rotation);
	rotation->done[ROTATION_DELETE] = !rotation->old;
	if (!rotation->done[ROTATION_SERVERS])
		no(rotation->missing[ROTATION_SERVERS], "only step %d shows it", ROTATION_MINTED);
	if (rotation->old)
		no(rotation->missing[ROTATION_DELETE], "config %u is there", rotation->old_id);
	return true;
}

unsigned int rotation_next(const struct rotation *rotation)
{
	unsigned int step = ROTATION_ADD;

	while (step <= ROTATION_STEPS && rotation->done[step])
		step++;
	return step;
}

unsigned int rotation_blocked(const struct rotation *rotation, unsigned int step,
			      bool force)
{
	unsigned int before;

	for (before = ROTATION_ADD; before <= ROTATION_STEPS; before++) {
		/* what a step waits for has to be there, else what it does must not be */
		const bool waits = before == ROTATION_MINTED || before == ROTATION_UNSEEN;

		if (before > step || (before == step && !waits))
			break;
		if (!rotation->done[before] && before != ROTATION_SERVERS &&
		    !(force && waits))
			return before;
	}
	return 0;
}

/* --- server IDs ------------------------------------------------------------ */

static bool fits(const struct mapping *map, const struct config *config)
{
	return map->prefix ? map->sid.len <= config->server_id_len :
			     map->sid.len == config->server_id_len;
}

/* Draft sections "Server ID Allocation" and "Distinguishing Attacks" */
static bool may_be_copied(const struct rotation *r, const struct mapping *map,
			  const struct config *config, char *why)
{
	char server[ENDPOINT_STRLEN];

	if (r->old->keyed != config->keyed)
		return no(why, "the server IDs of config %u, which has %s key, must not be those of config %u, which has %s; give real server %s another one before (server-id add --server-id %u:HEX)",
			  r->old_id, r->old->keyed ? "a" : "no", r->new_id,
			  config->keyed ? "one" : "none",
			  endpoint_str(&map->server, server), r->new_id);
	if (!fits(map, config))
		return no(why, "the server IDs of config %u have %u octets, and config %u is to have %u; give real server %s one of that length before (server-id add --server-id %u:HEX)",
			  r->old_id, map->sid.len, r->new_id, config->server_id_len,
			  endpoint_str(&map->server, server), r->new_id);
	return true;
}

struct mapping *rotation_gain(const struct rotation *r, const struct config *config,
			      size_t *count, char *why)
{
	struct mapping *gain = xcalloc(r->svc->map_count + 1, sizeof(*gain));
	const struct mapping *maps;
	size_t at = 0, of_server, i;

	*count = 0;
	while (next_lacking(r, &at, &maps, &of_server)) {
		for (i = 0; i < of_server; i++) {
			if (maps[i].config_id != r->old_id)
				continue;
			if (!may_be_copied(r, &maps[i], config, why)) {
				free(gain);
				return NULL;
			}
			gain[*count] = maps[i];
			gain[(*count)++].config_id = (uint8_t)r->new_id;
		}
	}
	return gain;
}
