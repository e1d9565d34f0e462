// SPDX-License-Identifier: GPL-2.0
/*
 * A server ID that is in the map is found; else the longest prefix of it that is; else nothing.
 * The map has a few server IDs and prefixes, any ones.
 */
#include "kernel.h"
#include "snapshot.h"
#include "decide.c"

enum {
	ROUTES = 3,
};

static struct ivq_route routes[ROUTES];

/* In place of ivq_snapshot_find(), see "claims". */
const struct ivq_route *find_in_routes(const struct ivq_snapshot *snapshot,
				       const union ivq_sid_key *key)
{
	unsigned int i;

	for (i = 0; i < ROUTES; i++)
		if (routes[i].key.words[0] == key->words[0] &&
		    routes[i].key.words[1] == key->words[1])
			return &routes[i];
	return NULL;
}

/* Of how many octets is a route the server ID's, by what its key says?  0: not its. */
static unsigned int matching_octets(const struct ivq_route *route, u8 config_id,
				    const struct qlb_server_id *sid)
{
	unsigned int len = route->key.config_and_len & 0xf, i;
	bool is_prefix = route->key.config_and_len & IVQ_SID_PREFIX;

	if (route->key.config_and_len >> 5 != config_id || len > sid->len ||
	    (!is_prefix && len != sid->len))
		return 0;
	for (i = 0; i < len; i++)
		if (route->key.octets[i] != sid->octets[i])
			return 0;
	/* of two routes with all its octets the server ID itself comes first */
	return is_prefix ? len : len + 1;
}

int main(void)
{
	struct ivq_snapshot snapshot = {};
	const struct ivq_route *found;
	struct qlb_server_id sid;
	u8 config_id = any_of(0, QLB_CONFIG_ID_MAX);
	unsigned int i, j, most = 0, len;

	for (i = 0; i < ROUTES; i++) {
		routes[i].key = (union ivq_sid_key) { .words = { any_u64(), any_u64() } };
		len = routes[i].key.config_and_len & 0xf;
		suppose(len && routes[i].key.config_and_len >> 5 <= QLB_CONFIG_ID_MAX);
		for (j = len; j < QLB_SERVER_ID_LEN_MAX; j++)
			suppose(!routes[i].key.octets[j]);
		/* as collect_prefixes() in snapshot.c does */
		if (routes[i].key.config_and_len & IVQ_SID_PREFIX)
			snapshot.prefixes[routes[i].key.config_and_len >> 5] |= BIT(len);
	}
	any_contents(sid);
	suppose(sid.len >= QLB_SERVER_ID_LEN_MIN && sid.len <= QLB_SERVER_ID_LEN_MAX);
	for (i = sid.len; i < QLB_SERVER_ID_LEN_MAX; i++)
		suppose(!sid.octets[i]);

	found = find_route(&snapshot, config_id, &sid);
	for (i = 0; i < ROUTES; i++) {
		len = matching_octets(&routes[i], config_id, &sid);
		most = len > most ? len : most;
	}
	must(!found == !most);
	must(!found || matching_octets(found, config_id, &sid) == most);
	return 0;
}
