/* SPDX-License-Identifier: GPL-2.0 */
/* A set of functions for BPF programs has a name of its own since 6.9, and has to. */
#ifndef _IVQ_COMPAT_LINUX_BTF_IDS_H
#define _IVQ_COMPAT_LINUX_BTF_IDS_H

#include_next <linux/btf_ids.h>

#ifndef BTF_KFUNCS_START
#define BTF_KFUNCS_START(name) BTF_SET8_START(name)
#define BTF_KFUNCS_END(name) BTF_SET8_END(name)
#endif

#endif /* _IVQ_COMPAT_LINUX_BTF_IDS_H */
