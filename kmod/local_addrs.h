/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host's own IPv4 addresses.  Routing drops datagrams that claim to come from one,
 * so for such senders the express path has to ask routing; for all others it need not.
 *
 * It is a set of hashes: most senders are not in it.  Each change of an address begins a
 * new generation of the namespace's routes, and the set is built again when something
 * is learned under a new generation.
 */
#ifndef _IVQ_LOCAL_ADDRS_H
#define _IVQ_LOCAL_ADDRS_H

#include <linux/bitmap.h>
#include <linux/hash.h>
#include <linux/spinlock.h>

struct net;

enum {
	IVQ_LOCAL_ADDRS_ORDER	= 11,
	IVQ_LOCAL_ADDRS_BITS	= 1 << IVQ_LOCAL_ADDRS_ORDER,
};

/**
 * struct ivq_local_addrs - a namespace's own addresses
 * @genid: the generation that @hashes are of
 * @hashes: of the addresses
 * @lock: of writers
 */
struct ivq_local_addrs {
	u32 genid;
	DECLARE_BITMAP(hashes, IVQ_LOCAL_ADDRS_BITS);
	spinlock_t lock; /* see above */
};

void ivq_local_addrs_init(struct ivq_local_addrs *addrs);

/* Makes it that of @genid; caller is in an RCU read-side section, bottom halves off. */
void ivq_local_addrs_learn(struct ivq_local_addrs *addrs, struct net *net,
			   u32 genid);

static __always_inline unsigned int ivq_local_addrs_hash(__be32 addr)
{
	return hash_32((__force u32)addr, IVQ_LOCAL_ADDRS_ORDER);
}

/* May it be one, in the current generation @genid? */
static __always_inline bool
ivq_local_addrs_may_have(const struct ivq_local_addrs *addrs, u32 genid,
			 __be32 addr)
{
	/* pairs with ivq_local_addrs_learn() */
	return smp_load_acquire(&addrs->genid) != genid ||
	       test_bit(ivq_local_addrs_hash(addr), addrs->hashes);
}

#endif /* _IVQ_LOCAL_ADDRS_H */
