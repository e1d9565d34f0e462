/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The optional table of unroutable CIDs (section "Baseline Fallback Algorithm"):
 * which server a CID with config ID 0b111 was given to, so that connections
 * of servers without a config survive NAT rebinding.  Bounded and timed; when it
 * is full the oldest of a few entries goes.
 */
#ifndef _IP_VS_QUIC_DCIDS_H
#define _IP_VS_QUIC_DCIDS_H

#include <linux/types.h>

struct ip_vs_quic_addr;
struct ip_vs_quic_dcids;
struct quic_hdr;

enum ip_vs_quic_dcids_limits {
	IP_VS_QUIC_DCIDS_MAX = 1 << 20,	/* entries of 48 octets */
};

/* A table for about @max entries that live @timeout jiffies after their last use. */
struct ip_vs_quic_dcids *ip_vs_quic_dcids_new(u32 max, unsigned long timeout);

/* NULL is fine for all of these: the table is off. */
struct ip_vs_quic_dcids *ip_vs_quic_dcids_get(struct ip_vs_quic_dcids *dcids);
void ip_vs_quic_dcids_put(struct ip_vs_quic_dcids *dcids);
u32 ip_vs_quic_dcids_max(const struct ip_vs_quic_dcids *dcids);
unsigned long ip_vs_quic_dcids_timeout(const struct ip_vs_quic_dcids *dcids);

/* Any context with bottom halves disabled. */
bool ip_vs_quic_dcids_find(struct ip_vs_quic_dcids *dcids,
			   const struct quic_hdr *hdr,
			   struct ip_vs_quic_addr *server);
void ip_vs_quic_dcids_learn(struct ip_vs_quic_dcids *dcids,
			    const struct quic_hdr *hdr,
			    const struct ip_vs_quic_addr *server);

#endif /* _IP_VS_QUIC_DCIDS_H */
