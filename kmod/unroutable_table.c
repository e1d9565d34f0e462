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
 * Server addresses, not pointers: an entry keeps nothing alive.  A dead one may stay
 * for as long as nobody needs its place: its age must not begin anew.
 */
struct entry {
	u64 used : 56;	/* jiffies, which take millions of years for that */
	u64 len : 8;	/* of the CID, 0: free */
	u8 cid[QLB_CID_LEN_MAX];
	struct ip_vs_quic_addr server;
};

struct bucket {
	spinlock_t lock;	/* protects entries */
	struct entry entries[WAYS];
};

/**
 * struct ip_vs_quic_dcids - the table
 * @ref: one reference per routes object that has it
 * @max: as asked for
 * @timeout: jiffies
 * @seed: of the hash, against chosen collisions
 * @mask: buckets minus one
 * @buckets: by hash of the CID
 */
struct ip_vs_quic_dcids {
	struct kref ref;
	u32 max;
	unsigned long timeout;
	u64 seed;
	u32 mask;
	struct bucket buckets[];
};

struct ip_vs_quic_dcids *ip_vs_quic_dcids_new(u32 max, unsigned long timeout)
{
	u32 buckets = roundup_pow_of_two(DIV_ROUND_UP(max, WAYS));
	struct ip_vs_quic_dcids *dcids;
	u32 i;

	dcids = kvzalloc(struct_size(dcids, buckets, buckets),
			 GFP_KERNEL_ACCOUNT);
	if (!dcids)
		return NULL;
	kref_init(&dcids->ref);
	dcids->max = max;
	dcids->timeout = timeout;
	dcids->seed = get_random_u64();
	dcids->mask = buckets - 1;
	for (i = 0; i < buckets; i++)
		spin_lock_init(&dcids->buckets[i].lock);
	ip_vs_quic_object_created(IP_VS_QUIC_OBJ_DCIDS);
	return dcids;
}

struct ip_vs_quic_dcids *ip_vs_quic_dcids_get(struct ip_vs_quic_dcids *dcids)
{
	if (dcids)
		kref_get(&dcids->ref);
	return dcids;
}

static void release(struct kref *ref)
{
	kvfree(container_of(ref, struct ip_vs_quic_dcids, ref));
	ip_vs_quic_object_destroyed(IP_VS_QUIC_OBJ_DCIDS);
}

void ip_vs_quic_dcids_put(struct ip_vs_quic_dcids *dcids)
{
	if (dcids)
		kref_put(&dcids->ref, release);
}

u32 ip_vs_quic_dcids_max(const struct ip_vs_quic_dcids *dcids)
{
	return dcids ? dcids->max : 0;
}

unsigned long ip_vs_quic_dcids_timeout(const struct ip_vs_quic_dcids *dcids)
{
	return dcids ? dcids->timeout : 0;
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

static struct bucket *bucket_of(struct ip_vs_quic_dcids *dcids, const u8 *cid,
				u8 len)
{
	return &dcids->buckets[maglev_hash(cid, len, dcids->seed) & dcids->mask];
}

static bool is_live(const struct ip_vs_quic_dcids *dcids,
		    const struct entry *entry)
{
	return entry->len && get_jiffies_64() - entry->used < dcids->timeout;
}

static struct entry *find_entry(struct ip_vs_quic_dcids *dcids,
				struct bucket *bucket, const u8 *cid, u8 len)
{
	struct entry *entry;

	for (entry = bucket->entries; entry < bucket->entries + WAYS; entry++)
		if (entry->len == len && !memcmp(entry->cid, cid, len) &&
		    is_live(dcids, entry))
			return entry;
	return NULL;
}

bool ip_vs_quic_dcids_find(struct ip_vs_quic_dcids *dcids,
			   const struct quic_hdr *hdr,
			   struct ip_vs_quic_addr *server)
{
	u8 len = dcids ? cid_len(hdr) : 0;
	struct bucket *bucket;
	struct entry *entry;

	if (!len)
		return false;
	bucket = bucket_of(dcids, hdr->dcid, len);
	spin_lock(&bucket->lock);
	entry = find_entry(dcids, bucket, hdr->dcid, len);
	if (entry) {
		entry->used = get_jiffies_64();
		*server = entry->server;
	}
	spin_unlock(&bucket->lock);
	return entry;
}

/* A free or dead entry, else the one unused for longest. */
static struct entry *victim(const struct ip_vs_quic_dcids *dcids,
			    struct bucket *bucket)
{
	struct entry *oldest = bucket->entries, *entry;

	for (entry = bucket->entries; entry < bucket->entries + WAYS; entry++) {
		if (!is_live(dcids, entry))
			return entry;
		if (entry->used < oldest->used)
			oldest = entry;
	}
	return oldest;
}

/* A live entry stays as it is: whoever was first, has the CID. */
void ip_vs_quic_dcids_learn(struct ip_vs_quic_dcids *dcids,
			    const struct quic_hdr *hdr,
			    const struct ip_vs_quic_addr *server)
{
	u8 len = dcids ? cid_len(hdr) : 0;
	struct bucket *bucket;
	struct entry *entry;

	if (!len)
		return;
	bucket = bucket_of(dcids, hdr->dcid, len);
	spin_lock(&bucket->lock);
	entry = find_entry(dcids, bucket, hdr->dcid, len);
	if (!entry) {
		entry = victim(dcids, bucket);
		entry->used = get_jiffies_64();
		entry->len = len;
		memcpy(entry->cid, hdr->dcid, len);
		entry->server = *server;
	}
	spin_unlock(&bucket->lock);
}
