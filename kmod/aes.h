/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's AES, where the instructions of core/qlb_aes_kernel.h are not to be had. */
#ifndef _IVQ_AES_H
#define _IVQ_AES_H

int ivq_aes_init(void);

#endif /* _IVQ_AES_H */
