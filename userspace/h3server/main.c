// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "log.h"
#include "options.h"
#include "server.h"

/* Every response under way holds a file open. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void write_pid_file(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file || fprintf(file, "%d\n", getpid()) < 0 || fclose(file))
		refuse(EXIT_REFUSED, path, "%s", strerror(errno));
}

int main(int argc, char **argv)
{
	struct options options;
	struct server *server;

	/* it has keys, and clients' secrets: no core, and no debugger of the same user's */
	prctl(PR_SET_DUMPABLE, 0);
	/* The server goes on when its log has no reader any more. */
	signal(SIGPIPE, SIG_IGN);
	raise_file_limit();
	options_parse(&options, argc, argv);
	log_open(options.log);
	server = server_new(&options);
	if (options.pid_file)
		write_pid_file(options.pid_file);
	server_print_addresses(server);
	puts("ready");
	fflush(stdout);
	server_run(server);
	server_free(server);
	if (options.pid_file)
		unlink(options.pid_file);
	log_close();
	return 0;
}
