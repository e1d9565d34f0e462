// SPDX-License-Identifier: GPL-2.0-only
/* rotate: from one key to the next, in steps of which none can be skipped by mistake. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/build.h"
#include "cli/parse.h"
#include "cmd/cmd.h"
#include "cmd/server_id_refusal.h"
#include "cmd/server_id_warning.h"
#include "common/clock.h"
#include "common/xalloc.h"
#include "kernel/kernel.h"
#include "kernel/lock.h"
#include "metrics/seen_by.h"
#include "output/rotation.h"

static void read_wish(const struct args *args, const struct config *config,
		      struct rotation_wish *wish)
{
	wish->old_id = given(args, O(OLD)) ? args->old_id : ROTATION_NO_ID;
	wish->new_id = given(args, O(ID)) ? args->id : ROTATION_NO_ID;
	wish->has_key = config->keyed;
	wish->fingerprint = config->fingerprint;
	wish->unseen = given(args, O(UNSEEN)) ? args->unseen :
						ROTATION_UNSEEN_DEFAULT;
	wish->uptime = clock_uptime();
}

static int check_together(const struct args *args)
{
	if (given(args, O(FORCE)) && args->step != ROTATION_DELETE)
		return bad_usage("--force: only with --step %d", ROTATION_DELETE);
	if (given(args, O(SERVER_ID_LEN) | O(NONCE_LEN) | O(CHECK_LENGTH)) &&
	    !given(args, O(KEY_FILE)))
		return bad_usage("--server-id-len, --nonce-len, --check-length: only with --key-file");
	if (given(args, O(JSON)) && args->step == ROTATION_SERVERS)
		return bad_usage("-j: not with --step %d; without --step it prints the real servers as well",
				 ROTATION_SERVERS);
	return 0;
}

/* What no option gives is the old config's. */
static int complete_config(const struct args *args, const struct rotation *r,
			   struct config *config)
{
	char name[SERVICE_STRLEN];

	if (!config->keyed)
		return refuse("step %d of %s: the new key is missing (--key-file)",
			      ROTATION_ADD, service_str(&args->service, name));
	config->id = (uint8_t)r->new_id;
	if (!given(args, O(SERVER_ID_LEN)))
		config->server_id_len = r->old->server_id_len;
	if (!given(args, O(NONCE_LEN)))
		config->nonce_len = r->old->nonce_len;
	config->check_length |= r->old->check_length;
	return parse_check_config(cmd_name(args->cmd), config->id,
				  config->server_id_len, config->nonce_len);
}

/* Config and server IDs are one request: all of it or nothing. */
static int add(const struct args *args, const struct rotation *r, struct config *config)
{
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN], why[ROTATION_TEXT];
	char what[SERVICE_STRLEN + CONFIG_STRLEN + 8];
	struct quic_change change = {
		.service = &args->service,
		.flags = IP_VS_QUIC_F_EXCL | IP_VS_QUIC_F_ABSENT,
		.configs = config,
		.config_count = !r->new,
	};
	struct mapping *gain;
	int err;

	if (r->done[ROTATION_ADD])
		return 0;
	err = r->new ? 0 : complete_config(args, r, config);
	if (err)
		return err;
	snprintf(what, sizeof(what), "%s of %s", config_str(r->new_id, 0, config_name),
		 service_str(&args->service, name));
	gain = rotation_gain(r, r->new ? r->new : config, &change.map_count, why);
	if (!gain)
		return refuse("%s: %s", what, why);
	change.maps = gain;
	err = quic_set(&change);
	if (err)
		err = server_id_refusal(&change, IP_VS_QUIC_CMD_SET, err, what);
	else
		server_id_warn_after(&change);
	free(gain);
	return err;
}

/*
 * Server IDs of a config that is gone would be in the way when its ID is used again.  They go
 * in the same request.
 */
static int delete(const struct args *args, const struct rotation *r)
{
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];
	struct quic_change change = {
		.service = &args->service,
		.configs = r->old,
		.config_count = 1,
	};
	struct mapping *maps;
	size_t i;
	int err;

	if (r->done[ROTATION_DELETE])
		return 0;
	maps = xcalloc(r->svc->map_count + 1, sizeof(*maps));
	for (i = 0; i < r->svc->map_count; i++)
		if (r->svc->maps[i].config_id == r->old_id)
			maps[change.map_count++] = r->svc->maps[i];
	change.maps = maps;
	err = quic_del(&change);
	if (err)
		err = kernel_refusal(NL_QUIC, IP_VS_QUIC_CMD_DEL, err, "%s of %s",
				     config_str(r->old_id, 0, config_name),
				     service_str(&args->service, name));
	free(maps);
	return err;
}

static int take_step(const struct args *args, const struct rotation *r,
		     struct config *config)
{
	const bool force = given(args, O(FORCE));
	unsigned int blocked = rotation_blocked(r, args->step, force);
	char name[SERVICE_STRLEN];

	service_str(&args->service, name);
	if (blocked && blocked == args->step)
		return refuse("step %u of %s is not done: %s", blocked, name,
			      r->missing[blocked]);
	if (blocked)
		return refuse("step %u of %s: step %u is not done, %s", args->step,
			      name, blocked, r->missing[blocked]);
	blocked = rotation_blocked(r, args->step, false);
	if (blocked)
		caution("step %u of %s: by --force, though step %u is not done: %s; what has a connection ID of config %u is no longer routed by it",
			args->step, name, blocked, r->missing[blocked], r->old_id);
	if (args->step == ROTATION_ADD)
		return add(args, r, config);
	if (args->step == ROTATION_DELETE)
		return delete(args, r);
	return 0;
}

static int look(const struct args *args, struct rotation_wish *wish,
		struct state *state, struct rotation *r)
{
	char name[SERVICE_STRLEN], why[ROTATION_TEXT];
	int err = kernel_load_quic(state, &args->service);

	if (!err)
		err = seen_by_read(args->seen_by, args->seen_by_count, state->services[0],
				   &wish->uptime);
	if (!err && !rotation_find(state->services[0], wish, r, why))
		err = refuse("%s: %s", service_str(&args->service, name), why);
	return err;
}

/* The plan after a step, of the same two configs. */
static int print_plan(const struct args *args, struct rotation_wish *wish,
		      const struct rotation *before)
{
	struct state state;
	struct rotation r;
	int err;

	wish->old_id = before->old_id;
	wish->new_id = before->new_id;
	err = look(args, wish, &state, &r);
	if (!err && args->step == ROTATION_SERVERS)
		print_rotation_servers(&r);
	else if (!err && given(args, O(JSON)))
		print_rotation_json(&r);
	else if (!err)
		print_rotation(&r);
	state_destroy(&state);
	return err;
}

static int rotate(const struct args *args, struct config *config)
{
	struct rotation_wish wish;
	struct rotation r;
	struct state state;
	int err;

	read_wish(args, config, &wish);
	err = look(args, &wish, &state, &r);
	if (!err && args->step)
		err = take_step(args, &r, config);
	if (!err)
		err = print_plan(args, &wish, &r);
	state_destroy(&state);
	return err;
}

int cmd_rotate(const struct args *args)
{
	const bool changes = args->step == ROTATION_ADD ||
			     args->step == ROTATION_DELETE;
	struct config config;
	int err = check_together(args);

	if (err)
		return err;
	err = build_config(args, &config);
	if (!err)
		err = lock_take(changes, cmd_name(args->cmd));
	if (!err)
		err = rotate(args, &config);
	config_destroy(&config);
	return err;
}
