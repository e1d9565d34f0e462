/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IVQ_COMPAT_LINUX_NETLINK_H
#define _IVQ_COMPAT_LINUX_NETLINK_H

#include_next <linux/netlink.h>

/* A sentence with a name in it, of up to 79 characters, or one that does without. */
#ifdef NL_SET_ERR_MSG_FMT
#define ivq_set_err_name(extack, name, fmt, without) \
	NL_SET_ERR_MSG_FMT(extack, fmt, name)
#else
#define ivq_set_err_name(extack, name, fmt, without) \
	NL_SET_ERR_MSG(extack, without)
#endif

#endif /* _IVQ_COMPAT_LINUX_NETLINK_H */
