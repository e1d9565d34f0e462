/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IVQ_COMPAT_NET_NETLINK_H
#define _IVQ_COMPAT_NET_NETLINK_H

#include_next <net/netlink.h>

/* What ynl-gen writes; 6.1 does not have it. */
#ifndef NLA_POLICY_MAX_LEN
#define NLA_POLICY_MAX_LEN(len) NLA_POLICY_MAX(NLA_BINARY, len)
#endif

#endif /* _IVQ_COMPAT_NET_NETLINK_H */
