// SPDX-License-Identifier: GPL-2.0
#include "rebuild.h"

#include <linux/jiffies.h>
#include <linux/netlink.h>

#include "net.h"
#include "notify.h"

/* A process that is stopped must not keep others' changes from the datagrams for ever. */
enum { BATCH_LIFE = 60 * HZ };

int ivq_rebuild(struct ivq_service *qs, bool *edited)
{
	struct ivq_past past = {};
	int err;

	lockdep_assert_held(qs->lock);
	err = ivq_service_update_pool(qs, &past);
	if (err) {
		ivq_notify_rebuild_failed(qs);
		pr_warn_ratelimited("service keeps its previous servers, error %d\n",
				    err);
	} else {
		*edited |= ivq_service_snapshot(qs)->pool->has_edited;
		ivq_notify_changed(qs, &past);
	}
	ivq_past_retire(&past);
	return err;
}

bool ivq_rebuild_is_held_back(const struct ivq_service *qs)
{
	lockdep_assert_held(qs->lock);
	return qs->batch && time_before(jiffies, qs->batch_end);
}

int ivq_rebuild_check_batch(const struct ivq_service *qs, u32 portid,
			    struct netlink_ext_ack *extack)
{
	if (!ivq_rebuild_is_held_back(qs) || qs->batch == portid)
		return 0;
	NL_SET_ERR_MSG(extack, "Another process is changing the servers of this service");
	return -EBUSY;
}

void ivq_rebuild_begin_batch(struct ivq_service *qs, u32 portid)
{
	struct ivq_net *qnet = qs->qnet;

	lockdep_assert_held(qs->lock);
	if (!qs->batch)
		WRITE_ONCE(qnet->batches, qnet->batches + 1);
	qs->batch = portid;
	qs->batch_end = jiffies + BATCH_LIFE;
}

void ivq_rebuild_end_batch(struct ivq_service *qs)
{
	struct ivq_net *qnet = qs->qnet;

	lockdep_assert_held(qs->lock);
	if (!qs->batch)
		return;
	WRITE_ONCE(qnet->batches, qnet->batches - 1);
	qs->batch = 0;
}

static bool release(struct ivq_net *qnet, u32 portid)
{
	struct ivq_service *qs;
	bool edited = false;

	mutex_lock(&qnet->lock);
	list_for_each_entry(qs, &qnet->services, list)
		if (qs->batch == portid) {
			ivq_rebuild_end_batch(qs);
			ivq_rebuild(qs, &edited);
		}
	mutex_unlock(&qnet->lock);
	return edited;
}

void ivq_rebuild_release(struct net *net, u32 portid)
{
	struct ivq_net *qnet = ivq_net_get(net);
	bool edited = false;

	if (!qnet)
		return;
	/* most sockets that go have nothing to do with this */
	if (READ_ONCE(qnet->batches))
		edited = release(qnet, portid);
	ivq_net_put(qnet);
	if (edited)
		ivq_service_forget_routes(net);
}
