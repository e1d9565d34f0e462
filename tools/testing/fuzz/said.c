// SPDX-License-Identifier: GPL-2.0-only
#include "said.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "common/xalloc.h"
#include "fuzz.h"
#include "kernel/run_dir.h"
#include "model/secret.h"

struct said said;

void said_reset(void)
{
	memset(&said, 0, sizeof(said));
	/* neither lock nor record: it cannot be made there */
	run_dir = "/nowhere/run";
}

static void keep_sentence(const char *format, va_list args)
{
	vsnprintf(said.sentence, sizeof(said.sentence), format, args);
	said.errors++;
}

int refuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep_sentence(format, args);
	va_end(args);
	return EXIT_REFUSED;
}

int bad_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep_sentence(format, args);
	va_end(args);
	return EXIT_USAGE;
}

void caution(const char *format, ...)
{
	char sentence[8192];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	said.warnings++;
}

void err_set_line(unsigned int line)
{
	(void)line;
}

void err_set_batch(const char *name, unsigned int line)
{
	(void)name;
	(void)line;
}

void err_set_place(const char *place)
{
	(void)place;
}

/* A path with an x in it does not exist; otherwise the key is made from the path. */
int __wrap_secret_read_key(const char *path, uint8_t key[QLB_KEY_LEN]);
int __wrap_secret_read_key(const char *path, uint8_t key[QLB_KEY_LEN])
{
	size_t i;

	if (strchr(path, 'x'))
		return refuse("key file %s: not there", path);
	memset(key, 0x5a, QLB_KEY_LEN);
	for (i = 0; path[i]; i++)
		key[i % QLB_KEY_LEN] = (uint8_t)(31 * key[i % QLB_KEY_LEN] +
						 path[i]);
	return 0;
}

bool __wrap_secret_is_world_readable(int fd);
bool __wrap_secret_is_world_readable(int fd)
{
	(void)fd;
	return false;
}

int __wrap_isatty(int fd);
int __wrap_isatty(int fd)
{
	(void)fd;
	return 0;
}

static struct {
	char *text;
	size_t len;
	size_t room;
	FILE *real;			/* stdout meanwhile */
} printed;

static ssize_t keep(void *cookie, const char *text, size_t len)
{
	(void)cookie;
	if (printed.len + len > printed.room) {
		printed.room = 2 * (printed.len + len);
		printed.text = xreallocarray(printed.text, printed.room, 1);
	}
	memcpy(printed.text + printed.len, text, len);
	printed.len += len;
	return (ssize_t)len;
}

void printed_begin(void)
{
	static const cookie_io_functions_t functions = { .write = keep };

	printed.len = 0;
	printed.real = stdout;
	stdout = fopencookie(NULL, "w", functions);
	must(stdout);
}

const char *printed_end(size_t *len)
{
	fclose(stdout);
	stdout = printed.real;
	*len = printed.len;
	keep(NULL, "", 1);
	return printed.text;
}
