// SPDX-License-Identifier: GPL-2.0-only
#include "restore/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/xalloc.h"

enum {
	INPUT_MAX = 64 << 20,		/* octets; 16,384 server IDs are 1 MiB */
};

/* Each buffer is wiped when a bigger one takes its place. */
static void grow(struct input_file *file)
{
	char *bigger = xcalloc(2, file->size);

	memcpy(bigger, file->text, file->len);
	explicit_bzero(file->text, file->size);
	free(file->text);
	file->text = bigger;
	file->size *= 2;
}

static int read_fd(struct input_file *file, int fd)
{
	ssize_t part;

	file->size = 1 << 16;
	file->text = xcalloc(1, file->size);
	while ((part = read(fd, file->text + file->len,
			    file->size - 1 - file->len))) {
		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0)
			return refuse("%s: %s", file->name, strerror(errno));
		file->len += (size_t)part;
		if (file->len < file->size - 1)
			continue;
		if (file->size >= INPUT_MAX)
			return refuse("%s: more than %d octets", file->name,
				      INPUT_MAX);
		grow(file);
	}
	/* what is left when a full disk or a failed command made the file */
	if (!file->len)
		return refuse("%s: it is empty; -S writes a line even when there is no service",
			      file->name);
	return 0;
}

int input_file_read(struct input_file *file, const char *path)
{
	int fd, err;

	memset(file, 0, sizeof(*file));
	if (!path || !strcmp(path, "-")) {
		file->name = "standard input";
		return read_fd(file, STDIN_FILENO);
	}
	file->name = path;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return refuse("%s: %s", path, strerror(errno));
	err = read_fd(file, fd);
	close(fd);
	return err;
}

void input_file_wipe(struct input_file *file)
{
	if (file->text)
		explicit_bzero(file->text, file->size);
	free(file->text);
	file->text = NULL;
}
