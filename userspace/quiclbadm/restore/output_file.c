// SPDX-License-Identifier: GPL-2.0-only
#include "restore/output_file.h"

#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "kernel/kernel.h"
#include "model/secret.h"
#include "restore/replace_file.h"

int output_check_stdout(void)
{
	if (isatty(STDOUT_FILENO))
		return refuse("--keys: standard output is a terminal");
	if (secret_is_world_readable(STDOUT_FILENO))
		return refuse("--keys: any user may read the file that standard output is (umask 077)");
	return 0;
}

static int check_file(const struct replacement *file)
{
	if (isatty(fileno(file->out)))
		return refuse("--keys: %s is a terminal", file->name);
	if (secret_is_world_readable(fileno(file->out)))
		return refuse("--keys: any user may read %s (chmod 600)",
			      file->name);
	return 0;
}

static bool write_to(FILE *out, void (*write)(FILE *out, const void *data),
		     const void *data)
{
	static char buf[BUFSIZ];
	bool ok;

	setvbuf(out, buf, _IOFBF, sizeof(buf));
	write(out, data);
	ok = !fflush(out);
	explicit_bzero(buf, sizeof(buf));
	return ok;
}

static int write_file(const char *path, bool keys,
		      void (*write)(FILE *out, const void *data),
		      const void *data)
{
	struct replacement file;
	int err;

	kernel_hold_signals(true);
	err = replacement_begin(&file, path);
	if (!err) {
		if (keys)
			err = check_file(&file);
		if (!err && !write_to(file.out, write, data))
			err = refuse("%s: %m", path);
		if (replacement_end(&file, !err))
			err = EXIT_REFUSED;
	}
	kernel_hold_signals(false);
	return err;
}

int output_write(const char *path, bool keys,
		 void (*write)(FILE *out, const void *data), const void *data)
{
	if (path)
		return write_file(path, keys, write, data);
	return write_to(stdout, write, data) ? 0 : refuse("standard output: %m");
}
