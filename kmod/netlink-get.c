// SPDX-License-Identifier: GPL-2.0
/* GET and DECODE: what reads and changes nothing. */
#include <linux/err.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "core/maglev.h"
#include "decide.h"
#include "net.h"
#include "netlink.h"
#include "put.h"

/*
 * Where a dump is.  A change of configuration between two messages moves
 * services and server IDs; the generation then tells the reader to start over.
 */
struct cursor {
	unsigned long service;	/* services done */
	unsigned long part;	/* of the next one: configs, settings, ... */
	unsigned long server;	/* then servers */
	unsigned long sid;	/* then server IDs */
};

enum {
	PART_SETTINGS = QLB_CONFIGS_MAX * IVQ_TENANTS_MAX,
	PART_REBUILD,
	PART_STATS,
	PART_RESERVED_SHORT,
	PARTS
};

static int put_stats(struct sk_buff *skb, const struct ivq_service *qs)
{
	struct nlattr *nest = nla_nest_start(skb, IP_VS_QUIC_A_STATS);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < IP_VS_QUIC_OUTCOME_COUNT; i++)
		if (nla_put_u64_64bit(skb, 1 + i,
				      ivq_stats_since(qs->stats, qs->zeroed, i),
				      0)) {
			nla_nest_cancel(skb, nest);
			return -EMSGSIZE;
		}
	nla_nest_end(skb, nest);
	return 0;
}

static int put_reserved_short(struct sk_buff *skb, const struct ivq_service *qs)
{
	return nla_put_u64_64bit(skb, IP_VS_QUIC_A_RESERVED_SHORT,
				 ivq_stats_since(qs->stats, qs->zeroed,
						 IVQ_STAT_RESERVED_SHORT), 0);
}

static int put_part(struct sk_buff *skb, const struct ivq_service *qs,
		    unsigned long part)
{
	const struct ivq_snapshot *snapshot = ivq_service_snapshot(qs);
	const struct ivq_config *cfg;

	if (part == PART_STATS)
		return put_stats(skb, qs);
	if (part == PART_RESERVED_SHORT)
		return put_reserved_short(skb, qs);
	if (part == PART_SETTINGS)
		return nla_put_u32(skb, IP_VS_QUIC_A_CONTRACT,
				   MAGLEV_CONTRACT) ?:
		       ivq_put_settings(skb, snapshot);
	if (part == PART_REBUILD)
		return !qs->rebuild_error ? 0 :
		       nla_put_u32(skb, IP_VS_QUIC_A_REBUILD_ERROR,
				   -qs->rebuild_error);
	cfg = snapshot->configs.at[part / IVQ_TENANTS_MAX]
				  [part % IVQ_TENANTS_MAX];
	return cfg ? ivq_put_config(skb, cfg) : 0;
}

static int put_servers(struct sk_buff *skb, const struct ivq_service *qs,
		       unsigned long *at)
{
	const struct ivq_snapshot *snapshot = ivq_service_snapshot(qs);

	for (; *at < snapshot->pool->count; ++*at) {
		int err = ivq_put_server_counts(skb, snapshot, *at);

		if (err)
			return err;
	}
	return 0;
}

static int put_sids(struct sk_buff *skb, const struct ivq_sidmap *map,
		    unsigned long *at)
{
	for (; *at < map->count; ++*at) {
		const struct ivq_sid *sid = &map->sids[*at];
		int err;

		err = ivq_put_sid(skb, IP_VS_QUIC_A_SERVER_ID,
				  ivq_sid_config_id(sid), sid->key.octets,
				  ivq_sid_len(sid), ivq_sid_is_prefix(sid),
				  &sid->server);
		if (err)
			return err;
	}
	return 0;
}

/* Everything from @at on, until @skb is full: then -EMSGSIZE, @at moved on. */
static int put_rest(struct sk_buff *skb, const struct ivq_service *qs,
		    struct cursor *at)
{
	int err;

	for (; at->part < PARTS; at->part++) {
		err = put_part(skb, qs, at->part);
		if (err)
			return err;
	}
	err = put_servers(skb, qs, &at->server);
	return err ?: put_sids(skb, qs->sidmap, &at->sid);
}

/*
 * One message with as much of the service as fits.  Return: -EMSGSIZE when
 * some is left for the next one.
 */
static int dump_message(struct sk_buff *skb, struct netlink_callback *cb,
			const struct ivq_service *qs, struct cursor *at)
{
	const struct cursor before = *at;
	void *hdr;
	int err;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &ivq_genl_family, NLM_F_MULTI, IP_VS_QUIC_CMD_GET);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);

	err = ivq_put_service(skb, &qs->key);
	if (!err)
		err = put_rest(skb, qs, at);
	if (err && !memcmp(&before, at, sizeof(before)))
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return err;
}

static int dump_service(struct sk_buff *skb, struct netlink_callback *cb,
			const struct ivq_service *qs, struct cursor *at)
{
	int err = dump_message(skb, cb, qs, at);

	if (err)
		return err;
	at->service++;
	at->part = 0;
	at->server = 0;
	at->sid = 0;
	return 0;
}

/*
 * All services, or the one @wanted.  Return: how many there are up to the one at which
 * the message was full; *@err then is -EMSGSIZE.
 */
static unsigned long dump_services(struct sk_buff *skb,
				   struct netlink_callback *cb,
				   struct ivq_net *qnet,
				   const struct ivq_svc_key *wanted, int *err)
{
	struct cursor *at = (void *)cb->args;
	struct ivq_service *qs;
	unsigned long n = 0;

	mutex_lock(&qnet->lock);
	cb->seq = qnet->generation;
	list_for_each_entry(qs, &qnet->services, list) {
		if (wanted && memcmp(&qs->key, wanted, sizeof(*wanted)))
			continue;
		if (n++ < at->service)
			continue;
		*err = dump_service(skb, cb, qs, at);
		if (*err)
			break;
	}
	mutex_unlock(&qnet->lock);
	return n;
}

int ip_vs_quic_nl_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct cursor *at = (void *)cb->args;
	const unsigned long before = at->service;
	const struct nlattr *wanted;
	struct ivq_svc_key key;
	struct ivq_net *qnet;
	unsigned long n = 0;
	int err = 0;

	BUILD_BUG_ON(sizeof(*at) > sizeof(cb->args));
	ivq_netlink_wipe_keys(cb->nlh);

	wanted = ivq_dump_attrs(cb)[IP_VS_QUIC_A_SERVICE];
	if (wanted) {
		err = ivq_netlink_svc_key(wanted, &key, cb->extack);
		if (err)
			return err;
	}

	/* no generation: the namespace has no services, or none any more */
	cb->seq = 0;
	qnet = ivq_net_get(sock_net(cb->skb->sk));
	if (qnet) {
		n = dump_services(skb, cb, qnet, wanted ? &key : NULL, &err);
		ivq_net_put(qnet);
	}
	if (wanted && !n && !before)
		return ivq_netlink_no_service(cb->extack);
	return skb->len ? skb->len : err;
}

static int put_decision(struct sk_buff *skb, const struct nlattr *cid,
			const struct ivq_decision *d)
{
	const struct ivq_config *cfg = d->config;
	u8 nonce[QLB_NONCE_LEN_MAX];
	struct qlb_server_id sid;
	int err = 0;

	if (nla_put_u32(skb, IP_VS_QUIC_A_OUTCOME, d->outcome) ||
	    (cfg && ivq_put_config(skb, cfg)))
		return -EMSGSIZE;
	if (!d->sid.len || ivq_config_is_layout(cfg))
		return 0;

	if (qlb_decode(&cfg->qlb, nla_data(cid), nla_len(cid), &sid, nonce))
		err = nla_put(skb, IP_VS_QUIC_A_NONCE, cfg->qlb.nonce_len,
			      nonce);
	memzero_explicit(nonce, sizeof(nonce));
	if (err)
		return err;
	return 0;
}

/* The server that the map names, whether it is in the pool or not. */
static const struct ivq_addr *sid_owner(const struct ivq_service *qs,
					const struct ivq_decision *d)
{
	const struct ivq_sid *sid;

	sid = d->route ? ivq_sidmap_find(qs->sidmap, &d->route->key) : NULL;
	return sid ? &sid->server : NULL;
}

/* Caller holds qnet->lock: neither the snapshot nor the server map can change. */
static int decode(struct sk_buff *skb, const struct ivq_service *qs,
		  const struct nlattr *cid)
{
	struct ivq_decision d = {
		.hdr = {
			.long_form = true,	/* the CID's length is known */
			.dcid = nla_data(cid),
			.dcid_len = nla_len(cid),
			.dcid_view = nla_len(cid),
		},
	};
	int err;

	ivq_decide_cid(ivq_service_snapshot(qs), &d);
	err = put_decision(skb, cid, &d);
	if (!err && d.sid.len)
		err = ivq_put_sid(skb, IP_VS_QUIC_A_SERVER_ID,
				  d.config->qlb.id, d.sid.octets, d.sid.len,
				  false, sid_owner(qs, &d));
	return err;
}

static int find_and_decode(struct sk_buff *skb, struct genl_info *info,
			   const struct ivq_svc_key *key)
{
	struct ivq_service *qs;
	int err;

	qs = ivq_netlink_lock_service(genl_info_net(info), key, info->extack);
	if (IS_ERR(qs))
		return PTR_ERR(qs);
	err = decode(skb, qs, info->attrs[IP_VS_QUIC_A_CID]);
	ivq_netlink_unlock_service(qs);
	return err;
}

static int answer(struct genl_info *info)
{
	const struct nlattr *cid = info->attrs[IP_VS_QUIC_A_CID];
	struct ivq_svc_key key;
	struct sk_buff *skb;
	void *hdr;
	int err;

	err = ivq_netlink_svc_key(info->attrs[IP_VS_QUIC_A_SERVICE],
				  &key, info->extack);
	if (err)
		return err;
	if (!cid) {
		NL_SET_ERR_MSG(info->extack, "The connection ID is missing");
		return -EINVAL;
	}
	if (!nla_len(cid)) {
		NL_SET_ERR_MSG_ATTR(info->extack, cid, "The connection ID is empty");
		return -ERANGE;
	}
	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	hdr = genlmsg_put_reply(skb, info, &ivq_genl_family, 0,
				IP_VS_QUIC_CMD_DECODE);
	err = hdr ? find_and_decode(skb, info, &key) : -EMSGSIZE;
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

int ip_vs_quic_nl_decode_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = answer(info);

	ivq_netlink_wipe_keys(info->nlhdr);
	return err;
}
