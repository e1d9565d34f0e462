// SPDX-License-Identifier: GPL-2.0
#include "object.h"

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

static const char * const names[IVQ_OBJ_COUNT] = {
	[IVQ_OBJ_SERVICE]	= "service",
	[IVQ_OBJ_CONFIG]	= "config",
	[IVQ_OBJ_SIDMAP]	= "sidmap",
	[IVQ_OBJ_TARGET]	= "target",
	[IVQ_OBJ_POOL]		= "pool",
	[IVQ_OBJ_SNAPSHOT]	= "snapshot",
	[IVQ_OBJ_UNROUTABLE]	= "unroutable table",
	[IVQ_OBJ_FLOWS]		= "flow table",
	[IVQ_OBJ_EXPRESS]	= "express path",
	[IVQ_OBJ_SLOTS]		= "slots",
	[IVQ_OBJ_NET]		= "namespace",
};

static atomic_t live[IVQ_OBJ_COUNT];
static struct workqueue_struct *wq;

void ivq_object_created(enum ivq_object kind)
{
	atomic_inc(&live[kind]);
}

void ivq_object_destroyed(enum ivq_object kind)
{
	atomic_dec(&live[kind]);
}

void ivq_object_retire(struct rcu_work *work)
{
	queue_rcu_work(wq, work);
}

void ivq_object_queue(struct delayed_work *work, unsigned long delay)
{
	queue_delayed_work(wq, work, delay);
}

int ivq_object_init(void)
{
	wq = alloc_workqueue("ip_vs_quic", WQ_UNBOUND, 0);
	return wq ? 0 : -ENOMEM;
}

/*
 * Nothing but a work can retire objects any more, and no other work is queued.  Readers
 * that found the hook or the scheduler before they were unregistered are waited for
 * first; rcu_barrier() then sees every queue_rcu_work() through its grace period into
 * the queue.  A work there may retire its object once more, which is seen through
 * likewise.  Then all objects are gone, and with them the works that queue themselves,
 * which a queue that is being destroyed would refuse.  The functions are module text.
 */
void ivq_object_uninit(void)
{
	enum ivq_object kind;
	unsigned int turn;

	synchronize_rcu();
	for (turn = 0; turn < 2; turn++) {
		rcu_barrier();
		flush_workqueue(wq);
	}
	destroy_workqueue(wq);

	for (kind = 0; kind < IVQ_OBJ_COUNT; kind++)
		WARN(atomic_read(&live[kind]), "%d %s objects lost\n",
		     atomic_read(&live[kind]), names[kind]);
}
