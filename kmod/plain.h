/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the plain case of a datagram is, for the paths that take no other: the express
 * path and the driver path.
 */
#ifndef _IVQ_PLAIN_H
#define _IVQ_PLAIN_H

#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "ip_csum.h"
#include "net.h"

static __always_inline unsigned int ivq_ip_len(u16 af)
{
	return af == AF_INET6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
}

/*
 * Does another device decide about this device's frames?  It does if the device is a
 * port of a bond, bridge, team or Open vSwitch, has a macvlan, ipvlan or macsec on top,
 * or is in a VRF.
 */
static __always_inline bool ivq_has_master(const struct net_device *dev)
{
	return rcu_access_pointer(dev->rx_handler) || netif_is_l3_slave(dev) ||
	       netif_has_l3_rx_handler(dev);
}

/*
 * Senders that the stack calls martian by the address alone are refused: 0/8, 127/8,
 * multicast, broadcast; and the rest of 240/4, which the stack may decide about.  Whether
 * the sender is the director itself: local_addrs.h.
 */
static __always_inline bool ivq_is_unicast_v4(__be32 addr)
{
	u8 first = *(const u8 *)&addr;

	return (u8)(first - 1) < 223 && first != 127;
}

/* Without a function call for what begins with 001 to 110, or is fc00::/7: unicast. */
static __always_inline bool ivq_is_unicast_v6(const struct in6_addr *addr)
{
	u8 first = addr->s6_addr[0];
	int type;

	if (likely((u8)(first - 0x20) < 0xc0 || (first & 0xfe) == 0xfc))
		return true;
	type = ipv6_addr_type(addr);

	return type & IPV6_ADDR_UNICAST &&
	       !(type & (IPV6_ADDR_LOOPBACK | IPV6_ADDR_MAPPED));
}

/* The caller checks the header's length of the packet. */
static __always_inline bool ivq_is_plain_v4(const struct iphdr *iph)
{
	return *(const u8 *)iph == 0x45 && iph->ttl > 1 &&
	       !ip_is_fragment(iph) && ivq_is_unicast_v4(iph->saddr) &&
	       !ivq_ip_csum(iph);
}

static inline bool ivq_is_plain_v6(const struct ipv6hdr *ip6h)
{
	return ip6h->version == 6 && ip6h->hop_limit > 1 &&
	       ivq_is_unicast_v6(&ip6h->saddr);
}

/*
 * Rules that run later may set a firewall mark, and a mark's service goes before that
 * of the address.
 */
static __always_inline bool ivq_is_plain_setup(const struct ivq_net *qnet,
					       struct netns_ipvs *ipvs)
{
	return !READ_ONCE(qnet->fwmark_users) &&
	       !ip_vs_conntrack_enabled(ipvs) && !sysctl_backup_only(ipvs);
}

#endif /* _IVQ_PLAIN_H */
