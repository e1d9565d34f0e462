// SPDX-License-Identifier: GPL-2.0-only
/* -L */
#include "cmd/cmd.h"
#include "kernel/kernel.h"
#include "output/json.h"
#include "output/text.h"

int cmd_list(const struct args *args)
{
	const struct list_style style = {
		.view = args->view,
		.exact = given(args, O(EXACT)),
		.all = given(args, O(ALL)),
	};
	struct ipvs_info info;
	struct state state;
	int err;

	if (given(args, O(EXACT)) && args->view != VIEW_STATS &&
	    args->view != VIEW_RATE)
		return bad_usage("--exact: only with --stats or --rate");
	if (style.all && style.view != VIEW_DEFAULT && style.view != VIEW_STATS)
		return bad_usage("--all: only with --stats, or where server IDs are listed");
	err = kernel_load(&state, given(args, O(SERVICE)) ? &args->service :
							     NULL);
	if (err)
		goto out;
	err = ipvs_get_info(&info);
	if (err) {
		err = kernel_refusal(NL_IPVS, IPVS_CMD_GET_INFO, err, "IPVS");
		goto out;
	}
	if (given(args, O(JSON)))
		print_services_json(&state, &info);
	else
		print_services(&state, &info, &style);
out:
	state_destroy(&state);
	return err;
}
