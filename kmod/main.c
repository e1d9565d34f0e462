// SPDX-License-Identifier: GPL-2.0
/*
 * ip_vs_quic: QUIC-LB (draft-ietf-quic-load-balancers) for IPVS.
 */
#include <linux/init.h>
#include <linux/module.h>

#include "aes.h"
#include "cidcache.h"
#include "express.h"
#include "net.h"
#include "netlink.h"
#include "object.h"
#include "sched.h"
#include "target.h"

/*
 * Netlink last: nobody can reach a half-built module.  Bound services hold the
 * module, so at exit there are none, hence no hooks either but those of the express
 * path, which go with the notifier.
 */
static int __init ip_vs_quic_init(void)
{
	int err;

	err = ip_vs_quic_aes_init();
	if (err)
		return err;
	err = ip_vs_quic_target_init();
	if (err)
		return err;
	err = ip_vs_quic_cidcache_init();
	if (err)
		return err;
	err = ip_vs_quic_object_init();
	if (err)
		goto err_cidcache;
	err = ip_vs_quic_net_init();
	if (err)
		goto err_object;
	err = ip_vs_quic_sched_init();
	if (err)
		goto err_net;
	err = ip_vs_quic_express_init();
	if (err)
		goto err_sched;
	ip_vs_quic_netlink_init();
	return 0;

err_sched:
	ip_vs_quic_sched_uninit();
err_net:
	ip_vs_quic_net_uninit();
err_object:
	ip_vs_quic_object_uninit();
err_cidcache:
	ip_vs_quic_cidcache_uninit();
	return err;
}

static void __exit ip_vs_quic_exit(void)
{
	ip_vs_quic_netlink_uninit();
	ip_vs_quic_express_uninit();
	ip_vs_quic_sched_uninit();
	ip_vs_quic_net_uninit();
	ip_vs_quic_object_uninit();
	ip_vs_quic_cidcache_uninit();
}

module_init(ip_vs_quic_init);
module_exit(ip_vs_quic_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("IPVS scheduler and fast path for QUIC-LB connection IDs");
/* In a kernel's tree the version is the kernel's. */
#ifdef IP_VS_QUIC_VERSION
MODULE_VERSION(IP_VS_QUIC_VERSION);
#endif
