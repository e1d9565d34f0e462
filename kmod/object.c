// SPDX-License-Identifier: GPL-2.0
#include "object.h"

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

static const char * const names[IP_VS_QUIC_OBJ_COUNT] = {
	[IP_VS_QUIC_OBJ_SERVICE]	= "service",
	[IP_VS_QUIC_OBJ_CONFIG]		= "config",
	[IP_VS_QUIC_OBJ_SIDMAP]		= "sidmap",
	[IP_VS_QUIC_OBJ_TARGET]		= "target",
	[IP_VS_QUIC_OBJ_POOL]		= "pool",
	[IP_VS_QUIC_OBJ_ROUTES]		= "routes",
	[IP_VS_QUIC_OBJ_DCIDS]		= "dcids",
	[IP_VS_QUIC_OBJ_EXPRESS]	= "express path",
	[IP_VS_QUIC_OBJ_SLOTS]		= "slots",
	[IP_VS_QUIC_OBJ_NET]		= "namespace",
};

static atomic_t live[IP_VS_QUIC_OBJ_COUNT];
static struct workqueue_struct *wq;

void ip_vs_quic_object_created(enum ip_vs_quic_object kind)
{
	atomic_inc(&live[kind]);
}

void ip_vs_quic_object_destroyed(enum ip_vs_quic_object kind)
{
	atomic_dec(&live[kind]);
}

void ip_vs_quic_object_retire(struct rcu_work *work)
{
	queue_rcu_work(wq, work);
}

void ip_vs_quic_object_queue(struct delayed_work *work, unsigned long delay)
{
	queue_delayed_work(wq, work, delay);
}

int ip_vs_quic_object_init(void)
{
	wq = alloc_workqueue("ip_vs_quic", WQ_UNBOUND, 0);
	return wq ? 0 : -ENOMEM;
}

/*
 * Nothing can retire objects any more, and no other work is queued.  Readers that
 * found the hook or the scheduler before they were unregistered are waited for
 * first; rcu_barrier() then sees every queue_rcu_work() through its grace period into
 * the queue, which is drained by destroying it.  Its functions are module text.
 */
void ip_vs_quic_object_uninit(void)
{
	enum ip_vs_quic_object kind;

	synchronize_rcu();
	rcu_barrier();
	destroy_workqueue(wq);

	for (kind = 0; kind < IP_VS_QUIC_OBJ_COUNT; kind++)
		WARN(atomic_read(&live[kind]), "%d %s objects lost\n",
		     atomic_read(&live[kind]), names[kind]);
}
