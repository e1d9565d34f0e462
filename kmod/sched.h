/* SPDX-License-Identifier: GPL-2.0 */
/* The IPVS scheduler "quic". */
#ifndef _IVQ_SCHED_H
#define _IVQ_SCHED_H

int ivq_sched_init(void);
void ivq_sched_uninit(void);

#endif /* _IVQ_SCHED_H */
