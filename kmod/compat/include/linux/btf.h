/* SPDX-License-Identifier: GPL-2.0 */
/* Functions for BPF programs are marked since 6.3. */
#ifndef _IVQ_COMPAT_LINUX_BTF_H
#define _IVQ_COMPAT_LINUX_BTF_H

#include_next <linux/btf.h>

#ifndef __bpf_kfunc
#define __bpf_kfunc __used noinline
#endif

#endif /* _IVQ_COMPAT_LINUX_BTF_H */
