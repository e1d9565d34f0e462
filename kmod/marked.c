// SPDX-License-Identifier: GPL-2.0
#include "marked.h"

#include <linux/random.h>
#include <linux/rculist.h>

void ip_vs_quic_marked_add(struct ip_vs_quic_marked *marked,
			   struct ip_vs_quic_service *qs)
{
	u32 i = qs->key.fwmark % IP_VS_QUIC_MARKED_BUCKETS;

	hlist_add_head_rcu(&qs->marked, &marked->buckets[i]);
	WRITE_ONCE(marked->count, marked->count + 1);
}

void ip_vs_quic_marked_del(struct ip_vs_quic_marked *marked,
			   struct ip_vs_quic_service *qs)
{
	hlist_del_rcu(&qs->marked);
	WRITE_ONCE(marked->count, marked->count - 1);
}

struct ip_vs_quic_service *
ip_vs_quic_marked_find(const struct ip_vs_quic_marked *marked,
		       bool (*fits)(struct ip_vs_quic_service *qs, void *arg),
		       void *arg)
{
	unsigned int looks = IP_VS_QUIC_MARKED_LOOKS, i;
	struct ip_vs_quic_service *qs;
	u32 count, first;

	count = READ_ONCE(marked->count);
	if (!count)
		return NULL;
	first = count > looks ? get_random_u32() : 0;
	for (i = 0; i < IP_VS_QUIC_MARKED_BUCKETS; i++) {
		u32 at = (first + i) % IP_VS_QUIC_MARKED_BUCKETS;

		hlist_for_each_entry_rcu(qs, &marked->buckets[at], marked) {
			if (fits(qs, arg))
				return qs;
			if (!--looks)
				return NULL;
		}
	}
	return NULL;
}

static bool any(struct ip_vs_quic_service *qs, void *arg)
{
	return true;
}

struct ip_vs_quic_service *
ip_vs_quic_marked_only(const struct ip_vs_quic_marked *marked)
{
	if (READ_ONCE(marked->count) != 1)
		return NULL;
	return ip_vs_quic_marked_find(marked, any, NULL);
}
