/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/ip_vs_quic.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#ifndef _LINUX_IP_VS_QUIC_GEN_H
#define _LINUX_IP_VS_QUIC_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/ip_vs_quic.h>

/* Common nested types */
extern const struct nla_policy ip_vs_quic_config_nl_policy[IP_VS_QUIC_A_CFG_LAYOUT + 1];
extern const struct nla_policy ip_vs_quic_express_nl_policy[IP_VS_QUIC_A_EXP_ASKS + 1];
extern const struct nla_policy ip_vs_quic_express_stats_nl_policy[IP_VS_QUIC_A_EXP_STAT_DRIVER + 1];
extern const struct nla_policy ip_vs_quic_layout_nl_policy[IP_VS_QUIC_A_LAY_VALUE + 1];
extern const struct nla_policy ip_vs_quic_server_id_nl_policy[IP_VS_QUIC_A_SID_PREFIX + 1];
extern const struct nla_policy ip_vs_quic_service_nl_policy[IP_VS_QUIC_A_SVC_FWMARK + 1];
extern const struct nla_policy ip_vs_quic_settings_nl_policy[IP_VS_QUIC_A_SET_TABLE_BITS + 1];

/* Global operation policy for ip_vs_quic */
extern const struct nla_policy ip_vs_quic_nl_policy[IP_VS_QUIC_A_EXPRESS + 1];

/* Ops table for ip_vs_quic */
extern const struct genl_small_ops ip_vs_quic_nl_ops[9];

int ip_vs_quic_nl_set_doit(struct sk_buff *skb, struct genl_info *info);
int ip_vs_quic_nl_del_doit(struct sk_buff *skb, struct genl_info *info);
int ip_vs_quic_nl_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int ip_vs_quic_nl_decode_doit(struct sk_buff *skb, struct genl_info *info);
int ip_vs_quic_nl_express_add_doit(struct sk_buff *skb, struct genl_info *info);
int ip_vs_quic_nl_express_del_doit(struct sk_buff *skb, struct genl_info *info);
int ip_vs_quic_nl_express_get_dumpit(struct sk_buff *skb,
				     struct netlink_callback *cb);
int ip_vs_quic_nl_zero_doit(struct sk_buff *skb, struct genl_info *info);
int ip_vs_quic_nl_flow_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);

enum {
	IP_VS_QUIC_NLGRP_EVENTS,
};

#endif /* _LINUX_IP_VS_QUIC_GEN_H */
