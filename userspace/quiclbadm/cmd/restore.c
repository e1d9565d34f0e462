// SPDX-License-Identifier: GPL-2.0-only
/* -R, sync: read all, check all, then change what differs, or nothing.  -C. */
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/server_id_warning.h"
#include "common/xalloc.h"
#include "kernel/driver.h"
#include "kernel/ipvs.h"
#include "kernel/kernel.h"
#include "kernel/lock.h"
#include "restore/awaited.h"
#include "restore/config_guard.h"
#include "restore/record.h"
#include "restore/state_file.h"
#include "restore/transaction.h"

/* What quiclbadm gives the servers, as lines of the record. */
static char *new_lines(const struct state *before, const struct state *wanted,
		       size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	size_t i, j;

	if (!out)
		no_memory();
	for (i = 0; i < before->count; i++)
		if (!state_find(wanted, &before->services[i]->id))
			record_print_forgotten(out, &before->services[i]->id);
	for (i = 0; i < wanted->count; i++) {
		const struct service *svc = wanted->services[i];

		record_print_forgotten(out, &svc->id);
		for (j = 0; j < svc->dest_count; j++)
			record_print_server(out, &svc->id, &svc->dests[j].server,
					    svc->dests[j].weight);
	}
	fclose(out);
	return text;
}

/* After sync only devices of its file are awaited, after -C none. */
static void await_missing(const struct transaction *txn, enum others others)
{
	struct state list = { 0 };
	struct device device;
	size_t i;

	for (i = 0; i < txn->count; i++) {
		if (txn->steps[i].kind != STEP_ADD_EXPRESS)
			continue;
		device = *txn->steps[i].device;
		device.awaited = txn->steps[i].missed;
		state_add_device(&list, &device);
	}
	if (others == KEEP_OTHERS)
		awaited_load(&list);
	awaited_store(&list);
	state_destroy(&list);
}

/*
 * A checker's hand stays on the servers, unless @weights says that the file counts; and keys
 * in use stay, unless @rekey does.
 */
static int apply(struct state *wanted, enum others others, bool weights, bool rekey)
{
	const struct state nothing = { 0 };
	struct transaction txn;
	struct record record;
	struct state before;
	char *lines = NULL;
	size_t len;
	int err;

	err = kernel_load(&before, NULL);
	if (!err)
		err = config_guard(&before, wanted, rekey);
	if (!err) {
		lines = new_lines(others == KEEP_OTHERS ? &nothing : &before,
				  wanted, &len);
		record_load(&record);
		if (!weights)
			record_hold(&record, &before, wanted);
		record_destroy(&record);
		transaction_make(&txn, &before, wanted, others);
		err = transaction_run(&txn);
		if (!err)
			await_missing(&txn, others);
		transaction_destroy(&txn);
	}
	if (!err)
		record_append(lines, len);
	free(lines);
	state_destroy(&before);
	return err;
}

static int restore(const struct args *args, enum others others)
{
	const bool check = given(args, O(CHECK));
	struct state wanted;
	size_t i;
	int err;

	err = state_file_read(args->operands[0],
			      (check ? STATE_FILE_CHECK : 0) |
			      (given(args, O(REKEY)) ? STATE_FILE_REKEY : 0), &wanted);
	for (i = 0; !err && check && i < wanted.count; i++)
		server_id_warn(wanted.services[i], ALL_CONFIG_IDS);
	if (!err && !check)
		err = lock_take(true, cmd_name(args->cmd));
	if (!err && !check)
		err = apply(&wanted, others, given(args, O(WEIGHTS)),
			    given(args, O(REKEY)));
	state_destroy(&wanted);
	return err;
}

int cmd_restore(const struct args *args)
{
	if (given(args, O(YANG)))
		return cmd_restore_yang(args);
	if (given(args, O(SERVICE)))
		return bad_usage("%s: only with --yang, the lines name their services",
				 option_spelling(args->by[OPT_SERVICE]));
	if (given(args, O(ABSENT)))
		return bad_usage("--absent: only with --yang, else it stands in a line");
	return restore(args, KEEP_OTHERS);
}

int cmd_sync(const struct args *args)
{
	return restore(args, REMOVE_OURS);
}

/* What -L does not list, TCP services for example, is deleted on request only. */
int cmd_clear(const struct args *args)
{
	struct state nothing = { 0 };
	int err = given(args, O(ALL)) ? ipvs_flush() : 0;

	if (err)
		return kernel_refusal(NL_IPVS, IPVS_CMD_FLUSH, err, "services");
	err = apply(&nothing, REMOVE_LISTED, true, true);
	driver_sweep();
	return err;
}
