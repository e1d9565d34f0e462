/* SPDX-License-Identifier: GPL-2.0-only */
/* What can be known before the kernel is asked. */
#ifndef _QUICLBADM_DRIVER_FIT_H
#define _QUICLBADM_DRIVER_FIT_H

/* Return: why @device cannot have the driver path, or NULL. */
const char *unfit(const char *device);

#endif /* _QUICLBADM_DRIVER_FIT_H */
