// SPDX-License-Identifier: GPL-2.0-only
#include "capture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "common/err.h"
#include "common/xalloc.h"
#include "fake.h"
#include "kernel/run_dir.h"
#include "restore/state_file.h"

int ran_status;
char *ran_out;
char *ran_err;

enum { TEMP_MAX = 96 };

static char *slurp(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = xcalloc(1, (size_t)size + 1);

	assert_true(pread(fd, text, (size_t)size, 0) == size);
	close(fd);
	return text;
}

/* Below $TMPDIR, unless that is no name for a word of a command line. */
static void template(char path[static TEMP_MAX])
{
	static const char file[] = "quiclbadm-test-XXXXXX";
	const char *where = getenv("TMPDIR");

	if (!where || *where != '/' || strpbrk(where, " \t'\"#\\") ||
	    strlen(where) + sizeof(file) >= TEMP_MAX)
		where = "/tmp";
	snprintf(path, TEMP_MAX, "%s/%s", where, file);
}

static int scratch(void)
{
	char path[TEMP_MAX];
	int fd;

	template(path);
	fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

struct streams {
	int saved[3];
	int files[3];
};

static void redirect(struct streams *streams, const char *input)
{
	int fd;

	fflush(stdout);
	fflush(stderr);
	for (fd = 0; fd < 3; fd++) {
		streams->saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		streams->files[fd] = scratch();
	}
	if (input)
		assert_int_equal(pwrite(streams->files[0], input, strlen(input),
					0), strlen(input));
	for (fd = 0; fd < 3; fd++)
		dup2(streams->files[fd], fd);
}

static void unredirect(struct streams *streams)
{
	int fd;

	fflush(stdout);
	fflush(stderr);
	for (fd = 0; fd < 3; fd++) {
		dup2(streams->saved[fd], fd);
		close(streams->saved[fd]);
	}
	close(streams->files[0]);
	free(ran_out);
	free(ran_err);
	ran_out = slurp(streams->files[1]);
	ran_err = slurp(streams->files[2]);
}

void use_own_run_dir(void)
{
	static char dir[TEMP_MAX + 8];

	snprintf(dir, sizeof(dir), "%s.run", temp_dir());
	run_dir = dir;
}

static int execute(const struct args *args)
{
	use_own_run_dir();
	return args->help ? cmd_help(args) : cmd_run(args);
}

static void run_words(const char *input, const char *line, bool execute_it,
		      bool from_state_file)
{
	char *copy = xstrdup(line), **words;
	struct streams streams;
	struct args args;
	int count = state_file_split(copy, &words);

	assert_true(count >= 0);
	redirect(&streams, input);
	ran_status = args_parse(count, words, from_state_file, &args);
	if (!ran_status && execute_it)
		ran_status = execute(&args);
	unredirect(&streams);
	args_destroy(&args);
	free(words);
	free(copy);
}

void run_with(const char *input, const char *line)
{
	run_words(input, line, true, false);
}

void run(const char *line)
{
	run_words(NULL, line, true, false);
}

void parse(const char *line, bool from_state_file)
{
	run_words(NULL, line, false, from_state_file);
}

void done(const char *line)
{
	run(line);
	assert_string_equal(ran_err, "");
	assert_int_equal(ran_status, EXIT_DONE);
}

void says(int status, const char *sentence, const char *line)
{
	char wanted[1024];

	run(line);
	snprintf(wanted, sizeof(wanted), "Error: %s.\n", sentence);
	assert_string_equal(ran_err, wanted);
	assert_int_equal(ran_status, status);
}

static char directory[TEMP_MAX];

static void remove_directory(void)
{
	char command[2 * TEMP_MAX + 32];

	snprintf(command, sizeof(command), "rm -rf '%s' '%s.run'", directory,
		 directory);
	if (system(command))
		fprintf(stderr, "%s is left behind\n", directory);
}

const char *temp_dir(void)
{
	static bool made;

	/* the name that is made may end like the one that is not */
	if (!made) {
		template(directory);
		assert_non_null(mkdtemp(directory));
		made = true;
		atexit(remove_directory);
	}
	return directory;
}

const char *temp_file(const char *name, const char *content, unsigned int mode)
{
	static char path[TEMP_MAX + 128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", temp_dir(), name);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	fchmod(fd, mode);
	close(fd);
	return path;
}

int model_begin(void **state)
{
	char path[RUN_PATH_MAX];

	(void)state;
	fake_reset();
	use_own_run_dir();
	unlink(run_path("weights", path));
	unlink(run_path("awaited", path));
	return 0;
}

int model_end(void **state)
{
	(void)state;
	fake_reset();
	return 0;
}

void state_is(const char *wanted)
{
	char *text = fake_text();

	assert_string_equal(text, wanted);
	free(text);
}
