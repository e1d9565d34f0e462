/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A count of live objects by kind.  Objects die after grace periods and in
 * workers; unloading the module waits for them all and then demands zero, so a
 * lost reference is a WARN, not a leak that nobody sees.
 *
 * Root of a user namespace can make services, so all of them are allocated with
 * GFP_KERNEL_ACCOUNT: the memory cgroup of who asks is charged for them.
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
 * On the same queue.  Nobody waits for that but ivq_object_uninit(), so what
 * @work waits for does not depend on who has to wait for the kernel's own queues.
 */
void ivq_object_queue(struct delayed_work *work, unsigned long delay);

int ivq_object_init(void);
void ivq_object_uninit(void);

#endif /* _IVQ_OBJECT_H */
