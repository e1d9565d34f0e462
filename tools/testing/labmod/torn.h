/* SPDX-License-Identifier: GPL-2.0 */
/* Thresholds of a real server of which one is new and the other one is not. */
#ifndef _IVQ_LAB_TORN_H
#define _IVQ_LAB_TORN_H

/* The module goes. */
void torn_uninit(void);

#endif /* _IVQ_LAB_TORN_H */
