// SPDX-License-Identifier: GPL-2.0
/* ZERO: counters from 0 again. */
#include <linux/err.h>
#include <net/genetlink.h>

#include "express.h"
#include "net.h"
#include "netlink.h"

static void zero_all(struct ivq_net *qnet)
{
	struct ivq_express *express;
	struct ivq_service *qs;

	mutex_lock(&qnet->lock);
	list_for_each_entry(qs, &qnet->services, list) {
		ivq_service_zero(qs);
		cond_resched();
	}
	list_for_each_entry(express, &qnet->express, list)
		ivq_stats_zero(express->stats, express->zeroed,
			       IP_VS_QUIC_EXPRESS_OUTCOME_COUNT);
	mutex_unlock(&qnet->lock);
}

static int zero_one(struct genl_info *info)
{
	struct ivq_svc_key key;
	struct ivq_service *qs;
	int err;

	err = ivq_netlink_svc_key(info->attrs[IP_VS_QUIC_A_SERVICE], &key,
				  info->extack);
	if (err)
		return err;
	qs = ivq_netlink_lock_service(genl_info_net(info), &key, info->extack);
	if (IS_ERR(qs))
		return PTR_ERR(qs);
	ivq_service_zero(qs);
	ivq_netlink_unlock_service(qs);
	return 0;
}

/* A namespace without services or devices has nothing to zero. */
static int zero(struct genl_info *info)
{
	struct ivq_net *qnet;

	if (info->attrs[IP_VS_QUIC_A_SERVICE])
		return zero_one(info);
	qnet = ivq_net_get(genl_info_net(info));
	if (qnet) {
		zero_all(qnet);
		ivq_net_put(qnet);
	}
	return 0;
}

int ip_vs_quic_nl_zero_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = zero(info);

	ivq_netlink_wipe_keys(info->nlhdr);
	return err;
}
