// SPDX-License-Identifier: GPL-2.0
#include "local_addrs.h"

#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <net/net_namespace.h>

enum {
	/* beyond so many the set would be nearly full, and making it take long */
	DEVICES_MAX	= 4096,
	ADDRESSES_MAX	= 2 * IP_VS_QUIC_OWN_BITS,
};

void ip_vs_quic_own_init(struct ip_vs_quic_own *own)
{
	spin_lock_init(&own->lock);
	/* of no generation in sight, and should it come all are asked about */
	own->genid = U32_MAX;
	bitmap_fill(own->hashes, IP_VS_QUIC_OWN_BITS);
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
		__set_bit(ip_vs_quic_own_hash(ifa->ifa_local), hashes);
		if (++count > ADDRESSES_MAX)
			break;
	}
	return count;
}

static void collect(unsigned long *hashes, struct net *net)
{
	unsigned int devices = 0, addresses = 0;
	const struct net_device *dev;

	bitmap_zero(hashes, IP_VS_QUIC_OWN_BITS);
	for_each_netdev_rcu(net, dev) {
		addresses += add_device(hashes, dev);
		if (++devices > DEVICES_MAX || addresses > ADDRESSES_MAX) {
			bitmap_fill(hashes, IP_VS_QUIC_OWN_BITS);
			return;
		}
	}
}

/* What is in the old set and in the new one is so for readers all the time. */
void ip_vs_quic_own_learn(struct ip_vs_quic_own *own, struct net *net,
			  u32 genid)
{
	DECLARE_BITMAP(hashes, IP_VS_QUIC_OWN_BITS);
	unsigned int i;

	spin_lock(&own->lock);
	if (own->genid != genid) {
		collect(hashes, net);
		for (i = 0; i < BITS_TO_LONGS(IP_VS_QUIC_OWN_BITS); i++)
			WRITE_ONCE(own->hashes[i], hashes[i]);
		/* pairs with ip_vs_quic_own_may_be() */
		smp_store_release(&own->genid, genid);
	}
	spin_unlock(&own->lock);
}
