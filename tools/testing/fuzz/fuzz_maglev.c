// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The fallback table of kmod/core/maglev.c.  Input: size of the table (one octet), which server
 * leaves (one), junk for the scratch (one), then two octets of name and two of weight per
 * server.  A name may be repeated.  If the highest bit of the junk is set, an attacker
 * has chosen the names, so that servers prefer the same slots.
 */
#include "chosen.h"
#include "fuzz.h"
#include "maglev.h"

enum {
	SERVERS_MAX = 48,
	REAL_BITS = 14,
	/*
	 * Slots that may move from one server to another although neither has to: by rounding,
	 * and because servers without a slot get one of others.
	 */
	NEEDLESS = 8 + 2 * SERVERS_MAX,
};

struct pool {
	u32 count;
	u32 size;
	bool chosen;
	struct maglev_entry entries[SERVERS_MAX];
	u16 *table;
};

/* Primes, mostly small ones, because a large table takes a hundred times as long. */
static u32 size_of(unsigned int octet)
{
	static const u32 sizes[] = { 53, 127, 251, 509 };

	return octet == 255 ? maglev_size(REAL_BITS) : sizes[octet % 4];
}

/* The words of the comment on maglev_hash(), octet by octet. */
static u64 hash_again(const u8 *data, size_t len, u64 seed)
{
	u64 h = seed ^ len * 0x9e3779b97f4a7c15, word;
	size_t i = 0, end;

	while (i < len) {
		end = len - i >= 8 ? i + 8 : len - i >= 4 ? i + 4 : len;
		for (word = 0; end > i; end--)
			word = word * 256 + data[end - 1];
		i = len - i >= 8 ? i + 8 : len - i >= 4 ? i + 4 : len;
		h = (h ^ word) * 0x243f6a8885a308d3;
		h ^= h >> 31;
	}
	h = (h ^ h >> 32) * 0xb7e151628aed2a6b;
	h = (h ^ h >> 29) * 0x9e3779b97f4a7c15;
	return h ^ h >> 32;
}

static void check_hash(const uint8_t *data, size_t size)
{
	uint8_t *exact = copy_of(data, size);

	must(maglev_hash(exact, size, size) == hash_again(data, size, size));
	free(exact);
}

static void build(struct pool *pool, unsigned int junk)
{
	u64 looks, *times;
	u32 i;

	for (i = 0; i < pool->count; i++) {
		pool->entries[i].offset = junk * 0x1010101u;
		pool->entries[i].skip = junk * 0x10101u;
		pool->entries[i].next = junk * 0x101u;
		pool->entries[i].visits = junk * 0x1010101u;
		pool->entries[i].time = junk * 0x101010101010101ULL;
		pool->entries[i].unit = junk * 0x101010101010101ULL;
		pool->entries[i].step = junk * 0x101010101010101ULL;
	}
	memset(pool->table, (int)junk, pool->size * sizeof(*pool->table));
	times = malloc(pool->size * sizeof(*times));
	if (!times)
		abort();
	memset(times, (int)junk, pool->size * sizeof(*times));
	looks = maglev_build(pool->table, pool->size, times, pool->entries,
			     pool->count);
	must(looks <= (MAGLEV_LOOKS + 11ULL) * pool->size + pool->count);
	free(times);
}

static u64 total_weight(const struct pool *pool)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < pool->count; i++)
		sum += pool->entries[i].weight;
	return sum;
}

/* Each slot has a server with weight, and each of those a slot unless the names were chosen. */
static void check_slots(const struct pool *pool)
{
	u32 slots[SERVERS_MAX] = { 0 }, i;

	for (i = 0; i < pool->size; i++) {
		must(pool->table[i] < pool->count);
		must(pool->entries[pool->table[i]].weight);
		slots[pool->table[i]]++;
	}
	for (i = 0; i < pool->count; i++)
		must(slots[i] || !pool->entries[i].weight || pool->chosen);
}

/* The same servers in reverse order: each slot has the same owner. */
static void check_order(const struct pool *pool, unsigned int junk)
{
	struct pool other = { .count = pool->count, .size = pool->size };
	u32 i;

	for (i = 0; i < pool->count; i++)
		other.entries[i] = pool->entries[pool->count - 1 - i];
	other.table = malloc(other.size * sizeof(*other.table));
	if (!other.table)
		abort();
	build(&other, junk ^ 0xff);
	for (i = 0; i < pool->size; i++) {
		const struct maglev_entry *a = &pool->entries[pool->table[i]];
		const struct maglev_entry *b = &other.entries[other.table[i]];

		must(a->key == b->key && a->weight == b->weight);
	}
	free(other.table);
}

static bool has_twins(const struct pool *pool)
{
	u32 i, j;

	for (i = 0; i < pool->count; i++)
		for (j = 0; j < i; j++)
			if (pool->entries[i].key == pool->entries[j].key)
				return true;
	return false;
}

/* One server leaves: how many slots of other servers change their owner? */
static void check_leaving(struct pool *pool, u32 leaving)
{
	u16 *before = malloc(pool->size * sizeof(*before));
	u64 rest = total_weight(pool) - pool->entries[leaving].weight;
	u32 moved = 0, i;

	if (!before)
		abort();
	memcpy(before, pool->table, pool->size * sizeof(*before));
	pool->entries[leaving].weight = 0;
	build(pool, 0);
	for (i = 0; i < pool->size; i++) {
		must(rest ? pool->table[i] != leaving :
			    pool->table[i] == MAGLEV_NONE);
		moved += before[i] != leaving && before[i] != pool->table[i];
	}
	if (pool->size == maglev_size(REAL_BITS) && !pool->chosen &&
	    !has_twins(pool))
		must(moved <= NEEDLESS);
	free(before);
}

static u32 read_servers(struct pool *pool, struct input *in)
{
	u8 word[4];
	u32 low;

	while (pool->count < SERVERS_MAX && in->left) {
		struct maglev_entry *entry = &pool->entries[pool->count++];

		take(in, word, sizeof(word));
		entry->key = maglev_hash(word, 2, 0);
		low = (u32)word[0] << 24 | (u32)word[1] << 16;
		if (pool->chosen)
			entry->key = chosen_key(&low, SERVERS_MAX, pool->size);
		entry->weight = word[2] << 8 | word[3];
	}
	return pool->count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct pool pool = { .size = size_of(take_octet(&in)) };
	unsigned int leaving = take_octet(&in), junk = take_octet(&in);
	u32 i;

	check_hash(data, size);
	pool.chosen = junk & 0x80;
	pool.table = malloc(pool.size * sizeof(*pool.table));
	if (!pool.table)
		abort();
	read_servers(&pool, &in);
	build(&pool, junk);
	if (total_weight(&pool)) {
		check_slots(&pool);
		check_order(&pool, junk);
		check_leaving(&pool, leaving % pool.count);
	} else {
		for (i = 0; i < pool.size; i++)
			must(pool.table[i] == MAGLEV_NONE);
	}
	free(pool.table);
	return 0;
}
