// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *content_type(const char *name)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".txt", "text/plain; charset=utf-8" },
		{ ".css", "text/css" },
		{ ".js", "text/javascript" },
		{ ".json", "application/json" },
		{ ".svg", "image/svg+xml" },
		{ ".png", "image/png" },
		{ ".jpg", "image/jpeg" },
	};
	const char *suffix = strrchr(name, '.');

	for (size_t i = 0; suffix && i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(suffix, types[i].suffix))
			return types[i].type;
	return "application/octet-stream";
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Undoes percent-encoding up to the query and adds index.html to a directory.
 * Return: false for a target that is not a path or does not fit.
 */
static bool decode(const char *target, char *name, size_t size)
{
	size_t n = 0;

	if (*target++ != '/')
		return false;
	for (; *target && *target != '?' && n < size - 1; target++) {
		char c = *target;

		if (c == '%') {
			int high = hex_digit(target[1]);
			int low = high < 0 ? -1 : hex_digit(target[2]);

			if (low < 0 || !(high | low))
				return false;
			c = high << 4 | low;
			target += 2;
		}
		name[n++] = c;
	}
	name[n] = '\0';
	if (!n || name[n - 1] == '/')
		n += snprintf(name + n, size - n, "index.html");
	return n < size - 1;
}

/*
 * The kernel does the containment: neither "..", nor an absolute path, nor a
 * symbolic link leads out of @root.  O_NONBLOCK, because opening a FIFO waits.
 */
static int open_beneath(int root, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	return syscall(SYS_openat2, root, name, &how, sizeof(how));
}

/* Everything else is trouble of ours, which may pass: no file left, no memory. */
static bool means_not_found(int err)
{
	return err == ENOENT || err == ENOTDIR || err == EACCES ||
	       err == EXDEV || err == ELOOP || err == ENAMETOOLONG ||
	       err == ENXIO;
}

int file_open(struct file *file, int root, const char *target)
{
	char name[1024];
	struct stat st;

	if (!decode(target, name, sizeof(name)))
		return 400;
	file->fd = open_beneath(root, name);
	if (file->fd < 0)
		return means_not_found(errno) ? 404 : 503;
	if (fstat(file->fd, &st) || !S_ISREG(st.st_mode)) {
		close(file->fd);
		return 404;
	}
	file->size = st.st_size;
	file->type = content_type(name);
	return 0;
}
