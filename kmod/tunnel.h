/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Makes tunnel packets to a real server and gives them to its neighbour.  In the plain
 * case they are octet for octet what IPVS's tunnel transmitters make, without the stack
 * between those and the device.
 */
#ifndef _IVQ_TUNNEL_H
#define _IVQ_TUNNEL_H

#include "encap.h"

/*
 * Finds the way to @target for a packet of @len octets, all but the neighbour.  Looks
 * only at what IPVS and the stack have found already.  Return: _TAKEN, or why there is
 * no plain way.
 */
enum ip_vs_quic_express_outcome
ivq_tunnel_find(struct ivq_tunnel *tunnel, const struct ivq_target *target,
		const struct ivq_sources *sources, unsigned int len);

/* Then the neighbour, for ivq_tunnel_xmit().  Return: the same. */
enum ip_vs_quic_express_outcome
ivq_tunnel_find_neigh(struct ivq_tunnel *tunnel);

/*
 * These two and ivq_tunnel_xmit() in one; counts the packet as IPVS does.  Return:
 * _TAKEN and the skb is gone, or why not and the skb is unchanged.
 */
enum ip_vs_quic_express_outcome
ivq_tunnel_send(struct sk_buff *skb, const struct ivq_target *target,
		const struct ivq_sources *sources);

/*
 * Sends @skb, an IP packet of the service's family with a TTL of at least 2, not
 * shared, at its network header.  Consumes it.
 */
void ivq_tunnel_xmit(const struct ivq_tunnel *tunnel, struct sk_buff *skb);

/* The same by way of IP's output, as IPVS's transmitters do. */
void ivq_tunnel_output(const struct ivq_tunnel *tunnel, struct sk_buff *skb);

#endif /* _IVQ_TUNNEL_H */
