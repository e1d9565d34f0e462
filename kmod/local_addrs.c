// SPDX-License-Identifier: GPL-2.0
#include "local_addrs.h"

#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <net/net_namespace.h>

enum {
	/* beyond so many the set would be nearly full, and making it take long */
	DEVICES_MAX	= 4096,
	ADDRESSES_MAX	= 2 * IVQ_LOCAL_ADDRS_BITS,
};

void ivq_local_addrs_init(struct ivq_local_addrs *addrs)
{
	spin_lock_init(&addrs->lock);
	/* of no generation in sight, and should it come all are asked about */
	addrs->genid = U32_MAX;
	bitmap_fill(addrs->hashes, IVQ_LOCAL_ADDRS_BITS);
}

/* Return: how many addresses. */
static unsigned int add_device(unsigned long *hashes,
			       const struct net_device *dev)
{
	const struct in_device *in_dev = __in_dev_get_rcu(dev);
	const struct in_ifaddr *ifa;
	unsigned int count = 0;

	if (!in_dev)
		return 0;
	in_dev_for_each_ifa_rcu(ifa, in_dev) {
		__set_bit(ivq_local_addrs_hash(ifa->ifa_local), hashes);
		if (++count > ADDRESSES_MAX)
			break;
	}
	return count;
}

static void collect(unsigned long *hashes, struct net *net)
{
	unsigned int devices = 0, addresses = 0;
	const struct net_device *dev;

	bitmap_zero(hashes, IVQ_LOCAL_ADDRS_BITS);
	for_each_netdev_rcu(net, dev) {
		addresses += add_device(hashes, dev);
		if (++devices > DEVICES_MAX || addresses > ADDRESSES_MAX) {
			bitmap_fill(hashes, IVQ_LOCAL_ADDRS_BITS);
			return;
		}
	}
}

/* What is in the old set and in the new one is so for readers all the time. */
void ivq_local_addrs_learn(struct ivq_local_addrs *addrs, struct net *net,
			   u32 genid)
{
	DECLARE_BITMAP(hashes, IVQ_LOCAL_ADDRS_BITS);
	unsigned int i;

	spin_lock(&addrs->lock);
	if (addrs->genid != genid) {
		collect(hashes, net);
		for (i = 0; i < BITS_TO_LONGS(IVQ_LOCAL_ADDRS_BITS); i++)
			WRITE_ONCE(addrs->hashes[i], hashes[i]);
		/* pairs with ivq_local_addrs_may_have() */
		smp_store_release(&addrs->genid, genid);
	}
	spin_unlock(&addrs->lock);
}
