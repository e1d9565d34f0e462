/* SPDX-License-Identifier: GPL-2.0 */
/* Generic netlink family "ip_vs_quic": see uapi/linux/ip_vs_quic.h. */
#ifndef _IP_VS_QUIC_NETLINK_H
#define _IP_VS_QUIC_NETLINK_H

#include <linux/netlink.h>

/* The commands, which are in netlink-set.c, -get.c and -express.c; the policies. */
#include "netlink-gen.h"

struct ip_vs_quic_net;
struct ip_vs_quic_service;
struct ip_vs_quic_sid;
struct ip_vs_quic_svc_key;

extern struct genl_family ip_vs_quic_genl_family;

int ip_vs_quic_netlink_init(void);
void ip_vs_quic_netlink_uninit(void);

/* Refuses an attribute if it is there. */
int ip_vs_quic_netlink_reply_only(const struct nlattr *attr,
				  struct netlink_ext_ack *extack);

/* Reads IP_VS_QUIC_A_SERVICE. */
int ip_vs_quic_netlink_svc_key(const struct nlattr *attr,
			       struct ip_vs_quic_svc_key *key,
			       struct netlink_ext_ack *extack);

/* The answer where there is none. */
int ip_vs_quic_netlink_no_service(struct netlink_ext_ack *extack);

#endif /* _IP_VS_QUIC_NETLINK_H */
