/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What quiclbadm keeps about a network namespace until the machine is switched off:
 * files in a directory that only root may look into, so that no other user can hold
 * a lock, or put a link where a file is expected.
 */
#ifndef _QUICLBADM_KERNEL_RUN_DIR_H
#define _QUICLBADM_KERNEL_RUN_DIR_H

enum { RUN_PATH_MAX = 128 };

/* The directory; tests have another. */
extern const char *run_dir;

/*
 * The path of this network namespace's file, at most RUN_PATH_MAX - 1 characters,
 * which has the kernel's number for the namespace in its name: a number that is used
 * once.  Returns @path.
 */
char *run_path(const char *suffix, char *path);

/*
 * Opens that file, with open()'s @flags; makes the directory when O_CREAT is among
 * them.  Return: the descriptor, or -1 and errno; EPERM: the directory is one that
 * other users may write to.
 */
int run_open(const char *suffix, int flags);

/* Removes it.  Return: 0, or -1 and errno. */
int run_remove(const char *suffix);

#endif /* _QUICLBADM_KERNEL_RUN_DIR_H */
