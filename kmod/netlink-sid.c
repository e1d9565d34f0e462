// SPDX-License-Identifier: GPL-2.0
/* The server IDs of a request. */
#include "netlink-request.h"

#include "netlink.h"

static int parse_sid(struct ivq_request *req, const struct nlattr *attr,
		     struct nlattr *tb[IP_VS_QUIC_A_SID_MAX + 1],
		     struct ivq_sid *sid)
{
	struct qlb_server_id id = {};
	u8 config_id;
	int err;

	memset(sid, 0, sizeof(*sid));
	err = nla_parse_nested(tb, IP_VS_QUIC_A_SID_MAX, attr,
			       ip_vs_quic_server_id_nl_policy, req->extack);
	if (err)
		return err;
	if (tb[IP_VS_QUIC_A_SID_VALUE] && !nla_len(tb[IP_VS_QUIC_A_SID_VALUE])) {
		NL_SET_ERR_MSG_ATTR(req->extack, tb[IP_VS_QUIC_A_SID_VALUE],
				    "A server ID must be 1 to 15 octets");
		return -ERANGE;
	}

	if (tb[IP_VS_QUIC_A_SID_CONFIG_ID] && tb[IP_VS_QUIC_A_SID_VALUE]) {
		config_id = nla_get_u8(tb[IP_VS_QUIC_A_SID_CONFIG_ID]);
		if (config_id > QLB_CONFIG_ID_MAX)
			return ivq_netlink_bad_config_id(req->extack);
		id.len = nla_len(tb[IP_VS_QUIC_A_SID_VALUE]);
		memcpy(id.octets, nla_data(tb[IP_VS_QUIC_A_SID_VALUE]), id.len);
		sid->key = tb[IP_VS_QUIC_A_SID_PREFIX] ?
			   ivq_sid_prefix_key(config_id, &id, id.len) :
			   ivq_sid_key(config_id, &id);
	}
	if (!tb[IP_VS_QUIC_A_SID_AF] || !tb[IP_VS_QUIC_A_SID_ADDR] ||
	    !tb[IP_VS_QUIC_A_SID_PORT])
		return 0;
	sid->server.af = nla_get_u16(tb[IP_VS_QUIC_A_SID_AF]);
	err = ivq_netlink_family(sid->server.af, tb[IP_VS_QUIC_A_SID_AF],
				 req->extack);
	if (err)
		return err;
	sid->server.port = nla_get_be16(tb[IP_VS_QUIC_A_SID_PORT]);
	return ivq_netlink_addr(sid->server.af, tb[IP_VS_QUIC_A_SID_ADDR],
				&sid->server.addr, req->extack);
}

static int add_sid(struct ivq_request *req, const struct nlattr *attr,
		   struct ivq_sid *sid)
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
	req->touched |= BIT(ivq_sid_config_id(sid));
	if (!req->absent && !ivq_pool_find(ivq_service_snapshot(req->qs)->pool,
					   &sid->server)) {
		NL_SET_ERR_MSG(req->extack, "The service has no such real server");
		return -ENOENT;
	}
	return 0;
}

static u32 count_sids(struct genl_info *info)
{
	const struct nlattr *attr;
	u32 count = 0;
	int rem;

	for_each_request_attr(attr, info, rem)
		count += nla_type(attr) == IP_VS_QUIC_A_SERVER_ID;
	return count;
}

static int alloc_sidmap(struct ivq_request *req, u32 count)
{
	if (count > IVQ_SIDMAP_MAX) {
		NL_SET_ERR_MSG(req->extack, "A service can have 65536 server IDs");
		return -E2BIG;
	}
	req->sidmap = ivq_sidmap_new(count);
	req->change.sidmap = req->sidmap;
	return req->sidmap ? 0 : -ENOMEM;
}

int ivq_request_set_sids(struct ivq_request *req, struct genl_info *info)
{
	const struct ivq_sidmap *old = req->qs->sidmap;
	u32 kept = req->replace ? 0 : old->count;
	struct ivq_sidmap *map;
	const struct nlattr *attr;
	int rem, err;
	u32 n = kept;

	err = alloc_sidmap(req, kept + count_sids(info));
	if (err)
		return err;
	map = req->change.sidmap;
	memcpy(map->sids, old->sids, kept * sizeof(map->sids[0]));
	for_each_request_attr(attr, info, rem) {
		if (nla_type(attr) != IP_VS_QUIC_A_SERVER_ID)
			continue;
		err = add_sid(req, attr, &map->sids[n++]);
		if (err)
			return err;
	}
	if (!ivq_sidmap_seal(map)) {
		NL_SET_ERR_MSG(req->extack, "The server ID belongs to another real server already");
		return -EEXIST;
	}
	return 0;
}

static bool length_fits(const struct ivq_sid *sid, const struct ivq_config *cfg)
{
	u8 len = ivq_sid_len(sid);

	if (ivq_config_is_layout(cfg) &&
	    !qlb_layout_holds(&cfg->qlb.layout, sid->key.octets[0]))
		return false;
	return ivq_sid_is_prefix(sid) ? len <= cfg->qlb.server_id_len :
					len == cfg->qlb.server_id_len;
}

/*
 * A server ID is useless if no config of its config ID can decode to it.  Only config
 * IDs that the request names are checked: server IDs left behind by a deleted tenant
 * are no reason to refuse something else.
 */
int ivq_request_check_lengths(const struct ivq_request *req)
{
	const struct ivq_sidmap *map = req->change.sidmap;
	u32 n;

	for (n = 0; n < map->count; n++) {
		const struct ivq_sid *sid = &map->sids[n];
		struct ivq_config * const *cfgs;
		bool fits = false;
		unsigned int i;

		if (!(req->touched & BIT(ivq_sid_config_id(sid))))
			continue;
		cfgs = req->change.configs.at[ivq_sid_config_id(sid)];
		if (!cfgs[0])
			continue;
		for (i = 0; i < IVQ_TENANTS_MAX && cfgs[i]; i++)
			fits |= length_fits(sid, cfgs[i]);
		if (!fits) {
			NL_SET_ERR_MSG(req->extack, "A server ID's length is not that of its config");
			return -EINVAL;
		}
	}
	return 0;
}

/* A server ID or server that is named by halves would match more than was meant. */
static int check_named(const struct ivq_request *req, struct nlattr **tb)
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

/*
 * Until the end of the request, a deleted server ID stays in its place, without a
 * server.
 */
static bool is_there(const struct ivq_sid *sid)
{
	return sid->server.af;
}

static bool is_of(const struct ivq_sid *sid, const struct ivq_addr *server)
{
	return !memcmp(&sid->server, server, sizeof(*server));
}

static void drop_deleted(struct ivq_sidmap *map)
{
	u32 in, out = 0;

	for (in = 0; in < map->count; in++)
		if (is_there(&map->sids[in]))
			map->sids[out++] = map->sids[in];
	map->count = out;
}

static int del_one(struct ivq_sidmap *map, const struct ivq_sid *want)
{
	const struct ivq_sid *found;

	found = ivq_sidmap_find(map, &want->key);
	if (!found || !is_there(found) ||
	    (want->server.af && !is_of(found, &want->server)))
		return -ENOENT;
	map->sids[found - map->sids].server = (struct ivq_addr){};
	return 0;
}

static void del_all_of(struct ivq_sidmap *map, const struct ivq_addr *server)
{
	u32 n;

	for (n = 0; n < map->count; n++)
		if (is_of(&map->sids[n], server))
			map->sids[n].server = (struct ivq_addr){};
}

static int del_sid(struct ivq_request *req, const struct nlattr *attr)
{
	struct ivq_sidmap *map = req->change.sidmap;
	struct nlattr *tb[IP_VS_QUIC_A_SID_MAX + 1];
	struct ivq_sid want;
	int err;

	err = parse_sid(req, attr, tb, &want);
	if (!err)
		err = check_named(req, tb);
	if (err)
		return err;

	if (!tb[IP_VS_QUIC_A_SID_VALUE]) {
		del_all_of(map, &want.server);
		return 0;
	}
	err = del_one(map, &want);
	if (err)
		NL_SET_ERR_MSG(req->extack, "The service has no such server ID");
	return err;
}

int ivq_request_del_sids(struct ivq_request *req, struct genl_info *info)
{
	const struct ivq_sidmap *old = req->qs->sidmap;
	const struct nlattr *attr;
	int rem, err;

	err = alloc_sidmap(req, old->count);
	if (err)
		return err;
	memcpy(req->change.sidmap->sids, old->sids,
	       old->count * sizeof(old->sids[0]));
	for_each_request_attr(attr, info, rem) {
		if (nla_type(attr) != IP_VS_QUIC_A_SERVER_ID)
			continue;
		err = del_sid(req, attr);
		if (err)
			return err;
		cond_resched();
	}
	drop_deleted(req->change.sidmap);
	return 0;
}
