/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames in a driver's buffer: tunnel.h's packets, before there is an skb.
 *
 * What is here is inlined into one function for the usual case.  What is out of line gets
 * and returns values, not addresses, so that all of the usual case stays in registers.
 */
#ifndef _IVQ_FRAME_H
#define _IVQ_FRAME_H

#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <net/xdp.h>

#include "encap.h"

/**
 * struct ivq_frame - a frame with an IP packet
 * @nh: the packet, of a service's family with a TTL of at least 2
 * @len: its octets
 * @room: in front of it, octets that may be written
 * @dev: that has received it
 */
struct ivq_frame {
	u8 *nh;
	unsigned int len;
	unsigned int room;
	const struct net_device *dev;
};

/**
 * struct ivq_wrapped - the frame that is sent
 * @dev: by which device; NULL: it is as it was, and cannot be sent
 * @start: where it begins
 */
struct ivq_wrapped {
	struct net_device *dev;
	u8 *start;
};

/* What a frame gets in front of its outer IP header. */
struct ivq_link {
	struct net_device *dev;		/* the tunnel's, or what its VLAN is on */
	bool tagged;
	__be16 tpid;
	__be16 tci;
};

/* The tunnel's device is a VLAN's. */
struct ivq_link ivq_frame_vlan(struct net_device *vlan);

/* The port that udp_flow_src_port() finds, by the flow dissector, for such a packet. */
__be16 ivq_frame_gue_port(struct net *net, const u8 *nh, u16 af);

/* ivq_frame_wrap() for other tunnels than IPIP with one family outside and inside. */
struct ivq_wrapped ivq_frame_wrap_otherwise(struct ivq_frame frame,
					    const struct ivq_target *target,
					    const struct ivq_sources *sources);

/*
 * Can frames be given to the device?  On which kernels it can be asked varies; a driver
 * that cannot after all drops them.
 */
static __always_inline bool ivq_frame_can_xmit(const struct net_device *dev)
{
#ifdef HAVE_XDP_FEATURES
	return dev->xdp_features & NETDEV_XDP_ACT_NDO_XMIT;
#else
	return dev->netdev_ops->ndo_xdp_xmit;
#endif
}

static __always_inline struct ivq_link
ivq_frame_link(const struct ivq_tunnel *tunnel)
{
	if (unlikely(is_vlan_dev(tunnel->dev)))
		return ivq_frame_vlan(tunnel->dev);
	return (struct ivq_link) { .dev = tunnel->dev };
}

/* A frame that goes back by the device that has received it needs no more than XDP_TX. */
static __always_inline bool ivq_frame_is_plain_link(const struct ivq_frame *frame,
						    const struct ivq_link *link)
{
	return link->dev->type == ARPHRD_ETHER &&
	       (!link->tagged || !is_vlan_dev(link->dev)) &&
	       (link->dev == frame->dev || ivq_frame_can_xmit(link->dev));
}

/* As neigh_output() does for a neighbour that has not been confirmed for some time. */
static __always_inline bool ivq_frame_use_neigh(struct neighbour *neigh)
{
	return likely(READ_ONCE(neigh->nud_state) & NUD_CONNECTED) ||
	       !neigh_event_send(neigh, NULL);
}

static __always_inline void ivq_frame_read_mac(struct neighbour *neigh, u8 *mac)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&neigh->ha_lock);
		ether_addr_copy(mac, neigh->ha);
	} while (read_seqretry(&neigh->ha_lock, seq));
}

/* Return: the Ethernet header in front of @p. */
static __always_inline u8 *ivq_frame_fill_link(u8 *p,
					       const struct ivq_tunnel *tunnel,
					       const struct ivq_link *link)
{
	struct ethhdr *eth;

	p -= sizeof(__be16);
	*(__be16 *)p = tunnel->daf == AF_INET6 ? htons(ETH_P_IPV6) :
						 htons(ETH_P_IP);
	if (unlikely(link->tagged)) {
		p -= VLAN_HLEN;
		((__be16 *)p)[0] = link->tpid;
		((__be16 *)p)[1] = link->tci;
	}
	eth = (struct ethhdr *)(p - 2 * ETH_ALEN);
	ivq_frame_read_mac(tunnel->neigh, eth->h_dest);
	ether_addr_copy(eth->h_source, tunnel->dev->dev_addr);
	return (u8 *)eth;
}

/* Nothing fails any more.  Return: where the frame begins. */
static __always_inline u8 *ivq_frame_fill(const struct ivq_tunnel *tunnel,
					  const struct ivq_frame *frame,
					  const struct ivq_link *link)
{
	struct ivq_inner inner ivq_uninitialized;
	unsigned int len = frame->len;
	u8 *p = frame->nh;

	ivq_encap_read(p, tunnel, &inner);
	if (tunnel->gue) {
		struct net *net = tunnel->target->conn.ipvs->net;
		__be16 sport = ivq_frame_gue_port(net, p, tunnel->af);

		p -= IVQ_GUE_LEN;
		len += IVQ_GUE_LEN;
		ivq_encap_fill_gue((struct udphdr *)p, tunnel, &inner, sport,
				   len);
	}
	if (tunnel->daf == AF_INET6) {
		p -= sizeof(struct ipv6hdr);
		ivq_encap_fill_v6((struct ipv6hdr *)p, tunnel, &inner, len);
	} else {
		p -= sizeof(struct iphdr);
		len += sizeof(struct iphdr);
		ivq_encap_fill_v4((struct iphdr *)p, tunnel, &inner, len);
	}
	return ivq_frame_fill_link(p, tunnel, link);
}

static __always_inline struct ivq_wrapped
ivq_frame_find_and_fill(struct ivq_tunnel *tunnel, const struct ivq_frame *frame)
{
	const struct ivq_wrapped none = {};
	struct ivq_link link ivq_uninitialized;

	if (unlikely(ivq_encap_find_route(tunnel, frame->len) !=
		     IP_VS_QUIC_EXPRESS_TAKEN))
		return none;
	link = ivq_frame_link(tunnel);
	if (unlikely(!ivq_frame_is_plain_link(frame, &link) ||
		     frame->room < ETH_HLEN + VLAN_HLEN +
				   ivq_encap_overhead(tunnel)))
		return none;
	if (unlikely(ivq_encap_find_neigh(tunnel) != IP_VS_QUIC_EXPRESS_TAKEN ||
		     !ivq_frame_use_neigh(tunnel->neigh)))
		return none;
	ivq_target_count(tunnel->target, frame->len);
	return (struct ivq_wrapped) {
		.dev	= link.dev,
		.start	= ivq_frame_fill(tunnel, frame, &link),
	};
}

/*
 * Makes of the frame what ivq_tunnel_send() would send, up to what the device's queueing
 * discipline would do, and counts it.
 */
static __always_inline struct ivq_wrapped
ivq_frame_wrap(const struct ivq_frame *frame, const struct ivq_target *target,
	       const struct ivq_sources *sources, u16 af)
{
	struct ivq_tunnel tunnel ivq_uninitialized;

	if (unlikely(!ivq_encap_is_plain(target)))
		return (struct ivq_wrapped) {};
	if (unlikely(!ivq_encap_is_usual(target, sources, af)))
		return ivq_frame_wrap_otherwise(*frame, target, sources);
	ivq_encap_describe_usual(&tunnel, target, sources, af);
	return ivq_frame_find_and_fill(&tunnel, frame);
}

#endif /* _IVQ_FRAME_H */
