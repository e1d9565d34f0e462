// SPDX-License-Identifier: GPL-2.0
/* The express path of devices: EXPRESS_ADD, EXPRESS_DEL, EXPRESS_GET. */
#include <linux/rtnetlink.h>
#include <net/genetlink.h>

#include "express.h"
#include "net.h"
#include "netlink.h"
#include "vip.h"

typedef int (*change_fn)(struct ivq_net *qnet, const char *name,
			 struct netlink_ext_ack *extack);

static int change_device(struct genl_info *info, change_fn fn)
{
	const struct nlattr *nest = info->attrs[IP_VS_QUIC_A_EXPRESS];
	struct ivq_net *qnet;
	const struct nlattr *name;
	int err;

	name = nest ? nla_find_nested(nest, IP_VS_QUIC_A_EXP_DEVICE) : NULL;
	if (!name) {
		NL_SET_ERR_MSG(info->extack, "The device is missing");
		return -EINVAL;
	}
	err = ivq_netlink_reply_only(nla_find_nested(nest, IP_VS_QUIC_A_EXP_STATS),
				     info->extack) ?:
	      ivq_netlink_reply_only(nla_find_nested(nest, IP_VS_QUIC_A_EXP_ASKS),
				     info->extack);
	if (err)
		return err;
	qnet = ivq_net_make(genl_info_net(info));
	if (!qnet)
		return -ENOMEM;
	/* devices first, as in the notifier */
	rtnl_lock();
	mutex_lock(&qnet->lock);
	err = fn(qnet, nla_data(name), info->extack);
	mutex_unlock(&qnet->lock);
	rtnl_unlock();
	ivq_net_put(qnet);
	return err;
}

static int change(struct genl_info *info, change_fn fn)
{
	int err = change_device(info, fn);

	ivq_netlink_wipe_keys(info->nlhdr);
	return err;
}

int ip_vs_quic_nl_express_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change(info, ivq_express_add);
}

int ip_vs_quic_nl_express_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change(info, ivq_express_del);
}

static int put_stats(struct sk_buff *skb, const struct ivq_express *express)
{
	struct nlattr *nest = nla_nest_start(skb, IP_VS_QUIC_A_EXP_STATS);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < IP_VS_QUIC_EXPRESS_OUTCOME_COUNT; i++)
		if (nla_put_u64_64bit(skb, 1 + i,
				      ivq_stats_since(express->stats,
						      express->zeroed, i), 0))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_express(struct sk_buff *skb, const struct ivq_express *express)
{
	struct nlattr *nest = nla_nest_start(skb, IP_VS_QUIC_A_EXPRESS);
	const struct net_device *dev = express->ops.dev;
	u32 asks;

	rcu_read_lock();
	asks = ivq_vip_asks(dev_net(dev), dev);
	rcu_read_unlock();
	if (!nest ||
	    nla_put_string(skb, IP_VS_QUIC_A_EXP_DEVICE, dev->name) ||
	    put_stats(skb, express) ||
	    nla_put_u32(skb, IP_VS_QUIC_A_EXP_ASKS, asks))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int dump_express(struct sk_buff *skb, struct netlink_callback *cb,
			const struct ivq_express *express)
{
	void *hdr;
	int err;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &ivq_genl_family, NLM_F_MULTI,
			  IP_VS_QUIC_CMD_EXPRESS_GET);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	err = put_express(skb, express);
	if (err)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return err;
}

/* Names change under RTNL. */
int ip_vs_quic_nl_express_get_dumpit(struct sk_buff *skb,
				     struct netlink_callback *cb)
{
	struct ivq_net *qnet = ivq_net_get(sock_net(cb->skb->sk));
	const struct ivq_express *express;
	long n = 0;
	int err = 0;

	ivq_netlink_wipe_keys(cb->nlh);
	cb->seq = 0;
	if (!qnet)
		return 0;
	rtnl_lock();
	mutex_lock(&qnet->lock);
	cb->seq = qnet->generation;
	list_for_each_entry(express, &qnet->express, list) {
		if (n++ < cb->args[0])
			continue;
		err = dump_express(skb, cb, express);
		if (err)
			break;
		cb->args[0]++;
	}
	mutex_unlock(&qnet->lock);
	rtnl_unlock();
	ivq_net_put(qnet);
	return skb->len ? skb->len : err;
}
