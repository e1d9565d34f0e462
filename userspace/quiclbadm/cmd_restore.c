// SPDX-License-Identifier: GPL-2.0-only
/* -R: reads all, checks all, then changes what differs, or nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "input.h"
#include "kernel.h"
#include "plan.h"

enum {
	INPUT_MAX = 64 << 20,		/* octets; 16,384 server IDs are 1 MiB */
};

/* May hold keys: each buffer is wiped when a bigger one takes its place. */
static int read_input(char **text, size_t *size, size_t *len)
{
	ssize_t part;
	char *bigger;

	*size = 1 << 16;
	*len = 0;
	*text = xcalloc(1, *size);
	while ((part = read(STDIN_FILENO, *text + *len, *size - 1 - *len))) {
		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0)
			return refuse("standard input: %s", strerror(errno));
		*len += (size_t)part;
		if (*len < *size - 1)
			continue;
		if (*size >= INPUT_MAX)
			return refuse("standard input: more than %d octets",
				      INPUT_MAX);
		bigger = xcalloc(2, *size);
		memcpy(bigger, *text, *len);
		explicit_bzero(*text, *size);
		free(*text);
		*text = bigger;
		*size *= 2;
	}
	return 0;
}

static int apply(const struct state *wanted)
{
	struct state before;
	struct plan plan;
	int err;

	err = kernel_load(&before, NULL);
	if (!err) {
		plan_make(&plan, &before, wanted);
		err = plan_run(&plan);
		plan_destroy(&plan);
	}
	state_destroy(&before);
	return err;
}

int cmd_restore(const struct args *args)
{
	struct state wanted = { 0 };
	size_t size, len;
	char *text;
	int err;

	(void)args;
	err = read_input(&text, &size, &len);
	if (!err)
		err = input_read(text, len, &wanted);
	explicit_bzero(text, size);
	free(text);
	if (!err)
		err = apply(&wanted);
	state_destroy(&wanted);
	return err;
}
