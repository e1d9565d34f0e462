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

enum {
	NETNS_STRLEN = 256,
};

/*
 * Writes what this process's namespace is to a reader, and returns @buf: the name that
 * "ip netns" has for it, else "of process 1" or its number.
 */
char *netns_str(char *buf);

#endif /* _QUICLBADM_KERNEL_NETNS_H */
