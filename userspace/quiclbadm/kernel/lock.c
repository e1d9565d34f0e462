// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "common/err.h"
#include "kernel/run_dir.h"

#define SUFFIX "lock"

unsigned int lock_patience = 30;

static int lock_fd = -1;

static void on_alarm(int number)
{
	(void)number;
}

/* While it ticks, a system call that waits is interrupted ten times a second. */
static void tick(bool on, struct sigaction *old)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval timer = { 0 };

	if (on) {
		sigaction(SIGALRM, &action, old);
		timer.it_interval.tv_usec = 100000;
		timer.it_value.tv_usec = 100000;
	}
	setitimer(ITIMER_REAL, &timer, NULL);
	if (!on)
		sigaction(SIGALRM, old, NULL);
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Return: 0, or -1 and errno; EINTR: the time is up. */
static int wait_for(int fd, int operation)
{
	const time_t end = now() + lock_patience;
	struct sigaction old;
	int err;

	if (!flock(fd, operation | LOCK_NB))
		return 0;
	tick(true, &old);
	do {
		err = flock(fd, operation);
	} while (err && errno == EINTR && now() < end);
	if (err)
		err = errno;
	tick(false, &old);
	errno = err;
	return err ? -1 : 0;
}

/* Others name us by it when they wait in vain. */
static void sign(int fd, const char *what)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "%d (%s)", (int)getpid(), what);

	/* without a name they can still wait */
	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)len, 0) < 0)
		return;
}

static int refuse_wait(int fd)
{
	char holder[64] = "", path[RUN_PATH_MAX];
	ssize_t len;

	if (errno != EINTR)
		return refuse("lock %s: %s", run_path(SUFFIX, path),
			      strerror(errno));
	len = pread(fd, holder, sizeof(holder) - 1, 0);
	return refuse("lock %s: quiclbadm with process ID %s has not ended its change for %u seconds; wait for it or end it, then try again",
		      run_path(SUFFIX, path), len > 0 ? holder : "unknown",
		      lock_patience);
}

static int refuse_open(void)
{
	char path[RUN_PATH_MAX];

	if (errno == EPERM)
		return refuse("lock: users other than root may write to %s, so it is not trusted; remove it",
			      run_dir);
	if (errno == ELOOP || errno == ENOTDIR)
		return refuse("lock %s: %s; remove it", run_path(SUFFIX, path),
			      strerror(errno));
	caution("lock %s: %s, so another quiclbadm may change services at the same time",
		run_path(SUFFIX, path), strerror(errno));
	return 0;
}

int lock_take(bool alone, const char *what)
{
	int fd, err;

	if (lock_fd >= 0)
		return 0;
	fd = run_open(SUFFIX, O_RDWR | O_CREAT);
	if (fd < 0 && errno != EPERM && geteuid())
		return 0;
	if (fd < 0)
		return refuse_open();
	if (wait_for(fd, alone ? LOCK_EX : LOCK_SH)) {
		err = refuse_wait(fd);
		close(fd);
		return err;
	}
	sign(fd, what);
	lock_fd = fd;
	return 0;
}

void lock_release(void)
{
	if (lock_fd >= 0)
		close(lock_fd);
	lock_fd = -1;
}
