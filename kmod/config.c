// SPDX-License-Identifier: GPL-2.0
#include "config.h"

#include <linux/err.h>
#include <linux/slab.h>

#include "object.h"

struct ip_vs_quic_config *
ip_vs_quic_config_new(const struct ip_vs_quic_config_params *params)
{
	struct ip_vs_quic_config *cfg;
	int err = -ENOMEM;

	cfg = kzalloc(sizeof(*cfg), GFP_KERNEL);
	if (!cfg)
		return ERR_PTR(-ENOMEM);

	if (params->key_source) {
		cfg->key_source = kstrdup(params->key_source, GFP_KERNEL);
		if (!cfg->key_source)
			goto err_free;
	}
	err = qlb_config_init(&cfg->qlb, params->id, params->server_id_len,
			      params->nonce_len, false, params->key);
	if (err)
		goto err_source;

	if (cfg->qlb.keyed)
		cfg->fingerprint = qlb_fingerprint(&cfg->qlb);
	kref_init(&cfg->ref);
	ip_vs_quic_object_created(IP_VS_QUIC_OBJ_CONFIG);
	return cfg;

err_source:
	kfree(cfg->key_source);
err_free:
	kfree(cfg);
	return ERR_PTR(err);
}

struct ip_vs_quic_config *ip_vs_quic_config_get(struct ip_vs_quic_config *cfg)
{
	kref_get(&cfg->ref);
	return cfg;
}

static void release(struct kref *ref)
{
	struct ip_vs_quic_config *cfg;

	cfg = container_of(ref, struct ip_vs_quic_config, ref);
	qlb_config_destroy(&cfg->qlb);
	kfree(cfg->key_source);
	kfree_sensitive(cfg);
	ip_vs_quic_object_destroyed(IP_VS_QUIC_OBJ_CONFIG);
}

void ip_vs_quic_config_put(struct ip_vs_quic_config *cfg)
{
	if (cfg)
		kref_put(&cfg->ref, release);
}
