// SPDX-License-Identifier: GPL-2.0-only
/* -L */
#include <string.h>

#include "cmd/cmd.h"
#include "kernel/kernel.h"
#include "output/json.h"
#include "output/text.h"
#include "restore/awaited.h"
#include "restore/record.h"

static int check_style(const struct args *args)
{
	if (given(args, O(EXACT)) && args->view != VIEW_STATS &&
	    args->view != VIEW_RATE)
		return bad_usage("--exact: only with --stats or --rate");
	if (given(args, O(ALL)) && args->view != VIEW_DEFAULT &&
	    args->view != VIEW_STATS)
		return bad_usage("--all: only with --stats, or where server IDs are listed");
	if (given(args, O(SERVICE)) && (args->view == VIEW_TIMEOUT ||
					args->view == VIEW_DAEMON))
		return bad_usage("--timeout and --daemon: of IPVS as a whole, not of a service");
	return 0;
}

static int list_services(const struct args *args)
{
	const struct list_style style = {
		.view = args->view,
		.exact = given(args, O(EXACT)),
		.all = given(args, O(ALL)),
	};
	struct ipvs_info info;
	struct state state;
	int err;

	err = kernel_load(&state, given(args, O(SERVICE)) ? &args->service :
							     NULL);
	if (err)
		goto out;
	record_mark(&state);
	if (!given(args, O(SERVICE)))
		awaited_load(&state);
	err = ipvs_get_info(&info);
	if (err)
		err = kernel_refusal(NL_IPVS, IPVS_CMD_GET_INFO, err, "IPVS");
	else if (given(args, O(JSON)))
		print_services_json(&state, &info);
	else
		print_services(&state, &info, &style);
out:
	state_destroy(&state);
	return err;
}

static int list_conns(const struct args *args)
{
	struct state state;
	int err;

	err = kernel_load(&state, given(args, O(SERVICE)) ? &args->service :
							     NULL);
	if (!err) {
		err = given(args, O(JSON)) ? print_conns_json(&state) :
					     print_conns(&state);
		if (err)
			err = refuse("connections: %s", strerror(-err));
	}
	state_destroy(&state);
	return err;
}

static int list_timeouts(const struct args *args)
{
	struct ipvs_timeouts timeouts;
	int err = ipvs_get_timeouts(&timeouts);

	if (err)
		return kernel_refusal(NL_IPVS, IPVS_CMD_GET_CONFIG, err,
				      "timeouts");
	if (given(args, O(JSON)))
		print_timeouts_json(&timeouts);
	else
		print_timeouts(&timeouts);
	return 0;
}

static int list_daemons(const struct args *args)
{
	struct ipvs_daemon daemons[IPVS_DAEMONS_MAX];
	size_t count;
	int err = ipvs_get_daemons(daemons, &count);

	if (err)
		return kernel_refusal(NL_IPVS, IPVS_CMD_GET_DAEMON, err,
				      "synchronization");
	if (given(args, O(JSON)))
		print_daemons_json(daemons, count);
	else
		print_daemons(daemons, count);
	return 0;
}

int cmd_list(const struct args *args)
{
	int err = check_style(args);

	if (err)
		return err;
	switch (args->view) {
	case VIEW_CONNECTIONS:
		return list_conns(args);
	case VIEW_TIMEOUT:
		return list_timeouts(args);
	case VIEW_DAEMON:
		return list_daemons(args);
	default:
		return list_services(args);
	}
}
