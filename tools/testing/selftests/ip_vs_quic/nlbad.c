// SPDX-License-Identifier: GPL-2.0-only
/*
 * nlbad VIP PORT SERVER - requests to the ip_vs_quic family that quiclbadm would never send.
 *
 * The service has to exist with config 0 of 3 + 4 octets, and SERVER in its pool with server ID
 * 0:0a0b0c.  For each row of the table prints "NAME|ERRNO|SENTENCE", the kernel's answer.  The
 * caller judges it.  The first row is well-formed; this shows that the others are not refused for
 * something that all rows lack.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/ip_vs_quic.h>

#include "genl.h"
#include "tool.h"

enum { MESSAGE_MAX = 8192 };

static uint32_t vip, server;
static uint16_t vport;
static struct mnl_socket *nl;
static uint16_t family;

/* --- pieces ------------------------------------------------------------- */

static void service_at(struct nlmsghdr *nlh, uint16_t port)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVICE);

	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_AF, AF_INET);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SVC_ADDR, vip);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_PORT, htons(port));
	mnl_attr_nest_end(nlh, nest);
}

static void service(struct nlmsghdr *nlh)
{
	service_at(nlh, vport);
}

static void config(struct nlmsghdr *nlh, uint8_t id, uint8_t server_id_len, uint8_t nonce_len)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_CONFIG);

	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_ID, id);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_SERVER_ID_LEN, server_id_len);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_NONCE_LEN, nonce_len);
	mnl_attr_nest_end(nlh, nest);
}

/* Config 5 of 3 + 4 octets with one attribute more. */
static void config_with(struct nlmsghdr *nlh, uint16_t type, size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_CONFIG);
	char octets[2048];

	memset(octets, 'k', sizeof(octets));
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_ID, 5);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_SERVER_ID_LEN, 3);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_NONCE_LEN, 4);
	mnl_attr_put(nlh, type, len, octets);
	mnl_attr_nest_end(nlh, nest);
}

static void server_id(struct nlmsghdr *nlh, uint8_t config_id, const char *value, size_t len, uint32_t addr)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVER_ID);

	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_SID_CONFIG_ID, config_id);
	mnl_attr_put(nlh, IP_VS_QUIC_A_SID_VALUE, len, value);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SID_AF, AF_INET);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SID_ADDR, addr);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SID_PORT, htons(vport));
	mnl_attr_nest_end(nlh, nest);
}

/* --- rows ---------------------------------------------------------------- */

static void well_formed(struct nlmsghdr *nlh)
{
	service(nlh);
	server_id(nlh, 0, "\x0a\x0b\x0c", 3, server);
}

static void nothing(struct nlmsghdr *nlh)
{
	(void)nlh;
}

static void service_no_family(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVICE);

	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SVC_ADDR, vip);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_PORT, htons(vport));
	mnl_attr_nest_end(nlh, nest);
}

static void service_bad_family(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVICE);

	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_AF, 99);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SVC_ADDR, vip);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_PORT, htons(vport));
	mnl_attr_nest_end(nlh, nest);
}

static void service_long_address(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVICE);
	uint32_t addr[4] = { vip };

	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_AF, AF_INET);
	mnl_attr_put(nlh, IP_VS_QUIC_A_SVC_ADDR, sizeof(addr), addr);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_PORT, htons(vport));
	mnl_attr_nest_end(nlh, nest);
}

static void service_short_address(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVICE);

	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_AF, AF_INET);
	mnl_attr_put(nlh, IP_VS_QUIC_A_SVC_ADDR, 3, &vip);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_PORT, htons(vport));
	mnl_attr_nest_end(nlh, nest);
}

static void service_v6_short(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVICE);

	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_AF, AF_INET6);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SVC_ADDR, vip);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_PORT, htons(vport));
	mnl_attr_nest_end(nlh, nest);
}

static void service_longer_address(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVICE);
	char addr[17] = { 0 };

	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_AF, AF_INET6);
	mnl_attr_put(nlh, IP_VS_QUIC_A_SVC_ADDR, sizeof(addr), addr);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_PORT, htons(vport));
	mnl_attr_nest_end(nlh, nest);
}

static void service_empty(struct nlmsghdr *nlh)
{
	mnl_attr_nest_end(nlh, mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVICE));
}

static void service_unknown(struct nlmsghdr *nlh)
{
	service_at(nlh, vport + 1);
	config(nlh, 5, 3, 4);
}

static void service_not_nested(struct nlmsghdr *nlh)
{
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SERVICE, vip);
}

/* An inner attribute that claims to be longer than the nest. */
static void service_inner_overrun(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVICE);
	struct nlattr *last;

	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_AF, AF_INET);
	last = mnl_nlmsg_get_payload_tail(nlh);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SVC_ADDR, vip);
	mnl_attr_nest_end(nlh, nest);
	last->nla_len = 200;
}

static void flags_unknown(struct nlmsghdr *nlh)
{
	service(nlh);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_FLAGS, 1u << 31);
	config(nlh, 5, 3, 4);
}

static void config_empty(struct nlmsghdr *nlh)
{
	service(nlh);
	mnl_attr_nest_end(nlh, mnl_attr_nest_start(nlh, IP_VS_QUIC_A_CONFIG));
}

#define CONFIG_ROW(name, id, sid_len, nonce_len)		\
static void name(struct nlmsghdr *nlh)				\
{								\
	service(nlh);						\
	config(nlh, id, sid_len, nonce_len);			\
}
CONFIG_ROW(config_id_7, 7, 3, 4)
CONFIG_ROW(config_id_255, 255, 3, 4)
CONFIG_ROW(config_sid_0, 5, 0, 4)
CONFIG_ROW(config_sid_16, 5, 16, 4)
CONFIG_ROW(config_nonce_3, 5, 3, 3)
CONFIG_ROW(config_nonce_19, 5, 1, 19)
CONFIG_ROW(config_sum_20, 5, 15, 5)
CONFIG_ROW(config_unfit, 0, 4, 4)

#define CONFIG_WITH_ROW(name, type, len)			\
static void name(struct nlmsghdr *nlh)				\
{								\
	service(nlh);						\
	config_with(nlh, type, len);				\
}
CONFIG_WITH_ROW(config_key_0, IP_VS_QUIC_A_CFG_KEY, 0)
CONFIG_WITH_ROW(config_key_15, IP_VS_QUIC_A_CFG_KEY, 15)
CONFIG_WITH_ROW(config_key_17, IP_VS_QUIC_A_CFG_KEY, 17)
CONFIG_WITH_ROW(config_source_2000, IP_VS_QUIC_A_CFG_KEY_SOURCE, 2000)
CONFIG_WITH_ROW(config_source_no_end, IP_VS_QUIC_A_CFG_KEY_SOURCE, 10)
CONFIG_WITH_ROW(config_fingerprint, IP_VS_QUIC_A_CFG_KEY_FINGERPRINT, 4)
CONFIG_WITH_ROW(config_datagrams, IP_VS_QUIC_A_CFG_DATAGRAMS, 8)
CONFIG_WITH_ROW(config_last_seen, IP_VS_QUIC_A_CFG_LAST_SEEN, 8)
CONFIG_WITH_ROW(config_misses, IP_VS_QUIC_A_CFG_MISSES, 8)
CONFIG_WITH_ROW(config_algorithm, IP_VS_QUIC_A_CFG_ALGORITHM, 1)
CONFIG_WITH_ROW(config_id_wide, IP_VS_QUIC_A_CFG_ID, 4)
CONFIG_WITH_ROW(config_unknown_attr, 99, 4)

/* Config 0 is there, without a key. */
static void config_fingerprint_0(struct nlmsghdr *nlh)
{
	struct nlattr *nest;

	service(nlh);
	nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_CONFIG);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_ID, 0);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_SERVER_ID_LEN, 3);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_NONCE_LEN, 4);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_CFG_KEY_FINGERPRINT, 0);
	mnl_attr_nest_end(nlh, nest);
}

static void config_key_and_fingerprint(struct nlmsghdr *nlh)
{
	static const char key[16];
	struct nlattr *nest;

	service(nlh);
	nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_CONFIG);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_ID, 5);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_SERVER_ID_LEN, 3);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_NONCE_LEN, 4);
	mnl_attr_put(nlh, IP_VS_QUIC_A_CFG_KEY, sizeof(key), key);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_CFG_KEY_FINGERPRINT, 0);
	mnl_attr_nest_end(nlh, nest);
}

static void config_twice(struct nlmsghdr *nlh)
{
	service(nlh);
	config(nlh, 5, 3, 4);
	config(nlh, 5, 3, 5);
}

struct layout_row {
	int algorithm;		/* -1: none */
	uint8_t id, bit_offset, bits, cid_len, mask, value;
	size_t fixed_len;
	uint16_t with;		/* an attribute more */
};

/* Config 5 unless the row says another. */
static void put_layout(struct nlmsghdr *nlh, const struct layout_row *row)
{
	struct nlattr *nest, *inner;
	uint8_t mask[32] = { row->mask }, value[32] = { row->value };

	service(nlh);
	nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_CONFIG);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_ID, row->id ? row->id : 5);
	if (row->algorithm >= 0)
		mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_ALGORITHM, (uint8_t)row->algorithm);
	if (row->with)
		mnl_attr_put(nlh, row->with, row->with == IP_VS_QUIC_A_CFG_KEY ? 16 : 1, mask);
	inner = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_CFG_LAYOUT);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_LAY_BIT_OFFSET, row->bit_offset);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_LAY_BITS, row->bits);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_LAY_CID_LEN, row->cid_len);
	mnl_attr_put(nlh, IP_VS_QUIC_A_LAY_MASK, row->fixed_len ? row->fixed_len : 1, mask);
	mnl_attr_put(nlh, IP_VS_QUIC_A_LAY_VALUE, 1, value);
	mnl_attr_nest_end(nlh, inner);
	mnl_attr_nest_end(nlh, nest);
}

/* 101xxxxx is config 5's, which the service does not have. */
#define LAYOUT_ROW(name, ...)					\
static void name(struct nlmsghdr *nlh)				\
{								\
	put_layout(nlh, &(struct layout_row){			\
		.algorithm = IP_VS_QUIC_ALGORITHM_LAYOUT, .bit_offset = 8, \
		.bits = 16, .mask = 0xe0, .value = 0xa0, __VA_ARGS__ }); \
}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
LAYOUT_ROW(layout_no_bits, .bits = 0)
LAYOUT_ROW(layout_121_bits, .bits = 121)
LAYOUT_ROW(layout_behind_end, .bit_offset = 150)
LAYOUT_ROW(layout_behind_cid, .cid_len = 2)
LAYOUT_ROW(layout_long_cid, .cid_len = 21)
LAYOUT_ROW(layout_fixed_outside_mask, .value = 0xb0)
LAYOUT_ROW(layout_fixed_server_id, .bit_offset = 2)
LAYOUT_ROW(layout_fixed_21, .fixed_len = 21)
LAYOUT_ROW(layout_other_id, .id = 4)
LAYOUT_ROW(layout_id_7, .id = 7, .value = 0xe0)
LAYOUT_ROW(layout_tenant, .with = IP_VS_QUIC_A_CFG_TENANT, .mask = 1, .value = 1)
LAYOUT_ROW(layout_key, .with = IP_VS_QUIC_A_CFG_KEY)
LAYOUT_ROW(layout_nonce, .with = IP_VS_QUIC_A_CFG_NONCE_LEN)
LAYOUT_ROW(layout_of_no_algorithm, .algorithm = -1)
LAYOUT_ROW(layout_rival, .mask = 0, .value = 0)
#pragma GCC diagnostic pop

static void layout_missing(struct nlmsghdr *nlh)
{
	struct nlattr *nest;

	service(nlh);
	nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_CONFIG);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_ID, 5);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_ALGORITHM, IP_VS_QUIC_ALGORITHM_LAYOUT);
	mnl_attr_nest_end(nlh, nest);
}

#define SID_ROW(name, id, value, len, addr)			\
static void name(struct nlmsghdr *nlh)				\
{								\
	service(nlh);						\
	server_id(nlh, id, value, len, addr);			\
}
SID_ROW(sid_config_7, 7, "\x01\x02\x03", 3, server)
SID_ROW(sid_empty, 0, "", 0, server)
SID_ROW(sid_16, 1, "0123456789abcdef", 16, server)
SID_ROW(sid_unfit, 0, "\x01\x02", 2, server)
SID_ROW(sid_no_such_server, 0, "\x01\x02\x03", 3, htonl(0x0a0000c8))
SID_ROW(sid_taken, 0, "\x0a\x0b\x0c", 3, htonl(ntohl(server) + 1))

static void sid_no_server(struct nlmsghdr *nlh)
{
	struct nlattr *nest;

	service(nlh);
	nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVER_ID);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_SID_CONFIG_ID, 0);
	mnl_attr_put(nlh, IP_VS_QUIC_A_SID_VALUE, 3, "\x01\x02\x03");
	mnl_attr_nest_end(nlh, nest);
}

/* A request is done or refused as a whole: the valid half must not stay. */
static void good_then_bad(struct nlmsghdr *nlh)
{
	service(nlh);
	config(nlh, 5, 3, 4);
	server_id(nlh, 0, "\x01\x02\x03", 3, server);
	server_id(nlh, 0, "\x01\x02", 2, server);
}

static void replace_by_bad(struct nlmsghdr *nlh)
{
	service(nlh);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_FLAGS, IP_VS_QUIC_F_REPLACE);
	config(nlh, 7, 3, 4);
}

static void top_unknown_attr(struct nlmsghdr *nlh)
{
	service(nlh);
	mnl_attr_put_u32(nlh, 99, 1);
}

static void top_overrun(struct nlmsghdr *nlh)
{
	struct nlattr *last;

	service(nlh);
	last = mnl_nlmsg_get_payload_tail(nlh);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_FLAGS, 0);
	last->nla_len = 0xfffc;
}

static void top_zero_length(struct nlmsghdr *nlh)
{
	struct nlattr *last;

	service(nlh);
	last = mnl_nlmsg_get_payload_tail(nlh);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_FLAGS, 0);
	last->nla_len = 0;
}

/* Ends in the middle of the generic netlink header. */
static void message_short(struct nlmsghdr *nlh)
{
	nlh->nlmsg_len = NLMSG_HDRLEN + 2;
}

static void del_config_unknown(struct nlmsghdr *nlh)
{
	struct nlattr *nest;

	service(nlh);
	nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_CONFIG);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_ID, 5);
	mnl_attr_nest_end(nlh, nest);
}

static void del_sid_unknown(struct nlmsghdr *nlh)
{
	struct nlattr *nest;

	service(nlh);
	nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVER_ID);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_SID_CONFIG_ID, 0);
	mnl_attr_put(nlh, IP_VS_QUIC_A_SID_VALUE, 3, "\x01\x02\x03");
	mnl_attr_nest_end(nlh, nest);
}

static void del_sid_of_nobody(struct nlmsghdr *nlh)
{
	service(nlh);
	mnl_attr_nest_end(nlh, mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVER_ID));
}

/* The server ID is another server's. */
static void del_sid_mismatch(struct nlmsghdr *nlh)
{
	service(nlh);
	server_id(nlh, 0, "\x0a\x0b\x0c", 3, htonl(ntohl(server) + 1));
}

static void del_sid_twice(struct nlmsghdr *nlh)
{
	service(nlh);
	server_id(nlh, 0, "\x0a\x0b\x0c", 3, server);
	server_id(nlh, 0, "\x0a\x0b\x0c", 3, server);
}

/* Neither of these may mean all server IDs of the server. */
static void del_half(struct nlmsghdr *nlh, bool config_id, bool value)
{
	struct nlattr *nest;

	service(nlh);
	nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVER_ID);
	if (config_id)
		mnl_attr_put_u8(nlh, IP_VS_QUIC_A_SID_CONFIG_ID, 0);
	if (value)
		mnl_attr_put(nlh, IP_VS_QUIC_A_SID_VALUE, 3, "\x0a\x0b\x0c");
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SID_AF, AF_INET);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SID_ADDR, server);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SID_PORT, htons(vport));
	mnl_attr_nest_end(nlh, nest);
}

static void del_sid_no_config(struct nlmsghdr *nlh)
{
	del_half(nlh, false, true);
}

static void del_sid_no_value(struct nlmsghdr *nlh)
{
	del_half(nlh, true, false);
}

/* This may not delete the server ID of another server. */
static void del_sid_no_port(struct nlmsghdr *nlh)
{
	struct nlattr *nest;

	service(nlh);
	nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVER_ID);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_SID_CONFIG_ID, 0);
	mnl_attr_put(nlh, IP_VS_QUIC_A_SID_VALUE, 3, "\x0a\x0b\x0c");
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SID_AF, AF_INET);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SID_ADDR, htonl(ntohl(server) + 1));
	mnl_attr_nest_end(nlh, nest);
}

/* Attributes that only replies have: the device exists, but the request must fail. */
static void express_stats(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_EXPRESS);

	mnl_attr_put_strz(nlh, IP_VS_QUIC_A_EXP_DEVICE, "lo");
	mnl_attr_nest_end(nlh, mnl_attr_nest_start(nlh, IP_VS_QUIC_A_EXP_STATS));
	mnl_attr_nest_end(nlh, nest);
}

static void top_stats(struct nlmsghdr *nlh)
{
	service(nlh);
	mnl_attr_nest_end(nlh, mnl_attr_nest_start(nlh, IP_VS_QUIC_A_STATS));
}

static void decode_no_cid(struct nlmsghdr *nlh)
{
	service(nlh);
}

static void decode_empty_cid(struct nlmsghdr *nlh)
{
	service(nlh);
	mnl_attr_put(nlh, IP_VS_QUIC_A_CID, 0, "");
}

static void decode_long_cid(struct nlmsghdr *nlh)
{
	char cid[256] = { 0 };

	service(nlh);
	mnl_attr_put(nlh, IP_VS_QUIC_A_CID, sizeof(cid), cid);
}

static const struct {
	const char *name;
	uint8_t cmd;
	void (*put)(struct nlmsghdr *nlh);
} rows[] = {
	{ "well-formed", IP_VS_QUIC_CMD_SET, well_formed },
	{ "no attribute at all", IP_VS_QUIC_CMD_SET, nothing },
	{ "service without a family", IP_VS_QUIC_CMD_SET, service_no_family },
	{ "service of family 99", IP_VS_QUIC_CMD_SET, service_bad_family },
	{ "IPv4 service with 16 octets of address", IP_VS_QUIC_CMD_SET, service_long_address },
	{ "IPv4 service with 3 octets of address", IP_VS_QUIC_CMD_SET, service_short_address },
	{ "IPv6 service with 4 octets of address", IP_VS_QUIC_CMD_SET, service_v6_short },
	{ "IPv6 service with 17 octets of address", IP_VS_QUIC_CMD_SET, service_longer_address },
	{ "empty service", IP_VS_QUIC_CMD_SET, service_empty },
	{ "unknown service", IP_VS_QUIC_CMD_SET, service_unknown },
	{ "service that is no nest", IP_VS_QUIC_CMD_SET, service_not_nested },
	{ "inner attribute longer than its nest", IP_VS_QUIC_CMD_SET, service_inner_overrun },
	{ "unknown flag", IP_VS_QUIC_CMD_SET, flags_unknown },
	{ "empty config", IP_VS_QUIC_CMD_SET, config_empty },
	{ "config ID 7", IP_VS_QUIC_CMD_SET, config_id_7 },
	{ "config ID 255", IP_VS_QUIC_CMD_SET, config_id_255 },
	{ "server ID length 0", IP_VS_QUIC_CMD_SET, config_sid_0 },
	{ "server ID length 16", IP_VS_QUIC_CMD_SET, config_sid_16 },
	{ "nonce length 3", IP_VS_QUIC_CMD_SET, config_nonce_3 },
	{ "nonce length 19", IP_VS_QUIC_CMD_SET, config_nonce_19 },
	{ "lengths of 20 together", IP_VS_QUIC_CMD_SET, config_sum_20 },
	{ "config that does not fit its server IDs", IP_VS_QUIC_CMD_SET, config_unfit },
	{ "key of 0 octets", IP_VS_QUIC_CMD_SET, config_key_0 },
	{ "key of 15 octets", IP_VS_QUIC_CMD_SET, config_key_15 },
	{ "key of 17 octets", IP_VS_QUIC_CMD_SET, config_key_17 },
	{ "key source of 2000 octets", IP_VS_QUIC_CMD_SET, config_source_2000 },
	{ "key source without its end", IP_VS_QUIC_CMD_SET, config_source_no_end },
	{ "fingerprint of a key that is not there", IP_VS_QUIC_CMD_SET, config_fingerprint },
	{ "fingerprint of no key", IP_VS_QUIC_CMD_SET, config_fingerprint_0 },
	{ "key and fingerprint", IP_VS_QUIC_CMD_SET, config_key_and_fingerprint },
	{ "datagrams of a config", IP_VS_QUIC_CMD_SET, config_datagrams },
	{ "last use of a config", IP_VS_QUIC_CMD_SET, config_last_seen },
	{ "misses of a config", IP_VS_QUIC_CMD_SET, config_misses },
	{ "unknown algorithm", IP_VS_QUIC_CMD_SET, config_algorithm },
	{ "layout without bits", IP_VS_QUIC_CMD_SET, layout_no_bits },
	{ "layout of 121 bits", IP_VS_QUIC_CMD_SET, layout_121_bits },
	{ "layout behind 20 octets", IP_VS_QUIC_CMD_SET, layout_behind_end },
	{ "layout behind its connection ID", IP_VS_QUIC_CMD_SET, layout_behind_cid },
	{ "layout of 21 octets", IP_VS_QUIC_CMD_SET, layout_long_cid },
	{ "fixed bit outside the mask", IP_VS_QUIC_CMD_SET, layout_fixed_outside_mask },
	{ "fixed bit in the server ID", IP_VS_QUIC_CMD_SET, layout_fixed_server_id },
	{ "mask of 21 octets", IP_VS_QUIC_CMD_SET, layout_fixed_21 },
	{ "layout of another config ID", IP_VS_QUIC_CMD_SET, layout_other_id },
	{ "layout of config 7", IP_VS_QUIC_CMD_SET, layout_id_7 },
	{ "layout of a tenant", IP_VS_QUIC_CMD_SET, layout_tenant },
	{ "layout with a key", IP_VS_QUIC_CMD_SET, layout_key },
	{ "layout with a nonce", IP_VS_QUIC_CMD_SET, layout_nonce },
	{ "layout of the draft's algorithm", IP_VS_QUIC_CMD_SET, layout_of_no_algorithm },
	{ "layout that has another config's first octets", IP_VS_QUIC_CMD_SET, layout_rival },
	{ "layout that is missing", IP_VS_QUIC_CMD_SET, layout_missing },
	{ "counters of a service", IP_VS_QUIC_CMD_SET, top_stats },
	{ "counters of a device", IP_VS_QUIC_CMD_EXPRESS_ADD, express_stats },
	{ "config ID of 4 octets", IP_VS_QUIC_CMD_SET, config_id_wide },
	{ "unknown attribute in a config", IP_VS_QUIC_CMD_SET, config_unknown_attr },
	{ "one config ID twice", IP_VS_QUIC_CMD_SET, config_twice },
	{ "server ID of config 7", IP_VS_QUIC_CMD_SET, sid_config_7 },
	{ "server ID of 0 octets", IP_VS_QUIC_CMD_SET, sid_empty },
	{ "server ID of 16 octets", IP_VS_QUIC_CMD_SET, sid_16 },
	{ "server ID shorter than its config says", IP_VS_QUIC_CMD_SET, sid_unfit },
	{ "server ID of an unknown server", IP_VS_QUIC_CMD_SET, sid_no_such_server },
	{ "server ID of another server", IP_VS_QUIC_CMD_SET, sid_taken },
	{ "server ID without a server", IP_VS_QUIC_CMD_SET, sid_no_server },
	{ "good ones and then a bad one", IP_VS_QUIC_CMD_SET, good_then_bad },
	{ "replacement by a bad one", IP_VS_QUIC_CMD_SET, replace_by_bad },
	{ "unknown attribute", IP_VS_QUIC_CMD_SET, top_unknown_attr },
	{ "attribute longer than the message", IP_VS_QUIC_CMD_SET, top_overrun },
	{ "attribute of length 0", IP_VS_QUIC_CMD_SET, top_zero_length },
	{ "message without a whole header", IP_VS_QUIC_CMD_SET, message_short },
	{ "deletion of an unknown config", IP_VS_QUIC_CMD_DEL, del_config_unknown },
	{ "deletion of a config by its fingerprint", IP_VS_QUIC_CMD_DEL, config_fingerprint },
	{ "deletion of an unknown server ID", IP_VS_QUIC_CMD_DEL, del_sid_unknown },
	{ "deletion of a server ID not named", IP_VS_QUIC_CMD_DEL, del_sid_of_nobody },
	{ "deletion of another server's server ID", IP_VS_QUIC_CMD_DEL, del_sid_mismatch },
	{ "deletion of a server ID twice", IP_VS_QUIC_CMD_DEL, del_sid_twice },
	{ "deletion of a server ID without its config", IP_VS_QUIC_CMD_DEL, del_sid_no_config },
	{ "deletion of a server ID without its value", IP_VS_QUIC_CMD_DEL, del_sid_no_value },
	{ "deletion of a server ID of half a server", IP_VS_QUIC_CMD_DEL, del_sid_no_port },
	{ "get without dump", IP_VS_QUIC_CMD_GET, service },
	{ "decode without a CID", IP_VS_QUIC_CMD_DECODE, decode_no_cid },
	{ "decode of an empty CID", IP_VS_QUIC_CMD_DECODE, decode_empty_cid },
	{ "decode of a CID of 256 octets", IP_VS_QUIC_CMD_DECODE, decode_long_cid },
	{ "unknown command", 99, service },
};

/* --- netlink -------------------------------------------------------------- */

static const struct nlmsghdr *roundtrip(struct nlmsghdr *nlh, void *answer)
{
	ssize_t n;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		die("send: %s", strerror(errno));
	n = mnl_socket_recvfrom(nl, answer, MESSAGE_MAX);
	if (n < (ssize_t)sizeof(*nlh))
		die("receive: %s", strerror(errno));
	return answer;
}

static const char *sentence(const struct nlmsghdr *reply)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(reply);
	size_t skip = sizeof(*err);
	const struct nlattr *attr;

	if (!(reply->nlmsg_flags & NLM_F_ACK_TLVS))
		return "";
	if (!(reply->nlmsg_flags & NLM_F_CAPPED))
		skip += mnl_nlmsg_get_payload_len(&err->msg);
	mnl_attr_for_each(attr, reply, skip)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			return mnl_attr_get_str(attr);
	return "";
}

static void attempt(size_t i)
{
	char buf[MESSAGE_MAX] = { 0 }, answer[MESSAGE_MAX];
	const struct nlmsghdr *reply;
	const struct nlmsgerr *err;
	struct nlmsghdr *nlh;

	nlh = genl_header(buf, family, rows[i].cmd, NLM_F_ACK);
	rows[i].put(nlh);
	reply = roundtrip(nlh, answer);
	if (reply->nlmsg_type != NLMSG_ERROR) {
		printf("%s|answered|\n", rows[i].name);
		/* and the acknowledgement after it */
		mnl_socket_recvfrom(nl, answer, MESSAGE_MAX);
		return;
	}
	err = mnl_nlmsg_get_payload(reply);
	printf("%s|%s|%s\n", rows[i].name, err->error ? strerrorname_np(-err->error) : "0", sentence(reply));
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &vip) != 1 || inet_pton(AF_INET, argv[3], &server) != 1)
		die("usage: nlbad VIP PORT SERVER");
	vport = atoi(argv[2]);
	nl = genl_open();
	family = genl_family(nl);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		attempt(i);
	return 0;
}
