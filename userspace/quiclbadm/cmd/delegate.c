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
#include "common/tool.h"

#define PROGRAM "quiclbadm-diag"

/* Returns only when it cannot be run. */
static int delegate(const struct args *args)
{
	char path[PATH_MAX];

	tool_find_own(PROGRAM, path, sizeof(path));
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
