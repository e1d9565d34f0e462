// SPDX-License-Identifier: GPL-2.0
#include "unroutable_table.h"

#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "core/maglev.h"
#include "object.h"
#include "core/qlb.h"
#include "core/quic_hdr.h"
#include "sidmap.h"

enum { WAYS = 4 };

/*
 * Server addresses, not pointers: an entry holds no reference.  A dead entry may stay
 * until its place is needed, so @used must not wrap around.
 */
struct entry {
	u64 used : 56;	/* jiffies, which take millions of years for that */
	u64 len : 8;	/* of the CID, 0: free */
	u8 cid[QLB_CID_LEN_MAX];
	struct ivq_addr server;
};

struct bucket {
	spinlock_t lock;	/* protects entries */
	struct entry entries[WAYS];
};

/**
 * struct ivq_unroutable_table - the table
 * @ref: one reference per snapshot that has it
 * @max: as asked for
 * @timeout: jiffies
 * @seed: of the hash, against chosen collisions
 * @mask: buckets minus one
 * @buckets: by hash of the CID
 */
struct ivq_unroutable_table {
	struct kref ref;
	u32 max;
	unsigned long timeout;
	u64 seed;
	u32 mask;
	struct bucket buckets[];
};

struct ivq_unroutable_table *ivq_unroutable_new(u32 max, unsigned long timeout)
{
	u32 buckets = roundup_pow_of_two(DIV_ROUND_UP(max, WAYS));
	struct ivq_unroutable_table *table;
	u32 i;

	table = kvzalloc(struct_size(table, buckets, buckets),
			 GFP_KERNEL_ACCOUNT);
	if (!table)
		return NULL;
	kref_init(&table->ref);
	table->max = max;
	table->timeout = timeout;
	table->seed = get_random_u64();
	table->mask = buckets - 1;
	for (i = 0; i < buckets; i++)
		spin_lock_init(&table->buckets[i].lock);
	ivq_object_created(IVQ_OBJ_UNROUTABLE);
	return table;
}

struct ivq_unroutable_table *
ivq_unroutable_get(struct ivq_unroutable_table *table)
{
	if (table)
		kref_get(&table->ref);
	return table;
}

static void release(struct kref *ref)
{
	kvfree(container_of(ref, struct ivq_unroutable_table, ref));
	ivq_object_destroyed(IVQ_OBJ_UNROUTABLE);
}

void ivq_unroutable_put(struct ivq_unroutable_table *table)
{
	if (table)
		kref_put(&table->ref, release);
}

u32 ivq_unroutable_max(const struct ivq_unroutable_table *table)
{
	return table ? table->max : 0;
}

unsigned long ivq_unroutable_timeout(const struct ivq_unroutable_table *table)
{
	return table ? table->timeout : 0;
}

/*
 * A 0b111 CID must encode its own length (section "Config Failover"), which is
 * all that tells where it ends in a short header.  Return: 0 when it does not.
 */
static u8 cid_len(const struct quic_hdr *hdr)
{
	size_t len;

	if (!hdr->dcid_view)
		return 0;
	len = qlb_self_len(hdr->dcid[0]);
	if (len > QLB_CID_LEN_MAX || len > hdr->dcid_view)
		return 0;
	if (hdr->long_form && len != hdr->dcid_len)
		return 0;
	return len;
}

static struct bucket *bucket_of(struct ivq_unroutable_table *table, const u8 *cid,
				u8 len)
{
	return &table->buckets[maglev_hash(cid, len, table->seed) & table->mask];
}

static bool is_live(const struct ivq_unroutable_table *table,
		    const struct entry *entry)
{
	return entry->len && get_jiffies_64() - entry->used < table->timeout;
}

static struct entry *find_entry(struct ivq_unroutable_table *table,
				struct bucket *bucket, const u8 *cid, u8 len)
{
	struct entry *entry;

	for (entry = bucket->entries; entry < bucket->entries + WAYS; entry++)
		if (entry->len == len && !memcmp(entry->cid, cid, len) &&
		    is_live(table, entry))
			return entry;
	return NULL;
}

bool ivq_unroutable_find(struct ivq_unroutable_table *table,
			 const struct quic_hdr *hdr, struct ivq_addr *server)
{
	u8 len = table ? cid_len(hdr) : 0;
	struct bucket *bucket;
	struct entry *entry;

	if (!len)
		return false;
	bucket = bucket_of(table, hdr->dcid, len);
	spin_lock(&bucket->lock);
	entry = find_entry(table, bucket, hdr->dcid, len);
	if (entry) {
		entry->used = get_jiffies_64();
		*server = entry->server;
	}
	spin_unlock(&bucket->lock);
	return entry;
}

/* A free or dead entry, else the one unused for longest. */
static struct entry *victim(const struct ivq_unroutable_table *table,
			    struct bucket *bucket)
{
	struct entry *oldest = bucket->entries, *entry;

	for (entry = bucket->entries; entry < bucket->entries + WAYS; entry++) {
		if (!is_live(table, entry))
			return entry;
		if (entry->used < oldest->used)
			oldest = entry;
	}
	return oldest;
}

/* A live entry is not changed: the CID belongs to the server that had it first. */
void ivq_unroutable_learn(struct ivq_unroutable_table *table,
			  const struct quic_hdr *hdr,
			  const struct ivq_addr *server)
{
	u8 len = table ? cid_len(hdr) : 0;
	struct bucket *bucket;
	struct entry *entry;

	if (!len)
		return;
	bucket = bucket_of(table, hdr->dcid, len);
	spin_lock(&bucket->lock);
	entry = find_entry(table, bucket, hdr->dcid, len);
	if (!entry) {
		entry = victim(table, bucket);
		entry->used = get_jiffies_64();
		entry->len = len;
		memcpy(entry->cid, hdr->dcid, len);
		entry->server = *server;
	}
	spin_unlock(&bucket->lock);
}
