/* SPDX-License-Identifier: GPL-2.0 */
/* Generic netlink family "ip_vs_quic": see uapi/linux/ip_vs_quic.h. */
#ifndef _IVQ_NETLINK_H
#define _IVQ_NETLINK_H

#include <linux/netfilter.h>
#include <linux/netlink.h>

/* The commands, which are in netlink-set.c, -get.c and -express.c; the policies. */
#include "netlink-gen.h"

struct ivq_service;
struct ivq_svc_key;

extern struct genl_family ivq_genl_family;

int ivq_netlink_init(void);
void ivq_netlink_uninit(void);

/* Refuses an attribute if it is there. */
int ivq_netlink_reply_only(const struct nlattr *attr,
			   struct netlink_ext_ack *extack);

/* Reads IP_VS_QUIC_A_SERVICE. */
int ivq_netlink_svc_key(const struct nlattr *attr, struct ivq_svc_key *key,
			struct netlink_ext_ack *extack);

/* An address family, and an address of it. */
int ivq_netlink_family(u16 af, const struct nlattr *attr,
		       struct netlink_ext_ack *extack);
int ivq_netlink_addr(u16 af, const struct nlattr *attr,
		     union nf_inet_addr *addr, struct netlink_ext_ack *extack);

/* The answer to a config ID that is not one. */
int ivq_netlink_bad_config_id(struct netlink_ext_ack *extack);

/* The answer if the service does not exist. */
int ivq_netlink_no_service(struct netlink_ext_ack *extack);

/*
 * The service with this key.  It and its configuration stay until it is unlocked: the
 * namespace's lock is held.  Return: an ERR_PTR() and the answer when there is none.
 */
struct ivq_service *ivq_netlink_lock_service(const struct net *net,
					     const struct ivq_svc_key *key,
					     struct netlink_ext_ack *extack);
void ivq_netlink_unlock_service(struct ivq_service *qs);

/* Any request may have keys in it, whether they mean something there or not. */
void ivq_netlink_wipe_keys(const struct nlmsghdr *nlh);

#endif /* _IVQ_NETLINK_H */
