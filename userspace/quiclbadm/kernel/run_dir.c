// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

const char *run_dir = "/run/quiclbadm";

/* Unlike an inode number, it is not used again for a later namespace. */
static uint64_t namespace_cookie(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(uint64_t);
	uint64_t cookie = 0;

	if (fd < 0)
		return 0;
	/* kernels since 5.14 have it */
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len))
		cookie = 0;
	close(fd);
	return cookie;
}

static void run_name(const char *suffix, char *name)
{
	snprintf(name, RUN_PATH_MAX, "netns-%" PRIu64 ".%s", namespace_cookie(),
		 suffix);
}

char *run_path(const char *suffix, char *path)
{
	char name[RUN_PATH_MAX];

	run_name(suffix, name);
	snprintf(path, RUN_PATH_MAX, "%s/%.48s", run_dir, name);
	return path;
}

static int open_directory(bool make)
{
	struct stat st;
	int fd;

	if (make && mkdir(run_dir, 0700) && errno != EEXIST)
		return -1;
	fd = open(run_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return fd;
	if (st.st_uid == geteuid() && !(st.st_mode & 022))
		return fd;
	close(fd);
	errno = EPERM;
	return -1;
}

int run_open(const char *suffix, int flags)
{
	int directory = open_directory(flags & O_CREAT), fd, error;
	char name[RUN_PATH_MAX];

	if (directory < 0)
		return -1;
	run_name(suffix, name);
	fd = openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
	error = errno;
	close(directory);
	errno = error;
	return fd;
}

int run_remove(const char *suffix)
{
	int directory = open_directory(false), err, error;
	char name[RUN_PATH_MAX];

	if (directory < 0)
		return -1;
	run_name(suffix, name);
	err = unlinkat(directory, name, 0);
	error = errno;
	close(directory);
	errno = error;
	return err;
}
