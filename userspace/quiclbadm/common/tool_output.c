// SPDX-License-Identifier: GPL-2.0-only
#include "common/tool_output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/tool.h"
#include "common/xalloc.h"

/* All that @fd gives until its end; NULL when that is too much, or takes too long. */
static char *read_all(int fd, size_t max, uint64_t ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	uint64_t end = clock_ms() + ms, now;
	char *text = NULL;
	size_t len = 0;
	ssize_t part;

	do {
		now = clock_ms();
		if (len > max || now > end || poll(&ready, 1, (int)(end - now)) <= 0) {
			free(text);
			return NULL;
		}
		text = xreallocarray(text, len + 65537, 1);
		part = read(fd, text + len, 65536);
		if (part > 0)
			len += (size_t)part;
	} while (part > 0 || (part < 0 && errno == EINTR));
	text[len] = '\0';
	return text;
}

/* Its standard output is @out.  Return: its process, or -1. */
static pid_t start(char *const argv[], int out)
{
	posix_spawn_file_actions_t actions;
	char path[64];
	pid_t pid;

	if (!tool_find(argv[0], path, sizeof(path)))
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
					 O_WRONLY, 0);
	if (posix_spawn(&pid, path, &actions, NULL, argv, tool_environment))
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* Its status as the shell would have it. */
static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			return TOOL_ENDED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

char *tool_output(char *const argv[], size_t max, uint64_t ms, int *status)
{
	char *text = NULL;
	int fds[2];
	pid_t pid;

	*status = TOOL_MISSING;
	if (pipe2(fds, O_CLOEXEC))
		return NULL;
	pid = start(argv, fds[1]);
	close(fds[1]);
	if (pid > 0) {
		text = read_all(fds[0], max, ms);
		if (!text)
			kill(pid, SIGKILL);
		*status = wait_for(pid);
		if (!text)
			*status = TOOL_ENDED;
	}
	close(fds[0]);
	if (*status) {
		free(text);
		text = NULL;
	}
	return text;
}
