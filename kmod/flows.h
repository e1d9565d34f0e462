/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A namespace's table of 4-tuples: which server the fallback has given a flow to, for
 * services whose servers are reached by tunnels or direct routing without persistence.
 * The rest has connections of IPVS's.
 *
 * An entry counts as a connection of its server by IPVS's own counters, for thresholds
 * and for whoever lists them, and holds the destination as a connection does.  A work
 * takes out entries whose time has come; lookups do not find them before that either.
 */
#ifndef _IVQ_FLOWS_H
#define _IVQ_FLOWS_H

#include <net/ip_vs.h>

#include "core/flowtable.h"

struct ivq_flows;

/**
 * struct ivq_flow_owner - a service, as the table knows it
 * @flows: the namespace's table, one reference; fixed when the service is linked
 * @count: entries
 * @used: it has or had any
 */
struct ivq_flow_owner {
	struct ivq_flows *flows;
	atomic_t count;
	bool used;
};

/* Process context.  Return: a table with one reference, NULL without memory. */
struct ivq_flows *ivq_flows_new(void);
struct ivq_flows *ivq_flows_get(struct ivq_flows *flows);
/* NULL is fine.  Process context. */
void ivq_flows_put(struct ivq_flows *flows);

/* Are there none for sure?  One that is being made may be missed. */
bool ivq_flows_are_none(const struct ivq_flows *flows);

/* Seconds, the table's clock. */
u32 ivq_flows_now(void);

/* A flow's key. */
void ivq_flows_key(const struct ivq_flows *flows, u16 af,
		   const union nf_inet_addr *client, __be16 client_port,
		   const union nf_inet_addr *vip, __be16 vip_port,
		   struct flowtable_key *key);

/*
 * The key of another connection with the same 4-tuple, by flowtable_value.first.
 */
static inline void ivq_flows_second_key(struct flowtable_key *key, u32 first)
{
	key->hash += first * 0x9e3779b97f4a7c15ull;
}

/*
 * The packet path's: RCU read-side, bottom halves disabled.  The value's server is a
 * destination and its owner a struct ivq_flow_owner; both are there until the end of
 * the read-side section, and the owner's service has a snapshot or is about to go.
 */
struct flowtable_entry *ivq_flows_find(const struct ivq_flows *flows,
				       const struct flowtable_key *key, u32 now,
				       struct flowtable_value *value);

/*
 * Makes or changes an entry that lives @seconds after @now.  Return: false when there is no
 * room for it.
 */
bool ivq_flows_keep(struct ivq_flow_owner *owner,
		    const struct flowtable_key *key, struct ip_vs_dest *dest,
		    u32 first, u32 now, u32 seconds);

/* The flow's connection has been seen to be routed to its server by CID. */
void ivq_flows_set_routed(const struct ivq_flow_owner *owner,
			  const struct flowtable_key *key,
			  const struct ip_vs_dest *dest);

/*
 * Takes out all entries of an owner that no reader finds any more.  Readers may still
 * have found it through an entry, until the end of another grace period, if @used.
 */
void ivq_flows_forget(struct ivq_flow_owner *owner);

/**
 * struct ivq_flow - an entry, for a list
 * @value: as for the packet path
 * @words: client and VIP, as far as the table keeps them
 * @client: its address
 * @vip: zero for IPv6, of which the table does not keep it
 * @client_port, @vip_port: ports
 */
struct ivq_flow {
	struct flowtable_value value;
	u32 words[4];
	union nf_inet_addr client;
	union nf_inet_addr vip;
	__be16 client_port;
	__be16 vip_port;
};

/* How many places there are. */
u32 ivq_flows_places(const struct ivq_flows *flows);

/*
 * Reads place @at, but not the addresses, whose family is the service's; RCU read-side.
 * Return: false if it is free.
 */
bool ivq_flows_read(const struct ivq_flows *flows, u32 at,
		    struct ivq_flow *flow);
void ivq_flows_addresses(struct ivq_flow *flow, u16 af);

#endif /* _IVQ_FLOWS_H */
