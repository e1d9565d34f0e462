/* SPDX-License-Identifier: GPL-2.0-only */
/* A real server's tunnel, up to where datagrams come out of it. */
#ifndef _QUICLBADM_DOCTOR_REALSERVER_TUNNEL_H
#define _QUICLBADM_DOCTOR_REALSERVER_TUNNEL_H

#include "doctor/realserver.h"

/* The tunnel: GUE's port and the device, which is looked for, */
void realserver_check_tunnel(struct realserver *rs);
/* and what that lets pass.  Return: 0 or EXIT_REFUSED after an error message. */
int realserver_check_tunnel_device(const struct realserver *rs);

#endif /* _QUICLBADM_DOCTOR_REALSERVER_TUNNEL_H */
