// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel tells a child of its parent's end by a signal (PR_SET_PDEATHSIG), behind the
 * closing of the parent's files: its locks are gone by then.
 */
#include "tracing/guard.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A session of its own: keys of a terminal do not reach it.  Its parent's files are closed, so
 * that it keeps neither locks nor the other end of a pipe.
 */
static void watch(pid_t parent, void (*tidy)(void))
{
	sigset_t all;
	int got;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	setsid();
	close_range(0, ~0u, 0);
	/* what is opened later must not be taken for the standard files */
	/* cppcheck-suppress leakReturnValNotUsed ; it is number 0 */
	if (open("/dev/null", O_RDWR) || dup(0) < 0 || dup(0) < 0)
		_exit(1);
	sigemptyset(&all);
	sigaddset(&all, SIGUSR1);
	/* or it has ended before the kernel was asked to tell */
	while (getppid() == parent)
		sigwait(&all, &got);
	tidy();
	_exit(0);
}

pid_t guard_start(void (*tidy)(void))
{
	const pid_t parent = getpid();
	pid_t guard = fork();

	if (!guard)
		watch(parent, tidy);
	return guard;
}

void guard_end(pid_t guard)
{
	if (guard <= 0)
		return;
	kill(guard, SIGKILL);
	waitpid(guard, NULL, 0);
}
