/* SPDX-License-Identifier: GPL-2.0-only */
/* What a network device does on its own, as "ethtool -k" shows it. */
#ifndef _QUICLBADM_SYSTEM_OFFLOAD_H
#define _QUICLBADM_SYSTEM_OFFLOAD_H

#include <stdbool.h>

/* false, too, when the device or the kernel has no such feature. */
bool offload_is_on(const char *device, const char *feature);

#endif /* _QUICLBADM_SYSTEM_OFFLOAD_H */
