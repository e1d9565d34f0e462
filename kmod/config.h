/* SPDX-License-Identifier: GPL-2.0 */
/* One QUIC-LB config of a service: immutable but for its usage; counted, wiped when freed. */
#ifndef _IVQ_CONFIG_H
#define _IVQ_CONFIG_H

#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/percpu.h>
#include <linux/u64_stats_sync.h>

#include "cidcache.h"
#include "core/qlb_layout.h"
#include "sidmap.h"

enum ivq_config_limits {
	IVQ_TENANTS_MAX = 4,		/* configs that share a config ID */
};

/**
 * struct ivq_usage - counters of a config, per CPU
 * @datagrams: whose server ID is in the server map, with a server in the pool or not
 * @misses: CIDs it was tried on whose server ID is not in the map; another tenant may
 *	    have it
 * @last_seen: jiffies64 of the last of @datagrams, 0 for never
 */
struct ivq_usage {
	u64_stats_t datagrams;
	u64_stats_t misses;
	u64_stats_t last_seen;
	struct u64_stats_sync syncp;
};

/**
 * struct ivq_config - a config and where its key came from
 * @ref: one reference per snapshot that has it
 * @tenant: which of those with its ID, 0..3
 * @check_length: qlb.self_len is to be believed, section "Definition" of
 *		  unroutable CIDs
 * @fingerprint: of the key, 0 when there is none
 * @key_source: opaque to the kernel, may be NULL
 * @usage: written by the packet path
 * @cid_mask: ones where its CIDs have octets
 * @sid_mask: ones where the server ID is in the first 16 octets of a CID
 * @sid_first: config_and_len of its server IDs, in its place
 * @qlb: what the codec needs
 * @zeroed_datagrams: what @usage had counted when it was zeroed last; this and the next
 *		      change, under the lock of the service
 * @zeroed_misses: likewise
 */
struct ivq_config {
	struct kref ref;
	u8 tenant;
	bool check_length;
	u32 fingerprint;
	char *key_source;
	struct ivq_usage __percpu *usage;
	struct ivq_cid cid_mask;
	union ivq_sid_key sid_mask;
	u64 sid_first;
	struct qlb_config qlb;
	u64 zeroed_datagrams;
	u64 zeroed_misses;
};

/* All configs of a service; the owner of the struct holds the references. */
struct ivq_configs {
	struct ivq_config *at[QLB_CONFIGS_MAX][IVQ_TENANTS_MAX];
};

#define ivq_configs_for_each(cfgp, configs)				\
	for ((cfgp) = &(configs)->at[0][0];				\
	     (cfgp) < &(configs)->at[0][0] +				\
		      QLB_CONFIGS_MAX * IVQ_TENANTS_MAX; (cfgp)++)

/**
 * struct ivq_config_params - a config as asked for, checked
 * @layout: with bits: neither lengths nor key count
 * @key: QLB_KEY_LEN octets in the caller's hands, or NULL
 * @key_source: or NULL; copied
 */
struct ivq_config_params {
	u8 id;
	u8 tenant;
	u8 server_id_len;
	u8 nonce_len;
	bool check_length;
	struct qlb_layout layout;
	const u8 *key;
	const char *key_source;
};

/* Return: a config with one reference, or an ERR_PTR(). */
struct ivq_config *ivq_config_new(const struct ivq_config_params *params);
struct ivq_config *ivq_config_get(struct ivq_config *cfg);

/* The last put may sleep.  NULL is fine. */
void ivq_config_put(struct ivq_config *cfg);

/* The same config in all but its usage? */
bool ivq_config_equal(const struct ivq_config *a, const struct ivq_config *b);

/* Do all fields but the key and where it came from have these values? */
bool ivq_config_has_shape(const struct ivq_config *cfg,
			  const struct ivq_config_params *params);

static inline bool ivq_config_is_keyed_by(const struct ivq_config *cfg,
					  u32 fingerprint)
{
	return qlb_has_key(&cfg->qlb) && cfg->fingerprint == fingerprint;
}

static inline bool ivq_config_is_layout(const struct ivq_config *cfg)
{
	return cfg->qlb.algorithm == QLB_LAYOUT;
}

/* May a CID whose first octet has these three high bits be the config's? */
static inline bool ivq_config_takes(const struct ivq_config *cfg,
				    unsigned int high)
{
	return ivq_config_is_layout(cfg) ?
	       qlb_layout_takes(&cfg->qlb.layout, high) : cfg->qlb.id == high;
}

/* Callers of these two have bottom halves disabled. */
static inline void ivq_config_used(const struct ivq_config *cfg)
{
	struct ivq_usage *u = this_cpu_ptr(cfg->usage);

	u64_stats_update_begin(&u->syncp);
	u64_stats_inc(&u->datagrams);
	u64_stats_set(&u->last_seen, get_jiffies_64());
	u64_stats_update_end(&u->syncp);
}

static inline void ivq_config_missed(const struct ivq_config *cfg)
{
	struct ivq_usage *u = this_cpu_ptr(cfg->usage);

	u64_stats_update_begin(&u->syncp);
	u64_stats_inc(&u->misses);
	u64_stats_update_end(&u->syncp);
}

/*
 * Sums over CPUs since they were zeroed; *last_seen is the latest.  Caller holds the
 * service's lock, as that of ivq_config_zero().
 */
void ivq_config_usage(const struct ivq_config *cfg,
		      u64 *datagrams, u64 *misses, u64 *last_seen);

/* Both counters: see ivq_stats_zero().  When it was last seen stays. */
void ivq_config_zero(struct ivq_config *cfg);

#endif /* _IVQ_CONFIG_H */
