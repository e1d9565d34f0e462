/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IVQ_COMPAT_NET_GENETLINK_H
#define _IVQ_COMPAT_NET_GENETLINK_H

#include_next <net/genetlink.h>

/* Before 6.1.67 a group's flags were those of a command. */
#ifndef GENL_MCAST_CAP_NET_ADMIN
#define GENL_MCAST_CAP_NET_ADMIN GENL_UNS_ADMIN_PERM
#endif

/* Attributes of a dump request. */
static inline struct nlattr **ivq_dump_attrs(struct netlink_callback *cb)
{
#ifdef HAVE_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

#endif /* _IVQ_COMPAT_NET_GENETLINK_H */
