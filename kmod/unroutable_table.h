/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The optional table of unroutable CIDs (section "Baseline Fallback Algorithm"):
 * which server a CID with config ID 0b111 was given to, so that connections
 * of servers without a config survive NAT rebinding.  Bounded and timed; when it
 * is full the oldest of a few entries goes.
 */
#ifndef _IVQ_UNROUTABLE_TABLE_H
#define _IVQ_UNROUTABLE_TABLE_H

#include <linux/types.h>

struct ivq_addr;
struct ivq_unroutable_table;
struct quic_hdr;

enum ivq_unroutable_limits {
	IVQ_UNROUTABLE_MAX = 1 << 20,	/* entries of 48 octets */
};

/* A table for about @max entries that live @timeout jiffies after their last use. */
struct ivq_unroutable_table *ivq_unroutable_new(u32 max, unsigned long timeout);

/* NULL is fine for all of these: the table is off. */
struct ivq_unroutable_table *
ivq_unroutable_get(struct ivq_unroutable_table *table);
void ivq_unroutable_put(struct ivq_unroutable_table *table);
u32 ivq_unroutable_max(const struct ivq_unroutable_table *table);
unsigned long ivq_unroutable_timeout(const struct ivq_unroutable_table *table);

/* Any context with bottom halves disabled. */
bool ivq_unroutable_find(struct ivq_unroutable_table *table,
			 const struct quic_hdr *hdr, struct ivq_addr *server);
void ivq_unroutable_learn(struct ivq_unroutable_table *table,
			  const struct quic_hdr *hdr,
			  const struct ivq_addr *server);

#endif /* _IVQ_UNROUTABLE_TABLE_H */
