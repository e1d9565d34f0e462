/* SPDX-License-Identifier: GPL-2.0-only */
/* Our program behind libxdp's dispatcher, which shares a device with other programs. */
#ifndef _QUICLBADM_DRIVER_ATTACH_H
#define _QUICLBADM_DRIVER_ATTACH_H

#include <stdbool.h>

/* libbpf and libxdp are quiet from now on. */
void attach_init(void);

bool is_attached(int ifindex);

/* Both succeed when there is nothing to do.  Return: why not, or NULL. */
const char *attach(int ifindex);
const char *detach(int ifindex);

#endif /* _QUICLBADM_DRIVER_ATTACH_H */
