/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The difference between two states as a list of steps, and its execution as
 * one transaction.  What is the same in both is no step, so that applying a
 * state to itself touches nothing.
 */
#ifndef _QUICLBADM_RESTORE_TRANSACTION_H
#define _QUICLBADM_RESTORE_TRANSACTION_H

#include "model/model.h"

enum step_kind {
	STEP_ADD_SERVICE,
	STEP_EDIT_SERVICE,
	STEP_BEGIN,		/* datagrams see no change of servers ... */
	STEP_ADD_DEST,
	STEP_EDIT_DEST,
	STEP_SET_QUIC,
	STEP_DEL_DEST,
	STEP_COMMIT,		/* ... until this */
	STEP_DEL_EXPRESS,
	STEP_ADD_EXPRESS,
	STEP_MODE_EXPRESS,
	STEP_DEL_SERVICE,
};

/* What becomes of what the wanted state does not name. */
enum others {
	KEEP_OTHERS,
	REMOVE_OURS,		/* services with scheduler "quic", and devices */
	REMOVE_LISTED,		/* all that -L lists: services and devices */
};

struct step {
	enum step_kind kind;
	const struct service *before;	/* NULL: not there */
	const struct service *wanted;
	const struct dest *old_dest;
	const struct dest *new_dest;
	const struct device *device;	/* a device has these and none of the others */
	const struct device *old_device;	/* ... for another mode */
	bool missed;			/* there is no such device */
	bool commits;			/* of STEP_SET_QUIC: it is a STEP_COMMIT as well */
};

struct transaction {
	struct step *steps;
	size_t count;
	bool unbatched;			/* the module is older than batches */
};

/* From @before to @wanted, both sorted.  It points into both. */
void transaction_make(struct transaction *txn, const struct state *before,
		      const struct state *wanted, enum others others);

/*
 * All of it or, after a refusal, nothing.  But devices that do not exist are passed
 * over with a warning, and their steps marked: a VLAN may come up later, and is no
 * reason to forward nothing.
 * Return: 0 or EXIT_REFUSED after an error message.
 */
int transaction_run(struct transaction *txn);

void transaction_destroy(struct transaction *txn);

/* For who does not need the steps: from @before to @wanted, the rest stays. */
int transaction_apply(const struct state *before, const struct state *wanted);

#endif /* _QUICLBADM_RESTORE_TRANSACTION_H */
