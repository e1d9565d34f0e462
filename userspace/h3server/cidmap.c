// SPDX-License-Identifier: GPL-2.0-only
/*
 * A balanced tree and not a hash table, because the first CID of a connection
 * is chosen by the client: no choice of CIDs makes a balanced tree slow.
 */
#include "cidmap.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	const struct cid_entry *x = a, *y = b;

	if (x->cid.datalen != y->cid.datalen)
		return x->cid.datalen < y->cid.datalen ? -1 : 1;
	return memcmp(x->cid.data, y->cid.data, x->cid.datalen);
}

static const struct cid_entry *find(const struct cidmap *map, const uint8_t *cid,
				    size_t len)
{
	struct cid_entry key, **found;

	if (len > sizeof(key.cid.data))
		return NULL;
	ngtcp2_cid_init(&key.cid, cid, len);
	found = tfind(&key, &map->root, compare);
	return found ? *found : NULL;
}

struct conn *cidmap_find(const struct cidmap *map, const uint8_t *cid,
			 size_t len)
{
	const struct cid_entry *entry = find(map, cid, len);

	return entry ? entry->conn : NULL;
}

/*
 * What clients chose does not count: a client could choose the first octets of a CID that
 * it has seen, and get the packets of another.
 */
struct conn *cidmap_find_short(const struct cidmap *map, const uint8_t *octets,
			       size_t len)
{
	const struct cid_entry *entry;

	for (size_t i = 1; i <= NGTCP2_MAX_CIDLEN && i <= len; i++) {
		entry = map->ours[i] ? find(map, octets, i) : NULL;
		if (entry && entry->ours)
			return entry->conn;
	}
	return NULL;
}

int cidmap_add(struct cidmap *map, const ngtcp2_cid *cid, struct conn *conn,
	       bool ours, struct cid_entry **list)
{
	struct cid_entry *entry = calloc(1, sizeof(*entry)), **found;

	if (!entry)
		return -ENOMEM;
	entry->cid = *cid;
	entry->conn = conn;
	entry->ours = ours;
	found = tsearch(entry, &map->root, compare);
	if (!found || *found != entry) {
		free(entry);
		return found ? -EEXIST : -ENOMEM;
	}
	map->ours[cid->datalen] += ours;
	entry->next = *list;
	*list = entry;
	return 0;
}

static void remove_first(struct cidmap *map, struct cid_entry **list)
{
	struct cid_entry *entry = *list;

	*list = entry->next;
	map->ours[entry->cid.datalen] -= entry->ours;
	tdelete(entry, &map->root, compare);
	free(entry);
}

void cidmap_remove(struct cidmap *map, const ngtcp2_cid *cid,
		   struct cid_entry **list)
{
	for (; *list; list = &(*list)->next) {
		if (ngtcp2_cid_eq(&(*list)->cid, cid)) {
			remove_first(map, list);
			return;
		}
	}
}

void cidmap_remove_all(struct cidmap *map, struct cid_entry **list)
{
	while (*list)
		remove_first(map, list);
}
