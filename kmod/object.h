/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counts live objects by kind.  Objects are freed after grace periods and by workers;
 * unloading the module waits for all of that and then checks that no object is left, so
 * a lost reference is a WARN and not a silent leak.
 *
 * Root of a user namespace can make services, so all objects are allocated with
 * GFP_KERNEL_ACCOUNT: the memory cgroup of the requesting process is charged for them.
 */
#ifndef _IVQ_OBJECT_H
#define _IVQ_OBJECT_H

enum ivq_object {
	IVQ_OBJ_SERVICE,
	IVQ_OBJ_CONFIG,
	IVQ_OBJ_SIDMAP,
	IVQ_OBJ_TARGET,
	IVQ_OBJ_POOL,
	IVQ_OBJ_SNAPSHOT,
	IVQ_OBJ_UNROUTABLE,
	IVQ_OBJ_FLOWS,
	IVQ_OBJ_EXPRESS,
	IVQ_OBJ_SLOTS,
	IVQ_OBJ_NET,
	IVQ_OBJ_COUNT
};

struct delayed_work;
struct rcu_work;

void ivq_object_created(enum ivq_object kind);
void ivq_object_destroyed(enum ivq_object kind);

/* Runs the work's function in process context after a grace period. */
void ivq_object_retire(struct rcu_work *work);

/*
 * Queues a work on the same queue.  Only ivq_object_uninit() waits for that queue, so
 * what @work waits for does not depend on users of the kernel's own queues.
 */
void ivq_object_queue(struct delayed_work *work, unsigned long delay);

int ivq_object_init(void);
void ivq_object_uninit(void);

#endif /* _IVQ_OBJECT_H */
