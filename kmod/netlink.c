// SPDX-License-Identifier: GPL-2.0
/* The family: its attributes, its commands, and when it is there. */
#include "netlink.h"

#include <linux/module.h>
#include <net/genetlink.h>

#include "net.h"
#include "request.h"

static const struct nla_policy svc_policy[IP_VS_QUIC_A_SVC_MAX + 1] = {
	[IP_VS_QUIC_A_SVC_AF]		= { .type = NLA_U16 },
	[IP_VS_QUIC_A_SVC_ADDR]		= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[IP_VS_QUIC_A_SVC_PORT]		= { .type = NLA_U16 },
	[IP_VS_QUIC_A_SVC_FWMARK]	= { .type = NLA_U32 },
};

const struct nla_policy ip_vs_quic_cfg_policy[IP_VS_QUIC_A_CFG_MAX + 1] = {
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

const struct nla_policy ip_vs_quic_sid_policy[IP_VS_QUIC_A_SID_MAX + 1] = {
	[IP_VS_QUIC_A_SID_CONFIG_ID]	= { .type = NLA_U8 },
	[IP_VS_QUIC_A_SID_VALUE]	= NLA_POLICY_RANGE(NLA_BINARY,
							   QLB_SERVER_ID_LEN_MIN,
							   QLB_SERVER_ID_LEN_MAX),
	[IP_VS_QUIC_A_SID_AF]		= { .type = NLA_U16 },
	[IP_VS_QUIC_A_SID_ADDR]		= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[IP_VS_QUIC_A_SID_PORT]		= { .type = NLA_U16 },
	[IP_VS_QUIC_A_SID_PREFIX]	= { .type = NLA_FLAG },
};

const struct nla_policy ip_vs_quic_set_policy[IP_VS_QUIC_A_SET_MAX + 1] = {
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
	[IP_VS_QUIC_A_CONFIG]	 = NLA_POLICY_NESTED(ip_vs_quic_cfg_policy),
	[IP_VS_QUIC_A_SERVER_ID] = NLA_POLICY_NESTED(ip_vs_quic_sid_policy),
	[IP_VS_QUIC_A_STATS]	 = { .type = NLA_REJECT },
	[IP_VS_QUIC_A_CID]	 = NLA_POLICY_RANGE(NLA_BINARY, 1, 255),
	[IP_VS_QUIC_A_NONCE]	 = { .type = NLA_REJECT },
	[IP_VS_QUIC_A_OUTCOME]	 = { .type = NLA_REJECT },
	[IP_VS_QUIC_A_SETTINGS]	 = NLA_POLICY_NESTED(ip_vs_quic_set_policy),
	[IP_VS_QUIC_A_EXPRESS]	 = NLA_POLICY_NESTED(exp_policy),
};

int ip_vs_quic_netlink_family(u16 af, const struct nlattr *attr,
			      struct netlink_ext_ack *extack)
{
	if (af == AF_INET || af == AF_INET6)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "Address family must be AF_INET or AF_INET6");
	return -EAFNOSUPPORT;
}

/* Reads an address; the family has been checked. */
int ip_vs_quic_netlink_addr(u16 af, const struct nlattr *attr,
			    union nf_inet_addr *addr,
			    struct netlink_ext_ack *extack)
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
	err = nla_parse_nested(tb, IP_VS_QUIC_A_SVC_MAX, attr, svc_policy,
			       extack);
	if (err)
		return err;
	if (!tb[IP_VS_QUIC_A_SVC_AF]) {
		NL_SET_ERR_MSG(extack, "The service's address family is missing");
		return -EINVAL;
	}
	key->af = nla_get_u16(tb[IP_VS_QUIC_A_SVC_AF]);
	err = ip_vs_quic_netlink_family(key->af, tb[IP_VS_QUIC_A_SVC_AF],
					extack);
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
	return ip_vs_quic_netlink_addr(key->af, tb[IP_VS_QUIC_A_SVC_ADDR],
				       &key->addr, extack);
}

int ip_vs_quic_netlink_no_service(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "No UDP service with scheduler quic at this address");
	return -ESRCH;
}

static const struct genl_small_ops ops[] = {
	{
		.cmd	= IP_VS_QUIC_CMD_SET,
		.flags	= GENL_ADMIN_PERM,
		.doit	= ip_vs_quic_netlink_set,
	},
	{
		.cmd	= IP_VS_QUIC_CMD_DEL,
		.flags	= GENL_ADMIN_PERM,
		.doit	= ip_vs_quic_netlink_del,
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

/*
 * Not at load, see main.c.  Who looks the family up before it is there has the kernel
 * ask for the module by its alias, which takes longer.
 */
int ip_vs_quic_netlink_init(void)
{
	return genl_register_family(&ip_vs_quic_genl_family);
}

void ip_vs_quic_netlink_uninit(void)
{
	genl_unregister_family(&ip_vs_quic_genl_family);
}

MODULE_ALIAS_GENL_FAMILY(IP_VS_QUIC_GENL_NAME);
