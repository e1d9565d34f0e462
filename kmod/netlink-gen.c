// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/ip_vs_quic.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"

#include <uapi/linux/ip_vs_quic.h>

/* Common nested types */
const struct nla_policy ip_vs_quic_config_nl_policy[IP_VS_QUIC_A_CFG_LAYOUT + 1] = {
	[IP_VS_QUIC_A_CFG_ID] = { .type = NLA_U8, },
	[IP_VS_QUIC_A_CFG_SERVER_ID_LEN] = { .type = NLA_U8, },
	[IP_VS_QUIC_A_CFG_NONCE_LEN] = { .type = NLA_U8, },
	[IP_VS_QUIC_A_CFG_KEY] = NLA_POLICY_EXACT_LEN(16),
	[IP_VS_QUIC_A_CFG_KEY_SOURCE] = { .type = NLA_NUL_STRING, .len = 1023, },
	[IP_VS_QUIC_A_CFG_KEY_FINGERPRINT] = { .type = NLA_U32, },
	[IP_VS_QUIC_A_CFG_TENANT] = { .type = NLA_U8, },
	[IP_VS_QUIC_A_CFG_CHECK_LENGTH] = { .type = NLA_FLAG, },
	[IP_VS_QUIC_A_CFG_DATAGRAMS] = { .type = NLA_U64, },
	[IP_VS_QUIC_A_CFG_LAST_SEEN] = { .type = NLA_U64, },
	[IP_VS_QUIC_A_CFG_MISSES] = { .type = NLA_U64, },
	[IP_VS_QUIC_A_CFG_ALGORITHM] = { .type = NLA_U8, },
	[IP_VS_QUIC_A_CFG_LAYOUT] = NLA_POLICY_NESTED(ip_vs_quic_layout_nl_policy),
};

const struct nla_policy ip_vs_quic_express_nl_policy[IP_VS_QUIC_A_EXP_ASKS + 1] = {
	[IP_VS_QUIC_A_EXP_DEVICE] = { .type = NLA_NUL_STRING, .len = 15, },
	[IP_VS_QUIC_A_EXP_STATS] = NLA_POLICY_NESTED(ip_vs_quic_express_stats_nl_policy),
	[IP_VS_QUIC_A_EXP_ASKS] = { .type = NLA_U32, },
};

const struct nla_policy ip_vs_quic_express_stats_nl_policy[IP_VS_QUIC_A_EXP_STAT_DRIVER + 1] = {
	[IP_VS_QUIC_A_EXP_STAT_TAKEN] = { .type = NLA_U64, },
	[IP_VS_QUIC_A_EXP_STAT_NOT_PLAIN] = { .type = NLA_U64, },
	[IP_VS_QUIC_A_EXP_STAT_SETUP] = { .type = NLA_U64, },
	[IP_VS_QUIC_A_EXP_STAT_NOT_LOCAL] = { .type = NLA_U64, },
	[IP_VS_QUIC_A_EXP_STAT_UNROUTABLE] = { .type = NLA_U64, },
	[IP_VS_QUIC_A_EXP_STAT_METHOD] = { .type = NLA_U64, },
	[IP_VS_QUIC_A_EXP_STAT_NO_ROUTE] = { .type = NLA_U64, },
	[IP_VS_QUIC_A_EXP_STAT_NO_NEIGHBOUR] = { .type = NLA_U64, },
	[IP_VS_QUIC_A_EXP_STAT_TOO_BIG] = { .type = NLA_U64, },
	[IP_VS_QUIC_A_EXP_STAT_MASTER] = { .type = NLA_U64, },
	[IP_VS_QUIC_A_EXP_STAT_OTHER_HOST] = { .type = NLA_U64, },
	[IP_VS_QUIC_A_EXP_STAT_DRIVER] = { .type = NLA_U64, },
};

const struct nla_policy ip_vs_quic_layout_nl_policy[IP_VS_QUIC_A_LAY_VALUE + 1] = {
	[IP_VS_QUIC_A_LAY_BIT_OFFSET] = { .type = NLA_U8, },
	[IP_VS_QUIC_A_LAY_BITS] = { .type = NLA_U8, },
	[IP_VS_QUIC_A_LAY_CID_LEN] = { .type = NLA_U8, },
	[IP_VS_QUIC_A_LAY_MASK] = NLA_POLICY_MAX_LEN(20),
	[IP_VS_QUIC_A_LAY_VALUE] = NLA_POLICY_MAX_LEN(20),
};

const struct nla_policy ip_vs_quic_server_id_nl_policy[IP_VS_QUIC_A_SID_PREFIX + 1] = {
	[IP_VS_QUIC_A_SID_CONFIG_ID] = { .type = NLA_U8, },
	[IP_VS_QUIC_A_SID_VALUE] = NLA_POLICY_MAX_LEN(15),
	[IP_VS_QUIC_A_SID_AF] = { .type = NLA_U16, },
	[IP_VS_QUIC_A_SID_ADDR] = NLA_POLICY_MIN_LEN(4),
	[IP_VS_QUIC_A_SID_PORT] = { .type = NLA_BE16, },
	[IP_VS_QUIC_A_SID_PREFIX] = { .type = NLA_FLAG, },
};

const struct nla_policy ip_vs_quic_service_nl_policy[IP_VS_QUIC_A_SVC_FWMARK + 1] = {
	[IP_VS_QUIC_A_SVC_AF] = { .type = NLA_U16, },
	[IP_VS_QUIC_A_SVC_ADDR] = NLA_POLICY_MIN_LEN(4),
	[IP_VS_QUIC_A_SVC_PORT] = { .type = NLA_BE16, },
	[IP_VS_QUIC_A_SVC_FWMARK] = { .type = NLA_U32, },
};

const struct nla_policy ip_vs_quic_settings_nl_policy[IP_VS_QUIC_A_SET_TABLE_BITS + 1] = {
	[IP_VS_QUIC_A_SET_TUPLE_TIMEOUT] = { .type = NLA_U32, },
	[IP_VS_QUIC_A_SET_TUPLE_MAX] = { .type = NLA_U32, },
	[IP_VS_QUIC_A_SET_DCID_TIMEOUT] = { .type = NLA_U32, },
	[IP_VS_QUIC_A_SET_DCID_MAX] = { .type = NLA_U32, },
	[IP_VS_QUIC_A_SET_SOURCE4] = NLA_POLICY_EXACT_LEN(5),
	[IP_VS_QUIC_A_SET_SOURCE6] = NLA_POLICY_EXACT_LEN(17),
	[IP_VS_QUIC_A_SET_TABLE_BITS] = { .type = NLA_U32, },
};

/* Global operation policy for ip_vs_quic */
const struct nla_policy ip_vs_quic_nl_policy[IP_VS_QUIC_A_EXPRESS + 1] = {
	[IP_VS_QUIC_A_SERVICE] = NLA_POLICY_NESTED(ip_vs_quic_service_nl_policy),
	[IP_VS_QUIC_A_FLAGS] = { .type = NLA_U32, },
	[IP_VS_QUIC_A_CONFIG] = NLA_POLICY_NESTED(ip_vs_quic_config_nl_policy),
	[IP_VS_QUIC_A_SERVER_ID] = NLA_POLICY_NESTED(ip_vs_quic_server_id_nl_policy),
	[IP_VS_QUIC_A_CID] = NLA_POLICY_MAX_LEN(255),
	[IP_VS_QUIC_A_SETTINGS] = NLA_POLICY_NESTED(ip_vs_quic_settings_nl_policy),
	[IP_VS_QUIC_A_EXPRESS] = NLA_POLICY_NESTED(ip_vs_quic_express_nl_policy),
};

/* Ops table for ip_vs_quic */
const struct genl_small_ops ip_vs_quic_nl_ops[9] = {
	{
		.cmd	= IP_VS_QUIC_CMD_SET,
		.doit	= ip_vs_quic_nl_set_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= IP_VS_QUIC_CMD_DEL,
		.doit	= ip_vs_quic_nl_del_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= IP_VS_QUIC_CMD_GET,
		.dumpit	= ip_vs_quic_nl_get_dumpit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= IP_VS_QUIC_CMD_DECODE,
		.doit	= ip_vs_quic_nl_decode_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= IP_VS_QUIC_CMD_EXPRESS_ADD,
		.doit	= ip_vs_quic_nl_express_add_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= IP_VS_QUIC_CMD_EXPRESS_DEL,
		.doit	= ip_vs_quic_nl_express_del_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= IP_VS_QUIC_CMD_EXPRESS_GET,
		.dumpit	= ip_vs_quic_nl_express_get_dumpit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= IP_VS_QUIC_CMD_ZERO,
		.doit	= ip_vs_quic_nl_zero_doit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= IP_VS_QUIC_CMD_FLOW_GET,
		.dumpit	= ip_vs_quic_nl_flow_get_dumpit,
		.flags	= GENL_ADMIN_PERM,
	},
};
