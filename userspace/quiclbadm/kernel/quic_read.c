// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/quic_read.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/xalloc.h"
#include "kernel/nl.h"

void quic_read_service(const struct nlattr *nest, struct service_id *id)
{
	const struct nlattr *attrs[IP_VS_QUIC_A_SVC_MAX + 1];

	nl_nested(nest, attrs, IP_VS_QUIC_A_SVC_MAX);
	memset(id, 0, sizeof(*id));
	id->protocol = IPPROTO_UDP;
	id->vip.af = (uint16_t)nl_number(attrs[IP_VS_QUIC_A_SVC_AF]);
	id->fwmark = (uint32_t)nl_number(attrs[IP_VS_QUIC_A_SVC_FWMARK]);
	nl_octets(attrs[IP_VS_QUIC_A_SVC_ADDR], id->vip.addr,
		  sizeof(id->vip.addr));
	id->vip.port = ntohs((uint16_t)nl_number(attrs[IP_VS_QUIC_A_SVC_PORT]));
}

static void read_usage(const struct nlattr **attrs, struct config *config)
{
	config->datagrams = nl_number(attrs[IP_VS_QUIC_A_CFG_DATAGRAMS]);
	config->misses = nl_number(attrs[IP_VS_QUIC_A_CFG_MISSES]);
	config->seen = attrs[IP_VS_QUIC_A_CFG_LAST_SEEN];
	config->last_seen = nl_number(attrs[IP_VS_QUIC_A_CFG_LAST_SEEN]);
}

static void read_layout(const struct nlattr *nest, struct qlb_layout *layout)
{
	const struct nlattr *attrs[IP_VS_QUIC_A_LAY_MAX + 1];

	if (!nest)
		return;
	nl_nested(nest, attrs, IP_VS_QUIC_A_LAY_MAX);
	layout->bit_offset = (uint8_t)nl_number(attrs[IP_VS_QUIC_A_LAY_BIT_OFFSET]);
	layout->bits = (uint8_t)nl_number(attrs[IP_VS_QUIC_A_LAY_BITS]);
	layout->cid_len = (uint8_t)nl_number(attrs[IP_VS_QUIC_A_LAY_CID_LEN]);
	nl_octets(attrs[IP_VS_QUIC_A_LAY_MASK], layout->mask, sizeof(layout->mask));
	nl_octets(attrs[IP_VS_QUIC_A_LAY_VALUE], layout->value, sizeof(layout->value));
}

/* Of the key the kernel gives the fingerprint alone. */
static void read_key(const struct nlattr **attrs, struct config *config)
{
	char path[KEY_SOURCE_MAX + 1];

	config->keyed = attrs[IP_VS_QUIC_A_CFG_KEY_FINGERPRINT];
	config->fingerprint =
		(uint32_t)nl_number(attrs[IP_VS_QUIC_A_CFG_KEY_FINGERPRINT]);
	if (nl_octets(attrs[IP_VS_QUIC_A_CFG_KEY_SOURCE], path,
		      sizeof(path) - 1) && *path) {
		path[KEY_SOURCE_MAX] = '\0';
		config->key_source = xstrdup(path);
	}
}

#define READ_NUMBER(attr, name) config->name = (uint8_t)nl_number(attrs[attr])
#define READ_LENGTH(attr, name) READ_NUMBER(attr, name)
#define READ_OPTIONAL(attr, name) READ_NUMBER(attr, name)
#define READ_FLAG(attr, name) config->name = attrs[attr]
#define READ_LAYOUT(attr, name) read_##name(attrs[attr], &config->name)
#define READ_KEY(attr, name) read_##name(attrs, config)

void quic_read_config(const struct nlattr *nest, struct config *config)
{
	const struct nlattr *attrs[IP_VS_QUIC_A_CFG_MAX + 1];

	nl_nested(nest, attrs, IP_VS_QUIC_A_CFG_MAX);
	memset(config, 0, sizeof(*config));
	read_usage(attrs, config);
#define X(symbol, name, kind) READ_##kind(IP_VS_QUIC_A_CFG_##symbol, name)
	QLB_CONFIG_FIELDS(X, ;);
#undef X
}

bool quic_read_mapping(const struct nlattr *nest, struct mapping *map)
{
	const struct nlattr *attrs[IP_VS_QUIC_A_SID_MAX + 1];

	nl_nested(nest, attrs, IP_VS_QUIC_A_SID_MAX);
	memset(map, 0, sizeof(*map));
	map->config_id = (uint8_t)nl_number(attrs[IP_VS_QUIC_A_SID_CONFIG_ID]);
	map->sid.len = (uint8_t)nl_octets(attrs[IP_VS_QUIC_A_SID_VALUE],
					  map->sid.octets,
					  sizeof(map->sid.octets));
	map->prefix = attrs[IP_VS_QUIC_A_SID_PREFIX];
	map->server.af = (uint16_t)nl_number(attrs[IP_VS_QUIC_A_SID_AF]);
	nl_octets(attrs[IP_VS_QUIC_A_SID_ADDR], map->server.addr,
		  sizeof(map->server.addr));
	map->server.port =
		ntohs((uint16_t)nl_number(attrs[IP_VS_QUIC_A_SID_PORT]));
	return attrs[IP_VS_QUIC_A_SID_ADDR];
}

static void read_source(const struct nlattr *attr,
			const struct source_desc *desc, struct prefix *prefix)
{
	uint8_t data[sizeof(struct prefix)];

	memset(prefix, 0, sizeof(*prefix));
	if (nl_octets(attr, data, sizeof(data)) != desc->octets + 1u)
		return;
	memcpy(prefix->addr, data, desc->octets);
	prefix->len = data[desc->octets];
}

void quic_read_settings(const struct nlattr *nest, struct service *svc)
{
	const struct nlattr *attrs[IP_VS_QUIC_A_SET_MAX + 1];
	unsigned int i;

	nl_nested(nest, attrs, IP_VS_QUIC_A_SET_MAX);
	for (i = 0; i < SETTING_COUNT; i++)
		if (attrs[settings[i].attr])
			svc->settings[i] =
				(uint32_t)nl_number(attrs[settings[i].attr]);
	for (i = 0; i < SOURCE_COUNT; i++)
		if (attrs[sources[i].attr])
			read_source(attrs[sources[i].attr], &sources[i],
				    &svc->sources[i]);
}

static void read_count(const struct nlattr *nest, struct dest *dest)
{
	const struct nlattr *attrs[IP_VS_QUIC_A_CFG_MAX + 1];
	uint64_t id;

	nl_nested(nest, attrs, IP_VS_QUIC_A_CFG_MAX);
	id = nl_number(attrs[IP_VS_QUIC_A_CFG_ID]);
	if (id < QLB_CONFIGS_MAX)
		dest->datagrams[id] = nl_number(attrs[IP_VS_QUIC_A_CFG_DATAGRAMS]);
}

void quic_read_dest(const struct nlattr *nest, struct dest *dest)
{
	const struct nlattr *attrs[IP_VS_QUIC_A_SRV_MAX + 1], *attr;

	nl_nested(nest, attrs, IP_VS_QUIC_A_SRV_MAX);
	memset(dest, 0, sizeof(*dest));
	dest->server.af = (uint16_t)nl_number(attrs[IP_VS_QUIC_A_SRV_AF]);
	nl_octets(attrs[IP_VS_QUIC_A_SRV_ADDR], dest->server.addr,
		  sizeof(dest->server.addr));
	dest->server.port =
		ntohs((uint16_t)nl_number(attrs[IP_VS_QUIC_A_SRV_PORT]));
	dest->weight = (uint32_t)nl_number(attrs[IP_VS_QUIC_A_SRV_WEIGHT]);
	dest->forward = (uint32_t)nl_number(attrs[IP_VS_QUIC_A_SRV_METHOD]);
	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == IP_VS_QUIC_A_SRV_CONFIG)
			read_count(attr, dest);
}
