/* SPDX-License-Identifier: GPL-2.0 */
/* Until 6.5 these were in linux/netdevice.h. */
#ifdef HAVE_NET_GSO_H
#include_next <net/gso.h>
#else
#include <linux/netdevice.h>
#endif
