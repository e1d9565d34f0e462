/* SPDX-License-Identifier: GPL-2.0-only */
/* -N: the network namespace that a command is about. */
#ifndef _QUICLBADM_KERNEL_NETNS_H
#define _QUICLBADM_KERNEL_NETNS_H

/*
 * Enters the namespace that "ip netns" calls @name; a name with a slash is a file, such as
 * /proc/PID/ns/net.  Before any socket is opened, and any program is run.
 * Return: 0 or EXIT_REFUSED after an error message.
 */
int netns_enter(const char *name);

#endif /* _QUICLBADM_KERNEL_NETNS_H */
