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
	return 0;
}

static int set(struct ivq_request *req, struct genl_info *info)
{
	int err;

	if (req->replace)
		memset(&req->change.configs, 0, sizeof(req->change.configs));
	err = ivq_request_set_configs(req, info);
	if (!err)
		err = ivq_request_check_tenants(req);
	if (!err)
		err = ivq_request_check_layouts(req);
	if (!err)
		err = ivq_request_set_sids(req, info);
	if (!err)
		err = ivq_request_check_lengths(req);
	if (!err)
		err = ivq_request_set_settings(req, info);
	return err;
}

static int del(struct ivq_request *req, struct genl_info *info)
{
	int err;

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

static int change_service(struct genl_info *info,
			  int (*build)(struct ivq_request *req,
				       struct genl_info *info))
{
	struct ivq_request req = { .extack = info->extack };
	struct ivq_past past = {};
	struct ivq_svc_key key;
	int err;

	err = parse_flags(&req, info);
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
	err = build(&req, info);
	if (!err)
		err = ivq_service_commit(req.qs, &req.change, &past);
	if (!err) {
		ivq_net_changed(req.qs->qnet);
		ivq_notify_changed(req.qs, &past);
	}
	ivq_past_retire(&past);
	finish(&req, !err);
	ivq_netlink_unlock_service(req.qs);
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
