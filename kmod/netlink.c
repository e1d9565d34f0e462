// SPDX-License-Identifier: GPL-2.0
/*
 * The family and when it is there; what several commands read.  Its policies and
 * commands are generated from its specification: netlink-gen.c.
 */
#include "netlink.h"

#include <linux/err.h>
#include <linux/module.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include "net.h"
#include "notify.h"
#include "rebuild.h"

int ivq_netlink_family(u16 af, const struct nlattr *attr,
		       struct netlink_ext_ack *extack)
{
	if (af == AF_INET || af == AF_INET6)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "Address family must be AF_INET or AF_INET6");
	return -EAFNOSUPPORT;
}

/* The generated policies accept reply-only attributes in the nests of requests. */
int ivq_netlink_reply_only(const struct nlattr *attr,
			   struct netlink_ext_ack *extack)
{
	if (!attr)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "Only replies have this attribute");
	return -EINVAL;
}

/*
 * Reads an address; the family has been checked.  The policy has checked the minimum
 * length only, as ynl-gen takes one limit for an attribute.
 */
int ivq_netlink_addr(u16 af, const struct nlattr *attr,
		     union nf_inet_addr *addr, struct netlink_ext_ack *extack)
{
	int len = af == AF_INET6 ? sizeof(addr->in6) : sizeof(addr->ip);

	if (nla_len(attr) != len) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "Address must be 4 octets for AF_INET, 16 for AF_INET6");
		return nla_len(attr) > (int)sizeof(addr->in6) ? -ERANGE : -EINVAL;
	}
	memset(addr, 0, sizeof(*addr));
	memcpy(addr, nla_data(attr), len);
	return 0;
}

int ivq_netlink_svc_key(const struct nlattr *attr, struct ivq_svc_key *key,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[IP_VS_QUIC_A_SVC_MAX + 1];
	int err;

	memset(key, 0, sizeof(*key));
	if (!attr) {
		NL_SET_ERR_MSG(extack, "The service is missing");
		return -EINVAL;
	}
	err = nla_parse_nested(tb, IP_VS_QUIC_A_SVC_MAX, attr,
			       ip_vs_quic_service_nl_policy, extack);
	if (err)
		return err;
	if (!tb[IP_VS_QUIC_A_SVC_AF]) {
		NL_SET_ERR_MSG(extack, "The service's address family is missing");
		return -EINVAL;
	}
	key->af = nla_get_u16(tb[IP_VS_QUIC_A_SVC_AF]);
	err = ivq_netlink_family(key->af, tb[IP_VS_QUIC_A_SVC_AF], extack);
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
	return ivq_netlink_addr(key->af, tb[IP_VS_QUIC_A_SVC_ADDR],
				&key->addr, extack);
}

int ivq_netlink_bad_config_id(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "Config ID must be 0 to 6");
	return -EINVAL;
}

int ivq_netlink_no_service(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "No UDP service with scheduler quic at this address");
	return -ESRCH;
}

/* Returns with @qnet's lock held when there is such a service, else NULL without it. */
static struct ivq_service *lock_service(struct ivq_net *qnet,
					const struct ivq_svc_key *key)
{
	struct ivq_service *qs;

	mutex_lock(&qnet->lock);
	rcu_read_lock();
	qs = ivq_net_find(qnet, key);
	rcu_read_unlock();
	if (!qs)
		mutex_unlock(&qnet->lock);
	return qs;
}

struct ivq_service *ivq_netlink_lock_service(const struct net *net,
					     const struct ivq_svc_key *key,
					     struct netlink_ext_ack *extack)
{
	struct ivq_net *qnet = ivq_net_get(net);
	struct ivq_service *qs;

	if (qnet) {
		qs = lock_service(qnet, key);
		if (qs)
			return qs;
		ivq_net_put(qnet);
	}
	return ERR_PTR(ivq_netlink_no_service(extack));
}

void ivq_netlink_unlock_service(struct ivq_service *qs)
{
	struct ivq_net *qnet = qs->qnet;

	mutex_unlock(&qnet->lock);
	ivq_net_put(qnet);
}

void ivq_netlink_wipe_keys(const struct nlmsghdr *nlh)
{
	struct nlattr *attr, *cfg;
	int rem, cfg_rem;

	nlmsg_for_each_attr(attr, nlh, GENL_HDRLEN, rem) {
		if (nla_type(attr) != IP_VS_QUIC_A_CONFIG)
			continue;
		nla_for_each_nested(cfg, attr, cfg_rem)
			if (nla_type(cfg) == IP_VS_QUIC_A_CFG_KEY)
				memzero_explicit(nla_data(cfg), nla_len(cfg));
	}
}

/*
 * Who may join: who has CAP_NET_ADMIN over the user namespace that the network namespace
 * belongs to.
 */
static const struct genl_multicast_group groups[] = {
	[IP_VS_QUIC_NLGRP_EVENTS] = {
		.name	= IP_VS_QUIC_MCGRP_EVENTS,
		.flags	= GENL_MCAST_CAP_NET_ADMIN,
	},
};

/* Whoever closes the socket waits for the lock of the namespace, if it has a batch open. */
static int on_netlink(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct netlink_notify *gone = data;

	if (event == NETLINK_URELEASE && gone->protocol == NETLINK_GENERIC)
		ivq_rebuild_release(gone->net, gone->portid);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = on_netlink };

/* Not __ro_after_init: it is registered after that. */
struct genl_family ivq_genl_family = {
	.name		= IP_VS_QUIC_GENL_NAME,
	.version	= IP_VS_QUIC_GENL_VERSION,
	/* those behind are in replies and events only, the policy does not have them */
	.maxattr	= ARRAY_SIZE(ip_vs_quic_nl_policy) - 1,
	.policy		= ip_vs_quic_nl_policy,
	.netnsok	= true,
	.module		= THIS_MODULE,
	.small_ops	= ip_vs_quic_nl_ops,
	.n_small_ops	= ARRAY_SIZE(ip_vs_quic_nl_ops),
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
};

/*
 * The kernel asks for the capability when a process joins a group that a family has.  Any
 * process may have joined its number before.  Unregistering a family ends all
 * memberships.  @exclusive: is there no member from before?
 */
static int register_family(bool *exclusive)
{
	unsigned int tries = 8;
	int err;

	for (;;) {
		err = genl_register_family(&ivq_genl_family);
		if (err)
			return err;
		*exclusive = !genl_has_listeners(&ivq_genl_family, &init_net,
						 IP_VS_QUIC_NLGRP_EVENTS);
		if (*exclusive || !--tries)
			return 0;
		genl_unregister_family(&ivq_genl_family);
	}
}

/*
 * Not called at load, see main.c.  A lookup of the family before it is registered makes
 * the kernel ask for the module by its alias, which takes longer.
 */
int ivq_netlink_init(void)
{
	bool exclusive;
	int err;

	err = netlink_register_notifier(&notifier);
	if (err)
		return err;
	err = register_family(&exclusive);
	if (err)
		netlink_unregister_notifier(&notifier);
	else if (exclusive)
		ivq_notify_start(&ivq_genl_family);
	else
		pr_warn("no events: processes without the capability keep joining the group\n");
	return err;
}

/* Express paths that are left end after this: there are no events about it. */
void ivq_netlink_uninit(void)
{
	ivq_notify_stop();
	genl_unregister_family(&ivq_genl_family);
	netlink_unregister_notifier(&notifier);
}

MODULE_ALIAS_GENL_FAMILY(IP_VS_QUIC_GENL_NAME);
