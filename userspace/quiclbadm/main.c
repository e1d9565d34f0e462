// SPDX-License-Identifier: GPL-2.0-only
/* quiclbadm: configures IPVS services with QUIC-LB routing, see quiclbadm(8). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "cmd/cmd.h"
#include "common/err.h"
#include "kernel/netns.h"
#include "kernel/nl.h"

static int run(const struct args *args)
{
	if (args->help && args->cmd != CMD_NONE) {
		help_print(args->cmd);
		return EXIT_DONE;
	}
	if (!args->help && args->netns) {
		int err = netns_enter(args->netns);

		if (err)
			return err;
	}
	return args->help ? cmd_help(args) : cmd_run(args);
}

int main(int argc, char **argv)
{
	struct args args;
	int err;

	/* keys pass through memory: no core dumps, and no debugger of the same user */
	prctl(PR_SET_DUMPABLE, 0);
	err = args_parse(argc - 1, argv + 1, false, &args);
	args.argv = argv;
	if (!err)
		err = run(&args);
	args_destroy(&args);
	nl_close();
	/* a full disk must not look like success */
	if (fflush(stdout) && !err)
		err = refuse("standard output: %s", strerror(errno));
	return err;
}
