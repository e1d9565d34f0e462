// SPDX-License-Identifier: GPL-2.0-only
/* -R: reads all, checks all, then changes what differs, or nothing. */
#include "cmd/cmd.h"
#include "kernel/kernel.h"
#include "kernel/lock.h"
#include "restore/state_file.h"
#include "restore/transaction.h"

static int apply(const struct state *wanted)
{
	struct state before;
	struct transaction txn;
	int err;

	err = kernel_load(&before, NULL);
	if (!err) {
		transaction_make(&txn, &before, wanted);
		err = transaction_run(&txn);
		transaction_destroy(&txn);
	}
	state_destroy(&before);
	return err;
}

int cmd_restore(const struct args *args)
{
	const bool check = given(args, O(CHECK));
	struct state wanted;
	int err;

	err = state_file_read(args->operands[0], check, &wanted);
	if (!err && !check)
		err = lock_take(true, cmd_name(args->cmd));
	if (!err && !check)
		err = apply(&wanted);
	state_destroy(&wanted);
	return err;
}
