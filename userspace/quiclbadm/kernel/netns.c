// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
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
