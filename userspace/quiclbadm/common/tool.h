/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs of others that this one runs, as root.  They are looked for in the
 * system's directories, and get an environment of their own: a PATH, or what
 * modprobe and libc read of the environment, is the caller's.
 */
#ifndef _QUICLBADM_COMMON_TOOL_H
#define _QUICLBADM_COMMON_TOOL_H

#include <stdbool.h>
#include <stddef.h>

/* Directories, with colons between.  Only tests set it. */
extern const char *tool_directories;

/* For execve(). */
extern char *const tool_environment[];

/* Writes where the program @name is.  Return: false if it is nowhere. */
bool tool_find(const char *name, char *path, size_t size);

/*
 * Where this project's own program @name is, if it is there: beside this one, as in the
 * source tree, or where it is installed.
 */
void tool_find_own(const char *name, char *path, size_t size);

#endif /* _QUICLBADM_COMMON_TOOL_H */
