// SPDX-License-Identifier: GPL-2.0-only
/* config add, replace, del, list */
#include <errno.h>
#include <stdio.h>

#include "cli/build.h"
#include "cmd/cmd.h"
#include "cmd/server_id_refusal.h"
#include "cmd/server_id_warning.h"
#include "kernel/kernel.h"
#include "kernel/lock.h"
#include "kernel/quic.h"
#include "metrics/seen_by.h"
#include "output/json.h"
#include "output/text.h"

static int config_refusal(const struct args *args,
			  const struct quic_change *change, int err)
{
	char service[SERVICE_STRLEN], config[CONFIG_STRLEN], what[256];

	snprintf(what, sizeof(what), "%s of %s",
		 config_str(args->id, args->tenant, config),
		 service_str(&args->service, service));
	return server_id_refusal(change, IP_VS_QUIC_CMD_SET, err, what);
}

static int set_config(const struct args *args, bool exclusive)
{
	struct quic_change change = {
		.service = &args->service,
		.flags = exclusive ? IP_VS_QUIC_F_EXCL : 0,
		.config_count = 1,
	};
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];
	struct config config;
	int err;

	config_str(args->id, args->tenant, config_name);
	err = build_config(args, &config);
	if (!err)
		err = lock_take(true, cmd_name(args->cmd));
	if (err)
		goto out;
	change.configs = &config;
	err = quic_set(&change);
	if (err == -EEXIST && exclusive)
		err = refuse("%s of %s: it exists already (config replace changes it)",
			     config_name, service_str(&args->service, name));
	else if (err)
		err = config_refusal(args, &change, err);
	else
		server_id_warn_after(&change);
out:
	config_destroy(&config);
	return err;
}

int cmd_config_add(const struct args *args)
{
	return set_config(args, true);
}

int cmd_config_replace(const struct args *args)
{
	return set_config(args, false);
}

/* One that does not exist is for the kernel to refuse. */
static int check_unused(const struct args *args)
{
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN], age[AGE_STRLEN];
	const struct config *config;
	uint64_t uptime = UINT64_MAX;
	struct state state;
	int err;

	err = kernel_load_quic(&state, &args->service);
	if (!err)
		err = seen_by_read(args->seen_by, args->seen_by_count, state.services[0],
				   &uptime);
	if (err)
		goto out;
	config = service_find_config(state.services[0], args->id, args->tenant);
	if (config && config->seen &&
	    config->last_seen < UINT64_C(1000) * args->seen_within)
		err = refuse("%s of %s: seen %s%s%s, so connections still use it (--force deletes it all the same)",
			     config_str(args->id, args->tenant, config_name),
			     service_str(&args->service, name), age_str(config, age),
			     config->seen_by ? " by " : "",
			     config->seen_by ? config->seen_by : "");
out:
	state_destroy(&state);
	return err;
}

int cmd_config_del(const struct args *args)
{
	struct config config = {
		.id = (uint8_t)args->id,
		.tenant = (uint8_t)args->tenant,
	};
	struct quic_change change = {
		.service = &args->service,
		.configs = &config,
		.config_count = 1,
	};
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];
	int err;

	if (given(args, O(FORCE)) && given(args, O(SEEN_WITHIN) | O(SEEN_BY)))
		return bad_usage("%s: not with --force, which does not check",
				 given(args, O(SEEN_BY)) ? "--seen-by" : "--seen-within");
	err = given(args, O(FORCE)) ? 0 : check_unused(args);
	if (err)
		return err;
	err = quic_del(&change);
	if (!err)
		return 0;
	return kernel_refusal(NL_QUIC, IP_VS_QUIC_CMD_DEL, err, "%s of %s",
			      config_str(args->id, args->tenant, config_name),
			      service_str(&args->service, name));
}

int cmd_config_list(const struct args *args)
{
	struct state state;
	int err = kernel_load(&state,
			      given(args, O(SERVICE)) ? &args->service : NULL);

	if (!err && given(args, O(JSON)))
		print_configs_json(&state);
	else if (!err)
		print_configs(&state);
	state_destroy(&state);
	return err;
}
