// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The fallback table: what it promises (shares, order, no needless moves), the same
 * built a naive second way, and golden values, as every director must build the same.
 */
#include <math.h>
#include <time.h>

#include "chosen.h"
#include "maglev.h"
#include "test.h"

enum {
	KEY_SEED = 7,
	/* at each slot, whatever the keys; maglev.h promises it */
	LOOKS_MAX = MAGLEV_LOOKS + 11,
};

struct pool {
	u32 count;
	u32 size;
	struct maglev_entry *entries;
	u64 *times;
	u16 *table;
	u32 *slots;	/* slots of each entry */
	u64 looks;	/* that building took */
};

static u64 key_of(u32 server)
{
	u8 address[4] = { 10, 0, server >> 8, server };

	return maglev_hash(address, sizeof(address), KEY_SEED);
}

static void pool_init_size(struct pool *pool, u32 count, u32 size)
{
	u32 i;

	pool->count = count;
	pool->size = size;
	/* exactly as large as they are said to be, for the address sanitizer */
	pool->entries = calloc(count, sizeof(*pool->entries));
	pool->times = calloc(size, sizeof(*pool->times));
	pool->table = calloc(pool->size, sizeof(*pool->table));
	pool->slots = calloc(count, sizeof(*pool->slots));
	if ((count && !pool->entries) || !pool->times || !pool->table)
		abort();
	for (i = 0; i < count; i++) {
		pool->entries[i].key = key_of(i);
		pool->entries[i].weight = 1;
	}
}

static void pool_init(struct pool *pool, u32 count)
{
	pool_init_size(pool, count, maglev_size(MAGLEV_BITS_DEFAULT));
}

static void pool_free(struct pool *pool)
{
	free(pool->entries);
	free(pool->times);
	free(pool->table);
	free(pool->slots);
}

/* Fills in the scratch with junk first: nothing may depend on it. */
static void pool_build(struct pool *pool)
{
	struct maglev_entry *entry;
	u32 i;

	for (i = 0; i < pool->count; i++) {
		entry = &pool->entries[i];
		entry->offset = random_u64();
		entry->skip = random_u64();
		entry->next = random_u64();
		entry->visits = random_u64();
		entry->unit = random_u64();
		entry->time = random_u64();
		entry->step = random_u64();
	}
	memset(pool->table, 0x5a, pool->size * sizeof(*pool->table));
	memset(pool->times, 0x5a, pool->size * sizeof(*pool->times));
	pool->looks = maglev_build(pool->table, pool->size, pool->times,
				   pool->entries, pool->count);
	assert_true(pool->looks <= (u64)LOOKS_MAX * pool->size + pool->count);
	memset(pool->slots, 0, pool->count * sizeof(*pool->slots));
	for (i = 0; i < pool->size; i++) {
		assert_in_range(pool->table[i], 0, pool->count - 1);
		pool->slots[pool->table[i]]++;
	}
}

static double total_weight(const struct pool *pool)
{
	double sum = 0;
	u32 i;

	for (i = 0; i < pool->count; i++)
		sum += pool->entries[i].weight;
	return sum;
}

/*
 * Whose a slot is, is decided as if by chance: each server's number of slots is within
 * six deviations of its share.  Each that has weight has a slot, as far as there are
 * enough.
 */
static void check_shares(const struct pool *pool)
{
	double weights = total_weight(pool), part, share;
	u32 i;

	for (i = 0; i < pool->count; i++) {
		part = pool->entries[i].weight / weights;
		share = pool->size * part;
		assert_true(fabs(pool->slots[i] - share) <=
			    6 * sqrt(share * (1 - part)) + 6);
		assert_true(!pool->slots[i] == !pool->entries[i].weight);
	}
}

static bool is_prime(u32 n)
{
	u32 i;

	for (i = 2; i * i <= n; i++)
		if (n % i == 0)
			return false;
	return n > 1;
}

static void sizes(void **state)
{
	u32 bits, size, n;

	(void)state;
	for (bits = MAGLEV_BITS_MIN; bits <= MAGLEV_BITS_MAX; bits++) {
		size = maglev_size(bits);
		assert_true(is_prime(size));
		for (n = size + 1; n < 1u << bits; n++)
			assert_false(is_prime(n));
	}
	assert_int_equal(maglev_size(MAGLEV_BITS_MIN), 251);
	assert_int_equal(maglev_size(MAGLEV_BITS_DEFAULT), 65521);
	assert_int_equal(maglev_size(MAGLEV_BITS_MAX), 524287);
}

static void assert_all_none(const struct pool *pool)
{
	u32 i;

	for (i = 0; i < pool->size; i++)
		assert_int_equal(pool->table[i], MAGLEV_NONE);
}

static void no_servers(void **state)
{
	struct pool pool;
	u32 i;

	(void)state;
	pool_init(&pool, 0);
	assert_int_equal(maglev_build(pool.table, pool.size, pool.times,
				      pool.entries, 0), 0);
	assert_all_none(&pool);
	pool_free(&pool);
	pool_init(&pool, 5);
	for (i = 0; i < 5; i++)
		pool.entries[i].weight = 0;
	maglev_build(pool.table, pool.size, pool.times, pool.entries, 5);
	assert_all_none(&pool);
	pool_free(&pool);
}

static void one_server(void **state)
{
	static const u32 weights[] = { 1, 2, 3, 100, MAGLEV_WEIGHT_MAX };
	struct pool pool;
	size_t i;

	(void)state;
	pool_init(&pool, 1);
	for (i = 0; i < sizeof(weights) / sizeof(*weights); i++) {
		pool.entries[0].weight = weights[i];
		pool_build(&pool);
		assert_int_equal(pool.slots[0], pool.size);
	}
	pool_free(&pool);
}

static void equal_weights(void **state)
{
	static const u32 counts[] = { 2, 3, 8, 100, 163, 164, 1310, 5000 };
	static const u32 weights[] = { 1, 3, MAGLEV_WEIGHT_MAX };
	struct pool pool;
	size_t i, j;
	u32 k;

	(void)state;
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		for (j = 0; j < sizeof(weights) / sizeof(*weights); j++) {
			pool_init(&pool, counts[i]);
			for (k = 0; k < pool.count; k++)
				pool.entries[k].weight = weights[j];
			pool_build(&pool);
			check_shares(&pool);
			pool_free(&pool);
		}
}

static void random_weights(void **state)
{
	static const u32 most[] = { 3, 10, 100, 1000, MAGLEV_WEIGHT_MAX };
	struct pool pool;
	unsigned int i;
	u32 k;

	(void)state;
	for (i = 0; i < 60; i++) {
		pool_init(&pool, 2 + random_below(i % 10 ? 160 : 2000));
		for (k = 0; k < pool.count; k++)
			pool.entries[k].weight = random_below(1 + most[i % 5]);
		/* no pool without weight */
		pool.entries[random_below(pool.count)].weight = most[i % 5];
		pool_build(&pool);
		check_shares(&pool);
		pool_free(&pool);
	}
}

/*
 * One server carries nearly all: every light one still gets a slot, and building
 * takes no longer than with equal weights.
 */
static void extreme_weights(void **state)
{
	clock_t start = clock();
	struct pool pool;

	(void)state;
	pool_init(&pool, 100);
	pool.entries[42].weight = MAGLEV_WEIGHT_MAX;
	pool_build(&pool);
	check_shares(&pool);
	pool_free(&pool);
	pool_init_size(&pool, MAGLEV_ENTRIES_MAX, maglev_size(MAGLEV_BITS_MAX));
	pool.entries[4242].weight = MAGLEV_WEIGHT_MAX;
	pool_build(&pool);
	check_shares(&pool);
	pool_free(&pool);
	assert_true((clock() - start) / CLOCKS_PER_SEC < 5);
}

static void assert_same_tables(const struct pool *a, const struct pool *b)
{
	u32 i;

	assert_int_equal(a->size, b->size);
	for (i = 0; i < a->size; i++)
		assert_true(a->entries[a->table[i]].key ==
			    b->entries[b->table[i]].key);
}

/* Weight 0 is as good as not there, and leaves the others alone. */
static void weight_zero(void **state)
{
	struct pool with, without;
	u32 i;

	(void)state;
	pool_init(&with, 20);
	pool_init(&without, 19);
	for (i = 0; i < 20; i++)
		with.entries[i].weight = i + 1;
	with.entries[7].weight = 0;
	for (i = 0; i < 19; i++)
		without.entries[i] = with.entries[i < 7 ? i : i + 1];
	pool_build(&with);
	pool_build(&without);
	assert_int_equal(with.slots[7], 0);
	assert_same_tables(&with, &without);
	pool_free(&with);
	pool_free(&without);
}

/* Only the ratio of weights counts.  In a large table times are rounded most. */
static void weights_by_ratio(void **state)
{
	static const u32 factors[] = { 2, 3, 7, 100, 9362 };
	struct pool one, many;
	size_t i;
	u32 k;

	(void)state;
	pool_init_size(&one, 50, maglev_size(MAGLEV_BITS_MAX));
	pool_init_size(&many, 50, maglev_size(MAGLEV_BITS_MAX));
	for (i = 0; i < sizeof(factors) / sizeof(*factors); i++) {
		for (k = 0; k < 50; k++) {
			one.entries[k].weight = 1 + k % (i % 2 ? 1 : 7);
			many.entries[k].weight =
				factors[i] * one.entries[k].weight;
		}
		pool_build(&one);
		pool_build(&many);
		assert_same_tables(&one, &many);
	}
	pool_free(&one);
	pool_free(&many);
}

static void shuffle(struct pool *pool)
{
	struct maglev_entry swap;
	u32 i, j;

	for (i = pool->count; i-- > 1;) {
		j = random_below(i + 1);
		swap = pool->entries[i];
		pool->entries[i] = pool->entries[j];
		pool->entries[j] = swap;
	}
}

/* Every slot's server, by key and weight. */
static void copy_owners(const struct pool *pool, u64 *keys, u32 *weights)
{
	u32 i;

	for (i = 0; i < pool->size; i++) {
		keys[i] = pool->entries[pool->table[i]].key;
		weights[i] = pool->entries[pool->table[i]].weight;
	}
}

static void check_order(struct pool *pool)
{
	static u64 keys[2][65521];
	static u32 weights[2][65521];
	u32 round;

	pool_build(pool);
	copy_owners(pool, keys[0], weights[0]);
	for (round = 0; round < 20; round++) {
		shuffle(pool);
		pool_build(pool);
		copy_owners(pool, keys[1], weights[1]);
		assert_memory_equal(keys[0], keys[1], sizeof(keys[0]));
		assert_memory_equal(weights[0], weights[1], sizeof(weights[0]));
	}
}

static void order_does_not_matter(void **state)
{
	struct pool pool;
	u32 i, low = 0;

	(void)state;
	pool_init(&pool, 60);
	for (i = 0; i < 60; i++)
		pool.entries[i].weight = i % 3 ? 1 + random_below(9) : 4;
	/* some share a key: of one weight, and of others */
	pool.entries[10] = pool.entries[9];
	pool.entries[12] = pool.entries[9];
	pool.entries[12].weight = 5;
	pool.entries[13] = pool.entries[9];
	pool.entries[13].weight = 100;
	check_order(&pool);
	/* and when too many want the same slots */
	for (i = 0; i < 60; i++) {
		pool.entries[i].key = chosen_key(&low, 60, pool.size);
		pool.entries[i].weight = 1;
	}
	check_order(&pool);
	assert_true(pool.looks > (u64)MAGLEV_LOOKS * pool.size);
	pool_free(&pool);
}

/* Twins share fairly; a pool full of them takes no longer than any other. */
static void one_key_for_all(void **state)
{
	static const u32 counts[] = { 2, 100, MAGLEV_ENTRIES_MAX };
	clock_t start = clock();
	struct pool pool;
	size_t i;
	u32 k;

	(void)state;
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		pool_init(&pool, counts[i]);
		for (k = 0; k < pool.count; k++)
			pool.entries[k].key = 42;
		pool_build(&pool);
		check_shares(&pool);
		pool_free(&pool);
	}
	assert_true((clock() - start) / CLOCKS_PER_SEC < 5);
}

static u32 weight_of(u32 kind, u32 server)
{
	switch (kind) {
	case 0:
		return 1;
	case 1:
		return 1 + server % 7;
	default:
		return server % 10 ? 1 + key_of(server) % 1000 : 60000;
	}
}

/*
 * Sets one server's weight to 0 and builds again.  Return: how many slots moved from
 * one server to another although neither had to.
 */
static u32 needless_moves(struct pool *pool, u32 leaving, u16 *before)
{
	u32 weight = pool->entries[leaving].weight;
	u32 i, moved = 0;

	pool_build(pool);
	memcpy(before, pool->table, pool->size * sizeof(*before));
	pool->entries[leaving].weight = 0;
	pool_build(pool);
	for (i = 0; i < pool->size; i++)
		moved += before[i] != pool->table[i] && before[i] != leaving;
	pool->entries[leaving].weight = weight;
	return moved;
}

/*
 * Removing a server and, read backwards, adding one: no slot of others moves.  Where what
 * weights have in common changes, times are rounded otherwise, and two visits at nearly
 * one time may change places.
 */
static void no_needless_moves(void **state)
{
	static const u32 counts[] = { 2, 3, 8, 50, 163, 1000, 4096 };
	u32 kind, i, k, tries;
	struct pool pool;
	u16 *before;

	(void)state;
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		for (kind = 0; kind < 3; kind++) {
			/* with shares of less than a slot some get one of others */
			if (kind == 2 && counts[i] > 163)
				continue;
			pool_init(&pool, counts[i]);
			before = calloc(pool.size, sizeof(*before));
			for (k = 0; k < pool.count; k++)
				pool.entries[k].weight = weight_of(kind, k);
			tries = pool.count < 8 ? pool.count : 8;
			for (k = 0; k < tries; k++)
				assert_in_range(needless_moves(&pool,
							       k * (pool.count /
								    tries),
							       before),
						0, kind == 2 ? 3 : 0);
			free(before);
			pool_free(&pool);
		}
}

/* What part of all slots the last server of a pool takes, in shares of one of the others. */
static double taken_by_last(struct pool *pool, u32 count, u16 *before)
{
	u32 i, moved = 0;

	pool->count = count;
	pool_build(pool);
	for (i = 0; i < pool->size; i++)
		moved += before[i] != pool->table[i];
	memcpy(before, pool->table, pool->size * sizeof(*before));
	return (double)moved / pool->size * (count - 1);
}

/*
 * A server is added to n: at most 1.5 times 1/n of all slots move, for each n up to what
 * a table's size is recommended for, half a slot for rounding left out.
 */
static void growing_pool(void **state)
{
	static const struct {
		u32 bits, most;
	} cases[] = {
		{ 12, 128 }, { MAGLEV_BITS_DEFAULT, 2048 }, { 17, 4096 },
	};
	struct pool pool;
	u16 *before;
	double moved;
	size_t i;
	u32 n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		pool_init_size(&pool, cases[i].most + 1,
			       maglev_size(cases[i].bits));
		before = calloc(pool.size, sizeof(*before));
		pool.count = 1;
		pool_build(&pool);
		for (n = 1; n <= cases[i].most; n += n < 256 ? 1 : 61) {
			taken_by_last(&pool, n, before);
			moved = taken_by_last(&pool, n + 1, before);
			if (moved > 1.5)
				print_error("bits %u, %u servers: %f\n",
					    cases[i].bits, n, moved);
			assert_true(moved <= 1.5);
		}
		free(before);
		pool_free(&pool);
	}
}

/* One server of 20 gets half more weight: it takes slots, the others keep theirs. */
static void weight_change(void **state)
{
	u32 i, gained = 0, moved = 0;
	struct pool pool;
	u16 *before;

	(void)state;
	pool_init(&pool, 20);
	before = calloc(pool.size, sizeof(*before));
	for (i = 0; i < 20; i++)
		pool.entries[i].weight = 4;
	pool_build(&pool);
	memcpy(before, pool.table, pool.size * sizeof(*before));
	pool.entries[11].weight = 6;
	pool_build(&pool);
	for (i = 0; i < pool.size; i++) {
		gained += before[i] != pool.table[i] && pool.table[i] == 11;
		moved += before[i] != pool.table[i] && pool.table[i] != 11;
	}
	/* 6/82 less 4/80 of all slots */
	assert_in_range(gained, pool.size * 2 / 100, pool.size * 3 / 100);
	assert_int_equal(moved, 0);
	free(before);
	pool_free(&pool);
}

/*
 * The rules of maglev.c's comment, followed to the letter: for each slot the time of each
 * server's visit, from its permutation written out in full, and the earliest of them.
 */
struct naive {
	u32 size, count;
	const struct maglev_entry *entries;
	u32 order[64];		/* entries with weight, by key and weight */
	u64 unit[64];
	u64 *time[64];		/* of the visit of each slot, by place in @order */
	u64 weights;
};

static const struct maglev_entry *naive_pool;

static int naive_order(const void *a, const void *b)
{
	const struct maglev_entry *x = &naive_pool[*(const u32 *)a];
	const struct maglev_entry *y = &naive_pool[*(const u32 *)b];

	if (x->key == y->key)
		return x->weight > y->weight ? -1 : 1;
	return x->key < y->key ? -1 : 1;
}

static u64 naive_mix(u64 h)
{
	h = (h ^ h >> 32) * 0xb7e151628aed2a6b;
	h = (h ^ h >> 29) * 0x9e3779b97f4a7c15;
	return h ^ h >> 32;
}

/* The slot at @place, from 0 on, of the key's order. */
static u32 naive_slot(u64 key, u32 size, u64 place)
{
	u64 mixed = naive_mix(key), start, stride;

	start = (naive_mix(mixed ^ 0x6f66667365740001) >> 32) * size >> 32;
	stride = ((naive_mix(mixed ^ 0x736b697000000001) >> 32) * (size - 1) >>
		  32) + 1;
	return (start + place * stride) % size;
}

static u64 *naive_times(u64 key, u32 size, u64 unit)
{
	u64 *times = calloc(size, sizeof(*times)), time, i, block, left;

	time = (naive_mix(naive_mix(key) ^ 0x7068617365000001) >> 52) * unit;
	for (i = 0; i < size; i++) {
		times[naive_slot(key, size, i)] = time;
		block = i / 16 * 16;
		/* slots left in the middle of the block */
		left = size - block > 16 ? size - block - 8 :
					   size - block - (size - block) / 2;
		time += size * 4096ull / left * unit;
	}
	return times;
}

static u32 naive_common(const struct maglev_entry *entries, u32 count)
{
	u32 common, i;

	for (common = MAGLEV_WEIGHT_MAX; common > 1; common--) {
		for (i = 0; i < count && entries[i].weight % common == 0; i++)
			;
		if (i == count)
			return common;
	}
	return 1;
}

/* 2^48, divided by the power of two above the size */
static u64 naive_unit(u32 size)
{
	u64 power = 1;

	while (power <= size)
		power *= 2;
	return (1ULL << 48) / power;
}

static void naive_init(struct naive *n, u32 size,
		       const struct maglev_entry *entries, u32 count)
{
	u32 i, common = naive_common(entries, count);

	memset(n, 0, sizeof(*n));
	n->size = size;
	n->entries = entries;
	for (i = 0; i < count; i++)
		if (entries[i].weight)
			n->order[n->count++] = i;
	naive_pool = entries;
	qsort(n->order, n->count, sizeof(*n->order), naive_order);
	for (i = 0; i < n->count; i++) {
		const struct maglev_entry *e = &entries[n->order[i]];

		n->unit[i] = naive_unit(size) / (e->weight / common);
		n->time[i] = naive_times(e->key, size, n->unit[i]);
		n->weights += e->weight / common;
	}
}

/* A server's visits before a time. */
static u32 naive_visits(const struct naive *n, u32 i, u64 end)
{
	u32 visits = 0, slot;

	for (slot = 0; slot < n->size; slot++)
		visits += n->time[i][slot] < end;
	return visits;
}

static u64 naive_all_visits(const struct naive *n, u64 end)
{
	u64 visits = 0;
	u32 i;

	for (i = 0; i < n->count; i++)
		visits += naive_visits(n, i, end);
	return visits;
}

/* Return: the place in @order of the server that visits a slot first */
static u32 naive_first(const struct naive *n, u32 slot)
{
	u32 i, first = 0;

	for (i = 1; i < n->count; i++)
		if (n->time[i][slot] < n->time[first][slot])
			first = i;
	return first;
}

/* Windows end when all slots have been visited, or when visits become too many. */
static u64 naive_end(const struct naive *n)
{
	u64 window = naive_unit(n->size) * 4096 * n->size / n->weights + 1;
	u64 end = 0, last = 0;
	u32 slot;

	for (slot = 0; slot < n->size; slot++)
		if (n->time[naive_first(n, slot)][slot] > last)
			last = n->time[naive_first(n, slot)][slot];
	do {
		end += window;
	} while (end <= last && naive_all_visits(n, end) < 32ull * n->size);
	return end;
}

static u32 naive_rest(const struct naive *n, u32 slot)
{
	u64 weights = 0, number;
	u32 i;

	for (i = 0; i < n->count; i++)
		weights += n->entries[n->order[i]].weight;
	number = (naive_mix(slot ^ 0x7265737400000001) >> 32) * weights >> 32;
	for (i = 0; number >= n->entries[n->order[i]].weight; i++)
		number -= n->entries[n->order[i]].weight;
	return i;
}

static u32 naive_has(const struct naive *n, const u16 *table, u16 index)
{
	u32 slots = 0, i;

	for (i = 0; i < n->size; i++)
		slots += table[i] == index;
	return slots;
}

/* Who has none gets the next slot, in its order, of a server that has several. */
static void naive_help(const struct naive *n, u16 *table, u64 end)
{
	u32 i, slot;
	u64 place;

	for (i = 0; i < n->count; i++) {
		place = naive_visits(n, i, end);
		while (!naive_has(n, table, n->order[i])) {
			slot = naive_slot(n->entries[n->order[i]].key, n->size,
					  place++);
			if (naive_has(n, table, table[slot]) > 1)
				table[slot] = n->order[i];
		}
	}
}

/* Return: had there been too many visits? */
static bool naive_build(u16 *table, u32 size, const struct maglev_entry *entries,
			u32 count)
{
	struct naive n;
	bool crowded = false;
	u32 slot, i;
	u64 end;

	naive_init(&n, size, entries, count);
	end = naive_end(&n);
	for (slot = 0; slot < size; slot++) {
		i = naive_first(&n, slot);
		if (n.time[i][slot] >= end) {
			i = naive_rest(&n, slot);
			crowded = true;
		}
		table[slot] = n.order[i];
	}
	naive_help(&n, table, end);
	for (i = 0; i < n.count; i++)
		free(n.time[i]);
	return crowded;
}

static void same_as_naive(void **state)
{
	static const u32 most[] = { 1, 5, 100, MAGLEV_WEIGHT_MAX };
	struct pool pool;
	unsigned int i;
	u16 *want;
	u32 k;

	(void)state;
	for (i = 0; i < 40; i++) {
		pool_init_size(&pool, 1 + random_below(60), maglev_size(14));
		want = calloc(pool.size, sizeof(*want));
		for (k = 0; k < pool.count; k++) {
			pool.entries[k].key = random_u64();
			pool.entries[k].weight = random_below(1 + most[i % 4]);
		}
		pool.entries[0].weight = most[i % 4];
		pool_build(&pool);
		assert_false(naive_build(want, pool.size, pool.entries,
					 pool.count));
		assert_memory_equal(pool.table, want,
				    pool.size * sizeof(*want));
		free(want);
		pool_free(&pool);
	}
}

/* All permutations with stride 1, from the first @window slots on. */
static void choose_keys(struct pool *pool, u32 window)
{
	u32 low = 0, k;

	for (k = 0; k < pool->count; k++)
		pool->entries[k].key = chosen_key(&low, window, pool->size);
}

/*
 * Chosen keys are told from others by @looks alone.  Each slot has a server, and each server
 * a slot as long as that takes few looks.
 */
static void chosen_is_bounded(void **state)
{
	/* each of these would take a hundred looks for each slot and more, up to 30,000 */
	static const struct {
		u32 count, window, size;
	} cases[] = {
		{ 160, 160, 16381 }, { 1000, 1000, 16381 },
		{ 1310, 100, 131071 },
		{ MAGLEV_ENTRIES_MAX, MAGLEV_ENTRIES_MAX, 524287 },
	};
	static const u32 most[] = { 1, 3, 1000 };
	struct pool pool;
	size_t i, j;
	u32 k;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (j = 0; j < sizeof(most) / sizeof(*most); j++) {
			pool_init_size(&pool, cases[i].count, cases[i].size);
			choose_keys(&pool, cases[i].window);
			for (k = 0; k < pool.count; k++)
				pool.entries[k].weight = 1 + random_below(most[j]);
			pool_build(&pool);
			assert_true(pool.looks > (u64)MAGLEV_LOOKS * pool.size);
			pool_free(&pool);
		}
}

/*
 * Pools whose addresses were not chosen stay far below the limit of looks: their tables do not
 * change.
 */
static void others_are_not_crowded(void **state)
{
	static const u32 counts[] = { 1, 2, 3, 33, 163, 1310, 5243 };
	static const u32 weights[] = { 1, 100, MAGLEV_WEIGHT_MAX };
	static const u32 bits[] = { MAGLEV_BITS_MIN, 12, 16, MAGLEV_BITS_MAX };
	struct pool pool;
	size_t i, j;
	u32 k;

	(void)state;
	for (i = 0; i < 4 * sizeof(counts) / sizeof(*counts); i++)
		for (j = 0; j < sizeof(weights) / sizeof(*weights); j++) {
			pool_init_size(&pool, counts[i / 4],
				       maglev_size(bits[i % 4]));
			for (k = 0; k < pool.count; k++) {
				pool.entries[k].key = random_u64();
				pool.entries[k].weight =
					1 + random_below(weights[j]);
			}
			pool_build(&pool);
			if (pool.looks > 24ull * pool.size + pool.count)
				print_error("%u servers, %u slots: %f looks\n",
					    pool.count, pool.size,
					    (double)pool.looks / pool.size);
			assert_true(pool.looks <= 24ull * pool.size + pool.count);
			pool_free(&pool);
		}
}

/* Up to MAGLEV_LOOKS servers each slot goes to the first visitor, whatever the keys. */
static void chosen_same_as_naive(void **state)
{
	static const u32 counts[] = { 8, MAGLEV_LOOKS - 1, 45, 60 };
	struct pool pool;
	bool crowded;
	u16 *want;
	size_t i;
	u32 k;

	(void)state;
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		pool_init_size(&pool, counts[i], maglev_size(14));
		choose_keys(&pool, pool.count);
		/* some ordinary servers among those with chosen addresses */
		for (k = 0; pool.count == 60 && k < 60; k += 20)
			pool.entries[k].key = random_u64();
		want = calloc(pool.size, sizeof(*want));
		pool_build(&pool);
		crowded = naive_build(want, pool.size, pool.entries,
				      pool.count);
		assert_true(crowded == (counts[i] > MAGLEV_LOOKS));
		assert_memory_equal(pool.table, want,
				    pool.size * sizeof(*want));
		free(want);
		pool_free(&pool);
	}
}

static u64 phase_of(u64 key)
{
	return naive_mix(naive_mix(key) ^ 0x7068617365000001) >> 52;
}

/*
 * Two servers that visit the same slots at the same times: the smaller key is first, and
 * the other one gets the slot that each server has.
 */
static void ties_go_by_key(void **state)
{
	u64 keys[4096] = {}, key, phase;
	struct pool pool;
	u32 low = 0;

	(void)state;
	pool_init_size(&pool, 2, maglev_size(MAGLEV_BITS_MIN));
	do {
		key = chosen_key(&low, 1, pool.size);
		phase = phase_of(key);
		if (keys[phase])
			break;
		keys[phase] = key;
	} while (true);
	pool.entries[0].key = keys[phase] < key ? keys[phase] : key;
	pool.entries[1].key = keys[phase] < key ? key : keys[phase];
	pool_build(&pool);
	assert_int_equal(pool.slots[0], pool.size - 1);
	assert_int_equal(pool.slots[1], 1);
	pool_free(&pool);
}

/* Who takes no flow of those that are asked; takes() counts. */
struct takers {
	const bool *busy;
	u32 asked;
};

static bool takes(const void *pool, u16 index)
{
	struct takers *takers = (struct takers *)pool;

	takers->asked++;
	return !takers->busy[index];
}

static u16 pick(const struct pool *pool, u64 flow, struct takers *takers)
{
	takers->asked = 0;
	return maglev_pick(pool->table, pool->size, pool->count,
			   maglev_hash(&flow, sizeof(flow), 0), takes, takers);
}

/*
 * A server takes none any more: its flows go to the others by weight, those of others
 * stay, and a flow has one answer.  100/1/100 is what the address order got wrong.
 */
static void displaced_go_by_weight(void **state)
{
	static const u32 weights[][5] = {
		{ 100, 1, 100 }, { 1, 1, 1, 1, 1 }, { 5, 3, 1000, 40, 40 },
	};
	enum { FLOWS = 200000 };
	u32 moved[5], total, rest, i, k, leaving;
	bool busy[5] = {}, none[5] = {};
	struct takers idle = { .busy = none }, rush = { .busy = busy };
	struct pool pool;
	double share;
	u16 old, new;
	u64 flow;

	(void)state;
	for (i = 0; i < 3; i++) {
		pool_init(&pool, weights[i][3] ? 5 : 3);
		for (k = 0; k < pool.count; k++)
			pool.entries[k].weight = weights[i][k];
		pool_build(&pool);
		for (leaving = 0; leaving < pool.count; leaving++) {
			memset(moved, 0, sizeof(moved));
			total = 0;
			busy[leaving] = true;
			for (flow = 0; flow < FLOWS; flow++) {
				old = pick(&pool, flow, &idle);
				new = pick(&pool, flow, &rush);
				assert_int_equal(new, pick(&pool, flow, &rush));
				assert_true(old == leaving || new == old);
				assert_int_not_equal(new, leaving);
				total += old == leaving;
				moved[new] += old == leaving;
			}
			busy[leaving] = false;
			rest = pool.size - pool.slots[leaving];
			for (k = 0; k < pool.count; k++) {
				share = (double)total * pool.slots[k] / rest;
				if (k == leaving)
					continue;
				/* deviations of flows, and of the gaps between slots */
				assert_true(fabs(moved[k] - share) <=
					    5 * sqrt(share + 1) +
					    2 * share / sqrt(pool.slots[k]));
			}
		}
		pool_free(&pool);
	}
}

/* One more is busy: only what it had goes elsewhere, first choice or not. */
static void displaced_move_once(void **state)
{
	bool one[20] = {}, two[20] = {}, most[20] = {}, more[20] = {};
	struct takers a = { .busy = one }, b = { .busy = two };
	struct takers c = { .busy = most }, d = { .busy = more };
	struct pool pool;
	u16 before;
	u64 flow;

	(void)state;
	pool_init(&pool, 20);
	pool_build(&pool);
	one[3] = true;
	two[3] = true;
	two[8] = true;
	/* three are left of 20, then two: rehashing alone does not find them all */
	memset(most, true, 17);
	memset(more, true, 18);
	for (flow = 0; flow < 100000; flow++) {
		before = pick(&pool, flow, &a);
		assert_true(before == 8 || pick(&pool, flow, &b) == before);
		before = pick(&pool, flow, &c);
		assert_true(before >= 17 &&
			    (before == 17 || pick(&pool, flow, &d) == before));
	}
	pool_free(&pool);
}

/* The last one is found, whatever its weight; that there is none is seen quickly. */
static void displaced_find_the_last(void **state)
{
	bool busy[100];
	struct takers takers = { .busy = busy };
	struct pool pool;
	u32 last;
	u64 flow;

	(void)state;
	pool_init(&pool, 100);
	pool.entries[42].weight = MAGLEV_WEIGHT_MAX;
	pool_build(&pool);
	for (last = 0; last < 100; last++) {
		memset(busy, true, sizeof(busy));
		busy[last] = false;
		for (flow = 0; flow < 100; flow++) {
			assert_int_equal(pick(&pool, flow, &takers), last);
			assert_true(takers.asked <= 1 + MAGLEV_REHASHES +
						    pool.count + pool.size);
		}
	}
	memset(busy, true, sizeof(busy));
	for (flow = 0; flow < 1000; flow++) {
		assert_int_equal(pick(&pool, flow, &takers), MAGLEV_NONE);
		assert_true(takers.asked <= 1 + MAGLEV_REHASHES + pool.count);
	}
	/* one without a slot, as a drained one that has weight again has none yet */
	pool.entries[7].weight = 0;
	pool_build(&pool);
	busy[7] = false;
	assert_int_equal(pick(&pool, 1, &takers), MAGLEV_NONE);
	pool_free(&pool);
}

static void nobody_is_asked_in_vain(void **state)
{
	bool none[3] = {};
	struct takers takers = { .busy = none };
	struct pool pool;
	u64 flow;

	(void)state;
	pool_init(&pool, 3);
	pool_build(&pool);
	for (flow = 0; flow < 1000; flow++) {
		assert_true(pick(&pool, flow, &takers) < 3);
		assert_int_equal(takers.asked, 1);
	}
	for (flow = 0; flow < 3; flow++)
		pool.entries[flow].weight = 0;
	maglev_build(pool.table, pool.size, pool.times, pool.entries, 3);
	assert_int_equal(pick(&pool, 1, &takers), MAGLEV_NONE);
	assert_int_equal(takers.asked, 0);
	pool_free(&pool);
}

/* The second, third ... choice is part of the contract as the first is. */
static void golden_rehashes(void **state)
{
	static const u16 want[8][3] = {
		{ 3, 4, 2 }, { 7, 6, 1 }, { 1, 6, 5 }, { 2, 3, 4 },
		{ 2, 0, 3 }, { 4, 7, 0 }, { 6, 4, 3 }, { 6, 3, 0 },
	};
	bool busy[8];
	struct takers takers = { .busy = busy };
	struct pool pool;
	u16 at;
	u64 flow;
	u32 k;

	(void)state;
	pool_init(&pool, 8);
	pool_build(&pool);
	for (flow = 0; flow < 8; flow++) {
		memset(busy, false, sizeof(busy));
		for (k = 0; k < 3; k++) {
			at = pick(&pool, flow, &takers);
			if (at != want[flow][k])
				print_error("flow %u, choice %u: %u\n",
					    (u32)flow, k, at);
			assert_int_equal(at, want[flow][k]);
			busy[at] = true;
		}
	}
	pool_free(&pool);
}

/* FNV-1a over the slots, low octet first: not the hash under test. */
static u64 checksum(const struct pool *pool)
{
	u64 sum = 0xcbf29ce484222325;
	u32 i;

	for (i = 0; i < pool->size; i++) {
		sum = (sum ^ (pool->table[i] & 0xff)) * 0x100000001b3;
		sum = (sum ^ pool->table[i] >> 8) * 0x100000001b3;
	}
	return sum;
}

/*
 * A change of any of these is a change of where every director in service sends
 * flows without a routable CID: never edit them to make a test pass.  They are those of
 * this MAGLEV_CONTRACT; another one has others.
 */
static void golden_tables(void **state)
{
	static const struct {
		u32 count, kind;
		u64 sum;
	} cases[] = {
		{ 3, 0, 0x09d493345974ee97 },
		{ 8, 1, 0x1e5264a2801d1211 },
		{ 50, 2, 0x4658e28826b4e299 },
		{ 1000, 1, 0x40f363826bd83e3e },
		{ 2000, 2, 0xa40c306b0ffb3020 },
	};
	struct pool pool;
	size_t i;
	u32 k;

	(void)state;
	assert_int_equal(MAGLEV_CONTRACT, 2);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		pool_init(&pool, cases[i].count);
		for (k = 0; k < pool.count; k++)
			pool.entries[k].weight = weight_of(cases[i].kind, k);
		pool_build(&pool);
		if (checksum(&pool) != cases[i].sum)
			print_error("%u servers, weights %u: 0x%016llx\n",
				    cases[i].count, cases[i].kind,
				    (unsigned long long)checksum(&pool));
		assert_true(checksum(&pool) == cases[i].sum);
		pool_free(&pool);
	}
}

static void golden_hashes(void **state)
{
	/* the first @len octets of 0, 1, 2, ... */
	static const struct {
		u32 len;
		u64 seed, hash;
	} cases[] = {
		{ 0, 0, 0x0000000000000000 },
		{ 1, 0, 0x1e3deef67cc9d6ef },
		{ 3, 1, 0x64f930642dbe8dd8 },
		{ 4, 0, 0x2e979b45295e7cf0 },
		{ 7, 0, 0x6ab5df48a06c0c96 },
		{ 8, 0, 0x50931e0d11ba3822 },
		{ 12, 0, 0xf7226f917efa937c },
		{ 12, 1, 0x2cd513f4d043e37a },
		{ 36, 0, 0x3020c7b065ef0bbd },
		{ 36, 0xffffffffffffffff, 0x10be1f250494170e },
	};
	u8 octets[36];
	size_t i;
	u64 hash;

	(void)state;
	for (i = 0; i < sizeof(octets); i++)
		octets[i] = i;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		hash = maglev_hash(octets, cases[i].len, cases[i].seed);
		if (hash != cases[i].hash)
			print_error("%u octets, seed %llx: 0x%016llx\n",
				    cases[i].len,
				    (unsigned long long)cases[i].seed,
				    (unsigned long long)hash);
		assert_true(hash == cases[i].hash);
	}
	assert_true(maglev_slot(0x8000000000000000, 16381) == 8190);
	assert_true(maglev_slot(0, 524287) == 0);
	assert_true(maglev_slot(0xffffffffffffffff, 524287) == 524286);
}

/* Same octets, same hash, wherever they are; and no octet beyond is read. */
static void hash_alignment(void **state)
{
	u8 octets[64], moved[80];
	u32 len, at;

	(void)state;
	random_fill(octets, sizeof(octets));
	for (len = 0; len <= sizeof(octets); len++)
		for (at = 0; at < 9; at++) {
			memcpy(moved + at, octets, len);
			assert_true(maglev_hash(moved + at, len, 3) ==
				    maglev_hash(guarded(octets, len), len, 3));
		}
}

/*
 * Flipping any input bit flips every output bit half of the time: over 4000 inputs
 * the part is 0.5 with a deviation of 0.008; 0.05 is six of them.
 */
static void hash_avalanche(void **state)
{
	static const u32 lens[] = { 4, 12, 16, 36 };
	u32 flips[64], i, bit, out, round;
	u64 seed, difference;
	u8 octets[36];

	(void)state;
	for (i = 0; i < sizeof(lens) / sizeof(*lens); i++)
		for (bit = 0; bit < 8 * lens[i]; bit++) {
			memset(flips, 0, sizeof(flips));
			for (round = 0; round < 4000; round++) {
				random_fill(octets, lens[i]);
				seed = random_u64();
				difference = maglev_hash(octets, lens[i], seed);
				octets[bit / 8] ^= 1 << bit % 8;
				difference ^= maglev_hash(octets, lens[i], seed);
				for (out = 0; out < 64; out++)
					flips[out] += difference >> out & 1;
			}
			for (out = 0; out < 64; out++)
				assert_in_range(flips[out], 1800, 2200);
		}
}

/*
 * Ports and addresses that count up, as clients behind one NAT have them, spread
 * over slots as random numbers would: chi-square over 1000 slots with 100 each has
 * mean 999 and deviation 45.
 */
static void hash_spread(void **state)
{
	static u32 hits[1000];
	u8 tuple[12] = { 192, 0, 2, 1, 198, 51, 100, 0, 1, 187, 0, 0 };
	double chi_square = 0;
	u32 i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		tuple[7] = i / 50000;
		tuple[10] = i % 50000 >> 8;
		tuple[11] = i;
		hits[maglev_slot(maglev_hash(tuple, sizeof(tuple), 0), 1000)]++;
	}
	for (i = 0; i < 1000; i++)
		chi_square += (hits[i] - 100.0) * (hits[i] - 100.0) / 100;
	assert_true(chi_square > 999 - 5 * 45 && chi_square < 999 + 5 * 45);
}

/* Inputs that differ only in length, or by trailing zeros, or by seed. */
static void hash_distinct(void **state)
{
	static const u8 zeros[64];
	u64 hashes[130];
	u32 i, j;

	(void)state;
	for (i = 0; i < 65; i++) {
		hashes[2 * i] = maglev_hash(zeros, i, 0);
		hashes[2 * i + 1] = maglev_hash(zeros, i, 1);
	}
	for (i = 0; i < 130; i++)
		for (j = 0; j < i; j++)
			assert_true(hashes[i] != hashes[j]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(no_servers),
		cmocka_unit_test(one_server),
		cmocka_unit_test(equal_weights),
		cmocka_unit_test(random_weights),
		cmocka_unit_test(extreme_weights),
		cmocka_unit_test(weight_zero),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(one_key_for_all),
		cmocka_unit_test(weights_by_ratio),
		cmocka_unit_test(no_needless_moves),
		cmocka_unit_test(growing_pool),
		cmocka_unit_test(ties_go_by_key),
		cmocka_unit_test(weight_change),
		cmocka_unit_test(same_as_naive),
		cmocka_unit_test(chosen_is_bounded),
		cmocka_unit_test(others_are_not_crowded),
		cmocka_unit_test(chosen_same_as_naive),
		cmocka_unit_test(displaced_go_by_weight),
		cmocka_unit_test(displaced_move_once),
		cmocka_unit_test(displaced_find_the_last),
		cmocka_unit_test(nobody_is_asked_in_vain),
		cmocka_unit_test(golden_rehashes),
		cmocka_unit_test(golden_tables),
		cmocka_unit_test(golden_hashes),
		cmocka_unit_test(hash_alignment),
		cmocka_unit_test(hash_avalanche),
		cmocka_unit_test(hash_spread),
		cmocka_unit_test(hash_distinct),
	};

	return cmocka_run_group_tests_name("maglev", tests, NULL, NULL);
}
