/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process that waits for the end of this one, however that comes, and then tidies up after
 * it: nothing else can after kill -9.
 */
#ifndef _QUICLBADM_TRACING_GUARD_H
#define _QUICLBADM_TRACING_GUARD_H

#include <sys/types.h>

/* @tidy is called there when this process is gone.  Return: its process, or -1 for none. */
pid_t guard_start(void (*tidy)(void));

/* This process has tidied up itself. */
void guard_end(pid_t guard);

#endif /* _QUICLBADM_TRACING_GUARD_H */
