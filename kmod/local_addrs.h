/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host's own IPv4 addresses, as far as to know that most senders are none of them:
 * what claims to come from one routing has to be asked about, and drops.
 *
 * A set of hashes, made anew by whoever learns something under another generation of
 * the namespace's routes, which each change of an address begins.
 */
#ifndef _IP_VS_QUIC_OWN_H
#define _IP_VS_QUIC_OWN_H

#include <linux/bitmap.h>
#include <linux/hash.h>
#include <linux/spinlock.h>

struct net;

enum {
	IP_VS_QUIC_OWN_ORDER	= 11,
	IP_VS_QUIC_OWN_BITS	= 1 << IP_VS_QUIC_OWN_ORDER,
};

/**
 * struct ip_vs_quic_own - a namespace's own addresses
 * @genid: the generation that @hashes are of
 * @hashes: of the addresses
 * @lock: of writers
 */
struct ip_vs_quic_own {
	u32 genid;
	DECLARE_BITMAP(hashes, IP_VS_QUIC_OWN_BITS);
	spinlock_t lock; /* see above */
};

void ip_vs_quic_own_init(struct ip_vs_quic_own *own);

/* Makes it that of @genid; caller is in an RCU read-side section, bottom halves off. */
void ip_vs_quic_own_learn(struct ip_vs_quic_own *own, struct net *net,
			  u32 genid);

static __always_inline unsigned int ip_vs_quic_own_hash(__be32 addr)
{
	return hash_32((__force u32)addr, IP_VS_QUIC_OWN_ORDER);
}

/* May it be one, in the current generation @genid? */
static __always_inline bool ip_vs_quic_own_may_be(const struct ip_vs_quic_own *own,
						  u32 genid, __be32 addr)
{
	/* pairs with ip_vs_quic_own_learn() */
	return smp_load_acquire(&own->genid) != genid ||
	       test_bit(ip_vs_quic_own_hash(addr), own->hashes);
}

#endif /* _IP_VS_QUIC_OWN_H */
