/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One change of a network namespace's services at a time, among the quiclbadm
 * processes that root has started.  ipvsadm and keepalived do not know the lock.
 */
#ifndef _QUICLBADM_KERNEL_LOCK_H
#define _QUICLBADM_KERNEL_LOCK_H

#include <stdbool.h>

/* How long to wait for it, s. */
extern unsigned int lock_patience;

/*
 * @alone: for a change; else for reading what no change is half-way through.  @what
 * is the command, for the sentences of others.  Without the rights of root nothing is
 * locked, and the kernel refuses the change.
 * Return: 0 or EXIT_REFUSED after an error message.
 */
int lock_take(bool alone, const char *what);

/* The end of the program does it, too. */
void lock_release(void);

#endif /* _QUICLBADM_KERNEL_LOCK_H */
