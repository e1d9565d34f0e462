// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that are in quiclbadm-diag.  The libraries they need (captures, tracefs, BTF)
 * bring twenty others, and loading those takes longer than any other command takes in all.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "common/err.h"

#define PROGRAM "quiclbadm-diag"

/* Beside this program, as in the source tree, or where it is installed. */
static void find_program(char *path, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", path, size - sizeof(PROGRAM));
	char *slash;

	if (len > 0) {
		path[len] = '\0';
		slash = strrchr(path, '/');
		strcpy(slash ? slash + 1 : path, PROGRAM);
		if (!access(path, X_OK))
			return;
	}
	snprintf(path, size, "%s/%s", LIBEXECDIR, PROGRAM);
}

/* Returns only when it cannot be run. */
static int delegate(const struct args *args)
{
	char path[PATH_MAX];

	find_program(path, sizeof(path));
	execv(path, args->argv);
	return refuse("%s: %s", path, strerror(errno));
}

int cmd_doctor(const struct args *args)
{
	return delegate(args);
}

int cmd_explain(const struct args *args)
{
	return delegate(args);
}

int cmd_trace(const struct args *args)
{
	return delegate(args);
}
