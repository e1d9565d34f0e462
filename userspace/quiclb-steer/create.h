/* SPDX-License-Identifier: GPL-2.0-only */
/* Making and removing groups: the one part that needs libbpf. */
#ifndef STEER_CREATE_H
#define STEER_CREATE_H

#include "steer.h"

/*
 * Loads the program and pins it and its maps below @path, which must not exist.
 * Return: 0, or -1 with a reason in @error, STEER_ERROR_LEN octets; then nothing is left there.
 */
int group_create(const char *path, const struct steer_settings *settings, char *error);

/* Unpins all of it.  The sockets' groups keep the program, which chooses as before. */
int group_delete(const char *path, char *error);

#endif
