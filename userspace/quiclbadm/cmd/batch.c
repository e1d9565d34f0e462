// SPDX-License-Identifier: GPL-2.0-only
/* batch: the commands in a file, as "ip -b" has them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "common/err.h"
#include "restore/state_file.h"

/* Standard input is the batch's: its commands find none, instead of its lines. */
static FILE *open_stdin(void)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), empty;

	empty = open("/dev/null", O_RDONLY);
	if (fd < 0 || empty < 0 || dup2(empty, STDIN_FILENO) < 0)
		return NULL;
	if (empty != STDIN_FILENO)
		close(empty);
	return fdopen(fd, "r");
}

/* Those that would need what the batch has, or would never come back. */
static int check_line(const struct args *args)
{
	const char *path = args->operand_count ? args->operands[0] : "-";

	if (given(args, O(NETNS)))
		return bad_usage("-N: a batch is in one network namespace (quiclbadm -N NETNS -b FILE)");
	switch (args->cmd) {
	case CMD_BATCH:
	case CMD_EXPLAIN:
	case CMD_TRACE:
		return bad_usage("%s: not in a batch", cmd_name(args->cmd));
	case CMD_RESTORE:
	case CMD_SYNC:
	case CMD_DIFF:
		if (!strcmp(path, "-"))
			return bad_usage("%s: in a batch it needs the name of a file",
					 cmd_name(args->cmd));
		return 0;
	default:
		return 0;
	}
}

static int run_line(char *line)
{
	char **words, **first;
	struct args args;
	int count, err;

	count = state_file_split(line, &words);
	first = words;
	if (count > 0 && !strcmp(*first, "quiclbadm")) {
		first++;
		count--;
	}
	err = count < 0 ? EXIT_REFUSED : 0;
	if (count > 0) {
		err = args_parse(count, first, false, &args);
		if (!err && args.help)
			err = cmd_help(&args);
		else if (!err)
			err = check_line(&args);
		if (!err && !args.help)
			err = cmd_run(&args);
		args_destroy(&args);
		/* genkey writes past the buffer */
		fflush(stdout);
	}
	free(words);
	return err;
}

static int run_lines(FILE *file, const char *name, bool go_on)
{
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;
	int status = 0;
	ssize_t len;

	while ((!status || go_on) && (len = getline(&line, &size, file)) >= 0) {
		int err;

		if (len && line[len - 1] == '\n')
			line[--len] = '\0';
		err_set_batch(name, ++number);
		err = strlen(line) == (size_t)len ? run_line(line) :
			refuse("an octet 0 in the text");
		if (err && !status)
			status = err;
	}
	if (status && !go_on && getline(&line, &size, file) >= 0)
		caution("the lines behind this one were not run (--force)");
	err_set_batch(NULL, 0);
	if (ferror(file))
		status = refuse("%s: %s", name, strerror(errno));
	free(line);
	return status;
}

int cmd_batch(const struct args *args)
{
	const char *name = args->operands[0];
	FILE *file;
	int err;

	if (!strcmp(name, "-")) {
		name = "standard input";
		file = open_stdin();
	} else {
		file = fopen(name, "re");
	}
	if (!file)
		return refuse("%s: %s", name, strerror(errno));
	err = run_lines(file, name, given(args, O(FORCE)));
	fclose(file);
	return err;
}
