/* SPDX-License-Identifier: GPL-2.0 */
/* Holding a function of another module open. */
#ifndef _IVQ_LAB_HOLD_H
#define _IVQ_LAB_HOLD_H

/* The module goes: lets all go, and waits until they have left. */
void hold_uninit(void);

#endif /* _IVQ_LAB_HOLD_H */
