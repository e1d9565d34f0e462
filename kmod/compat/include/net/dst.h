/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IVQ_COMPAT_NET_DST_H
#define _IVQ_COMPAT_NET_DST_H

#include_next <net/dst.h>

#ifndef HAVE_DST_DEV_RCU
#define dst_dev_rcu(dst) READ_ONCE((dst)->dev)
#endif

#endif /* _IVQ_COMPAT_NET_DST_H */
