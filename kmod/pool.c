// SPDX-License-Identifier: GPL-2.0
#include "pool.h"

#include <linux/bsearch.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "core/maglev.h"
#include "object.h"
#include "trace.h"

static int addr_cmp(const struct ivq_addr *a, const struct ivq_addr *b)
{
	return memcmp(a, b, sizeof(*a));
}

/* The kernel's sort() does not reschedule, so the comparison does. */
static int target_cmp(const void *a, const void *b)
{
	const struct ivq_target * const *x = a, * const *y = b;

	cond_resched();
	return addr_cmp(&(*x)->addr, &(*y)->addr);
}

static int target_addr_cmp(const void *addr, const void *elem)
{
	const struct ivq_target * const *target = elem;

	return addr_cmp(addr, &(*target)->addr);
}

static struct ivq_pool *alloc_pool(u32 room)
{
	struct ivq_pool *pool;

	BUILD_BUG_ON(sizeof(struct ivq_addr) !=
		     sizeof(union nf_inet_addr) + 2 * sizeof(u16));

	pool = kvzalloc(size_add(struct_size(pool, targets, room),
				 array_size(room, sizeof(*pool->weights))),
			GFP_KERNEL_ACCOUNT);
	if (!pool)
		return NULL;
	pool->weights = (int *)&pool->targets[room];
	kref_init(&pool->ref);
	ivq_object_created(IVQ_OBJ_POOL);
	return pool;
}

static struct ivq_target *
reuse_target(struct ivq_pool *pool, const struct ivq_pool *old,
	     const struct ip_vs_dest *dest)
{
	struct ivq_addr addr = { .af = dest->af, .port = dest->port };
	struct ivq_target *target;

	if (!old)
		return NULL;
	ip_vs_addr_set(dest->af, &addr.addr, &dest->addr);
	target = ivq_pool_find(old, &addr);
	if (!target)
		return NULL;
	if (!ivq_target_current(target, dest)) {
		pool->has_edited = true;
		return NULL;
	}
	ivq_target_get(target);
	return target;
}

static void read_weights(struct ivq_pool *pool)
{
	u32 i;

	for (i = 0; i < pool->count; i++) {
		const struct ip_vs_dest *dest = pool->targets[i]->conn.dest;

		pool->weights[i] = atomic_read(&dest->weight);
		cond_resched();
	}
}

/**
 * struct held_dests - a service's destinations at one time
 * @count: of @at
 * @at: one reference each
 */
struct held_dests {
	u32 count;
	struct ip_vs_dest *at[];
};

static u32 count_dests(const struct ip_vs_service *svc)
{
	const struct ip_vs_dest *dest;
	u32 count = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(dest, &svc->destinations, n_list)
		count++;
	rcu_read_unlock();
	return count;
}

/*
 * IPVS keeps a destination that it has unlinked for longer than a grace period, so one
 * that is found can be held.  Without IPVS's mutex one may have been added since they
 * were counted.  There is no second one: see ivq_pool_new().
 */
static struct held_dests *hold_dests(const struct ip_vs_service *svc)
{
	const u32 room = count_dests(svc) + 1;
	struct held_dests *held;
	struct ip_vs_dest *dest;

	if (room > MAGLEV_ENTRIES_MAX + 1)
		return ERR_PTR(-E2BIG);
	held = kvzalloc(struct_size(held, at, room), GFP_KERNEL_ACCOUNT);
	if (!held)
		return ERR_PTR(-ENOMEM);
	rcu_read_lock();
	list_for_each_entry_rcu(dest, &svc->destinations, n_list) {
		if (held->count == min_t(u32, room, MAGLEV_ENTRIES_MAX))
			break;
		ip_vs_dest_hold(dest);
		held->at[held->count++] = dest;
	}
	rcu_read_unlock();
	return held;
}

static void put_dests(struct held_dests *held)
{
	u32 i;

	for (i = 0; i < held->count; i++)
		ip_vs_dest_put_and_free(held->at[i]);
	kvfree(held);
}

static int collect_targets(struct ivq_pool *pool,
			   const struct ip_vs_service *svc,
			   const struct held_dests *held,
			   const struct ivq_pool *old)
{
	struct ivq_target *target;
	u32 i;

	for (i = 0; i < held->count; i++) {
		target = reuse_target(pool, old, held->at[i]);
		if (!target)
			target = ivq_target_new(svc, held->at[i]);
		if (!target)
			return -ENOMEM;
		pool->targets[pool->count++] = target;
		cond_resched();
	}
	sort(pool->targets, pool->count, sizeof(pool->targets[0]), target_cmp,
	     NULL);
	read_weights(pool);
	return 0;
}

/* A tunnel or direct routing leaves the datagram's port as it is, whatever IPVS was told. */
static u64 target_key(const struct ivq_target *target)
{
	const struct ivq_addr *addr = &target->addr;
	bool translates = (target->conn.flags & IP_VS_CONN_F_FWD_MASK) ==
			  IP_VS_CONN_F_MASQ;

	return maglev_server_key(&addr->addr, addr->af == AF_INET6 ? 16 : 4,
				 translates ? ntohs(addr->port) : 0);
}

static void fill_table(struct ivq_pool *pool, struct maglev_entry *entries,
		       u64 *times)
{
	u32 i;

	for (i = 0; i < pool->count; i++) {
		entries[i].key = target_key(pool->targets[i]);
		entries[i].weight = clamp_t(int, pool->weights[i], 0,
					    MAGLEV_WEIGHT_MAX);
		cond_resched();
	}
	maglev_build(pool->table, pool->size, times, entries, pool->count);
}

static int build_table(struct ivq_pool *pool, u8 bits)
{
	struct maglev_entry *entries;
	int err = -ENOMEM;
	u64 *times;

	if (!pool->count)
		return 0;

	pool->size = maglev_size(bits);
	pool->table = kvmalloc_array(pool->size, sizeof(*pool->table),
				     GFP_KERNEL_ACCOUNT);
	entries = kvcalloc(pool->count, sizeof(*entries), GFP_KERNEL_ACCOUNT);
	times = kvmalloc_array(pool->size, sizeof(*times), GFP_KERNEL_ACCOUNT);
	if (pool->table && entries && times) {
		fill_table(pool, entries, times);
		err = 0;
	}
	kvfree(times);
	kvfree(entries);
	return err;
}

static struct ivq_pool *new_pool(const struct ip_vs_service *svc,
				 const struct held_dests *held,
				 const struct ivq_pool *old, u8 bits)
{
	struct ivq_pool *pool = alloc_pool(held->count);
	int err;

	if (!pool)
		return ERR_PTR(-ENOMEM);
	err = collect_targets(pool, svc, held, old);
	if (!err)
		err = build_table(pool, bits);
	trace_ip_vs_quic_rebuild(svc, held->count, pool->size, err);
	if (err) {
		ivq_pool_put(pool);
		return ERR_PTR(err);
	}
	return pool;
}

struct ivq_pool *ivq_pool_new(const struct ip_vs_service *svc,
			      const struct ivq_pool *old, u8 bits)
{
	struct held_dests *held = hold_dests(svc);
	struct ivq_pool *pool;

	if (IS_ERR(held))
		return ERR_CAST(held);
	pool = new_pool(svc, held, old, bits);
	put_dests(held);
	return pool;
}

struct ivq_pool *ivq_pool_resized(const struct ivq_pool *old, u8 bits)
{
	struct ivq_pool *pool = alloc_pool(old->count);
	u32 i;

	if (!pool)
		return ERR_PTR(-ENOMEM);
	pool->count = old->count;
	for (i = 0; i < old->count; i++) {
		pool->targets[i] = old->targets[i];
		ivq_target_get(pool->targets[i]);
		pool->weights[i] = old->weights[i];
		cond_resched();
	}
	if (build_table(pool, bits)) {
		ivq_pool_put(pool);
		return ERR_PTR(-ENOMEM);
	}
	return pool;
}

struct ivq_pool *ivq_pool_get(struct ivq_pool *pool)
{
	kref_get(&pool->ref);
	return pool;
}

static void release(struct kref *ref)
{
	struct ivq_pool *pool;
	u32 i;

	pool = container_of(ref, struct ivq_pool, ref);
	for (i = 0; i < pool->count; i++)
		ivq_target_put(pool->targets[i]);
	kvfree(pool->table);
	kvfree(pool);
	ivq_object_destroyed(IVQ_OBJ_POOL);
}

void ivq_pool_put(struct ivq_pool *pool)
{
	kref_put(&pool->ref, release);
}

struct ivq_target *ivq_pool_find(const struct ivq_pool *pool,
				 const struct ivq_addr *addr)
{
	struct ivq_target * const *found;

	found = bsearch(addr, pool->targets, pool->count,
			sizeof(pool->targets[0]), target_addr_cmp);
	return found ? *found : NULL;
}

/* Address and family come first in what targets are sorted by. */
static int target_host_cmp(const void *addr, const void *elem)
{
	const struct ivq_target * const *target = elem;

	return memcmp(addr, &(*target)->addr, offsetof(struct ivq_addr, port));
}

struct ivq_target *ivq_pool_find_host(const struct ivq_pool *pool, u16 af,
				      const union nf_inet_addr *addr)
{
	struct ivq_target * const *found;
	struct ivq_addr key = { .af = af };

	ip_vs_addr_set(af, &key.addr, addr);
	found = bsearch(&key, pool->targets, pool->count,
			sizeof(pool->targets[0]), target_host_cmp);
	return found ? *found : NULL;
}

/* A pool that could not be rebuilt may list a server that is gone or drained. */
static bool takes_flow(const void *pool, u16 index)
{
	const struct ivq_pool *p = pool;
	const struct ip_vs_dest *dest = p->targets[index]->conn.dest;

	return ivq_dest_available(dest) && atomic_read(&dest->weight) > 0;
}

static bool takes_new_flow(const void *pool, u16 index)
{
	const struct ivq_pool *p = pool;

	return takes_flow(pool, index) &&
	       !ivq_dest_overloaded(p->targets[index]->conn.dest);
}

static struct ivq_target *target_at(const struct ivq_pool *pool, u16 index)
{
	return index == MAGLEV_NONE ? NULL : pool->targets[index];
}

struct ivq_target *ivq_pool_pick(const struct ivq_pool *pool, u64 hash)
{
	if (!pool->table)
		return NULL;
	return target_at(pool, maglev_pick(pool->table, pool->size, pool->count,
					   hash, takes_flow, pool));
}

struct ivq_target *ivq_pool_pick_new(const struct ivq_pool *pool, u64 hash)
{
	if (!pool->table)
		return NULL;
	return target_at(pool, maglev_pick(pool->table, pool->size, pool->count,
					   hash, takes_new_flow, pool));
}
