/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's AES, where the instructions of core/qlb_aes_kernel.h are not to be had. */
#ifndef _IP_VS_QUIC_AES_H
#define _IP_VS_QUIC_AES_H

int ip_vs_quic_aes_init(void);

#endif /* _IP_VS_QUIC_AES_H */
