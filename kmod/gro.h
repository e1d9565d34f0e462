/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Datagrams that GRO has merged (rx-udp-gro-forwarding): of one 4-tuple, but not
 * necessarily of one connection.
 */
#ifndef _IVQ_GRO_H
#define _IVQ_GRO_H

#include <linux/skbuff.h>

static inline bool ivq_gro_is_merged(const struct sk_buff *skb)
{
	return skb_is_gso(skb) &&
	       skb_shinfo(skb)->gso_type & (SKB_GSO_UDP_L4 | SKB_GSO_FRAGLIST);
}

/*
 * Takes @skb apart and delivers the datagrams one by one, from the local input
 * on.  Return: the hook's verdict for @skb.
 */
unsigned int ivq_gro_split(struct sk_buff *skb);

#endif /* _IVQ_GRO_H */
