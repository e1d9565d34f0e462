/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Outer source addresses by flow: a real server's NIC spreads what it receives by
 * addresses, of which a tunnel has one pair only.
 */
#ifndef _IVQ_SOURCE_H
#define _IVQ_SOURCE_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/udp.h>

enum ivq_source_limits {
	IVQ_SOURCE4_LEN_MIN = 8,
	IVQ_SOURCE4_LEN_MAX = 32,
	IVQ_SOURCE6_LEN_MIN = 64,
	IVQ_SOURCE6_LEN_MAX = 128,
};

/**
 * struct ivq_source - where the addresses are from
 * @prefix: bits beyond @len zero
 * @len: 0 is none: the route's own address
 */
struct ivq_source {
	union nf_inet_addr prefix;
	u8 len;
};

/* By tunnel's family, IPv4 and IPv6. */
struct ivq_sources {
	struct ivq_source v4;
	struct ivq_source v6;
};

/* Of a UDP datagram whose IP header, of family @af and without options, is at @nh. */
static inline u64 ivq_source_hash(const u8 *nh, u16 af)
{
	u64 h;

	if (af == AF_INET6) {
		const struct ipv6hdr *ip6h = (const struct ipv6hdr *)nh;

		u64 words[2];

		memcpy(words, &ip6h->saddr, sizeof(words));
		h = words[0] * 0xbf58476d1ce4e5b9ull ^ words[1];
		nh += sizeof(*ip6h);
	} else {
		h = (__force u32)((const struct iphdr *)nh)->saddr;
		nh += sizeof(struct iphdr);
	}
	h ^= (u64)(__force u16)((const struct udphdr *)nh)->source << 32;
	/* twice, so that each bit of the port reaches each of the address */
	h *= 0x9e3779b97f4a7c15ull;
	h = (h ^ (h >> 32)) * 0x94d049bb133111ebull;
	return h ^ (h >> 32);
}

static inline void ivq_source_v4(const struct ivq_source *source,
				 u64 hash, union nf_inet_addr *addr)
{
	u32 host = source->len < 32 ? (u32)hash & (~0U >> source->len) : 0;

	addr->ip = source->prefix.ip | htonl(host);
}

static inline void ivq_source_v6(const struct ivq_source *source,
				 u64 hash, union nf_inet_addr *addr)
{
	u64 host = source->len < 128 ? hash & (~0ULL >> (source->len - 64)) : 0;
	__be64 low;

	addr->in6 = source->prefix.in6;
	memcpy(&low, &addr->in6.s6_addr[8], sizeof(low));
	low |= cpu_to_be64(host);
	memcpy(&addr->in6.s6_addr[8], &low, sizeof(low));
}

#endif /* _IVQ_SOURCE_H */
