// SPDX-License-Identifier: GPL-2.0
/*
 * SET and DEL: parse, validate, build, commit.  All that can fail comes before
 * the one pointer swap in ip_vs_quic_service_commit(), so a refused request
 * changes nothing.
 */
#include "netlink.h"

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>

#include "net.h"

/**
 * struct request - what a SET or DEL asks for, and what is being built for it
 * @extack: for the sentence that says why not
 * @qs: the service, found under qnet->lock
 * @replace: IP_VS_QUIC_F_REPLACE
 * @absent: IP_VS_QUIC_F_ABSENT
 * @exclusive: IP_VS_QUIC_F_EXCL: a config that exists is not replaced
 * @named: bit per config ID and tenant named in the request
 * @touched: bit per config ID that a config or server ID in the request has
 * @fresh: configs made for this request, one reference each
 * @sidmap: made for this request, the same as change.sidmap
 * @dcids: made for this request, one reference, or NULL
 * @change: the service's next state
 */
struct request {
	struct netlink_ext_ack *extack;
	struct ip_vs_quic_service *qs;
	bool replace;
	bool absent;
	bool exclusive;
	u32 named;
	u8 touched;
	struct ip_vs_quic_configs fresh;
	struct ip_vs_quic_sidmap *sidmap;
	struct ip_vs_quic_dcids *dcids;
	struct ip_vs_quic_change change;
};

static int check_family(u16 af, const struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	if (af == AF_INET6)
		return 0;
	if (af == AF_INET)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "Address family must be AF_INET or AF_INET6");
	return -EAFNOSUPPORT;
}

/* Reads an address; the family has been checked. */
static int parse_addr(u16 af, const struct nlattr *attr,
		      union nf_inet_addr *addr, struct netlink_ext_ack *extack)
{
	int len = af == AF_INET6 ? sizeof(addr->in6) : sizeof(addr->ip);

	if (nla_len(attr) != len) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "Address must be 4 octets for AF_INET, 16 for AF_INET6");
		return -EINVAL;
	}
	memset(addr, 0, sizeof(*addr));
	memcpy(addr, nla_data(attr), len);
	return 0;
}

static const struct nla_policy svc_policy[IP_VS_QUIC_A_SVC_MAX + 1] = {
	[IP_VS_QUIC_A_SVC_AF]		= { .type = NLA_U16 },
	[IP_VS_QUIC_A_SVC_ADDR]		= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[IP_VS_QUIC_A_SVC_PORT]		= { .type = NLA_U16 },
	[IP_VS_QUIC_A_SVC_FWMARK]	= { .type = NLA_U32 },
};

static const struct nla_policy cfg_policy[IP_VS_QUIC_A_CFG_MAX + 1] = {
	[IP_VS_QUIC_A_CFG_ID]			= { .type = NLA_U8 },
	[IP_VS_QUIC_A_CFG_SERVER_ID_LEN]	= { .type = NLA_U8 },
	[IP_VS_QUIC_A_CFG_NONCE_LEN]		= { .type = NLA_U8 },
	[IP_VS_QUIC_A_CFG_KEY]			= NLA_POLICY_EXACT_LEN(QLB_KEY_LEN),
	[IP_VS_QUIC_A_CFG_KEY_SOURCE]		= { .type = NLA_NUL_STRING,
						    .len = 1023 },
	[IP_VS_QUIC_A_CFG_KEY_FINGERPRINT]	= { .type = NLA_REJECT },
	[IP_VS_QUIC_A_CFG_TENANT]		= { .type = NLA_U8 },
	[IP_VS_QUIC_A_CFG_CHECK_LENGTH]		= { .type = NLA_FLAG },
	[IP_VS_QUIC_A_CFG_DATAGRAMS]		= { .type = NLA_REJECT },
	[IP_VS_QUIC_A_CFG_LAST_SEEN]		= { .type = NLA_REJECT },
	[IP_VS_QUIC_A_CFG_MISSES]		= { .type = NLA_REJECT },
};

static const struct nla_policy sid_policy[IP_VS_QUIC_A_SID_MAX + 1] = {
	[IP_VS_QUIC_A_SID_CONFIG_ID]	= { .type = NLA_U8 },
	[IP_VS_QUIC_A_SID_VALUE]	= NLA_POLICY_RANGE(NLA_BINARY,
							   QLB_SERVER_ID_LEN_MIN,
							   QLB_SERVER_ID_LEN_MAX),
	[IP_VS_QUIC_A_SID_AF]		= { .type = NLA_U16 },
	[IP_VS_QUIC_A_SID_ADDR]		= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[IP_VS_QUIC_A_SID_PORT]		= { .type = NLA_U16 },
	[IP_VS_QUIC_A_SID_PREFIX]	= { .type = NLA_FLAG },
};

static const struct nla_policy set_policy[IP_VS_QUIC_A_SET_MAX + 1] = {
	[IP_VS_QUIC_A_SET_TUPLE_TIMEOUT]	= { .type = NLA_U32 },
	[IP_VS_QUIC_A_SET_TUPLE_MAX]		= { .type = NLA_U32 },
	[IP_VS_QUIC_A_SET_DCID_TIMEOUT]		= { .type = NLA_U32 },
	[IP_VS_QUIC_A_SET_DCID_MAX]		= { .type = NLA_U32 },
	[IP_VS_QUIC_A_SET_SOURCE4]		= NLA_POLICY_EXACT_LEN(5),
	[IP_VS_QUIC_A_SET_SOURCE6]		= NLA_POLICY_EXACT_LEN(17),
};

static const struct nla_policy exp_policy[IP_VS_QUIC_A_EXP_MAX + 1] = {
	[IP_VS_QUIC_A_EXP_DEVICE]	= { .type = NLA_NUL_STRING,
					    .len = IFNAMSIZ - 1 },
	[IP_VS_QUIC_A_EXP_STATS]	= { .type = NLA_REJECT },
};

static const struct nla_policy policy[IP_VS_QUIC_A_MAX + 1] = {
	[IP_VS_QUIC_A_SERVICE]	 = NLA_POLICY_NESTED(svc_policy),
	[IP_VS_QUIC_A_FLAGS]	 = { .type = NLA_U32 },
	[IP_VS_QUIC_A_CONFIG]	 = NLA_POLICY_NESTED(cfg_policy),
	[IP_VS_QUIC_A_SERVER_ID] = NLA_POLICY_NESTED(sid_policy),
	[IP_VS_QUIC_A_STATS]	 = { .type = NLA_REJECT },
	[IP_VS_QUIC_A_CID]	 = NLA_POLICY_RANGE(NLA_BINARY, 1, 255),
	[IP_VS_QUIC_A_NONCE]	 = { .type = NLA_REJECT },
	[IP_VS_QUIC_A_OUTCOME]	 = { .type = NLA_REJECT },
	[IP_VS_QUIC_A_SETTINGS]	 = NLA_POLICY_NESTED(set_policy),
	[IP_VS_QUIC_A_EXPRESS]	 = NLA_POLICY_NESTED(exp_policy),
};

int ip_vs_quic_netlink_svc_key(const struct nlattr *attr,
			       struct ip_vs_quic_svc_key *key,
			       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[IP_VS_QUIC_A_SVC_MAX + 1];
	int err;

	memset(key, 0, sizeof(*key));
	if (!attr) {
		NL_SET_ERR_MSG(extack, "The service is missing");
		return -EINVAL;
	}
	err = nla_parse_nested(tb, IP_VS_QUIC_A_SVC_MAX, attr,
			       svc_policy, extack);
	if (err)
		return err;
	if (!tb[IP_VS_QUIC_A_SVC_AF]) {
		NL_SET_ERR_MSG(extack, "The service's address family is missing");
		return -EINVAL;
	}
	key->af = nla_get_u16(tb[IP_VS_QUIC_A_SVC_AF]);
	err = check_family(key->af, tb[IP_VS_QUIC_A_SVC_AF], extack);
	if (err)
		return err;

	if (tb[IP_VS_QUIC_A_SVC_FWMARK]) {
		key->fwmark = nla_get_u32(tb[IP_VS_QUIC_A_SVC_FWMARK]);
		return 0;
	}
	if (!tb[IP_VS_QUIC_A_SVC_ADDR] || !tb[IP_VS_QUIC_A_SVC_PORT]) {
		NL_SET_ERR_MSG(extack, "The service needs an address and port, or a firewall mark");
		return -EINVAL;
	}
	key->port = nla_get_be16(tb[IP_VS_QUIC_A_SVC_PORT]);
	return parse_addr(key->af, tb[IP_VS_QUIC_A_SVC_ADDR], &key->addr,
			  extack);
}

static int find_service(struct request *req, struct ip_vs_quic_net *qnet,
			struct genl_info *info)
{
	struct ip_vs_quic_svc_key key;
	int err;

	err = ip_vs_quic_netlink_svc_key(info->attrs[IP_VS_QUIC_A_SERVICE],
					 &key, info->extack);
	if (err)
		return err;
	rcu_read_lock();
	req->qs = ip_vs_quic_net_find(qnet, &key);
	rcu_read_unlock();
	if (!req->qs) {
		NL_SET_ERR_MSG(info->extack, "No UDP service with scheduler quic at this address");
		return -ESRCH;
	}
	return 0;
}

static int check_config(unsigned int id, unsigned int server_id_len,
			unsigned int nonce_len, struct netlink_ext_ack *extack)
{
	switch (qlb_config_check(id, server_id_len, nonce_len)) {
	case QLB_OK:
		return 0;
	case QLB_BAD_CONFIG_ID:
		NL_SET_ERR_MSG(extack, "Config ID must be 0 to 6");
		break;
	case QLB_BAD_SERVER_ID_LEN:
		NL_SET_ERR_MSG(extack, "Server ID length must be 1 to 15 octets");
		break;
	case QLB_BAD_NONCE_LEN:
		NL_SET_ERR_MSG(extack, "Nonce length must be 4 to 18 octets");
		break;
	case QLB_BAD_TOTAL_LEN:
		NL_SET_ERR_MSG(extack, "Server ID and nonce together must be at most 19 octets");
		break;
	}
	return -EINVAL;
}

/* Each config may be named once; ID and tenant in @tb, the tenant may be absent. */
static int name_config(struct request *req, struct nlattr **tb, u8 *id,
		       u8 *tenant)
{
	u32 bit;

	*id = nla_get_u8(tb[IP_VS_QUIC_A_CFG_ID]);
	*tenant = tb[IP_VS_QUIC_A_CFG_TENANT] ?
		  nla_get_u8(tb[IP_VS_QUIC_A_CFG_TENANT]) : 0;
	if (*id > QLB_CONFIG_ID_MAX) {
		NL_SET_ERR_MSG(req->extack, "Config ID must be 0 to 6");
		return -EINVAL;
	}
	if (*tenant >= IP_VS_QUIC_TENANTS_MAX) {
		NL_SET_ERR_MSG(req->extack, "Tenant must be 0 to 3");
		return -EINVAL;
	}
	bit = BIT(*id * IP_VS_QUIC_TENANTS_MAX + *tenant);
	if (req->named & bit) {
		NL_SET_ERR_MSG(req->extack, "A config appears twice in the request");
		return -EINVAL;
	}
	req->named |= bit;
	req->touched |= BIT(*id);
	return 0;
}

static int parse_config(struct request *req, struct nlattr **tb,
			struct ip_vs_quic_config_params *params)
{
	int err;

	if (!tb[IP_VS_QUIC_A_CFG_ID] || !tb[IP_VS_QUIC_A_CFG_SERVER_ID_LEN] ||
	    !tb[IP_VS_QUIC_A_CFG_NONCE_LEN]) {
		NL_SET_ERR_MSG(req->extack, "A config needs an ID, a server ID length and a nonce length");
		return -EINVAL;
	}
	params->server_id_len = nla_get_u8(tb[IP_VS_QUIC_A_CFG_SERVER_ID_LEN]);
	params->nonce_len = nla_get_u8(tb[IP_VS_QUIC_A_CFG_NONCE_LEN]);
	params->check_length = nla_get_flag(tb[IP_VS_QUIC_A_CFG_CHECK_LENGTH]);
	if (tb[IP_VS_QUIC_A_CFG_KEY])
		params->key = nla_data(tb[IP_VS_QUIC_A_CFG_KEY]);
	if (tb[IP_VS_QUIC_A_CFG_KEY_SOURCE])
		params->key_source = nla_data(tb[IP_VS_QUIC_A_CFG_KEY_SOURCE]);

	err = check_config(nla_get_u8(tb[IP_VS_QUIC_A_CFG_ID]),
			   params->server_id_len, params->nonce_len,
			   req->extack);
	if (err)
		return err;
	return name_config(req, tb, &params->id, &params->tenant);
}

static int set_config(struct request *req, const struct nlattr *attr)
{
	struct ip_vs_quic_config_params params = {};
	struct nlattr *tb[IP_VS_QUIC_A_CFG_MAX + 1];
	struct ip_vs_quic_config *cfg, *old;
	int err;

	err = nla_parse_nested(tb, IP_VS_QUIC_A_CFG_MAX, attr, cfg_policy,
			       req->extack);
	if (!err)
		err = parse_config(req, tb, &params);
	if (err)
		return err;
	if (req->exclusive && req->change.configs.at[params.id][params.tenant]) {
		NL_SET_ERR_MSG(req->extack, "The service has a config with this ID already");
		return -EEXIST;
	}

	cfg = ip_vs_quic_config_new(&params);
	if (IS_ERR(cfg)) {
		NL_SET_ERR_MSG(req->extack, "The config could not be made");
		return PTR_ERR(cfg);
	}
	/* one that is there already goes on counting */
	old = ip_vs_quic_service_routes(req->qs)->configs.at[params.id][params.tenant];
	if (old && ip_vs_quic_config_equal(old, cfg)) {
		ip_vs_quic_config_put(cfg);
		cfg = ip_vs_quic_config_get(old);
	}
	req->fresh.at[params.id][params.tenant] = cfg;
	req->change.configs.at[params.id][params.tenant] = cfg;
	return 0;
}

static int parse_sid(struct request *req, const struct nlattr *attr,
		     struct nlattr *tb[IP_VS_QUIC_A_SID_MAX + 1],
		     struct ip_vs_quic_sid *sid)
{
	struct qlb_server_id id = {};
	u8 config_id;
	int err;

	memset(sid, 0, sizeof(*sid));
	err = nla_parse_nested(tb, IP_VS_QUIC_A_SID_MAX, attr, sid_policy,
			       req->extack);
	if (err)
		return err;

	if (tb[IP_VS_QUIC_A_SID_CONFIG_ID] && tb[IP_VS_QUIC_A_SID_VALUE]) {
		config_id = nla_get_u8(tb[IP_VS_QUIC_A_SID_CONFIG_ID]);
		if (config_id > QLB_CONFIG_ID_MAX) {
			NL_SET_ERR_MSG(req->extack, "Config ID must be 0 to 6");
			return -EINVAL;
		}
		id.len = nla_len(tb[IP_VS_QUIC_A_SID_VALUE]);
		memcpy(id.octets, nla_data(tb[IP_VS_QUIC_A_SID_VALUE]), id.len);
		sid->key = tb[IP_VS_QUIC_A_SID_PREFIX] ?
			   ip_vs_quic_sid_prefix_key(config_id, &id, id.len) :
			   ip_vs_quic_sid_key(config_id, &id);
	}
	if (!tb[IP_VS_QUIC_A_SID_AF] || !tb[IP_VS_QUIC_A_SID_ADDR] ||
	    !tb[IP_VS_QUIC_A_SID_PORT])
		return 0;
	sid->server.af = nla_get_u16(tb[IP_VS_QUIC_A_SID_AF]);
	err = check_family(sid->server.af, tb[IP_VS_QUIC_A_SID_AF],
			   req->extack);
	if (err)
		return err;
	sid->server.port = nla_get_be16(tb[IP_VS_QUIC_A_SID_PORT]);
	return parse_addr(sid->server.af, tb[IP_VS_QUIC_A_SID_ADDR],
			  &sid->server.addr, req->extack);
}

static int add_sid(struct request *req, const struct nlattr *attr,
		   struct ip_vs_quic_sid *sid)
{
	struct nlattr *tb[IP_VS_QUIC_A_SID_MAX + 1];
	int err;

	err = parse_sid(req, attr, tb, sid);
	if (err)
		return err;
	if (!sid->key.config_and_len || !sid->server.af) {
		NL_SET_ERR_MSG(req->extack, "A server ID needs a config ID, a value and a real server");
		return -EINVAL;
	}
	req->touched |= BIT(ip_vs_quic_sid_config_id(sid));
	if (!req->absent &&
	    !ip_vs_quic_pool_find(ip_vs_quic_service_routes(req->qs)->pool,
				  &sid->server)) {
		NL_SET_ERR_MSG(req->extack, "The service has no such real server");
		return -ENOENT;
	}
	return 0;
}

#define for_each_top_attr(attr, info, rem)				\
	nlmsg_for_each_attr(attr, (info)->nlhdr, GENL_HDRLEN, rem)

static u32 count_sids(struct genl_info *info)
{
	const struct nlattr *attr;
	u32 count = 0;
	int rem;

	for_each_top_attr(attr, info, rem)
		count += nla_type(attr) == IP_VS_QUIC_A_SERVER_ID;
	return count;
}

static int alloc_sidmap(struct request *req, u32 count)
{
	if (count > IP_VS_QUIC_SIDMAP_MAX) {
		NL_SET_ERR_MSG(req->extack, "A service can have 65536 server IDs");
		return -E2BIG;
	}
	req->sidmap = ip_vs_quic_sidmap_new(count);
	req->change.sidmap = req->sidmap;
	return req->sidmap ? 0 : -ENOMEM;
}

static int set_sidmap(struct request *req, struct genl_info *info)
{
	const struct ip_vs_quic_sidmap *old = req->qs->sidmap;
	u32 kept = req->replace ? 0 : old->count;
	struct ip_vs_quic_sidmap *map;
	const struct nlattr *attr;
	int rem, err;
	u32 n = kept;

	err = alloc_sidmap(req, kept + count_sids(info));
	if (err)
		return err;
	map = req->change.sidmap;
	memcpy(map->sids, old->sids, kept * sizeof(map->sids[0]));
	for_each_top_attr(attr, info, rem) {
		if (nla_type(attr) != IP_VS_QUIC_A_SERVER_ID)
			continue;
		err = add_sid(req, attr, &map->sids[n++]);
		if (err)
			return err;
	}
	if (!ip_vs_quic_sidmap_seal(map)) {
		NL_SET_ERR_MSG(req->extack, "The server ID belongs to another real server already");
		return -EEXIST;
	}
	return 0;
}

static bool length_fits(const struct ip_vs_quic_sid *sid,
			const struct ip_vs_quic_config *cfg)
{
	u8 len = ip_vs_quic_sid_len(sid);

	return ip_vs_quic_sid_is_prefix(sid) ? len <= cfg->qlb.server_id_len :
					       len == cfg->qlb.server_id_len;
}

/*
 * A server ID that no config of its ID can decode to could never be used.  Only
 * config IDs that the request is about: what a deleted tenant left behind is
 * no reason to refuse something else.
 */
static int check_lengths(const struct request *req)
{
	const struct ip_vs_quic_sidmap *map = req->change.sidmap;
	u32 n;

	for (n = 0; n < map->count; n++) {
		const struct ip_vs_quic_sid *sid = &map->sids[n];
		struct ip_vs_quic_config * const *cfgs;
		bool fits = false;
		unsigned int i;

		if (!(req->touched & BIT(ip_vs_quic_sid_config_id(sid))))
			continue;
		cfgs = req->change.configs.at[ip_vs_quic_sid_config_id(sid)];
		if (!cfgs[0])
			continue;
		for (i = 0; i < IP_VS_QUIC_TENANTS_MAX && cfgs[i]; i++)
			fits |= length_fits(sid, cfgs[i]);
		if (!fits) {
			NL_SET_ERR_MSG(req->extack, "A server ID's length is not that of its config");
			return -EINVAL;
		}
	}
	return 0;
}

/* The packet path stops at the first empty place of a config ID. */
static int check_tenants(const struct request *req)
{
	unsigned int id, i;

	for (id = 0; id < QLB_CONFIGS_MAX; id++)
		for (i = 1; i < IP_VS_QUIC_TENANTS_MAX; i++)
			if (req->change.configs.at[id][i] &&
			    !req->change.configs.at[id][i - 1]) {
				NL_SET_ERR_MSG(req->extack, "A config's tenants must be numbered from 0 without gaps");
				return -EINVAL;
			}
	return 0;
}

/* Reads a number if it is there; 0 or -ERANGE. */
static int parse_setting(struct request *req, const struct nlattr *attr,
			 u32 min, u32 max, const char *range, u32 *value)
{
	if (!attr)
		return 0;
	*value = nla_get_u32(attr);
	if (*value >= min && *value <= max)
		return 0;
	req->extack->_msg = range;
	NL_SET_BAD_ATTR(req->extack, attr);
	return -ERANGE;
}

/* A prefix of @octets octets, then its length; all zero is none. */
static int parse_source(struct request *req, const struct nlattr *attr,
			unsigned int octets, unsigned int min,
			struct ip_vs_quic_source *source)
{
	struct ip_vs_quic_source s = {};
	const u8 *data;
	unsigned int i;

	if (!attr)
		return 0;
	data = nla_data(attr);
	memcpy(&s.prefix, data, octets);
	s.len = data[octets];
	if (s.len > 8 * octets || (s.len && s.len < min)) {
		NL_SET_ERR_MSG_ATTR(req->extack, attr, "A source prefix must have 8 to 32 bits in IPv4, 64 to 128 in IPv6");
		return -ERANGE;
	}
	for (i = s.len; i < 8 * octets; i++)
		if (data[i / 8] & 0x80 >> i % 8) {
			NL_SET_ERR_MSG_ATTR(req->extack, attr, "A source prefix has bits beyond its length");
			return -EINVAL;
		}
	*source = s;
	return 0;
}

static int parse_sources(struct request *req, struct nlattr **tb)
{
	struct ip_vs_quic_settings *settings = &req->change.settings;
	struct ip_vs_quic_sources *sources = &settings->sources;
	int err;

	err = parse_source(req, tb[IP_VS_QUIC_A_SET_SOURCE4], 4,
			   IP_VS_QUIC_SOURCE4_LEN_MIN, &sources->v4);
	if (!err)
		err = parse_source(req, tb[IP_VS_QUIC_A_SET_SOURCE6], 16,
				   IP_VS_QUIC_SOURCE6_LEN_MIN, &sources->v6);
	settings->spread = sources->v4.len || sources->v6.len;
	return err;
}

static int parse_settings(struct request *req, struct nlattr **tb,
			  u32 *dcid_max, u32 *dcid_timeout)
{
	struct ip_vs_quic_settings *settings = &req->change.settings;
	static const char bad_time[] = "A timeout must be 1 to 86400 seconds";
	static const char bad_max[] = "The table of unroutable CIDs can have 1048576 entries";
	u32 tuple_timeout = settings->tuple_timeout / HZ;
	int err;

	err = parse_setting(req, tb[IP_VS_QUIC_A_SET_TUPLE_TIMEOUT], 1, 86400,
			    bad_time, &tuple_timeout);
	if (!err)
		err = parse_setting(req, tb[IP_VS_QUIC_A_SET_DCID_TIMEOUT], 1,
				    86400, bad_time, dcid_timeout);
	if (!err)
		err = parse_setting(req, tb[IP_VS_QUIC_A_SET_DCID_MAX], 0,
				    IP_VS_QUIC_DCIDS_MAX, bad_max, dcid_max);
	if (!err)
		err = parse_setting(req, tb[IP_VS_QUIC_A_SET_TUPLE_MAX], 0,
				    INT_MAX, "The limit of connections is too large",
				    &settings->tuple_max);
	settings->tuple_timeout = tuple_timeout * HZ;
	return err;
}

/* An unchanged table goes on with what it has learnt. */
static int set_settings(struct request *req, struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[IP_VS_QUIC_A_SETTINGS];
	u32 max = ip_vs_quic_dcids_max(req->change.dcids);
	u32 timeout = ip_vs_quic_dcids_timeout(req->change.dcids) / HZ;
	struct nlattr *tb[IP_VS_QUIC_A_SET_MAX + 1];
	const u32 old_max = max, old_timeout = timeout;
	int err;

	if (req->replace) {
		req->change.settings = ip_vs_quic_default_settings;
		max = 0;
	}
	if (req->replace || !timeout)
		timeout = 60;
	if (attr) {
		err = nla_parse_nested(tb, IP_VS_QUIC_A_SET_MAX, attr,
				       set_policy, req->extack);
		if (!err)
			err = parse_settings(req, tb, &max, &timeout);
		if (!err)
			err = parse_sources(req, tb);
		if (err)
			return err;
	}
	if (attr && tb[IP_VS_QUIC_A_SET_DCID_TIMEOUT] && !max) {
		NL_SET_ERR_MSG(req->extack, "The table of unroutable CIDs is off and has no timeout");
		return -EINVAL;
	}
	if (max == old_max && (timeout == old_timeout || !max))
		return 0;
	req->change.dcids = NULL;
	if (!max)
		return 0;
	req->dcids = ip_vs_quic_dcids_new(max, timeout * HZ);
	req->change.dcids = req->dcids;
	return req->dcids ? 0 : -ENOMEM;
}

static int set_configs(struct request *req, struct genl_info *info)
{
	const struct nlattr *attr;
	int rem, err;

	for_each_top_attr(attr, info, rem) {
		if (nla_type(attr) != IP_VS_QUIC_A_CONFIG)
			continue;
		err = set_config(req, attr);
		if (err)
			return err;
	}
	return 0;
}

static int del_configs(struct request *req, struct genl_info *info)
{
	struct nlattr *tb[IP_VS_QUIC_A_CFG_MAX + 1];
	const struct nlattr *attr;
	int rem, err;
	u8 id, tenant;

	for_each_top_attr(attr, info, rem) {
		if (nla_type(attr) != IP_VS_QUIC_A_CONFIG)
			continue;
		err = nla_parse_nested(tb, IP_VS_QUIC_A_CFG_MAX, attr,
				       cfg_policy, req->extack);
		if (err)
			return err;
		if (!tb[IP_VS_QUIC_A_CFG_ID]) {
			NL_SET_ERR_MSG(req->extack, "The config's ID is missing");
			return -EINVAL;
		}
		err = name_config(req, tb, &id, &tenant);
		if (err)
			return err;
		if (!req->change.configs.at[id][tenant]) {
			NL_SET_ERR_MSG(req->extack, "The service has no config with this ID");
			return -ENOENT;
		}
		req->change.configs.at[id][tenant] = NULL;
	}
	return 0;
}

static bool sid_matches(const struct ip_vs_quic_sid *have,
			const struct ip_vs_quic_sid *want)
{
	if (want->key.config_and_len &&
	    memcmp(&have->key, &want->key, sizeof(have->key)))
		return false;
	return !want->server.af ||
	       !memcmp(&have->server, &want->server, sizeof(have->server));
}

/* What is half named would match more than was meant. */
static int check_named(const struct request *req, struct nlattr **tb)
{
	unsigned int parts = !!tb[IP_VS_QUIC_A_SID_AF] +
			     !!tb[IP_VS_QUIC_A_SID_ADDR] +
			     !!tb[IP_VS_QUIC_A_SID_PORT];

	if (!tb[IP_VS_QUIC_A_SID_CONFIG_ID] != !tb[IP_VS_QUIC_A_SID_VALUE]) {
		NL_SET_ERR_MSG(req->extack, "A server ID is named by its config ID and its value");
		return -EINVAL;
	}
	if (parts && parts < 3) {
		NL_SET_ERR_MSG(req->extack, "A real server is named by its address family, address and port");
		return -EINVAL;
	}
	if (!tb[IP_VS_QUIC_A_SID_VALUE] && !parts) {
		NL_SET_ERR_MSG(req->extack, "Neither a server ID nor a real server is named");
		return -EINVAL;
	}
	return 0;
}

static int del_sid(struct request *req, const struct nlattr *attr)
{
	struct ip_vs_quic_sidmap *map = req->change.sidmap;
	struct nlattr *tb[IP_VS_QUIC_A_SID_MAX + 1];
	struct ip_vs_quic_sid want;
	u32 in, out = 0;
	int err;

	err = parse_sid(req, attr, tb, &want);
	if (!err)
		err = check_named(req, tb);
	if (err)
		return err;

	for (in = 0; in < map->count; in++)
		if (!sid_matches(&map->sids[in], &want))
			map->sids[out++] = map->sids[in];
	if (want.key.config_and_len && out == map->count) {
		NL_SET_ERR_MSG(req->extack, "The service has no such server ID");
		return -ENOENT;
	}
	map->count = out;
	return 0;
}

static int del_sids(struct request *req, struct genl_info *info)
{
	const struct ip_vs_quic_sidmap *old = req->qs->sidmap;
	const struct nlattr *attr;
	int rem, err;

	err = alloc_sidmap(req, old->count);
	if (err)
		return err;
	memcpy(req->change.sidmap->sids, old->sids,
	       old->count * sizeof(old->sids[0]));
	for_each_top_attr(attr, info, rem) {
		if (nla_type(attr) != IP_VS_QUIC_A_SERVER_ID)
			continue;
		err = del_sid(req, attr);
		if (err)
			return err;
	}
	return 0;
}

static int parse_flags(struct request *req, struct genl_info *info)
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

static int set(struct request *req, struct genl_info *info)
{
	int err;

	if (req->replace)
		memset(&req->change.configs, 0, sizeof(req->change.configs));
	err = set_configs(req, info);
	if (!err)
		err = check_tenants(req);
	if (!err)
		err = set_sidmap(req, info);
	if (!err)
		err = check_lengths(req);
	if (!err)
		err = set_settings(req, info);
	return err;
}

static int del(struct request *req, struct genl_info *info)
{
	int err;

	err = del_configs(req, info);
	if (!err)
		err = check_tenants(req);
	if (!err)
		err = del_sids(req, info);
	return err;
}

/* Routes take references of their own; these are the request's. */
static void finish(struct request *req, bool committed)
{
	struct ip_vs_quic_config **cfgp;

	ip_vs_quic_configs_for_each(cfgp, &req->fresh)
		ip_vs_quic_config_put(*cfgp);
	ip_vs_quic_dcids_put(req->dcids);
	if (!committed)
		ip_vs_quic_sidmap_free(req->sidmap);
}

static int change_service(struct genl_info *info,
			  int (*build)(struct request *, struct genl_info *))
{
	struct ip_vs_quic_net *qnet = ip_vs_quic_net(genl_info_net(info));
	struct request req = { .extack = info->extack };
	int err;

	err = parse_flags(&req, info);
	if (err)
		return err;

	mutex_lock(&qnet->lock);
	err = find_service(&req, qnet, info);
	if (!err) {
		ip_vs_quic_service_state(req.qs, &req.change);
		err = build(&req, info);
	}
	if (!err)
		err = ip_vs_quic_service_commit(req.qs, &req.change);
	finish(&req, !err);
	mutex_unlock(&qnet->lock);
	return err;
}

static void wipe_keys(struct genl_info *info)
{
	struct nlattr *attr, *cfg;
	int rem, cfg_rem;

	for_each_top_attr(attr, info, rem) {
		if (nla_type(attr) != IP_VS_QUIC_A_CONFIG)
			continue;
		nla_for_each_nested(cfg, attr, cfg_rem)
			if (nla_type(cfg) == IP_VS_QUIC_A_CFG_KEY)
				memzero_explicit(nla_data(cfg), nla_len(cfg));
	}
}

static int set_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = change_service(info, set);

	wipe_keys(info);
	return err;
}

static int del_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = change_service(info, del);

	wipe_keys(info);
	return err;
}

static const struct genl_small_ops ops[] = {
	{
		.cmd	= IP_VS_QUIC_CMD_SET,
		.flags	= GENL_ADMIN_PERM,
		.doit	= set_doit,
	},
	{
		.cmd	= IP_VS_QUIC_CMD_DEL,
		.flags	= GENL_ADMIN_PERM,
		.doit	= del_doit,
	},
	{
		.cmd	= IP_VS_QUIC_CMD_GET,
		.flags	= GENL_ADMIN_PERM,
		.dumpit	= ip_vs_quic_netlink_dump,
	},
	{
		.cmd	= IP_VS_QUIC_CMD_DECODE,
		.flags	= GENL_ADMIN_PERM,
		.doit	= ip_vs_quic_netlink_decode,
	},
	{
		.cmd	= IP_VS_QUIC_CMD_EXPRESS_ADD,
		.flags	= GENL_ADMIN_PERM,
		.doit	= ip_vs_quic_netlink_express_add,
	},
	{
		.cmd	= IP_VS_QUIC_CMD_EXPRESS_DEL,
		.flags	= GENL_ADMIN_PERM,
		.doit	= ip_vs_quic_netlink_express_del,
	},
	{
		.cmd	= IP_VS_QUIC_CMD_EXPRESS_GET,
		.flags	= GENL_ADMIN_PERM,
		.dumpit	= ip_vs_quic_netlink_express_dump,
	},
};

/* Not __ro_after_init: it is registered after that. */
struct genl_family ip_vs_quic_genl_family = {
	.name		= IP_VS_QUIC_GENL_NAME,
	.version	= IP_VS_QUIC_GENL_VERSION,
	.maxattr	= IP_VS_QUIC_A_MAX,
	.policy		= policy,
	.netnsok	= true,
	.module		= THIS_MODULE,
	.small_ops	= ops,
	.n_small_ops	= ARRAY_SIZE(ops),
};

static bool registered;	/* by the work alone, until that is cancelled */

static void register_family(struct work_struct *work)
{
	int err = genl_register_family(&ip_vs_quic_genl_family);

	registered = !err;
	if (err)
		pr_err("no netlink family, error %d\n", err);
}

static DECLARE_WORK(register_work, register_family);

/*
 * IPVS loads the module of a scheduler it does not know ("ipvsadm -A -s quic")
 * in the middle of a generic netlink request of its own, and waits for it.  All
 * that time generic netlink lets nobody register a family: waiting for that
 * here would be for ever.  Who looks the family up before the work is done has the
 * kernel ask for the module by its alias, which takes longer.
 */
void __init ip_vs_quic_netlink_init(void)
{
	schedule_work(&register_work);
}

void ip_vs_quic_netlink_uninit(void)
{
	cancel_work_sync(&register_work);
	if (registered)
		genl_unregister_family(&ip_vs_quic_genl_family);
}

MODULE_ALIAS_GENL_FAMILY(IP_VS_QUIC_GENL_NAME);
