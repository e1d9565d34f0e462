// SPDX-License-Identifier: GPL-2.0
#include "gro.h"

#include <linux/netfilter.h>
#include <net/dst.h>
#include <net/gso.h>

#include "trace.h"

/*
 * Each datagram starts over at dst_input(), where the aggregate came from, so it
 * meets this hook again, by itself, and, if need be, IPVS: INPUT rules see the
 * aggregate and then its parts.
 *
 * Checksums stay as they are (partial ones are finished at transmission), hence
 * the features.  The segmentation code expects the MAC header at skb->data.
 */
unsigned int ivq_gro_split(struct sk_buff *skb)
{
	netdev_features_t features = NETIF_F_SG | NETIF_F_IP_CSUM |
				     NETIF_F_IPV6_CSUM;
	struct sk_buff *segs, *seg, *next;

	__skb_push(skb, -skb_mac_offset(skb));
	segs = __skb_gso_segment(skb, features, false);
	__skb_pull(skb, skb_network_offset(skb));
	/* with the reason, which a verdict could not give */
	if (IS_ERR_OR_NULL(segs)) {
		trace_ip_vs_quic_drop(dev_net(skb->dev), skb, IVQ_DROP_SEGMENT);
		kfree_skb_reason(skb, SKB_DROP_REASON_SKB_GSO_SEG);
		return NF_STOLEN;
	}
	/* before delivery: in a list the first part is the aggregate itself */
	consume_skb(skb);

	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		__skb_pull(seg, skb_network_offset(seg));
		dst_input(seg);
	}
	return NF_STOLEN;
}
