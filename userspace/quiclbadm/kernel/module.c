// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/tool.h"

enum module_sizes {
	WORDS_MAX = 4096,		/* of modprobe's that are read */
};

static bool refused_unsigned;

bool module_is_loaded(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	return !access(path, F_OK);
}

static size_t read_words(int fd, char *buf, size_t size)
{
	ssize_t len = pread(fd, buf, size - 1, 0);

	if (len < 0)
		len = 0;
	buf[len] = '\0';
	return (size_t)len;
}

/* "[none] integrity confidentiality"; without the file there is no lockdown. */
static bool is_locked_down(void)
{
	int fd = open("/sys/kernel/security/lockdown", O_RDONLY | O_CLOEXEC);
	char modes[64];
	size_t len;

	if (fd < 0)
		return false;
	len = read_words(fd, modes, sizeof(modes));
	close(fd);
	return len && !strstr(modes, "[none]");
}

/*
 * modprobe's status does not tell one refusal from another, but it prints the
 * error's text.  A kernel that enforces signatures says one of the first two; one
 * that is locked down, as Secure Boot does, the third, which root gets from
 * others than the lockdown, too.
 */
static bool speaks_of_signature(const char *words)
{
	return strstr(words, strerror(EKEYREJECTED)) ||
	       strstr(words, strerror(ENOKEY)) ||
	       (strstr(words, strerror(EPERM)) && is_locked_down());
}

static void run_modprobe(const char *name, int words)
{
	char path[64];
	int null = open("/dev/null", O_RDWR);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	dup2(words >= 0 ? words : null, STDERR_FILENO);
	/* no -q: that would keep back why the kernel refuses */
	if (tool_find("modprobe", path, sizeof(path)))
		execle(path, "modprobe", "--", name, (char *)NULL, tool_environment);
	_exit(127);
}

/*
 * A file and not a pipe: what modprobe starts by an "install" line of its
 * configuration may keep standard error open for ever.
 */
void module_load(const char *name)
{
	int words = memfd_create("modprobe", MFD_CLOEXEC);
	char buf[WORDS_MAX];
	pid_t pid = fork();

	if (!pid)
		run_modprobe(name, words);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (words < 0)
		return;
	if (read_words(words, buf, sizeof(buf)))
		refused_unsigned = speaks_of_signature(buf);
	close(words);
}

bool module_is_unsigned(void)
{
	return refused_unsigned;
}
