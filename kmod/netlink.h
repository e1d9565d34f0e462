/* SPDX-License-Identifier: GPL-2.0 */
/* Generic netlink family "ip_vs_quic": see uapi/linux/ip_vs_quic.h. */
#ifndef _IP_VS_QUIC_NETLINK_H
#define _IP_VS_QUIC_NETLINK_H

#include <linux/netlink.h>

struct genl_family;
struct genl_info;
struct ip_vs_quic_net;
struct ip_vs_quic_service;
struct ip_vs_quic_sid;
struct ip_vs_quic_svc_key;
struct netlink_callback;
struct netlink_ext_ack;
struct sk_buff;

extern struct genl_family ip_vs_quic_genl_family;

int ip_vs_quic_netlink_init(void);
void ip_vs_quic_netlink_uninit(void);

/* netlink.c: reads IP_VS_QUIC_A_SERVICE. */
int ip_vs_quic_netlink_svc_key(const struct nlattr *attr,
			       struct ip_vs_quic_svc_key *key,
			       struct netlink_ext_ack *extack);

/* netlink.c: the answer where there is none. */
int ip_vs_quic_netlink_no_service(struct netlink_ext_ack *extack);

/* netlink-set.c: what changes a service. */
int ip_vs_quic_netlink_set(struct sk_buff *skb, struct genl_info *info);
int ip_vs_quic_netlink_del(struct sk_buff *skb, struct genl_info *info);

/* netlink-get.c: what reads and changes nothing. */
int ip_vs_quic_netlink_dump(struct sk_buff *skb, struct netlink_callback *cb);
int ip_vs_quic_netlink_decode(struct sk_buff *skb, struct genl_info *info);

/* netlink-express.c: the express path of devices. */
int ip_vs_quic_netlink_express_add(struct sk_buff *skb, struct genl_info *info);
int ip_vs_quic_netlink_express_del(struct sk_buff *skb, struct genl_info *info);
int ip_vs_quic_netlink_express_dump(struct sk_buff *skb,
				    struct netlink_callback *cb);

#endif /* _IP_VS_QUIC_NETLINK_H */
