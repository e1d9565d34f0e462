/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IP_VS_QUIC_COMPAT_LINUX_TIMER_H
#define _IP_VS_QUIC_COMPAT_LINUX_TIMER_H

#include_next <linux/timer.h>

#ifndef HAVE_TIMER_DELETE
#define timer_delete(timer) del_timer(timer)
#endif

#endif /* _IP_VS_QUIC_COMPAT_LINUX_TIMER_H */
