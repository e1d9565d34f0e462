// SPDX-License-Identifier: GPL-2.0
#include "flows.h"

#include <linux/cache.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "object.h"

enum {
	FLOWS_DEFAULT = 1 << 17,
	SWEEP_MIN = 1 << 16,	/* buckets that a run looks at */
	SWEEP_RUNS = 8,		/* for all of a large table, at most */
	SWEEP_BATCH = 256,	/* buckets between looks at the scheduler */
};

/**
 * struct ivq_flows - the table
 * @table: its buckets
 * @secret: of the hash
 * @count: entries, those included whose time has come; apart from what readers need
 * @sweeping: @sweep is queued or runs
 * @sweep: takes out entries, once a second while there are any
 * @at: the bucket where @sweep goes on
 * @ref: one reference of the namespace and one per service
 */
struct ivq_flows {
	struct flowtable table;
	siphash_key_t secret;
	atomic_t count ____cacheline_aligned_in_smp;
	atomic_t sweeping;
	struct delayed_work sweep;
	u32 at;
	struct kref ref;
};

static unsigned int flows_max = FLOWS_DEFAULT;

static int set_flows(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, FLOWTABLE_FLOWS_MIN,
				     FLOWTABLE_FLOWS_MAX);
}

static const struct kernel_param_ops flows_ops = {
	.set	= set_flows,
	.get	= param_get_uint,
};

module_param_cb(flows, &flows_ops, &flows_max, 0444);
__MODULE_PARM_TYPE(flows, "uint");
MODULE_PARM_DESC(flows, "4-tuples that the table of a network namespace holds, 64 to 16777216; 68 octets of memory each (default 131072)");

u32 ivq_flows_now(void)
{
	return (u32)ktime_get_seconds();
}

/*
 * Does IP_VS_DEST_F_OVERLOAD say what is not so any more?  By IPVS's rules.  Up to 6.12.95,
 * IPVS changes one threshold after the other without a lock, and a softirq on that CPU may
 * come in between.  A lower one above the upper one must not count then: both
 * answers would be wrong, and follow_threshold() would never end.
 */
static bool has_crossed(const struct ip_vs_dest *dest)
{
	u32 upper = READ_ONCE(dest->u_threshold);
	u32 lower = min(READ_ONCE(dest->l_threshold), upper);
	int conns = ivq_dest_conns(dest);

	if (!(READ_ONCE(dest->flags) & IP_VS_DEST_F_OVERLOAD))
		return upper && conns >= upper;
	return !upper || conns < (lower ? lower : upper - (upper >> 2));
}

/*
 * A connection has come or gone.  Who counts while the flag changes sees the change, or is
 * seen by the next look at the counter: the flag is right when nobody counts.
 */
static void follow_threshold(struct ip_vs_dest *dest)
{
	smp_mb__after_atomic();		/* of the counter; pairs with the one below */
	if (likely(!has_crossed(dest)))
		return;
	spin_lock_bh(&dest->dst_lock);
	while (has_crossed(dest)) {
		WRITE_ONCE(dest->flags, dest->flags ^ IP_VS_DEST_F_OVERLOAD);
		smp_mb();		/* pairs with the one above */
	}
	spin_unlock_bh(&dest->dst_lock);
}

static void begin(struct ivq_flow_owner *owner, struct ip_vs_dest *dest)
{
	struct ivq_flows *flows = owner->flows;

	if (!READ_ONCE(owner->used))
		WRITE_ONCE(owner->used, true);
	ip_vs_dest_hold(dest);
	atomic_inc(&owner->count);
	atomic_inc(ivq_dest_counter(dest));
	follow_threshold(dest);
	atomic_inc(&flows->count);
	smp_mb__after_atomic();		/* pairs with the one in sweep() */
	if (unlikely(!atomic_read(&flows->sweeping)) &&
	    !atomic_xchg(&flows->sweeping, 1))
		ivq_object_queue(&flows->sweep, HZ);
}

/* Of what begin() was called for; RCU read-side, so that the owner is there. */
static void end(const struct flowtable_value *value, void *arg)
{
	struct ivq_flow_owner *owner = value->owner;
	struct ip_vs_dest *dest = value->server;
	struct ivq_flows *flows = arg;

	atomic_dec(ivq_dest_counter(dest));
	follow_threshold(dest);
	ip_vs_dest_put_and_free(dest);
	atomic_dec(&owner->count);
	atomic_dec(&flows->count);
}

/* Caller is in process context. */
static void expire(struct ivq_flows *flows, u32 from, u32 to,
		   const struct ivq_flow_owner *owner)
{
	u32 now = ivq_flows_now();
	u32 at;

	for (at = from; at < to; at++) {
		rcu_read_lock_bh();
		flowtable_expire(&flows->table, at, now, owner, end, flows);
		rcu_read_unlock_bh();
		if (!(at % SWEEP_BATCH))
			cond_resched();
	}
}

/* Only one run at a time: a delayed work does not run beside itself. */
static void sweep(struct work_struct *work)
{
	struct ivq_flows *flows = container_of(to_delayed_work(work),
					       struct ivq_flows, sweep);
	u32 count = flows->table.count;
	u32 n = max_t(u32, count / SWEEP_RUNS + 1, SWEEP_MIN);
	u32 to = flows->at + min(n, count - flows->at);

	expire(flows, flows->at, to, NULL);
	flows->at = to < count ? to : 0;
	if (!atomic_read(&flows->count)) {
		atomic_set(&flows->sweeping, 0);
		smp_mb();		/* pairs with the one in begin() */
		if (!atomic_read(&flows->count) ||
		    atomic_xchg(&flows->sweeping, 1))
			return;
	}
	ivq_object_queue(&flows->sweep, HZ);
}

/* Buckets are aligned as pages are, which kmalloc() does not promise for all sizes. */
struct ivq_flows *ivq_flows_new(void)
{
	u32 count = flowtable_buckets(flows_max);
	struct ivq_flows *flows;

	BUILD_BUG_ON(sizeof(struct flowtable_bucket) != FLOWTABLE_BUCKET_SIZE);

	flows = kzalloc(sizeof(*flows), GFP_KERNEL_ACCOUNT);
	if (!flows)
		return NULL;
	flows->table.count = count;
	flows->table.buckets = __vmalloc(array_size(count,
						    FLOWTABLE_BUCKET_SIZE),
					 GFP_KERNEL_ACCOUNT | __GFP_ZERO |
					 __GFP_NOWARN);
	if (!flows->table.buckets) {
		pr_warn_ratelimited("service refused: no memory for a table of %u flows; load the module with a smaller flows=\n",
				    flows_max);
		kfree(flows);
		return NULL;
	}
	get_random_bytes(&flows->secret, sizeof(flows->secret));
	INIT_DELAYED_WORK(&flows->sweep, sweep);
	kref_init(&flows->ref);
	ivq_object_created(IVQ_OBJ_FLOWS);
	return flows;
}

struct ivq_flows *ivq_flows_get(struct ivq_flows *flows)
{
	kref_get(&flows->ref);
	return flows;
}

/* All services have gone, and their entries before them. */
static void release(struct kref *ref)
{
	struct ivq_flows *flows = container_of(ref, struct ivq_flows, ref);

	cancel_delayed_work_sync(&flows->sweep);
	WARN_ON_ONCE(atomic_read(&flows->count));
	vfree(flows->table.buckets);
	kfree(flows);
	ivq_object_destroyed(IVQ_OBJ_FLOWS);
}

void ivq_flows_put(struct ivq_flows *flows)
{
	if (flows)
		kref_put(&flows->ref, release);
}

bool ivq_flows_are_none(const struct ivq_flows *flows)
{
	return !atomic_read(&flows->count);
}

static void key_v4(const struct ivq_flows *flows, __be32 client, __be32 vip,
		   struct flowtable_key *key)
{
	key->client[0] = (__force u32)client;
	key->client[1] = (__force u32)vip;
	key->client[2] = 0;
	key->client[3] = 0;
	key->hash = siphash_3u32(key->client[0], key->client[1], key->ports,
				 &flows->secret);
}

static void key_v6(const struct ivq_flows *flows, const struct in6_addr *client,
		   const struct in6_addr *vip, struct flowtable_key *key)
{
	struct {
		struct in6_addr client;
		struct in6_addr vip;
		u64 ports;
	} __aligned(SIPHASH_ALIGNMENT) flow = {
		.client = *client, .vip = *vip, .ports = key->ports,
	};

	memcpy(key->client, client, sizeof(key->client));
	key->hash = siphash(&flow, sizeof(flow), &flows->secret);
}

void ivq_flows_key(const struct ivq_flows *flows, u16 af,
		   const union nf_inet_addr *client, __be16 client_port,
		   const union nf_inet_addr *vip, __be16 vip_port,
		   struct flowtable_key *key)
{
	key->ports = (u32)(__force u16)client_port << 16 |
		     (__force u16)vip_port;
	if (af == AF_INET6)
		key_v6(flows, &client->in6, &vip->in6, key);
	else
		key_v4(flows, client->ip, vip->ip, key);
}

struct flowtable_entry *ivq_flows_find(const struct ivq_flows *flows,
				       const struct flowtable_key *key, u32 now,
				       struct flowtable_value *value)
{
	return flowtable_find(&flows->table, key, now, value);
}

/* What is counted before it is there is never counted down first. */
bool ivq_flows_keep(struct ivq_flow_owner *owner,
		    const struct flowtable_key *key, struct ip_vs_dest *dest,
		    u32 first, u32 now, u32 seconds)
{
	struct flowtable_value old, value = {
		.owner = owner, .server = dest, .first = first,
		.expires = now + seconds,
	};

	begin(owner, dest);
	if (!flowtable_insert(&owner->flows->table, key, &value, now, &old)) {
		end(&value, owner->flows);
		return false;
	}
	if (old.server)
		end(&old, owner->flows);
	return true;
}

void ivq_flows_set_routed(const struct ivq_flow_owner *owner,
			  const struct flowtable_key *key,
			  const struct ip_vs_dest *dest)
{
	flowtable_set_routed(&owner->flows->table, key, dest, ivq_flows_now());
}

void ivq_flows_forget(struct ivq_flow_owner *owner)
{
	struct ivq_flows *flows = owner->flows;

	if (flows && atomic_read(&owner->count))
		expire(flows, 0, flows->table.count, owner);
}

u32 ivq_flows_places(const struct ivq_flows *flows)
{
	return flows->table.count * FLOWTABLE_WAYS;
}

bool ivq_flows_read(const struct ivq_flows *flows, u32 at,
		    struct ivq_flow *flow)
{
	struct flowtable_key key;

	if (!flowtable_read(&flows->table, at / FLOWTABLE_WAYS,
			    at % FLOWTABLE_WAYS, ivq_flows_now(), &key,
			    &flow->value))
		return false;
	memcpy(flow->words, key.client, sizeof(flow->words));
	flow->client_port = (__force __be16)(key.ports >> 16);
	flow->vip_port = (__force __be16)key.ports;
	return true;
}

void ivq_flows_addresses(struct ivq_flow *flow, u16 af)
{
	memset(&flow->client, 0, sizeof(flow->client));
	memset(&flow->vip, 0, sizeof(flow->vip));
	if (af == AF_INET6) {
		memcpy(&flow->client, flow->words, sizeof(flow->words));
	} else {
		flow->client.ip = (__force __be32)flow->words[0];
		flow->vip.ip = (__force __be32)flow->words[1];
	}
}
