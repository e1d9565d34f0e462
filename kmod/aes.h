/* SPDX-License-Identifier: GPL-2.0 */
/* AES for CPUs without the instructions of core/qlb_aes_kernel.h. */
#ifndef _IVQ_AES_H
#define _IVQ_AES_H

int ivq_aes_init(void);

#endif /* _IVQ_AES_H */
