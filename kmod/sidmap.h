/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The server map of a service: (config ID, server ID) → address and port of a
 * real server.  It is configuration, not state: a server may leave IPVS's pool
 * and come back, its server IDs stay.  Immutable once built; the datapath never
 * sees it, see snapshot.h for what it does see.
 */
#ifndef _IVQ_SIDMAP_H
#define _IVQ_SIDMAP_H

#include <linux/netfilter.h>
#include <linux/types.h>

#include "core/qlb.h"

enum ivq_sidmap_limits {
	IVQ_SIDMAP_MAX = 65536,		/* entries in a map */
};

/* A real server.  No padding: compared and sorted with memcmp(). */
struct ivq_addr {
	union nf_inet_addr addr;	/* beyond the family's length zero */
	u16 af;
	__be16 port;
};

/*
 * A server ID with the config it belongs to.  The two words are equal iff the
 * keys are; the first octet holds config ID (3 bits), whether it is a prefix (1)
 * and length (4), the rest the server ID, zero padded.  memcmp() order is by
 * config ID, server IDs before prefixes, length, value.
 */
union ivq_sid_key {
	struct {
		u8 config_and_len;
		u8 octets[QLB_SERVER_ID_LEN_MAX];
	};
	u64 words[2];
};

struct ivq_sid {
	union ivq_sid_key key;
	struct ivq_addr server;
};

struct ivq_sidmap {
	u32 count;
	struct ivq_sid sids[];		/* sorted by key */
};

#define IVQ_SID_PREFIX	0x10

static inline union ivq_sid_key
ivq_sid_key(u8 config_id, const struct qlb_server_id *sid)
{
	union ivq_sid_key key;

	BUILD_BUG_ON(sizeof(key) != sizeof(*sid));
	memcpy(&key, sid, sizeof(key));
	key.config_and_len = config_id << 5 | sid->len;
	return key;
}

/* The key of the first @len octets of a server ID, as a prefix. */
static inline union ivq_sid_key
ivq_sid_prefix_key(u8 config_id, const struct qlb_server_id *sid, u8 len)
{
	struct qlb_server_id prefix = { .len = len };
	union ivq_sid_key key;

	memcpy(prefix.octets, sid->octets, len);
	key = ivq_sid_key(config_id, &prefix);
	key.config_and_len |= IVQ_SID_PREFIX;
	return key;
}

static inline u8 ivq_sid_config_id(const struct ivq_sid *sid)
{
	return sid->key.config_and_len >> 5;
}

static inline bool ivq_sid_is_prefix(const struct ivq_sid *sid)
{
	return sid->key.config_and_len & IVQ_SID_PREFIX;
}

static inline u8 ivq_sid_len(const struct ivq_sid *sid)
{
	return sid->key.config_and_len & 0xf;
}

/* Room for @count entries, to be filled and then sorted; NULL without memory. */
struct ivq_sidmap *ivq_sidmap_new(u32 count);
void ivq_sidmap_free(struct ivq_sidmap *map);

/*
 * Sorts by key and drops repetitions.  Return: false when two servers have the
 * same key.
 */
bool ivq_sidmap_seal(struct ivq_sidmap *map);

const struct ivq_sid *ivq_sidmap_find(const struct ivq_sidmap *map,
				      const union ivq_sid_key *key);

#endif /* _IVQ_SIDMAP_H */
