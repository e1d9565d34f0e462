// SPDX-License-Identifier: GPL-2.0
/* The configs of a request. */
#include "netlink-request.h"

#include "netlink.h"

static int check_config(unsigned int id, unsigned int server_id_len,
			unsigned int nonce_len,
			struct netlink_ext_ack *extack)
{
	switch (qlb_config_check(id, server_id_len, nonce_len)) {
	case QLB_OK:
		return 0;
	case QLB_BAD_CONFIG_ID:
		return ivq_netlink_bad_config_id(extack);
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

/* Each config may be named once; its ID is in @tb, its tenant may be. */
static int name_config(struct ivq_request *req, struct nlattr **tb,
		       u8 *id, u8 *tenant)
{
	u32 bit;

	*id = nla_get_u8(tb[IP_VS_QUIC_A_CFG_ID]);
	*tenant = tb[IP_VS_QUIC_A_CFG_TENANT] ?
		  nla_get_u8(tb[IP_VS_QUIC_A_CFG_TENANT]) : 0;
	if (*id > QLB_CONFIG_ID_MAX)
		return ivq_netlink_bad_config_id(req->extack);
	if (*tenant >= IVQ_TENANTS_MAX) {
		NL_SET_ERR_MSG(req->extack, "Tenant must be 0 to 3");
		return -EINVAL;
	}
	bit = BIT(*id * IVQ_TENANTS_MAX + *tenant);
	if (req->named & bit) {
		NL_SET_ERR_MSG(req->extack, "A config appears twice in the request");
		return -EINVAL;
	}
	req->named |= bit;
	req->touched |= BIT(*id);
	return 0;
}

static int check_algorithm(const struct nlattr *attr,
			   struct netlink_ext_ack *extack)
{
	if (!attr || nla_get_u8(attr) <= IP_VS_QUIC_ALGORITHM_MAX)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "Unknown algorithm");
	return -EOPNOTSUPP;
}

static int check_layout(const struct qlb_layout *layout,
			struct netlink_ext_ack *extack)
{
	switch (qlb_layout_check(layout)) {
	case QLB_LAYOUT_OK:
		return 0;
	case QLB_LAYOUT_BAD_BITS:
		NL_SET_ERR_MSG(extack, "A layout's server ID must have 1 to 120 bits");
		break;
	case QLB_LAYOUT_BAD_LEN:
		NL_SET_ERR_MSG(extack, "A layout's connection IDs must have at most 20 octets");
		break;
	case QLB_LAYOUT_BAD_PLACE:
		NL_SET_ERR_MSG(extack, "A layout's server ID must end within the connection ID, of 20 octets at most");
		break;
	case QLB_LAYOUT_BAD_FIXED:
		NL_SET_ERR_MSG(extack, "A layout's fixed bits must be within its mask and connection ID, and not in the server ID");
		break;
	}
	return -EINVAL;
}

static void read_octets(u8 octets[QLB_CID_LEN_MAX], const struct nlattr *attr)
{
	if (attr)
		memcpy(octets, nla_data(attr), nla_len(attr));
}

static u8 read_u8(const struct nlattr *attr)
{
	return attr ? nla_get_u8(attr) : 0;
}

static int parse_layout(const struct nlattr *attr, struct qlb_layout *layout,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[IP_VS_QUIC_A_LAY_MAX + 1];
	int err;

	err = nla_parse_nested(tb, IP_VS_QUIC_A_LAY_MAX, attr,
			       ip_vs_quic_layout_nl_policy, extack);
	if (err)
		return err;
	layout->bit_offset = read_u8(tb[IP_VS_QUIC_A_LAY_BIT_OFFSET]);
	layout->bits = read_u8(tb[IP_VS_QUIC_A_LAY_BITS]);
	layout->cid_len = read_u8(tb[IP_VS_QUIC_A_LAY_CID_LEN]);
	read_octets(layout->mask, tb[IP_VS_QUIC_A_LAY_MASK]);
	read_octets(layout->value, tb[IP_VS_QUIC_A_LAY_VALUE]);
	return check_layout(layout, extack);
}

/* A config that is none of QUIC-LB's; of these it has nothing but the ID. */
static int parse_layout_config(struct ivq_request *req, struct nlattr **tb,
			       struct ivq_config_params *params)
{
	int err;

	if (!tb[IP_VS_QUIC_A_CFG_ID] || !tb[IP_VS_QUIC_A_CFG_LAYOUT] ||
	    tb[IP_VS_QUIC_A_CFG_SERVER_ID_LEN] ||
	    tb[IP_VS_QUIC_A_CFG_NONCE_LEN] || tb[IP_VS_QUIC_A_CFG_KEY] ||
	    tb[IP_VS_QUIC_A_CFG_KEY_SOURCE] ||
	    tb[IP_VS_QUIC_A_CFG_KEY_FINGERPRINT] ||
	    tb[IP_VS_QUIC_A_CFG_CHECK_LENGTH]) {
		NL_SET_ERR_MSG(req->extack, "A config with a layout has an ID and the layout: no other lengths, no key");
		return -EINVAL;
	}
	err = parse_layout(tb[IP_VS_QUIC_A_CFG_LAYOUT], &params->layout,
			   req->extack);
	if (err)
		return err;
	err = name_config(req, tb, &params->id, &params->tenant);
	if (err)
		return err;
	if (params->tenant) {
		NL_SET_ERR_MSG(req->extack, "A config with a layout has no other tenants");
		return -EINVAL;
	}
	if (!qlb_layout_takes(&params->layout, params->id)) {
		NL_SET_ERR_MSG(req->extack, "A layout's config ID must be one that the fixed bits of its first octet allow");
		return -EINVAL;
	}
	return 0;
}

static bool is_layout(struct nlattr **tb)
{
	return read_u8(tb[IP_VS_QUIC_A_CFG_ALGORITHM]) ==
	       IP_VS_QUIC_ALGORITHM_LAYOUT;
}

static int parse_draft_config(struct ivq_request *req, struct nlattr **tb,
			      struct ivq_config_params *params)
{
	int err;

	if (!tb[IP_VS_QUIC_A_CFG_ID] || !tb[IP_VS_QUIC_A_CFG_SERVER_ID_LEN] ||
	    !tb[IP_VS_QUIC_A_CFG_NONCE_LEN]) {
		NL_SET_ERR_MSG(req->extack, "A config needs an ID, a server ID length and a nonce length");
		return -EINVAL;
	}
	if (tb[IP_VS_QUIC_A_CFG_LAYOUT]) {
		NL_SET_ERR_MSG(req->extack, "A config with a layout has the algorithm of that name");
		return -EINVAL;
	}
	params->server_id_len = nla_get_u8(tb[IP_VS_QUIC_A_CFG_SERVER_ID_LEN]);
	params->nonce_len = nla_get_u8(tb[IP_VS_QUIC_A_CFG_NONCE_LEN]);
	params->check_length = nla_get_flag(tb[IP_VS_QUIC_A_CFG_CHECK_LENGTH]);
	if (tb[IP_VS_QUIC_A_CFG_KEY] && tb[IP_VS_QUIC_A_CFG_KEY_FINGERPRINT]) {
		NL_SET_ERR_MSG(req->extack, "A config has a key or the fingerprint of one, not both");
		return -EINVAL;
	}
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

static int parse_config(struct ivq_request *req, struct nlattr **tb,
			struct ivq_config_params *params)
{
	int err = check_algorithm(tb[IP_VS_QUIC_A_CFG_ALGORITHM], req->extack);

	if (err)
		return err;
	return is_layout(tb) ? parse_layout_config(req, tb, params) :
			       parse_draft_config(req, tb, params);
}

static int read_config(struct ivq_request *req, const struct nlattr *attr,
		       struct nlattr *tb[IP_VS_QUIC_A_CFG_MAX + 1])
{
	static const u8 reply_only[] = {
		IP_VS_QUIC_A_CFG_DATAGRAMS, IP_VS_QUIC_A_CFG_LAST_SEEN,
		IP_VS_QUIC_A_CFG_MISSES,
	};
	unsigned int i;
	int err;

	err = nla_parse_nested(tb, IP_VS_QUIC_A_CFG_MAX, attr,
			       ip_vs_quic_config_nl_policy, req->extack);
	for (i = 0; !err && i < ARRAY_SIZE(reply_only); i++)
		err = ivq_netlink_reply_only(tb[reply_only[i]], req->extack);
	return err;
}

/* The config that the service has in the place of the one asked for, or NULL. */
static struct ivq_config *config_in_place(const struct ivq_request *req,
					  const struct ivq_config_params *params)
{
	return ivq_service_snapshot(req->qs)->configs.at[params->id][params->tenant];
}

static struct ivq_config *make_config(const struct ivq_request *req,
				      const struct ivq_config_params *params)
{
	struct ivq_config *cfg = ivq_config_new(params);
	struct ivq_config *old = config_in_place(req, params);

	if (IS_ERR(cfg)) {
		NL_SET_ERR_MSG(req->extack, "The config could not be made");
		return cfg;
	}
	if (!old || !ivq_config_equal(old, cfg))
		return cfg;
	/* one that is there already goes on counting */
	ivq_config_put(cfg);
	return ivq_config_get(old);
}

/*
 * The key's fingerprint stands for the key of a config that is there and stays as it is:
 * a program may not know the key.
 */
static struct ivq_config *keep_config(const struct ivq_request *req,
				      const struct ivq_config_params *params,
				      u32 fingerprint)
{
	struct ivq_config *old = config_in_place(req, params);

	if (old && ivq_config_is_keyed_by(old, fingerprint) &&
	    ivq_config_has_shape(old, params))
		return ivq_config_get(old);
	NL_SET_ERR_MSG(req->extack, "A key's fingerprint may stand for the key only where the service has the same config with that key; give the key");
	return ERR_PTR(-ENOKEY);
}

static int set_config(struct ivq_request *req, const struct nlattr *attr)
{
	struct ivq_config_params params = {};
	struct nlattr *tb[IP_VS_QUIC_A_CFG_MAX + 1];
	const struct nlattr *fingerprint;
	struct ivq_config *cfg;
	int err;

	err = read_config(req, attr, tb);
	if (!err)
		err = parse_config(req, tb, &params);
	if (err)
		return err;
	if (req->exclusive && req->change.configs.at[params.id][params.tenant]) {
		NL_SET_ERR_MSG(req->extack, "The service has a config with this ID already");
		return -EEXIST;
	}

	fingerprint = tb[IP_VS_QUIC_A_CFG_KEY_FINGERPRINT];
	if (fingerprint)
		cfg = keep_config(req, &params, nla_get_u32(fingerprint));
	else
		cfg = make_config(req, &params);
	if (IS_ERR(cfg))
		return PTR_ERR(cfg);
	req->fresh.at[params.id][params.tenant] = cfg;
	req->change.configs.at[params.id][params.tenant] = cfg;
	return 0;
}

int ivq_request_set_configs(struct ivq_request *req, struct genl_info *info)
{
	const struct nlattr *attr;
	int rem, err;

	for_each_request_attr(attr, info, rem) {
		if (nla_type(attr) != IP_VS_QUIC_A_CONFIG)
			continue;
		err = set_config(req, attr);
		if (err)
			return err;
	}
	return 0;
}

int ivq_request_del_configs(struct ivq_request *req, struct genl_info *info)
{
	struct nlattr *tb[IP_VS_QUIC_A_CFG_MAX + 1];
	const struct nlattr *attr;
	int rem, err;
	u8 id, tenant;

	for_each_request_attr(attr, info, rem) {
		if (nla_type(attr) != IP_VS_QUIC_A_CONFIG)
			continue;
		err = read_config(req, attr, tb);
		if (err)
			return err;
		if (!tb[IP_VS_QUIC_A_CFG_ID]) {
			NL_SET_ERR_MSG(req->extack, "The config's ID is missing");
			return -EINVAL;
		}
		if (tb[IP_VS_QUIC_A_CFG_KEY_FINGERPRINT]) {
			NL_SET_ERR_MSG(req->extack, "A config is deleted by its ID and tenant, whatever its key");
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

/* The packet path stops at the first empty place of a config ID. */
int ivq_request_check_tenants(const struct ivq_request *req)
{
	unsigned int id, i;

	for (id = 0; id < QLB_CONFIGS_MAX; id++)
		for (i = 1; i < IVQ_TENANTS_MAX; i++)
			if (req->change.configs.at[id][i] &&
			    !req->change.configs.at[id][i - 1]) {
				NL_SET_ERR_MSG(req->extack, "A config's tenants must be numbered from 0 without gaps");
				return -EINVAL;
			}
	return 0;
}

/* Does another config get CIDs with such first octets? */
static bool is_contested(const struct ivq_configs *configs, unsigned int high)
{
	const struct ivq_config *cfg;
	unsigned int id, takers = 0, layouts = 0;

	for (id = 0; id < QLB_CONFIGS_MAX; id++) {
		cfg = configs->at[id][0];
		if (!cfg || !ivq_config_takes(cfg, high))
			continue;
		takers++;
		layouts += ivq_config_is_layout(cfg);
		/* a layout's place may have been given a QUIC-LB tenant */
		takers += ivq_config_is_layout(cfg) && configs->at[id][1];
	}
	return layouts && takers > 1;
}

/* What a CID means must not depend on the order in which configs are tried. */
int ivq_request_check_layouts(const struct ivq_request *req)
{
	unsigned int high;

	for (high = 0; high < QLB_FIRST_OCTETS; high++)
		if (is_contested(&req->change.configs, high)) {
			NL_SET_ERR_MSG(req->extack, "A layout and another config of the service would get connection IDs with the same first octet");
			return -EINVAL;
		}
	return 0;
}
