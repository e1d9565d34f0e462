/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel modules, by modprobe. */
#ifndef _QUICLBADM_KERNEL_MODULE_H
#define _QUICLBADM_KERNEL_MODULE_H

#include <stdbool.h>

bool module_is_loaded(const char *name);

/* Loads @name if it can be loaded; modprobe's output is dropped. */
void module_load(const char *name);

/* Did the kernel refuse a module because it is not signed with a key it trusts? */
bool module_is_unsigned(void);

#endif /* _QUICLBADM_KERNEL_MODULE_H */
