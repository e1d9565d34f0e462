// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/quic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/genetlink.h>

#include "common/xalloc.h"
#include "kernel/nl.h"
#include "kernel/quic_read.h"
#include "model/layout.h"

enum {
	/* octets an object takes at most in a message, headers included */
	SERVICE_ROOM = 64,
	CONFIG_ROOM = 128 + KEY_SOURCE_MAX,
	MAPPING_ROOM = 80,
	SETTINGS_ROOM = 4 + 8 * SETTING_COUNT + 24 * SOURCE_COUNT,
	CID_ROOM = 4 + 256,
	DEVICE_ROOM = 8 + DEVICE_NAME_MAX + 1,
};

static void put_service_id(struct nlmsghdr *nlh, const struct service_id *id)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVICE);

	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_AF, id->vip.af);
	if (id->fwmark) {
		mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SVC_FWMARK, id->fwmark);
	} else {
		mnl_attr_put(nlh, IP_VS_QUIC_A_SVC_ADDR,
			     id->vip.af == AF_INET6 ? 16 : 4, id->vip.addr);
		mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_PORT,
				 htons(id->vip.port));
	}
	mnl_attr_nest_end(nlh, nest);
}

static void put_key(struct nlmsghdr *nlh, const struct config *config)
{
	/* a config that stays as it is needs no key: the kernel has it */
	if (config->have_key)
		mnl_attr_put(nlh, IP_VS_QUIC_A_CFG_KEY, sizeof(config->key),
			     config->key);
	else if (config->keyed)
		mnl_attr_put_u32(nlh, IP_VS_QUIC_A_CFG_KEY_FINGERPRINT,
				 config->fingerprint);
	if (config->key_source)
		mnl_attr_put_strz(nlh, IP_VS_QUIC_A_CFG_KEY_SOURCE,
				  config->key_source);
}

static void put_flag(struct nlmsghdr *nlh, uint16_t attr, bool is_set)
{
	if (is_set)
		mnl_attr_put(nlh, attr, 0, NULL);
}

static void put_length(struct nlmsghdr *nlh, uint16_t attr,
		       const struct config *config, uint8_t length)
{
	if (!config_is_layout(config))
		mnl_attr_put_u8(nlh, attr, length);
}

static void put_layout(struct nlmsghdr *nlh, uint16_t attr,
		       const struct qlb_layout *layout)
{
	struct nlattr *nest;

	if (!layout->bits)
		return;
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_ALGORITHM,
			IP_VS_QUIC_ALGORITHM_LAYOUT);
	nest = mnl_attr_nest_start(nlh, attr);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_LAY_BIT_OFFSET, layout->bit_offset);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_LAY_BITS, layout->bits);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_LAY_CID_LEN, layout->cid_len);
	mnl_attr_put(nlh, IP_VS_QUIC_A_LAY_MASK, sizeof(layout->mask), layout->mask);
	mnl_attr_put(nlh, IP_VS_QUIC_A_LAY_VALUE, sizeof(layout->value), layout->value);
	mnl_attr_nest_end(nlh, nest);
}

#define PUT_NUMBER(attr, name) mnl_attr_put_u8(nlh, attr, config->name)
#define PUT_LENGTH(attr, name) put_length(nlh, attr, config, config->name)
#define PUT_OPTIONAL(attr, name) mnl_attr_put_u8(nlh, attr, config->name)
#define PUT_FLAG(attr, name) put_flag(nlh, attr, config->name)
#define PUT_LAYOUT(attr, name) put_##name(nlh, attr, &config->name)
#define PUT_KEY(attr, name) put_##name(nlh, config)

static void put_config(struct nlmsghdr *nlh, const struct config *config)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_CONFIG);

#define X(symbol, name, kind) PUT_##kind(IP_VS_QUIC_A_CFG_##symbol, name)
	QLB_CONFIG_FIELDS(X, ;);
#undef X
	mnl_attr_nest_end(nlh, nest);
}

static void put_config_id(struct nlmsghdr *nlh, const struct config *config)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_CONFIG);

	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_ID, config->id);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_TENANT, config->tenant);
	mnl_attr_nest_end(nlh, nest);
}

static void put_server(struct nlmsghdr *nlh, const struct endpoint *server)
{
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SID_AF, server->af);
	mnl_attr_put(nlh, IP_VS_QUIC_A_SID_ADDR,
		     server->af == AF_INET6 ? 16 : 4, server->addr);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SID_PORT, htons(server->port));
}

static void put_mapping(struct nlmsghdr *nlh, const struct mapping *map)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVER_ID);

	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_SID_CONFIG_ID, map->config_id);
	mnl_attr_put(nlh, IP_VS_QUIC_A_SID_VALUE, map->sid.len,
		     map->sid.octets);
	if (map->prefix)
		mnl_attr_put(nlh, IP_VS_QUIC_A_SID_PREFIX, 0, NULL);
	if (map->server.af)
		put_server(nlh, &map->server);
	mnl_attr_nest_end(nlh, nest);
}

static void put_settings(struct nlmsghdr *nlh, const struct quic_change *change)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SETTINGS);
	unsigned int i;

	for (i = 0; i < SETTING_COUNT; i++)
		if (change->setting_mask & 1u << i)
			mnl_attr_put_u32(nlh, settings[i].attr,
					 change->settings[i]);
	for (i = 0; i < SOURCE_COUNT; i++) {
		uint8_t data[sizeof(struct prefix)];

		if (!(change->source_mask & 1u << i))
			continue;
		memcpy(data, change->sources[i].addr, sources[i].octets);
		data[sources[i].octets] = change->sources[i].len;
		mnl_attr_put(nlh, sources[i].attr, sources[i].octets + 1u, data);
	}
	mnl_attr_nest_end(nlh, nest);
}

static void begin_change(struct nl_request *request, uint8_t cmd,
			 const struct quic_change *change)
{
	nl_begin(request, NL_QUIC, cmd, 0,
		 SERVICE_ROOM + SETTINGS_ROOM +
		 change->config_count * CONFIG_ROOM +
		 (change->map_count + 1) * MAPPING_ROOM);
	put_service_id(request->nlh, change->service);
	if (change->flags)
		mnl_attr_put_u32(request->nlh, IP_VS_QUIC_A_FLAGS,
				 change->flags);
}

static int talk(struct nl_request *request, mnl_cb_t cb, void *data)
{
	int err = nl_talk(request, cb, data);

	nl_free(request);
	return err;
}

int quic_set(const struct quic_change *change)
{
	struct nl_request request;
	size_t i;

	begin_change(&request, IP_VS_QUIC_CMD_SET, change);
	for (i = 0; i < change->config_count; i++)
		put_config(request.nlh, &change->configs[i]);
	for (i = 0; i < change->map_count; i++)
		put_mapping(request.nlh, &change->maps[i]);
	if (change->setting_mask || change->source_mask)
		put_settings(request.nlh, change);
	return talk(&request, NULL, NULL);
}

int quic_del(const struct quic_change *change)
{
	struct nl_request request;
	struct nlattr *nest;
	size_t i;

	begin_change(&request, IP_VS_QUIC_CMD_DEL, change);
	for (i = 0; i < change->config_count; i++)
		put_config_id(request.nlh, &change->configs[i]);
	for (i = 0; i < change->map_count; i++)
		put_mapping(request.nlh, &change->maps[i]);
	if (change->all_of) {
		nest = mnl_attr_nest_start(request.nlh, IP_VS_QUIC_A_SERVER_ID);
		put_server(request.nlh, change->all_of);
		mnl_attr_nest_end(request.nlh, nest);
	}
	return talk(&request, NULL, NULL);
}

/* Those that this program knows are there, *@count of them at the start. */
static void read_outcomes(const struct nlattr *nest, uint64_t *outcomes,
			  size_t *count)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		unsigned int outcome = mnl_attr_get_type(attr) - 1u;

		if (outcome >= OUTCOMES_MAX)
			continue;
		outcomes[outcome] = nl_number(attr);
		if (*count <= outcome)
			*count = outcome + 1;
	}
}

/* A real server that came after the state was read has no place there. */
static void read_server(const struct nlattr *nest, struct service *svc)
{
	struct dest told, *dest;

	quic_read_dest(nest, &told);
	dest = service_find_sorted_dest(svc, &told.server);
	if (dest)
		memcpy(dest->datagrams, told.datagrams, sizeof(dest->datagrams));
	svc->counts_servers = true;
}

static int on_service(const struct nlmsghdr *nlh, void *data)
{
	struct service *svc = NULL;
	const struct nlattr *attr;
	struct service_id id;
	struct config config;
	struct mapping map;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == IP_VS_QUIC_A_SERVICE) {
			quic_read_service(attr, &id);
			svc = state_find(data, &id);
		}
	if (!svc)
		return MNL_CB_OK;	/* made after the state was read */
	mnl_attr_for_each(attr, nlh, GENL_HDRLEN)
		switch (mnl_attr_get_type(attr)) {
		case IP_VS_QUIC_A_CONFIG:
			quic_read_config(attr, &config);
			if (!service_add_config(svc, &config))
				config_destroy(&config);
			break;
		case IP_VS_QUIC_A_SERVER_ID:
			quic_read_mapping(attr, &map);
			service_add_mapping(svc, &map);
			break;
		case IP_VS_QUIC_A_SETTINGS:
			quic_read_settings(attr, svc);
			break;
		case IP_VS_QUIC_A_SERVER:
			read_server(attr, svc);
			break;
		case IP_VS_QUIC_A_REBUILD_ERROR:
			svc->rebuild_error = (uint32_t)nl_number(attr);
			break;
		case IP_VS_QUIC_A_CONTRACT:
			svc->contract = (uint32_t)nl_number(attr);
			break;
		case IP_VS_QUIC_A_STATS:
			svc->outcome_count = IP_VS_QUIC_OUTCOME_COUNT;
			read_outcomes(attr, svc->outcomes, &svc->outcome_count);
			break;
		case IP_VS_QUIC_A_RESERVED_SHORT:
			svc->reserved_short = nl_number(attr);
			break;
		}
	return MNL_CB_OK;
}

/* Back to what IPVS alone told. */
static void forget(struct state *state)
{
	size_t i, j;

	for (i = 0; i < state->count; i++) {
		struct service *svc = state->services[i];

		for (j = 0; j < svc->config_count; j++)
			config_destroy(&svc->configs[j]);
		for (j = 0; j < SETTING_COUNT; j++)
			svc->settings[j] = settings[j].value;
		memset(svc->sources, 0, sizeof(svc->sources));
		svc->rebuild_error = 0;
		svc->contract = 0;
		svc->counts_servers = false;
		svc->config_count = 0;
		svc->map_count = 0;
		free(svc->maps);
		svc->maps = NULL;
	}
}

int quic_get(struct state *state, const struct service_id *id)
{
	unsigned int tries = NL_DUMP_TRIES;
	struct nl_request request;
	int err;

	state_sort(state);
	do {
		forget(state);
		nl_begin(&request, NL_QUIC, IP_VS_QUIC_CMD_GET, NLM_F_DUMP,
			 SERVICE_ROOM);
		if (id)
			put_service_id(request.nlh, id);
		err = talk(&request, on_service, state);
	} while (err == -EINTR && --tries);
	return err;
}

int quic_zero(const struct service_id *id)
{
	struct nl_request request;

	nl_begin(&request, NL_QUIC, IP_VS_QUIC_CMD_ZERO, 0, SERVICE_ROOM);
	if (id)
		put_service_id(request.nlh, id);
	return talk(&request, NULL, NULL);
}

int quic_put_express(uint8_t cmd, const char *device)
{
	struct nl_request request;
	struct nlattr *nest;

	if (cmd == IP_VS_QUIC_CMD_EXPRESS_ADD)
		nl_load_quic();
	nl_begin(&request, NL_QUIC, cmd, 0, DEVICE_ROOM);
	nest = mnl_attr_nest_start(request.nlh, IP_VS_QUIC_A_EXPRESS);
	mnl_attr_put_strz(request.nlh, IP_VS_QUIC_A_EXP_DEVICE, device);
	mnl_attr_nest_end(request.nlh, nest);
	return talk(&request, NULL, NULL);
}

static int on_express(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[IP_VS_QUIC_A_EXP_MAX + 1], *attr;
	struct device device;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != IP_VS_QUIC_A_EXPRESS)
			continue;
		nl_nested(attr, attrs, IP_VS_QUIC_A_EXP_MAX);
		memset(&device, 0, sizeof(device));
		nl_octets(attrs[IP_VS_QUIC_A_EXP_DEVICE], device.name,
			  DEVICE_NAME_MAX);
		device.outcome_count = IP_VS_QUIC_EXPRESS_OUTCOME_COUNT;
		if (attrs[IP_VS_QUIC_A_EXP_STATS])
			read_outcomes(attrs[IP_VS_QUIC_A_EXP_STATS],
				      device.outcomes, &device.outcome_count);
		if (attrs[IP_VS_QUIC_A_EXP_ASKS])
			device.asks = (uint32_t)nl_number(attrs[IP_VS_QUIC_A_EXP_ASKS]);
		state_add_device(data, &device);
	}
	return MNL_CB_OK;
}

int quic_get_express(struct state *state)
{
	unsigned int tries = NL_DUMP_TRIES;
	struct nl_request request;
	int err;

	do {
		state->device_count = 0;
		nl_begin(&request, NL_QUIC, IP_VS_QUIC_CMD_EXPRESS_GET,
			 NLM_F_DUMP, 0);
		err = talk(&request, on_express, state);
	} while (err == -EINTR && --tries);
	return err;
}

static int on_decoded(const struct nlmsghdr *nlh, void *data)
{
	struct quic_decoded *decoded = data;
	const struct nlattr *attr;
	struct config config;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN)
		switch (mnl_attr_get_type(attr)) {
		case IP_VS_QUIC_A_OUTCOME:
			decoded->has_outcome = true;
			decoded->outcome = (uint32_t)nl_number(attr);
			break;
		case IP_VS_QUIC_A_CONFIG:
			quic_read_config(attr, &config);
			decoded->has_config = true;
			decoded->config_id = config.id;
			decoded->has_tenant = true;
			decoded->tenant = config.tenant;
			config_destroy(&config);
			break;
		case IP_VS_QUIC_A_SERVER_ID:
			decoded->has_server = quic_read_mapping(attr, &decoded->map);
			break;
		case IP_VS_QUIC_A_NONCE:
			decoded->nonce_len = nl_octets(attr, decoded->nonce,
						       sizeof(decoded->nonce));
			break;
		}
	return MNL_CB_OK;
}

int quic_decode(const struct service_id *id, const uint8_t *cid, size_t len,
		struct quic_decoded *decoded)
{
	struct nl_request request;

	memset(decoded, 0, sizeof(*decoded));
	nl_begin(&request, NL_QUIC, IP_VS_QUIC_CMD_DECODE, 0,
		 SERVICE_ROOM + CID_ROOM);
	put_service_id(request.nlh, id);
	mnl_attr_put(request.nlh, IP_VS_QUIC_A_CID, len, cid);
	return talk(&request, on_decoded, decoded);
}

struct flow_reader {
	quic_flow_fn each;
	void *data;
};

static void read_flow(const struct nlattr *nest, struct quic_flow *flow)
{
	const struct nlattr *attrs[IP_VS_QUIC_A_FLOW_MAX + 1];
	uint16_t af = flow->service.vip.af;

	nl_nested(nest, attrs, IP_VS_QUIC_A_FLOW_MAX);
	flow->client.af = af;
	nl_octets(attrs[IP_VS_QUIC_A_FLOW_CLIENT], flow->client.addr,
		  sizeof(flow->client.addr));
	flow->client.port =
		ntohs((uint16_t)nl_number(attrs[IP_VS_QUIC_A_FLOW_CLIENT_PORT]));
	flow->vip = flow->service.vip;
	if (attrs[IP_VS_QUIC_A_FLOW_VIP])
		nl_octets(attrs[IP_VS_QUIC_A_FLOW_VIP], flow->vip.addr,
			  sizeof(flow->vip.addr));
	flow->vip.port =
		ntohs((uint16_t)nl_number(attrs[IP_VS_QUIC_A_FLOW_VIP_PORT]));
	flow->expires = (uint32_t)nl_number(attrs[IP_VS_QUIC_A_FLOW_EXPIRES]);
	flow->routed = attrs[IP_VS_QUIC_A_FLOW_ROUTED];
}

static int on_flow(const struct nlmsghdr *nlh, void *data)
{
	const struct flow_reader *reader = data;
	const struct nlattr *attr, *nest = NULL;
	struct quic_flow flow;
	struct dest dest;

	memset(&flow, 0, sizeof(flow));
	mnl_attr_for_each(attr, nlh, GENL_HDRLEN)
		switch (mnl_attr_get_type(attr)) {
		case IP_VS_QUIC_A_SERVICE:
			quic_read_service(attr, &flow.service);
			break;
		case IP_VS_QUIC_A_SERVER:
			quic_read_dest(attr, &dest);
			flow.server = dest.server;
			break;
		case IP_VS_QUIC_A_FLOW:
			nest = attr;
			break;
		}
	if (nest) {
		read_flow(nest, &flow);
		reader->each(&flow, reader->data);
	}
	return MNL_CB_OK;
}

int quic_each_flow(quic_flow_fn each, void *data)
{
	struct flow_reader reader = { each, data };
	struct nl_request request;
	int err;

	nl_begin(&request, NL_QUIC, IP_VS_QUIC_CMD_FLOW_GET, NLM_F_DUMP, 0);
	err = talk(&request, on_flow, &reader);
	return err == -EOPNOTSUPP ? 0 : err;
}
