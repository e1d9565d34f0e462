/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver path of devices: whether our XDP program is on them.  Putting it there takes
 * libxdp, which quiclbadm-driver has; it is run only when there is reason to.
 */
#ifndef _QUICLBADM_KERNEL_DRIVER_H
#define _QUICLBADM_KERNEL_DRIVER_H

#include "model/model.h"

/*
 * Switches the driver path on for a device that has the express path.  If that cannot be,
 * @mode EXPRESS_DRIVER is refused, and about EXPRESS_AUTO there is a warning.
 * Return: 0 or EXIT_REFUSED.
 */
int driver_on(const char *device, enum express_mode mode);

/* It need not be on.  Return: 0 or EXIT_REFUSED. */
int driver_off(const char *device);

bool driver_is_on(const char *device);

/* Sets the mode of @state's devices. */
void driver_load(struct state *state);

/* Lets go of programs whose devices are gone: they hold the module. */
void driver_sweep(void);

#endif /* _QUICLBADM_KERNEL_DRIVER_H */
