// SPDX-License-Identifier: GPL-2.0
#include "put.h"

#include <linux/jiffies.h>
#include <net/netlink.h>

#include "service.h"

static int put_addr(struct sk_buff *skb, int type, u16 af,
		    const union nf_inet_addr *addr)
{
	return nla_put(skb, type, af == AF_INET6 ? 16 : 4, addr);
}

/* Ends a nest, or takes it back after an error. */
static int end(struct sk_buff *skb, struct nlattr *nest, int err)
{
	if (err)
		nla_nest_cancel(skb, nest);
	else
		nla_nest_end(skb, nest);
	return err;
}

int ivq_put_service(struct sk_buff *skb, const struct ivq_svc_key *key)
{
	struct nlattr *nest = nla_nest_start(skb, IP_VS_QUIC_A_SERVICE);
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u16(skb, IP_VS_QUIC_A_SVC_AF, key->af);
	if (!err && key->fwmark)
		err = nla_put_u32(skb, IP_VS_QUIC_A_SVC_FWMARK, key->fwmark);
	else if (!err)
		err = put_addr(skb, IP_VS_QUIC_A_SVC_ADDR, key->af, &key->addr) ?:
		      nla_put_be16(skb, IP_VS_QUIC_A_SVC_PORT, key->port);
	return end(skb, nest, err);
}

static int put_usage(struct sk_buff *skb, const struct ivq_config *cfg)
{
	u64 datagrams, misses, seen, age;

	ivq_config_usage(cfg, &datagrams, &misses, &seen);
	age = jiffies64_to_msecs(get_jiffies_64() - seen);
	if (nla_put_u64_64bit(skb, IP_VS_QUIC_A_CFG_DATAGRAMS, datagrams, 0) ||
	    nla_put_u64_64bit(skb, IP_VS_QUIC_A_CFG_MISSES, misses, 0) ||
	    (seen &&
	     nla_put_u64_64bit(skb, IP_VS_QUIC_A_CFG_LAST_SEEN, age, 0)))
		return -EMSGSIZE;
	return 0;
}

static int put_layout(struct sk_buff *skb, const struct qlb_layout *layout)
{
	struct nlattr *nest;
	int err;

	if (!layout->bits)
		return 0;
	err = nla_put_u8(skb, IP_VS_QUIC_A_CFG_ALGORITHM,
			 IP_VS_QUIC_ALGORITHM_LAYOUT);
	if (err)
		return err;
	nest = nla_nest_start(skb, IP_VS_QUIC_A_CFG_LAYOUT);
	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u8(skb, IP_VS_QUIC_A_LAY_BIT_OFFSET,
			 layout->bit_offset) ?:
	      nla_put_u8(skb, IP_VS_QUIC_A_LAY_BITS, layout->bits) ?:
	      nla_put_u8(skb, IP_VS_QUIC_A_LAY_CID_LEN, layout->cid_len) ?:
	      nla_put(skb, IP_VS_QUIC_A_LAY_MASK, sizeof(layout->mask),
		      layout->mask) ?:
	      nla_put(skb, IP_VS_QUIC_A_LAY_VALUE, sizeof(layout->value),
		      layout->value);
	return end(skb, nest, err);
}

static int put_shape(struct sk_buff *skb, const struct ivq_config *cfg)
{
	if (nla_put_u8(skb, IP_VS_QUIC_A_CFG_ID, cfg->qlb.id) ||
	    nla_put_u8(skb, IP_VS_QUIC_A_CFG_TENANT, cfg->tenant) ||
	    (cfg->check_length &&
	     nla_put_flag(skb, IP_VS_QUIC_A_CFG_CHECK_LENGTH)) ||
	    nla_put_u8(skb, IP_VS_QUIC_A_CFG_SERVER_ID_LEN,
		       cfg->qlb.server_id_len) ||
	    nla_put_u8(skb, IP_VS_QUIC_A_CFG_NONCE_LEN, cfg->qlb.nonce_len) ||
	    (qlb_has_key(&cfg->qlb) &&
	     nla_put_u32(skb, IP_VS_QUIC_A_CFG_KEY_FINGERPRINT,
			 cfg->fingerprint)))
		return -EMSGSIZE;
	return put_layout(skb, &cfg->qlb.layout);
}

int ivq_put_config_shape(struct sk_buff *skb, const struct ivq_config *cfg)
{
	struct nlattr *nest = nla_nest_start(skb, IP_VS_QUIC_A_CONFIG);

	return nest ? end(skb, nest, put_shape(skb, cfg)) : -EMSGSIZE;
}

int ivq_put_config(struct sk_buff *skb, const struct ivq_config *cfg)
{
	struct nlattr *nest = nla_nest_start(skb, IP_VS_QUIC_A_CONFIG);
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = put_shape(skb, cfg) ?: put_usage(skb, cfg);
	if (!err && cfg->key_source)
		err = nla_put_string(skb, IP_VS_QUIC_A_CFG_KEY_SOURCE,
				     cfg->key_source);
	return end(skb, nest, err);
}

int ivq_put_sid(struct sk_buff *skb, int type, u8 config_id, const u8 *octets,
		u8 len, bool prefix, const struct ivq_addr *server)
{
	struct nlattr *nest = nla_nest_start(skb, type);
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u8(skb, IP_VS_QUIC_A_SID_CONFIG_ID, config_id) ?:
	      nla_put(skb, IP_VS_QUIC_A_SID_VALUE, len, octets);
	if (!err && prefix)
		err = nla_put_flag(skb, IP_VS_QUIC_A_SID_PREFIX);
	if (!err && server)
		err = nla_put_u16(skb, IP_VS_QUIC_A_SID_AF, server->af) ?:
		      put_addr(skb, IP_VS_QUIC_A_SID_ADDR, server->af,
			       &server->addr) ?:
		      nla_put_be16(skb, IP_VS_QUIC_A_SID_PORT, server->port);
	return end(skb, nest, err);
}

/* As it was set; no attribute if it is not set. */
static int put_source(struct sk_buff *skb, int type, unsigned int octets,
		      const struct ivq_source *source)
{
	u8 data[17];

	if (!source->len)
		return 0;
	memcpy(data, &source->prefix, octets);
	data[octets] = source->len;
	return nla_put(skb, type, octets + 1, data);
}

static int put_dcid(struct sk_buff *skb,
		    const struct ivq_unroutable_table *table)
{
	u32 max = ivq_unroutable_max(table);
	int err = nla_put_u32(skb, IP_VS_QUIC_A_SET_DCID_MAX, max);

	if (err || !max)
		return err;
	return nla_put_u32(skb, IP_VS_QUIC_A_SET_DCID_TIMEOUT,
			   ivq_unroutable_timeout(table) / HZ);
}

int ivq_put_settings(struct sk_buff *skb, const struct ivq_snapshot *snapshot)
{
	const struct ivq_settings *settings = &snapshot->settings;
	struct nlattr *nest = nla_nest_start(skb, IP_VS_QUIC_A_SETTINGS);
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u32(skb, IP_VS_QUIC_A_SET_TUPLE_TIMEOUT,
			  settings->tuple_timeout / HZ) ?:
	      nla_put_u32(skb, IP_VS_QUIC_A_SET_TUPLE_MAX,
			  settings->tuple_max) ?:
	      nla_put_u32(skb, IP_VS_QUIC_A_SET_TABLE_BITS,
			  settings->table_bits) ?:
	      put_source(skb, IP_VS_QUIC_A_SET_SOURCE4, 4,
			 &settings->sources.v4) ?:
	      put_source(skb, IP_VS_QUIC_A_SET_SOURCE6, 16,
			 &settings->sources.v6) ?:
	      put_dcid(skb, snapshot->unroutable);
	return end(skb, nest, err);
}

static int put_server(struct sk_buff *skb, const struct ivq_pool *pool, u32 i)
{
	const struct ivq_target *target = pool->targets[i];

	return nla_put_u16(skb, IP_VS_QUIC_A_SRV_AF, target->addr.af) ?:
	       put_addr(skb, IP_VS_QUIC_A_SRV_ADDR, target->addr.af,
			&target->addr.addr) ?:
	       nla_put_be16(skb, IP_VS_QUIC_A_SRV_PORT, target->addr.port) ?:
	       nla_put_u32(skb, IP_VS_QUIC_A_SRV_WEIGHT, pool->weights[i]) ?:
	       nla_put_u32(skb, IP_VS_QUIC_A_SRV_METHOD,
			   target->conn.flags & IP_VS_CONN_F_FWD_MASK);
}

int ivq_put_server(struct sk_buff *skb, int type, const struct ivq_pool *pool,
		   u32 i)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	return nest ? end(skb, nest, put_server(skb, pool, i)) : -EMSGSIZE;
}

static int put_count(struct sk_buff *skb, const struct ivq_target *target,
		     u8 config_id)
{
	struct nlattr *nest = nla_nest_start(skb, IP_VS_QUIC_A_SRV_CONFIG);
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u8(skb, IP_VS_QUIC_A_CFG_ID, config_id) ?:
	      nla_put_u64_64bit(skb, IP_VS_QUIC_A_CFG_DATAGRAMS,
				ivq_target_decided(target, config_id), 0);
	return end(skb, nest, err);
}

int ivq_put_server_counts(struct sk_buff *skb,
			  const struct ivq_snapshot *snapshot, u32 i)
{
	struct nlattr *nest = nla_nest_start(skb, IP_VS_QUIC_A_SERVER);
	unsigned int id;
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = put_server(skb, snapshot->pool, i);
	for (id = 0; !err && id < QLB_CONFIGS_MAX; id++)
		if (snapshot->configs.at[id][0])
			err = put_count(skb, snapshot->pool->targets[i], id);
	return end(skb, nest, err);
}
