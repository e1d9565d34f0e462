/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The fallback: consistent hashing by a table as Maglev's (Eisenbud et al., NSDI 2016,
 * section 3.4), with weights, filled so that a server that comes or goes moves no slot
 * of others.  Integers in, integers out.
 *
 * Seeds, hash and table sizes are a contract between directors: two of them
 * with the same pool and table size must choose the same server for the same 4-tuple.
 * A release that changes any of it changes MAGLEV_CONTRACT.
 */
#ifndef _MAGLEV_H
#define _MAGLEV_H

#include "qlb_port.h"

/* 1: a table size by the number of servers, and turns that are not lost. */
#define MAGLEV_CONTRACT		2

enum maglev_limits {
	MAGLEV_ENTRIES_MAX = 32768,	/* servers in one table */
	MAGLEV_WEIGHT_MAX = 65535,	/* as IPVS */
	MAGLEV_BITS_MIN = 8,		/* of a table's size: 251 slots */
	MAGLEV_BITS_MAX = 19,		/* 524,287 slots */
	MAGLEV_BITS_DEFAULT = 16,	/* 65,521 slots */
	MAGLEV_LOOKS = 32,		/* at a slot, on average, see maglev.c */
	MAGLEV_REHASHES = 16,		/* before a table is searched */
};

#define MAGLEV_NONE ((u16)0xffff)	/* slot of a table without servers */

/**
 * struct maglev_entry - one server
 * @key: maglev_hash() of what identifies it to every director
 * @weight: 0 keeps it out of the table
 * @offset, @skip, @next, @visits, @unit, @time, @step: maglev_build()'s scratch
 */
struct maglev_entry {
	u64 key;
	u32 weight;
	u32 offset;
	u32 skip;
	u32 next;
	u32 visits;
	u64 unit;
	u64 time;
	u64 step;
};

/* Slots of a table of MAGLEV_BITS_MIN to MAGLEV_BITS_MAX bits: the largest prime below 2^@bits. */
u32 maglev_size(u32 bits);

/**
 * maglev_build() - fill a table
 * @table: @size slots; each gets an index into @entries, or MAGLEV_NONE when
 *	   no entry has weight
 * @size: a prime from maglev_size()
 * @times: @size of them, scratch
 * @entries: the servers; the order does not matter to the outcome, only keys
 *	     and weights do
 * @count: at most MAGLEV_ENTRIES_MAX
 *
 * Return: how often it looked at a slot.  Whatever the keys and weights, that is no
 * more than (MAGLEV_LOOKS + 11) * @size + @count.
 */
u64 maglev_build(u16 *table, u32 size, u64 *times, struct maglev_entry *entries,
		 u32 count);

/* Hash @len octets; the same on every machine whatever its byte order. */
u64 maglev_hash(const void *data, size_t len, u64 seed);

/*
 * The key of a server: its address of @addr_len octets in network order, and its port as a
 * number where datagrams are sent to that port (masquerading), else 0.
 */
static inline u64 maglev_server_key(const void *addr, size_t addr_len, u16 port)
{
	return maglev_hash(addr, addr_len, port);
}

/*
 * A flow as it is hashed: client, VIP, then their ports.  Addresses of @addr_len octets and
 * ports are in network order.  A macro: of an inline function gcc makes a tenth more
 * instructions where the caller chooses the arguments by a condition, as the module does.
 */
#define MAGLEV_FLOW_LEN(addr_len) (2 * (addr_len) + 4)

#define maglev_flow_fill(flow, client, vip, addr_len, client_port, vip_port)	\
do {										\
	memcpy(flow, client, addr_len);						\
	memcpy((flow) + (addr_len), vip, addr_len);				\
	memcpy((flow) + 2 * (addr_len), client_port, 2);			\
	memcpy((flow) + 2 * (addr_len) + 2, vip_port, 2);			\
} while (0)

/* The hash of a flow. */
static inline u64 maglev_flow_hash(const void *client, const void *vip,
				   size_t addr_len, const void *client_port,
				   const void *vip_port)
{
	u8 flow[MAGLEV_FLOW_LEN(16)];

	maglev_flow_fill(flow, client, vip, addr_len, client_port, vip_port);
	return maglev_hash(flow, MAGLEV_FLOW_LEN(addr_len), 0);
}

/* The slot of a hash; avoids a division. */
static inline u32 maglev_slot(u64 hash, u32 size)
{
	return ((hash >> 32) * size) >> 32;
}

/*
 * Of maglev_pick() the part for flows whose own server does not take them.  Return: an
 * index, or MAGLEV_NONE when no server takes the flow.
 */
u16 maglev_rehash(const u16 *table, u32 size, u32 count, u64 hash,
		  bool (*takes)(const void *pool, u16 index), const void *pool);

/**
 * maglev_pick() - a flow's server
 * @table, @size, @count: maglev_build()'s
 * @hash: the flow's
 * @takes: may server @index of @pool have the flow?
 * @pool: for @takes
 *
 * A flow that its own server does not take is hashed again, with other seeds, into the
 * same table: others get such flows by weight, and no other flow moves.  What comes
 * second is part of the contract between directors as well.
 *
 * Return: an index into the servers, or MAGLEV_NONE when none takes it.
 */
static inline u16 maglev_pick(const u16 *table, u32 size, u32 count, u64 hash,
			      bool (*takes)(const void *pool, u16 index),
			      const void *pool)
{
	u16 first = table[maglev_slot(hash, size)];

	if (first == MAGLEV_NONE || takes(pool, first))
		return first;
	return maglev_rehash(table, size, count, hash, takes, pool);
}

#endif /* _MAGLEV_H */
