// SPDX-License-Identifier: GPL-2.0
#include "config.h"

#include <linux/err.h>
#include <linux/netdevice.h>
#include <linux/slab.h>

#include "core/config_fields.h"
#include "object.h"

static void fill_masks(struct ivq_config *cfg)
{
	union ivq_sid_key first = {
		.config_and_len = cfg->qlb.id << 5 | cfg->qlb.server_id_len,
	};

	memset(&cfg->cid_mask, 0xff, 1 + cfg->qlb.plaintext_len);
	memset(cfg->sid_mask.octets, 0xff, cfg->qlb.server_id_len);
	cfg->sid_first = first.words[0];
}

static int init_codec(struct qlb_config *qlb,
		      const struct ivq_config_params *params)
{
	if (params->layout.bits) {
		qlb_config_init_layout(qlb, params->id, &params->layout);
		return 0;
	}
	return qlb_config_init(qlb, params->id, params->server_id_len,
			       params->nonce_len, params->check_length,
			       params->key);
}

struct ivq_config *ivq_config_new(const struct ivq_config_params *params)
{
	struct ivq_config *cfg;
	int err = -ENOMEM;

	cfg = kzalloc(sizeof(*cfg), GFP_KERNEL_ACCOUNT);
	if (!cfg)
		return ERR_PTR(-ENOMEM);

	if (params->key_source) {
		cfg->key_source = kstrdup(params->key_source, GFP_KERNEL_ACCOUNT);
		if (!cfg->key_source)
			goto err_free;
	}
	cfg->usage = __netdev_alloc_pcpu_stats(struct ivq_usage,
					       GFP_KERNEL_ACCOUNT);
	if (!cfg->usage)
		goto err_source;
	err = init_codec(&cfg->qlb, params);
	if (err)
		goto err_usage;

	cfg->tenant = params->tenant;
	cfg->check_length = params->check_length;
	if (qlb_has_key(&cfg->qlb))
		cfg->fingerprint = qlb_fingerprint(&cfg->qlb);
	fill_masks(cfg);
	kref_init(&cfg->ref);
	ivq_object_created(IVQ_OBJ_CONFIG);
	return cfg;

err_usage:
	free_percpu(cfg->usage);
err_source:
	kfree(cfg->key_source);
err_free:
	kfree(cfg);
	return ERR_PTR(err);
}

struct ivq_config *ivq_config_get(struct ivq_config *cfg)
{
	kref_get(&cfg->ref);
	return cfg;
}

static void release(struct kref *ref)
{
	struct ivq_config *cfg;

	cfg = container_of(ref, struct ivq_config, ref);
	qlb_config_destroy(&cfg->qlb);
	free_percpu(cfg->usage);
	kfree(cfg->key_source);
	kfree_sensitive(cfg);
	ivq_object_destroyed(IVQ_OBJ_CONFIG);
}

void ivq_config_put(struct ivq_config *cfg)
{
	if (cfg)
		kref_put(&cfg->ref, release);
}

static bool same_id(const struct ivq_config *a, const struct ivq_config *b)
{
	return a->qlb.id == b->qlb.id;
}

static bool same_tenant(const struct ivq_config *a, const struct ivq_config *b)
{
	return a->tenant == b->tenant;
}

static bool same_server_id_len(const struct ivq_config *a,
			       const struct ivq_config *b)
{
	return a->qlb.server_id_len == b->qlb.server_id_len;
}

static bool same_nonce_len(const struct ivq_config *a,
			   const struct ivq_config *b)
{
	return a->qlb.nonce_len == b->qlb.nonce_len;
}

static bool same_check_length(const struct ivq_config *a,
			      const struct ivq_config *b)
{
	return a->check_length == b->check_length;
}

static bool same_layout(const struct ivq_config *a, const struct ivq_config *b)
{
	return !memcmp(&a->qlb.layout, &b->qlb.layout, sizeof(a->qlb.layout));
}

static bool same_source(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Compares keys by what they make of one block: neither key can be read back. */
static bool same_key(const struct ivq_config *a, const struct ivq_config *b)
{
	u8 x[QLB_BLOCK_LEN] = {}, y[QLB_BLOCK_LEN] = {};
	bool same;

	if (!same_source(a->key_source, b->key_source))
		return false;
	if (!qlb_has_key(&a->qlb) || !qlb_has_key(&b->qlb))
		return qlb_has_key(&a->qlb) == qlb_has_key(&b->qlb);
	qlb_aes_encrypt(&a->qlb.aes, x, x);
	qlb_aes_encrypt(&b->qlb.aes, y, y);
	same = !memcmp(x, y, sizeof(x));
	memzero_explicit(x, sizeof(x));
	memzero_explicit(y, sizeof(y));
	return same;
}

bool ivq_config_equal(const struct ivq_config *a, const struct ivq_config *b)
{
#define X(symbol, name, kind) same_##name(a, b)
	return QLB_CONFIG_FIELDS(X, &&);
#undef X
}

static bool has_id(const struct ivq_config *cfg,
		   const struct ivq_config_params *params)
{
	return cfg->qlb.id == params->id;
}

static bool has_tenant(const struct ivq_config *cfg,
		       const struct ivq_config_params *params)
{
	return cfg->tenant == params->tenant;
}

static bool has_server_id_len(const struct ivq_config *cfg,
			      const struct ivq_config_params *params)
{
	return cfg->qlb.server_id_len == params->server_id_len;
}

static bool has_nonce_len(const struct ivq_config *cfg,
			  const struct ivq_config_params *params)
{
	return cfg->qlb.nonce_len == params->nonce_len;
}

static bool has_check_length(const struct ivq_config *cfg,
			     const struct ivq_config_params *params)
{
	return cfg->check_length == params->check_length;
}

static bool has_layout(const struct ivq_config *cfg,
		       const struct ivq_config_params *params)
{
	return !memcmp(&cfg->qlb.layout, &params->layout,
		       sizeof(params->layout));
}

/* Of the key the caller knows the fingerprint. */
static bool has_key(const struct ivq_config *cfg,
		    const struct ivq_config_params *params)
{
	return true;
}

bool ivq_config_has_shape(const struct ivq_config *cfg,
			  const struct ivq_config_params *params)
{
#define X(symbol, name, kind) has_##name(cfg, params)
	return QLB_CONFIG_FIELDS(X, &&);
#undef X
}

static void sum_usage(const struct ivq_config *cfg,
		      u64 *datagrams, u64 *misses, u64 *last_seen)
{
	int cpu;

	*datagrams = 0;
	*misses = 0;
	*last_seen = 0;
	for_each_possible_cpu(cpu) {
		const struct ivq_usage *u = per_cpu_ptr(cfg->usage, cpu);
		u64 got, missed, seen;
		unsigned int start;

		do {
			start = u64_stats_fetch_begin(&u->syncp);
			got = u64_stats_read(&u->datagrams);
			missed = u64_stats_read(&u->misses);
			seen = u64_stats_read(&u->last_seen);
		} while (u64_stats_fetch_retry(&u->syncp, start));
		*datagrams += got;
		*misses += missed;
		*last_seen = max(*last_seen, seen);
	}
}

void ivq_config_usage(const struct ivq_config *cfg,
		      u64 *datagrams, u64 *misses, u64 *last_seen)
{
	sum_usage(cfg, datagrams, misses, last_seen);
	*datagrams -= cfg->zeroed_datagrams;
	*misses -= cfg->zeroed_misses;
}

void ivq_config_zero(struct ivq_config *cfg)
{
	u64 last_seen;

	sum_usage(cfg, &cfg->zeroed_datagrams, &cfg->zeroed_misses, &last_seen);
}
