// SPDX-License-Identifier: GPL-2.0
/*
 * SET and DEL: parse, validate, build, commit.  All that can fail comes before
 * the one pointer swap in ivq_service_commit(), so a refused request
 * changes nothing.
 */
#include "netlink.h"

#include <linux/err.h>
#include <net/genetlink.h>

#include "net.h"
#include "netlink-request.h"
#include "notify.h"
#include "rebuild.h"

static int parse_flags(struct ivq_request *req, struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[IP_VS_QUIC_A_FLAGS];
	u32 flags = attr ? nla_get_u32(attr) : 0;

	if (flags & ~__IP_VS_QUIC_F_ALL) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "Unknown flag");
		return -EOPNOTSUPP;
	}
	req->replace = flags & IP_VS_QUIC_F_REPLACE;
	req->absent = flags & IP_VS_QUIC_F_ABSENT;
	req->exclusive = flags & IP_VS_QUIC_F_EXCL;
	req->begin = flags & IP_VS_QUIC_F_BEGIN;
	req->commit = flags & IP_VS_QUIC_F_COMMIT;
	if (req->begin && req->commit) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "A batch of changes cannot begin and end in one request");
		return -EINVAL;
	}
	return 0;
}

static int set(struct ivq_request *req, struct genl_info *info)
{
	int err;

	if (req->replace)
		memset(&req->change.configs, 0, sizeof(req->change.configs));
	/* first, because server IDs may name servers that a commit brings */
	err = ivq_request_set_settings(req, info);
	if (!err)
		err = ivq_request_set_configs(req, info);
	if (!err)
		err = ivq_request_check_tenants(req);
	if (!err)
		err = ivq_request_check_layouts(req);
	if (!err)
		err = ivq_request_set_sids(req, info);
	if (!err)
		err = ivq_request_check_lengths(req);
	return err;
}

static int del(struct ivq_request *req, struct genl_info *info)
{
	int err;

	if (req->begin || req->commit) {
		NL_SET_ERR_MSG(info->extack, "Only SET begins or commits a batch of changes");
		return -EOPNOTSUPP;
	}
	err = ivq_request_del_configs(req, info);
	if (!err)
		err = ivq_request_check_tenants(req);
	if (!err)
		err = ivq_request_del_sids(req, info);
	return err;
}

/* The snapshot has taken references of its own; these are the request's. */
static void finish(struct ivq_request *req, bool committed)
{
	struct ivq_config **cfgp;

	ivq_configs_for_each(cfgp, &req->fresh)
		ivq_config_put(*cfgp);
	ivq_unroutable_put(req->unroutable);
	if (req->pool)
		ivq_pool_put(req->pool);
	if (!committed)
		ivq_sidmap_free(req->sidmap);
}

/* All has been published. */
static void set_batch(const struct ivq_request *req, u32 portid, bool *edited)
{
	struct ivq_service *qs = req->qs;

	if (req->commit) {
		ivq_rebuild_end_batch(qs);
		qs->rebuild_error = 0;
		*edited = req->change.pool->has_edited;
	}
	if (req->begin)
		ivq_rebuild_begin_batch(qs, portid);
}

static int change_service(struct genl_info *info,
			  int (*build)(struct ivq_request *req,
				       struct genl_info *info))
{
	struct ivq_request req = { .extack = info->extack };
	struct ivq_past past = {};
	struct ivq_svc_key key;
	bool edited = false;
	int err = parse_flags(&req, info);

	if (!err)
		err = ivq_netlink_svc_key(info->attrs[IP_VS_QUIC_A_SERVICE],
					  &key, info->extack);
	if (err)
		return err;
	req.qs = ivq_netlink_lock_service(genl_info_net(info), &key,
					  info->extack);
	if (IS_ERR(req.qs))
		return PTR_ERR(req.qs);

	ivq_service_state(req.qs, &req.change);
	if (req.begin || req.commit)
		err = ivq_rebuild_check_batch(req.qs, info->snd_portid,
					      info->extack);
	if (!err)
		err = build(&req, info);
	if (!err)
		err = ivq_service_commit(req.qs, &req.change, &past);
	if (!err) {
		set_batch(&req, info->snd_portid, &edited);
		ivq_net_changed(req.qs->qnet);
		ivq_notify_changed(req.qs, &past);
	}
	ivq_past_retire(&past);
	finish(&req, !err);
	ivq_netlink_unlock_service(req.qs);
	if (edited)
		ivq_service_forget_routes(genl_info_net(info));
	return err;
}

int ip_vs_quic_nl_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = change_service(info, set);

	ivq_netlink_wipe_keys(info->nlhdr);
	return err;
}

int ip_vs_quic_nl_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = change_service(info, del);

	ivq_netlink_wipe_keys(info->nlhdr);
	return err;
}
