/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which connection a datagram's Destination Connection ID belongs to.  This is
 * what makes migration work inside the server, as the load balancer makes it work
 * in front of it: the peer's address plays no part.
 */
#ifndef H3SERVER_CIDMAP_H
#define H3SERVER_CIDMAP_H

#include <stdbool.h>

#include "ngtcp2_compat.h"

struct conn;

/* One CID of one connection; on the connection's list and in the map. */
struct cid_entry {
	ngtcp2_cid cid;
	struct conn *conn;
	struct cid_entry *next;
	bool ours;		/* false: chosen by the client, for first packets */
	bool retired;		/* by the client */
	uint64_t seq;		/* of ours: as in NEW_CONNECTION_ID */
};

struct cidmap {
	void *root;		/* of tsearch(3) */
	unsigned int ours[NGTCP2_MAX_CIDLEN + 1];	/* how many, by length */
};

struct conn *cidmap_find(const struct cidmap *map, const uint8_t *cid,
			 size_t len);

/*
 * The connection that the CID at the start of @octets belongs to.  A short header does
 * not tell its CID's length, and a rotation may change that of new ones.
 */
struct conn *cidmap_find_short(const struct cidmap *map, const uint8_t *octets,
			       size_t len);

/*
 * Return: 0 with the entry put in front of @list, -EEXIST when the CID is in use,
 * -ENOMEM.
 */
int cidmap_add(struct cidmap *map, const ngtcp2_cid *cid, struct conn *conn,
	       bool ours, struct cid_entry **list);

/* Takes @cid, which need not be there, from the map and from @list. */
void cidmap_remove(struct cidmap *map, const ngtcp2_cid *cid,
		   struct cid_entry **list);

/* Takes all of @list from the map and frees it. */
void cidmap_remove_all(struct cidmap *map, struct cid_entry **list);

#endif
