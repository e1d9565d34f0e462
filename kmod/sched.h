/* SPDX-License-Identifier: GPL-2.0 */
/* The IPVS scheduler "quic". */
#ifndef _IP_VS_QUIC_SCHED_H
#define _IP_VS_QUIC_SCHED_H

int ip_vs_quic_sched_init(void);
void ip_vs_quic_sched_uninit(void);

#endif /* _IP_VS_QUIC_SCHED_H */
