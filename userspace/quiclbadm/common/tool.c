// SPDX-License-Identifier: GPL-2.0-only
#include "common/tool.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DIRECTORIES "/usr/sbin:/usr/bin:/sbin:/bin"

const char *tool_directories = DIRECTORIES;

/* C: what they print is searched for sentences. */
char *const tool_environment[] = { "PATH=" DIRECTORIES, "LC_ALL=C", NULL };

bool tool_find(const char *name, char *path, size_t size)
{
	const char *from = tool_directories;
	size_t len;

	for (;;) {
		len = strcspn(from, ":");
		snprintf(path, size, "%.*s/%s", (int)len, from, name);
		if (!access(path, X_OK))
			return true;
		if (!from[len])
			return false;
		from += len + 1;
	}
}
