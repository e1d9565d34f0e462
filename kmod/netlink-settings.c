// SPDX-License-Identifier: GPL-2.0
/* The settings of a request. */
#include "netlink-request.h"

#include <linux/err.h>

#include "core/maglev.h"
#include "netlink.h"

/* Reads a number if it is there; 0 or -ERANGE. */
static int parse_setting(struct ivq_request *req,
			 const struct nlattr *attr, u32 min, u32 max,
			 const char *range, u32 *value)
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

static int parse_table(struct ivq_request *req, struct nlattr **tb)
{
	struct ivq_settings *settings = &req->change.settings;
	u32 bits = settings->table_bits;
	int err;

	err = parse_setting(req, tb[IP_VS_QUIC_A_SET_TABLE_BITS],
			    MAGLEV_BITS_MIN, MAGLEV_BITS_MAX,
			    "The size of a table must have 8 to 19 bits", &bits);
	settings->table_bits = bits;
	return err;
}

/* IPVS's servers at the end of a batch; else those of before, in a table of another size. */
static int make_pool(struct ivq_request *req, u8 old_bits)
{
	u8 bits = req->change.settings.table_bits;
	struct ivq_pool *pool;

	if (req->commit)
		pool = ivq_pool_new(req->qs->svc, req->change.pool, bits);
	else if (bits != old_bits)
		pool = ivq_pool_resized(req->change.pool, bits);
	else
		return 0;
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	req->pool = pool;
	req->change.pool = pool;
	return 0;
}

/* A prefix of @octets octets, then its length; all zero is none. */
static int parse_source(struct ivq_request *req,
			const struct nlattr *attr, unsigned int octets,
			unsigned int min, struct ivq_source *source)
{
	struct ivq_source s = {};
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

static int parse_sources(struct ivq_request *req, struct nlattr **tb)
{
	struct ivq_settings *settings = &req->change.settings;
	struct ivq_sources *sources = &settings->sources;
	int err;

	err = parse_source(req, tb[IP_VS_QUIC_A_SET_SOURCE4], 4,
			   IVQ_SOURCE4_LEN_MIN, &sources->v4);
	if (!err)
		err = parse_source(req, tb[IP_VS_QUIC_A_SET_SOURCE6], 16,
				   IVQ_SOURCE6_LEN_MIN, &sources->v6);
	settings->spread = sources->v4.len || sources->v6.len;
	return err;
}

static int parse_settings(struct ivq_request *req, struct nlattr **tb,
			  u32 *dcid_max, u32 *dcid_timeout)
{
	struct ivq_settings *settings = &req->change.settings;
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
				    IVQ_UNROUTABLE_MAX, bad_max, dcid_max);
	if (!err)
		err = parse_setting(req, tb[IP_VS_QUIC_A_SET_TUPLE_MAX], 0,
				    INT_MAX, "The limit of connections is too large",
				    &settings->tuple_max);
	settings->tuple_timeout = tuple_timeout * HZ;
	return err;
}

/* An unchanged table goes on with what it has learnt. */
int ivq_request_set_settings(struct ivq_request *req, struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[IP_VS_QUIC_A_SETTINGS];
	u32 max = ivq_unroutable_max(req->change.unroutable);
	u32 timeout = ivq_unroutable_timeout(req->change.unroutable) / HZ;
	struct nlattr *tb[IP_VS_QUIC_A_SET_MAX + 1];
	const u8 old_bits = req->change.settings.table_bits;
	const u32 old_max = max, old_timeout = timeout;
	int err;

	if (req->replace) {
		req->change.settings = ivq_default_settings;
		max = 0;
	}
	if (req->replace || !timeout)
		timeout = 60;
	if (attr) {
		err = nla_parse_nested(tb, IP_VS_QUIC_A_SET_MAX, attr,
				       ip_vs_quic_settings_nl_policy, req->extack);
		if (!err)
			err = parse_settings(req, tb, &max, &timeout);
		if (!err)
			err = parse_sources(req, tb);
		if (!err)
			err = parse_table(req, tb);
		if (err)
			return err;
	}
	err = make_pool(req, old_bits);
	if (err)
		return err;
	if (attr && tb[IP_VS_QUIC_A_SET_DCID_TIMEOUT] && !max) {
		NL_SET_ERR_MSG(req->extack, "The table of unroutable CIDs is off and has no timeout");
		return -EINVAL;
	}
	if (max == old_max && (timeout == old_timeout || !max))
		return 0;
	req->change.unroutable = NULL;
	if (!max)
		return 0;
	req->unroutable = ivq_unroutable_new(max, timeout * HZ);
	req->change.unroutable = req->unroutable;
	return req->unroutable ? 0 : -ENOMEM;
}
