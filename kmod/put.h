/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The attributes that replies and events have in common.  Each function returns 0, or
 * -EMSGSIZE: @skb is full, and as it was before.
 */
#ifndef _IVQ_PUT_H
#define _IVQ_PUT_H

#include <linux/types.h>

struct ivq_addr;
struct ivq_config;
struct ivq_pool;
struct ivq_snapshot;
struct ivq_svc_key;
struct sk_buff;

int ivq_put_service(struct sk_buff *skb, const struct ivq_svc_key *key);

/* All but the key. */
int ivq_put_config(struct sk_buff *skb, const struct ivq_config *cfg);

/*
 * For events: also without where the key came from, which is the administrator's own,
 * and without counters.
 */
int ivq_put_config_shape(struct sk_buff *skb, const struct ivq_config *cfg);

/* @server may be NULL: the server ID is not in the map. */
int ivq_put_sid(struct sk_buff *skb, int type, u8 config_id, const u8 *octets,
		u8 len, bool prefix, const struct ivq_addr *server);

int ivq_put_settings(struct sk_buff *skb, const struct ivq_snapshot *snapshot);

/* The server with index @i of a pool, for events. */
int ivq_put_server(struct sk_buff *skb, int type, const struct ivq_pool *pool,
		   u32 i);

/* The same of @snapshot's pool, and what it got by each config ID. */
int ivq_put_server_counts(struct sk_buff *skb,
			  const struct ivq_snapshot *snapshot, u32 i);

#endif /* _IVQ_PUT_H */
