// SPDX-License-Identifier: GPL-2.0
/*
 * ip_vs_quic: QUIC-LB (draft-ietf-quic-load-balancers) for IPVS.
 */
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "aes.h"
#include "cidcache.h"
#include "driver.h"
#include "express.h"
#include "netlink.h"
#include "netns.h"
#include "object.h"
#include "sched.h"
#include "target.h"

enum { RETRY = HZ };

/* Written by the work alone, until that is cancelled. */
static bool watches_namespaces, watches_devices, has_family;

static int finish_loading(void)
{
	int err = 0;

	if (!watches_namespaces) {
		err = ivq_netns_init();
		watches_namespaces = !err;
	}
	if (!err && !watches_devices) {
		err = ivq_express_init();
		watches_devices = !err;
	}
	if (!err) {
		err = ivq_netlink_init();
		has_family = !err;
	}
	return err;
}

static void loading_work(struct work_struct *work)
{
	int err = finish_loading();

	if (!err)
		return;
	pr_warn_ratelimited("no netlink family yet, error %d\n", err);
	ivq_object_queue(to_delayed_work(work), RETRY);
}

static DECLARE_DELAYED_WORK(loading, loading_work);

/*
 * Behind init the kernel waits for all asynchronous work (async_synchronize_full()), with
 * IPVS's mutex held by who asked for the module: drivers that are probing devices, some of
 * which want RTNL, or a disk that does not answer.  That is for modules whose devices
 * somebody expects to be there; it does not wait for one that is to probe asynchronously.
 */
static void __init do_not_wait_for_drivers(void)
{
#ifdef MODULE
	THIS_MODULE->async_probe_requested = true;
#endif
}

/*
 * IPVS loads the module of a scheduler that it does not know ("ipvsadm -A -s quic") and
 * waits for it.  It holds its mutex meanwhile, and a lock of generic netlink if the
 * request came that way.  Up to 6.12, that mutex is also taken under RTNL (a device goes
 * down) and under pernet_ops_rwsem (a namespace is dismantled).  So init must not wait
 * for any of these three, not even if another process loads the module, because IPVS's
 * modprobe waits for that one.  What has to wait for them is left to a work on a queue
 * that only our exit waits for.  Services need none of it; the express path does, and
 * the netlink family by which it is configured is registered last.
 *
 * The scheduler is the last part of init that can fail: from then on there may be
 * services.  They hold the module, so at exit there are none, and no hooks but those of
 * the express path, which go with the notifier.
 */
static int __init ivq_init(void)
{
	int err;

	err = ivq_aes_init();
	if (err)
		return err;
	err = ivq_target_init();
	if (err)
		return err;
	err = ivq_cidcache_init();
	if (err)
		return err;
	err = ivq_object_init();
	if (err)
		goto err_cidcache;
	err = ivq_sched_init();
	if (err)
		goto err_object;
	ivq_driver_init();
	do_not_wait_for_drivers();
	ivq_object_queue(&loading, 0);
	return 0;

err_object:
	ivq_object_uninit();
err_cidcache:
	ivq_cidcache_uninit();
	return err;
}

/*
 * Exit may wait for everything that init must not.  A request to load the module
 * meanwhile, from IPVS too, fails at once with "busy".
 */
static void __exit ivq_exit(void)
{
	cancel_delayed_work_sync(&loading);
	if (has_family)
		ivq_netlink_uninit();
	if (watches_devices)
		ivq_express_uninit();
	if (watches_namespaces)
		ivq_netns_uninit();
	ivq_sched_uninit();
	ivq_object_uninit();
	ivq_cidcache_uninit();
}

module_init(ivq_init);
module_exit(ivq_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("IPVS scheduler and fast path for QUIC-LB connection IDs");
/* In a kernel's tree the version is the kernel's. */
#ifdef IP_VS_QUIC_VERSION
MODULE_VERSION(IP_VS_QUIC_VERSION);
#endif
