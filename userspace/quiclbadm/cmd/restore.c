// SPDX-License-Identifier: GPL-2.0-only
/* -R, sync: read all, check all, then change what differs, or nothing.  -C. */
#include "cmd/cmd.h"
#include "kernel/ipvs.h"
#include "kernel/kernel.h"
#include "kernel/lock.h"
#include "restore/state_file.h"
#include "restore/transaction.h"

static int apply(const struct state *wanted, enum others others)
{
	struct state before;
	struct transaction txn;
	int err;

	err = kernel_load(&before, NULL);
	if (!err) {
		transaction_make(&txn, &before, wanted, others);
		err = transaction_run(&txn);
		transaction_destroy(&txn);
	}
	state_destroy(&before);
	return err;
}

static int restore(const struct args *args, enum others others)
{
	const bool check = given(args, O(CHECK));
	struct state wanted;
	int err;

	err = state_file_read(args->operands[0], check, &wanted);
	if (!err && !check)
		err = lock_take(true, cmd_name(args->cmd));
	if (!err && !check)
		err = apply(&wanted, others);
	state_destroy(&wanted);
	return err;
}

int cmd_restore(const struct args *args)
{
	return restore(args, KEEP_OTHERS);
}

int cmd_sync(const struct args *args)
{
	return restore(args, REMOVE_OURS);
}

/* What -L does not list, TCP services for example, is not ours to delete. */
int cmd_clear(const struct args *args)
{
	const struct state nothing = { 0 };
	int err;

	if (!given(args, O(ALL)))
		return apply(&nothing, REMOVE_SERVICES);
	err = ipvs_flush();
	return err ? kernel_refusal(NL_IPVS, IPVS_CMD_FLUSH, err, "services") : 0;
}
