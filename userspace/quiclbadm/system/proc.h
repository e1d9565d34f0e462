/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc tells of the kernel's settings, sockets and counters.  Only reads. */
#ifndef _QUICLBADM_SYSTEM_PROC_H
#define _QUICLBADM_SYSTEM_PROC_H

#include "model/model.h"

/* Below /proc/sys, in the form of printf.  Return: whether it exists. */
bool proc_sysctl(int *value, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A setting that each device has and all share, net/FAMILY/conf/{all,DEVICE}/NAME;
 * the kernel takes the greater.
 */
int proc_max_conf(const char *device, const char *name, int *all, int *own);

/* Is a UDP socket bound to it, or to its port and any address? */
bool proc_listens(const struct endpoint *ep);

/* "pid 812 (nginx)" of a process that has the socket, by its inode; else "a socket". */
void proc_socket_owner(uint64_t inode, char *text, size_t size);

/* Does the file, below /proc, have a line that begins so? */
bool proc_has(const char *path, const char *beginning);

#endif /* _QUICLBADM_SYSTEM_PROC_H */
