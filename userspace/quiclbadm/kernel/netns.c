// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"

#define NETNS_DIR "/run/netns"		/* that of ip(8) */

static int enter_refusal(const char *name, int error)
{
	switch (error) {
	case ENOENT:
		return refuse("-N %s: there is no such network namespace (ip netns list)",
			      name);
	case EINVAL:
		return refuse("-N %s: it is no network namespace", name);
	case EPERM:
	case EACCES:
		return refuse("-N %s: only root may enter a network namespace",
			      name);
	}
	return refuse("-N %s: %s", name, strerror(error));
}

int netns_enter(const char *name)
{
	char path[PATH_MAX];
	int fd, error = 0;

	snprintf(path, sizeof(path), "%s%s", strchr(name, '/') ? "" :
		 NETNS_DIR "/", name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return enter_refusal(name, errno);
	if (setns(fd, CLONE_NEWNET))
		error = errno;
	close(fd);
	return error ? enter_refusal(name, error) : 0;
}

static bool is_file(const struct stat *here, const char *path)
{
	struct stat st;

	return !stat(path, &st) && st.st_ino == here->st_ino && st.st_dev == here->st_dev;
}

static bool find_name(const struct stat *here, char *buf)
{
	const struct dirent *entry;
	char path[PATH_MAX];
	bool found = false;
	DIR *dir = opendir(NETNS_DIR);

	/* cppcheck-suppress readdirCalled ; one thread */
	while (dir && !found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), NETNS_DIR "/%s", entry->d_name);
		found = is_file(here, path);
		snprintf(buf, NETNS_STRLEN, "%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

char *netns_str(char *buf)
{
	struct stat here;

	if (stat("/proc/self/ns/net", &here))
		snprintf(buf, NETNS_STRLEN, "unknown");
	else if (find_name(&here, buf))
		return buf;
	else if (is_file(&here, "/proc/1/ns/net"))
		snprintf(buf, NETNS_STRLEN, "of process 1");
	else
		snprintf(buf, NETNS_STRLEN, "%llu", (unsigned long long)here.st_ino);
	return buf;
}
