// SPDX-License-Identifier: GPL-2.0-only
#include "restore/replace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/xalloc.h"

static int refuse_file(const struct replacement *new)
{
	return refuse("%s: %s", new->name, strerror(errno));
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory = xstrdup(slash ? path : ".");

	if (slash)
		directory[slash - path + 1] = '\0';
	return directory;
}

/* Hidden, so that a directory of rules is not read with it. */
static char *temp_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t size = strlen(path) + sizeof("..XXXXXX");
	char *temp = xcalloc(1, size);

	snprintf(temp, size, "%.*s.%s.XXXXXX", (int)(base - path), path, base);
	return temp;
}

/* @old: what the file is now, or NULL */
static int begin_beside(struct replacement *new, const struct stat *old)
{
	int fd;

	new->temp = temp_name(new->path);
	fd = mkostemp(new->temp, O_CLOEXEC);
	if (fd < 0) {
		free(new->temp);
		new->temp = NULL;
		return refuse_file(new);
	}
	new->out = fdopen(fd, "w");
	if (!new->out)
		no_memory();
	if (fchown(fd, old ? old->st_uid : (uid_t)-1, old ? old->st_gid : (gid_t)-1) ||
	    fchmod(fd, old ? old->st_mode & 07777 : 0600))
		return refuse_file(new);
	return 0;
}

/*
 * The path of what is open as @fd.  The kernel has followed the symbolic links, and
 * refused those that another user has put into a public directory.
 */
static char *path_of(int fd)
{
	char link[64], path[PATH_MAX + 1] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, PATH_MAX) < 0)
		return NULL;
	return xstrdup(path);
}

static int begin_existing(struct replacement *new, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return refuse_file(new);
	if (!S_ISREG(st.st_mode)) {
		new->out = fdopen(dup(fd), "w");
		return new->out ? 0 : refuse_file(new);
	}
	new->path = path_of(fd);
	if (!new->path)
		return refuse_file(new);
	return begin_beside(new, &st);
}

static int begin_new(struct replacement *new)
{
	struct stat st;

	if (!lstat(new->name, &st) && S_ISLNK(st.st_mode))
		return refuse("%s: a symbolic link to a file that is not there; make that file or remove the link",
			      new->name);
	new->path = xstrdup(new->name);
	new->is_new = true;
	return begin_beside(new, NULL);
}

static void forget(struct replacement *new)
{
	if (new->out)
		fclose(new->out);
	if (new->temp)
		unlink(new->temp);
	free(new->temp);
	free(new->path);
	memset(new, 0, sizeof(*new));
}

int replacement_begin(struct replacement *new, const char *name)
{
	int fd, err;

	memset(new, 0, sizeof(*new));
	new->name = name;
	fd = open(name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0) {
		err = begin_existing(new, fd);
		close(fd);
	} else if (errno == ENOENT) {
		err = begin_new(new);
	} else {
		err = refuse_file(new);
	}
	if (err)
		forget(new);
	return err;
}

/* So that a power failure does not undo the renaming. */
static int sync_directory(const struct replacement *new)
{
	char *directory = directory_of(new->path);
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd < 0 || fsync(fd);

	if (fd >= 0)
		close(fd);
	free(directory);
	return err ? refuse_file(new) : 0;
}

static int take_place(struct replacement *new)
{
	if (fflush(new->out) || (new->path && fsync(fileno(new->out))))
		return refuse_file(new);
	if (!new->path)
		return 0;
	if (rename(new->temp, new->path))
		return refuse_file(new);
	free(new->temp);
	new->temp = NULL;
	return sync_directory(new);
}

int replacement_end(struct replacement *new, bool keep)
{
	int err = keep ? take_place(new) : 0;

	forget(new);
	return err;
}
