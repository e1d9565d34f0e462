// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "flowtable.h"

enum {
	LOOKS = 16,	/* at a bucket that is being changed */
	ROUTED = 1,
};

u32 flowtable_buckets(u32 flows)
{
	return (u32)qlb_div((u64)flows * 4 / 3 + FLOWTABLE_WAYS - 1,
			    FLOWTABLE_WAYS);
}

static struct flowtable_bucket *bucket_of(const struct flowtable *table,
					  u32 hash)
{
	return &table->buckets[((u64)hash * table->count) >> 32];
}

static struct flowtable_bucket *first_bucket(const struct flowtable *table,
					     const struct flowtable_key *key)
{
	return bucket_of(table, (u32)(key->hash >> 32));
}

static struct flowtable_bucket *second_bucket(const struct flowtable *table,
					      const struct flowtable_key *key)
{
	return bucket_of(table, (u32)key->hash);
}

/* Says more of the hash than either bucket does. */
static u32 tag_of(const struct flowtable_key *key)
{
	return (u32)(key->hash >> 32) ^ (u32)key->hash;
}

static bool is_over(u32 expires, u32 now)
{
	return (int)(expires - now) <= 0;
}

/* Return: true, and the bucket is locked, if it has not changed since @sequence. */
static bool lock_unchanged(struct flowtable_bucket *bucket, u32 sequence)
{
	qlb_stay();
	if (!(sequence & 1) &&
	    qlb_exchanged(&bucket->sequence, sequence, sequence + 1))
		return true;
	qlb_leave();
	return false;
}

/* Who has it is not interrupted, so nobody waits for longer than a change takes. */
static void lock(struct flowtable_bucket *bucket)
{
	u32 sequence;

	qlb_stay();
	for (;;) {
		sequence = qlb_load(&bucket->sequence);
		if (!(sequence & 1) &&
		    qlb_exchanged(&bucket->sequence, sequence, sequence + 1))
			return;
		qlb_spin();
	}
}

static void unlock(struct flowtable_bucket *bucket)
{
	qlb_store_release(&bucket->sequence, qlb_load(&bucket->sequence) + 1);
	qlb_leave();
}

/*
 * The acquires keep the second look at the sequence number behind what is read, and the
 * releases in write_entry() keep what is written behind its first change.
 */
static void read_value(const struct flowtable_entry *entry,
		       struct flowtable_value *value)
{
	u32 first = qlb_load_acquire(&entry->first);

	value->server = qlb_load_acquire(&entry->server);
	value->owner = qlb_load_acquire(&entry->owner);
	value->expires = qlb_load_acquire(&entry->expires);
	value->first = first & ~(u32)ROUTED;
	value->routed = first & ROUTED;
}

static void write_value(struct flowtable_entry *entry,
			const struct flowtable_value *value)
{
	qlb_store_release(&entry->owner, value->owner);
	qlb_store_release(&entry->expires, value->expires);
	qlb_store_release(&entry->first, (value->first & ~(u32)ROUTED) |
					 (value->routed ? ROUTED : 0));
	qlb_store_release(&entry->server, value->server);
}

static void write_entry(struct flowtable_entry *entry,
			const struct flowtable_key *key,
			const struct flowtable_value *value)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		qlb_store_release(&entry->client[i], key->client[i]);
	qlb_store_release(&entry->ports, key->ports);
	qlb_store_release(&entry->tag, tag_of(key));
	write_value(entry, value);
}

/* In each datagram's way, and inline, as the next one. */
static inline bool is_of(const struct flowtable_entry *entry,
			 const struct flowtable_key *key, u32 tag)
{
	u32 differs;

	if (qlb_load_acquire(&entry->tag) != tag)
		return false;
	differs = qlb_load_acquire(&entry->ports) ^ key->ports;
	differs |= qlb_load_acquire(&entry->client[0]) ^ key->client[0];
	differs |= qlb_load_acquire(&entry->client[1]) ^ key->client[1];
	differs |= qlb_load_acquire(&entry->client[2]) ^ key->client[2];
	differs |= qlb_load_acquire(&entry->client[3]) ^ key->client[3];
	return qlb_load_acquire(&entry->server) && !differs;
}

static inline struct flowtable_entry *look(struct flowtable_bucket *bucket,
					   const struct flowtable_key *key)
{
	struct flowtable_entry *entry = bucket->entries;
	const u32 tag = tag_of(key);

	for (; entry < bucket->entries + FLOWTABLE_WAYS; entry++)
		if (is_of(entry, key, tag))
			return entry;
	return NULL;
}

/*
 * As long as the sequence number changes, somebody else has just made or changed an entry
 * here.  A reader that is told too often finds nothing, as if its entry had been lost.
 */
static struct flowtable_entry *find_in(struct flowtable_bucket *bucket,
				       const struct flowtable_key *key,
				       struct flowtable_value *value)
{
	struct flowtable_entry *entry;
	unsigned int looks;
	u32 sequence;

	for (looks = 0; looks < LOOKS; looks++) {
		sequence = qlb_load_acquire(&bucket->sequence);
		if (!(sequence & 1)) {
			entry = look(bucket, key);
			if (entry)
				read_value(entry, value);
			if (qlb_load(&bucket->sequence) == sequence)
				return entry;
		}
		qlb_spin();
	}
	return NULL;
}

struct flowtable_entry *flowtable_find(const struct flowtable *table,
				       const struct flowtable_key *key, u32 now,
				       struct flowtable_value *value)
{
	struct flowtable_entry *entry;

	entry = find_in(first_bucket(table, key), key, value);
	if (!entry)
		entry = find_in(second_bucket(table, key), key, value);
	return entry && !is_over(value->expires, now) ? entry : NULL;
}

/* How well a bucket suits a new entry; by the best of its places. */
enum fit {
	FULL,
	UNFAIR,		/* taken from an owner that has more places */
	NOT_NEEDED,	/* of a flow that is routed */
	EMPTY,		/* free, or its time has come */
	ITS_OWN,	/* the flow has it already */
};

struct place {
	struct flowtable_entry *entry;
	enum fit fit;
	unsigned int merit;	/* of the bucket, where two fit alike */
	u32 sequence;		/* of the bucket, before it was looked at */
};

static bool is_older(const struct flowtable_entry *entry,
		     const struct flowtable_entry *than)
{
	return (int)(qlb_load(&entry->expires) - qlb_load(&than->expires)) < 0;
}

static void consider(struct place *place, struct flowtable_entry *entry,
		     enum fit fit)
{
	if (fit < place->fit ||
	    (fit == place->fit && !is_older(entry, place->entry)))
		return;
	place->entry = entry;
	place->fit = fit;
}

static unsigned int places_of(const struct flowtable_bucket *bucket,
			      const void *owner)
{
	unsigned int i, n = 0;

	for (i = 0; i < FLOWTABLE_WAYS; i++)
		n += qlb_load(&bucket->entries[i].owner) == owner;
	return n;
}

/* With all places taken: one of an owner that has more of them than @owner would have. */
static void take_from_others(struct flowtable_bucket *bucket, const void *owner,
			     struct place *place)
{
	struct flowtable_entry *entry = bucket->entries;
	unsigned int share = places_of(bucket, owner) + 1;

	place->merit = FLOWTABLE_WAYS - share;
	for (; entry < bucket->entries + FLOWTABLE_WAYS; entry++)
		if (places_of(bucket, qlb_load(&entry->owner)) > share)
			consider(place, entry, UNFAIR);
}

static void find_place(struct flowtable_bucket *bucket,
		       const struct flowtable_key *key, const void *owner,
		       u32 now, struct place *place)
{
	struct flowtable_entry *entry = bucket->entries;
	const u32 tag = tag_of(key);

	place->entry = NULL;
	place->fit = FULL;
	place->merit = 0;
	place->sequence = qlb_load_acquire(&bucket->sequence);
	for (; entry < bucket->entries + FLOWTABLE_WAYS; entry++) {
		if (!qlb_load_acquire(&entry->server)) {
			place->merit++;
			place->entry = entry;
			place->fit = EMPTY;
			continue;
		}
		if (is_of(entry, key, tag)) {
			place->entry = entry;
			place->fit = ITS_OWN;
			return;
		}
		if (is_over(qlb_load(&entry->expires), now)) {
			place->merit++;
			consider(place, entry, EMPTY);
		} else if (qlb_load(&entry->first) & ROUTED) {
			consider(place, entry, NOT_NEEDED);
		}
	}
	if (place->fit == FULL)
		take_from_others(bucket, owner, place);
}

static bool is_better(const struct place *a, const struct place *b)
{
	return a->fit != b->fit ? a->fit > b->fit : a->merit > b->merit;
}

/*
 * The place is chosen without a lock, and again with one if the bucket has changed.  Two
 * CPUs that insert the same flow at once may make two entries, one in each bucket; both find
 * the same one from then on.
 */
bool flowtable_insert(struct flowtable *table, const struct flowtable_key *key,
		      const struct flowtable_value *value, u32 now,
		      struct flowtable_value *old)
{
	struct flowtable_bucket *bucket = first_bucket(table, key);
	struct flowtable_bucket *other = second_bucket(table, key);
	struct place a, b;

	find_place(bucket, key, value->owner, now, &a);
	if (a.fit != ITS_OWN && other != bucket) {
		find_place(other, key, value->owner, now, &b);
		if (is_better(&b, &a)) {
			bucket = other;
			a = b;
		}
	}
	if (!lock_unchanged(bucket, a.sequence)) {
		lock(bucket);
		find_place(bucket, key, value->owner, now, &a);
	}
	if (a.fit != FULL) {
		read_value(a.entry, old);
		write_entry(a.entry, key, value);
	}
	unlock(bucket);
	return a.fit != FULL;
}

static bool set_routed_in(struct flowtable_bucket *bucket,
			  const struct flowtable_key *key, const void *server)
{
	struct flowtable_entry *entry;

	lock(bucket);
	entry = look(bucket, key);
	if (entry && qlb_load(&entry->server) == server)
		qlb_store_release(&entry->first,
				  qlb_load(&entry->first) | ROUTED);
	unlock(bucket);
	return entry;
}

void flowtable_set_routed(struct flowtable *table,
			  const struct flowtable_key *key, const void *server,
			  u32 now)
{
	struct flowtable_value value;

	if (!flowtable_find(table, key, now, &value) || value.routed)
		return;
	if (!set_routed_in(first_bucket(table, key), key, server))
		set_routed_in(second_bucket(table, key), key, server);
}

static bool is_to_go(const struct flowtable_entry *entry, u32 now,
		     const void *owner)
{
	return qlb_load(&entry->server) &&
	       (is_over(qlb_load(&entry->expires), now) ||
		(owner && qlb_load(&entry->owner) == owner));
}

void flowtable_expire(struct flowtable *table, u32 at, u32 now,
		      const void *owner, flowtable_gone_fn gone, void *arg)
{
	struct flowtable_bucket *bucket = &table->buckets[at];
	struct flowtable_value value;
	struct flowtable_entry *entry = bucket->entries;
	bool goes;

	for (; entry < bucket->entries + FLOWTABLE_WAYS; entry++) {
		if (!is_to_go(entry, now, owner))
			continue;
		lock(bucket);
		goes = is_to_go(entry, now, owner);
		if (goes) {
			read_value(entry, &value);
			qlb_store_release(&entry->server, NULL);
			qlb_store_release(&entry->owner, NULL);
		}
		unlock(bucket);
		if (goes)
			gone(&value, arg);
	}
}

bool flowtable_read(const struct flowtable *table, u32 at, u32 way, u32 now,
		    struct flowtable_key *key, struct flowtable_value *value)
{
	const struct flowtable_bucket *bucket = &table->buckets[at];
	const struct flowtable_entry *entry = &bucket->entries[way];
	unsigned int looks, i;
	u32 sequence;

	for (looks = 0; looks < LOOKS; looks++) {
		sequence = qlb_load_acquire(&bucket->sequence);
		for (i = 0; i < 4; i++)
			key->client[i] = qlb_load_acquire(&entry->client[i]);
		key->ports = qlb_load_acquire(&entry->ports);
		key->hash = 0;
		read_value(entry, value);
		if (!(sequence & 1) &&
		    qlb_load(&bucket->sequence) == sequence)
			return value->server && !is_over(value->expires, now);
		qlb_spin();
	}
	return false;
}
