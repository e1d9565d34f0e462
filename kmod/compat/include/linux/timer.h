/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IVQ_COMPAT_LINUX_TIMER_H
#define _IVQ_COMPAT_LINUX_TIMER_H

#include_next <linux/timer.h>

#ifndef HAVE_TIMER_DELETE
#define timer_delete(timer) del_timer(timer)
#endif

#endif /* _IVQ_COMPAT_LINUX_TIMER_H */
