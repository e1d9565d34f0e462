// SPDX-License-Identifier: GPL-2.0-only
/* -S: the state in the lines that -R reads, or as JSON; sorted, the same every time. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "kernel/kernel.h"
#include "kernel/lock.h"
#include "output/json.h"
#include "output/names.h"
#include "restore/awaited.h"
#include "restore/config_key.h"
#include "restore/output_file.h"
#include "restore/state_file_write.h"

/* -R has no word for a kind of tunnel that this version does not know. */
static int check_dest(const struct service *svc, const struct dest *dest)
{
	char server[ENDPOINT_STRLEN], name[SERVICE_STRLEN];

	if (dest->forward != IP_VS_CONN_F_TUNNEL || tunnel_name(dest->tun_type))
		return 0;
	return refuse("real server %s of %s: tunnel type %u, which this version of quiclbadm does not know and cannot save",
		      endpoint_str(&dest->server, server),
		      service_str(&svc->id, name), dest->tun_type);
}

/* Its key is in the kernel alone: the line names it, and cannot bring it back. */
static void warn_unnamed(const struct service *svc, const struct config *config)
{
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];

	if (config->keyed && !config->key_source)
		caution("%s of %s: its key came from standard input; -R finds it by its fingerprint as long as the kernel has it, not after a restart",
			config_str(config->id, config->tenant, config_name),
			service_str(&svc->id, name));
}

static void warn(const struct state *state)
{
	size_t i, j;

	for (i = 0; i < state->count; i++)
		for (j = 0; j < state->services[i]->config_count; j++)
			warn_unnamed(state->services[i], &state->services[i]->configs[j]);
}

/* All that can be refused is refused before the first line is out. */
static int check_state(const struct state *state, bool keys)
{
	size_t i, j;
	int err = 0;

	for (i = 0; !err && i < state->count; i++) {
		struct service *svc = state->services[i];

		for (j = 0; !err && j < svc->config_count; j++)
			err = config_check_savable(svc, &svc->configs[j], keys);
		for (j = 0; !err && j < svc->dest_count; j++)
			err = check_dest(svc, &svc->dests[j]);
	}
	return err;
}

/* What is written, for output_write(). */
struct saved {
	const struct state *state;
	bool keys;
};

static void write_saved(FILE *out, const void *data)
{
	const struct saved *saved = data;

	state_file_write(out, saved->state, saved->keys);
}

static void write_json(FILE *out, const void *data)
{
	const struct saved *saved = data;

	print_saved_json(out, saved->state);
}

/* Options that do not go together. */
static int check_save_options(const struct args *args)
{
	if (given(args, O(JSON)) && given(args, O(YANG)))
		return bad_usage("-j: not with --yang, which is JSON already");
	if (given(args, O(JSON)) && given(args, O(KEYS)))
		return bad_usage("--keys: not with -j, which nothing reads keys from");
	if (given(args, O(SERVICE)) && !given(args, O(YANG)))
		return bad_usage("%s: only with --yang, -S saves all services",
				 option_spelling(args->by[OPT_SERVICE]));
	return 0;
}

int cmd_save(const struct args *args)
{
	const bool keys = given(args, O(KEYS));
	const char *path = args->operands[0];
	struct state state;
	struct saved saved = { &state, keys };
	const bool json = given(args, O(JSON));
	int err = check_save_options(args);

	if (err)
		return err;
	if (given(args, O(YANG)))
		return cmd_save_yang(args);
	if (path && !strcmp(path, "-"))
		path = NULL;
	err = keys && !path ? output_check_stdout() : 0;
	if (err)
		return err;
	err = lock_take(false, cmd_name(args->cmd));
	if (err)
		return err;
	err = kernel_load(&state, NULL);
	if (!err)
		awaited_load(&state);
	/* a reader of the output may be slow */
	lock_release();
	/* what is not for -R need not be fit for it */
	if (!err && !json)
		err = check_state(&state, keys);
	if (!err && !json)
		warn(&state);
	if (!err)
		err = output_write(path, keys, json ? write_json : write_saved,
				   &saved);
	state_destroy(&state);
	return err;
}
