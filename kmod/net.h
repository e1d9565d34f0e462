/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module keeps for a network namespace that has services or express paths.  It
 * is not allocated by pernet operations: those would have to be registered when the
 * module is loaded, and loading must not wait for namespaces that are being dismantled,
 * see main.c.
 */
#ifndef _IVQ_NET_H
#define _IVQ_NET_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/udp.h>
#include <linux/workqueue.h>

#include "marked.h"
#include "local_addrs.h"
#include "service.h"
#include "svctable.h"

/**
 * struct ivq_net - per namespace
 * @net: whose it is; not a reference: services and devices go before it does
 * @node: in the table of all, by @net
 * @ref: one per service, one per express path, one of each who has looked it up
 * @lock: protects everything below and every service's configuration.  Taken
 *	  inside IPVS's mutex by scheduler callbacks, alone by netlink; nothing
 *	  under it calls IPVS
 * @table: services by key, read under RCU; its lock is @lock
 * @flows: the table of 4-tuples, from the first service on
 * @services: the same in order of creation
 * @generation: another one after each change of configuration, never 0 with
 *		anything to dump
 * @hook_users: services; the hooks of both families exist while there are any: a
 *		tunnel, and errors about it, may be of the other one
 * @fwmark_users: services with a fwmark; the hook reads it without the lock: a
 *		  stale zero only sends a packet IPVS's own way
 * @marked: the same by address family, true is IPv6
 * @ops: the hooks, priv pointing here
 * @batches: services that hold back changes of servers; read without the lock where a
 *	     netlink socket has gone: its own service's is seen, and no other counts
 * @express: devices with the express path, read under RCU
 * @express_slots: of these, by bit
 * @addrs: the namespace's own addresses, learned for the express path
 * @express_users: how many; the hook reads it without the lock: a stale zero only
 *		   delays the express path
 * @free_work: frees it after a grace period
 */
struct ivq_net {
	struct net *net;
	struct hlist_node node;
	struct kref ref;
	struct mutex lock; /* of what follows, see above */
	struct ivq_svctable table;
	struct ivq_flows *flows;
	struct list_head services;
	u32 generation;
	unsigned int hook_users;
	unsigned int fwmark_users;
	struct ivq_marked marked[2];
	unsigned int batches;
	struct nf_hook_ops ops[2];
	struct list_head express;
	u32 express_slots;
	struct ivq_local_addrs addrs;
	unsigned int express_users;
	struct rcu_work free_work;
};

/* Return: what there is for @net, or NULL. */
struct ivq_net *ivq_net_get(const struct net *net);

/* Return: what there is for @net from now on, or NULL: no memory. */
struct ivq_net *ivq_net_make(struct net *net);

/* Calls @fn for each namespace, in which it neither waits nor allocates. */
void ivq_net_for_each(void (*fn)(struct net *net));

/* Caller must not hold qnet->lock, unless another reference is held. */
void ivq_net_put(struct ivq_net *qnet);

/* Links a new service, which takes over the caller's reference; caller holds the lock. */
int ivq_net_link(struct ivq_net *qnet, struct ivq_service *qs);
/* Gives the reference back to the caller, who holds the lock. */
void ivq_net_unlink(struct ivq_net *qnet, struct ivq_service *qs);

/* Configuration changed; caller holds the lock. */
void ivq_net_changed(struct ivq_net *qnet);

/* The table of 4-tuples, or NULL; without the lock. */
static inline struct ivq_flows *ivq_net_flows(const struct ivq_net *qnet)
{
	/* pairs with ivq_net_link() */
	return smp_load_acquire(&qnet->flows);
}

/* Caller is in an RCU read-side section or holds the lock. */
static inline struct ivq_service *ivq_net_find(struct ivq_net *qnet,
					       const struct ivq_svc_key *key)
{
	return ivq_svctable_find(&qnet->table, key->words[0],
				 key->words[1], key->words[2]);
}

/*
 * The service of the datagram whose IP header, of family @af and without options, is
 * at @nh.  Caller is in an RCU read-side section.
 */
static __always_inline struct ivq_service *
ivq_net_find_at(const struct ivq_net *qnet, const void *nh, u16 af)
{
	const struct iphdr *iph = nh;
	const struct ipv6hdr *ip6h = nh;
	const struct udphdr *uh;
	/* no array, which would be on the stack and guarded there */
	u64 first, second;

	if (af == AF_INET6) {
		uh = (const struct udphdr *)(ip6h + 1);
		memcpy(&first, &ip6h->daddr.s6_addr[0], sizeof(first));
		memcpy(&second, &ip6h->daddr.s6_addr[8], sizeof(second));
	} else {
		uh = (const struct udphdr *)(iph + 1);
		first = ivq_svc_word_v4(iph->daddr);
		second = 0;
	}
	return ivq_svctable_find(&qnet->table, first, second,
				 ivq_svc_word_port(af, uh->dest));
}

/* By address and port.  Caller is in an RCU read-side section. */
static inline struct ivq_service *
ivq_net_find_by_addr(struct ivq_net *qnet, u16 af,
		     const union nf_inet_addr *vaddr, __be16 vport)
{
	struct ivq_svc_key key = { .af = af, .port = vport };

	ip_vs_addr_set(af, &key.addr, vaddr);
	return ivq_net_find(qnet, &key);
}

/* By @mark, which is that of a packet of the flow itself and not 0; under RCU. */
static inline struct ivq_service *
ivq_net_find_by_mark(struct ivq_net *qnet, u16 af, u32 mark)
{
	struct ivq_svc_key key = { .af = af, .fwmark = mark };

	return ivq_net_find(qnet, &key);
}

static inline struct ivq_marked *ivq_net_marked(struct ivq_net *qnet, u16 af)
{
	return &qnet->marked[af == AF_INET6];
}

/*
 * The service that a datagram to @vaddr is for; IPVS prefers a firewall mark's
 * service to an address's.  Caller is in an RCU read-side section.
 */
static inline struct ivq_service *
ivq_net_find_for(struct ivq_net *qnet, u32 mark, u16 af,
		 const union nf_inet_addr *vaddr, __be16 vport)
{
	if (unlikely(mark && READ_ONCE(qnet->fwmark_users))) {
		struct ivq_service *qs;

		qs = ivq_net_find_by_mark(qnet, af, mark);
		if (qs)
			return qs;
	}
	return ivq_net_find_by_addr(qnet, af, vaddr, vport);
}

#endif /* _IVQ_NET_H */
