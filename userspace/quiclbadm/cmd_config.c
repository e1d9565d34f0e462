// SPDX-License-Identifier: GPL-2.0-only
/* config add, replace, del, list */
#include <errno.h>

#include "build.h"
#include "commands.h"
#include "kernel.h"
#include "print.h"
#include "quic.h"

static int set_config(const struct args *args, bool exclusive)
{
	struct quic_change change = {
		.service = &args->service,
		.flags = exclusive ? IP_VS_QUIC_F_EXCL : 0,
		.config_count = 1,
	};
	char name[SERVICE_STRLEN];
	struct config config;
	int err;

	err = build_config(args, &config);
	if (err)
		goto out;
	change.configs = &config;
	err = quic_set(&change);
	if (err == -EEXIST && exclusive)
		err = refuse("config %u of %s: it exists already (config replace changes it)",
			     args->id, service_str(&args->service, name));
	else if (err)
		err = kernel_refusal(NL_QUIC, IP_VS_QUIC_CMD_SET, err,
				     "config %u of %s", args->id,
				     service_str(&args->service, name));
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

int cmd_config_del(const struct args *args)
{
	struct config config = { .id = (uint8_t)args->id };
	struct quic_change change = {
		.service = &args->service,
		.configs = &config,
		.config_count = 1,
	};
	char name[SERVICE_STRLEN];
	int err = quic_del(&change);

	if (!err)
		return 0;
	return kernel_refusal(NL_QUIC, IP_VS_QUIC_CMD_DEL, err,
			      "config %u of %s", args->id,
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
