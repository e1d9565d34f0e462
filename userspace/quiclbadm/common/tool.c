// SPDX-License-Identifier: GPL-2.0-only
#include "common/tool.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DIRECTORIES "/usr/sbin:/usr/bin:/sbin:/bin"

const char *tool_directories = DIRECTORIES;

/* C: what they print is searched for sentences. */
char *const tool_environment[] = { "PATH=" DIRECTORIES, "LC_ALL=C", NULL };

void tool_find_own(const char *name, char *path, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	if (len > 0) {
		path[len] = '\0';
		slash = strrchr(path, '/');
		len = slash ? slash + 1 - path : 0;
		if (len + strlen(name) < size) {
			strcpy(path + len, name);
			if (!access(path, X_OK))
				return;
		}
	}
	snprintf(path, size, "%s/%s", LIBEXECDIR, name);
}

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
