// SPDX-License-Identifier: GPL-2.0-only
/*
 * -S --yang, -R --yang: the configs and server IDs of one service as the draft's module
 * ietf-quic-lb-middlebox, which has no word for anything else.
 */
#include <string.h>

#include "cmd/cmd.h"
#include "kernel/kernel.h"
#include "kernel/lock.h"
#include "model/layout.h"
#include "output/json_build.h"
#include "restore/config_guard.h"
#include "restore/config_key.h"
#include "restore/output_file.h"
#include "restore/transaction.h"
#include "restore/yang_merge.h"
#include "restore/yang_write.h"

/* The module does not name a service: the one with the scheduler "quic", if there is one. */
static int only_service(const struct state *state, struct service_id *id)
{
	size_t count = 0, i;

	for (i = 0; i < state->count; i++)
		if (service_is_quic(state->services[i])) {
			*id = state->services[i]->id;
			count++;
		}
	if (!count)
		return refuse("--yang: no service has the scheduler quic (-A)");
	if (count > 1)
		return refuse("--yang: %zu services have the scheduler quic, and the draft's YANG does not name a service; say which by -u or -f",
			      count);
	return 0;
}

static int find_service(const struct args *args, struct service_id *id)
{
	struct state state;
	int err;

	*id = args->service;
	if (given(args, O(SERVICE)))
		return 0;
	err = kernel_load(&state, NULL);
	if (!err)
		err = only_service(&state, id);
	state_destroy(&state);
	return err;
}

static int check_configs(struct service *svc, bool keys)
{
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];
	int err = 0;
	size_t i;

	for (i = 0; !err && i < svc->config_count; i++) {
		struct config *config = &svc->configs[i];
		json_t *text = NULL;

		if (config->tenant)
			continue;
		if (config_is_layout(config))
			return refuse("%s of %s: a layout, and the draft's YANG has no word for connection IDs that are not QUIC-LB's; -S without --yang saves it",
				      config_str(config->id, 0, config_name),
				      service_str(&svc->id, name));
		err = config_check_named(svc, config);
		if (!err)
			err = config_check_savable(svc, config, keys);
		if (!err && config->keyed)
			text = json_string(config->key_source);
		if (!err && config->keyed && !text)
			err = refuse("%s of %s: the path of its key is not UTF-8, and JSON is",
				     config_str(config->id, 0, config_name),
				     service_str(&svc->id, name));
		json_decref(text);
	}
	return err;
}

static int write_service(const char *path, struct service *svc, bool keys)
{
	int err = check_configs(svc, keys);
	json_t *json;

	if (err)
		return err;
	yang_warn_left_out(svc);
	json = yang_middlebox(svc, keys);
	err = output_write(path, keys, yang_write, json);
	json_decref(json);
	return err;
}

int cmd_save_yang(const struct args *args)
{
	const bool keys = given(args, O(KEYS));
	const char *path = args->operands[0];
	struct state state = { 0 };
	struct service_id id;
	int err;

	yang_wipe_json();
	if (path && !strcmp(path, "-"))
		path = NULL;
	err = keys && !path ? output_check_stdout() : 0;
	if (!err)
		err = lock_take(false, cmd_name(args->cmd));
	if (!err)
		err = find_service(args, &id);
	if (!err)
		err = kernel_load_quic(&state, &id);
	/* a reader of the output may be slow */
	lock_release();
	if (!err)
		err = write_service(path, state.services[0], keys);
	state_destroy(&state);
	return err;
}

/*
 * Weights are not the document's, so a checker's hand stays on the servers by itself.  With
 * the lock.
 */
static int apply(const struct args *args, const struct yang_document *document)
{
	struct state before = { 0 }, wanted = { 0 };
	struct service_id id;
	int err;

	err = find_service(args, &id);
	if (!err)
		err = kernel_load_quic(&before, &id);
	if (!err)
		err = kernel_load_quic(&wanted, &id);
	if (!err)
		err = yang_merge(document, given(args, O(ABSENT)),
				 wanted.services[0]);
	if (!err)
		err = config_guard(&before, &wanted, given(args, O(REKEY)));
	if (!err)
		err = transaction_apply(&before, &wanted);
	state_destroy(&before);
	state_destroy(&wanted);
	return err;
}

int cmd_restore_yang(const struct args *args)
{
	const bool check = given(args, O(CHECK));
	struct yang_document document;
	struct input_file file;
	int err;

	if (given(args, O(WEIGHTS)))
		return bad_usage("--weights: not with --yang, which has no weights");
	err = input_file_read(&file, args->operands[0]);
	if (!err) {
		err = yang_read(&file, check, &document);
		input_file_wipe(&file);
		if (!err && !check)
			err = lock_take(true, cmd_name(args->cmd));
		if (!err && !check)
			err = apply(args, &document);
		yang_document_destroy(&document);
	}
	input_file_wipe(&file);
	return err;
}
