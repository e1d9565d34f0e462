// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The fallback table: what it promises (shares, order, few moves), the same built a
 * naive second way, and golden values, as every director must build the same.
 */
#include <math.h>
#include <time.h>

#include "chosen.h"
#include "maglev.h"
#include "test.h"

enum {
	KEY_SEED = 7,
	/* at each slot, whatever the keys; maglev.h promises it */
	LOOKS_MAX = MAGLEV_LOOKS + 8,
};

struct pool {
	u32 count;
	u32 size;
	struct maglev_entry *entries;
	struct maglev_block *blocks;
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
	pool->blocks = calloc(maglev_blocks(size), sizeof(*pool->blocks));
	pool->table = calloc(pool->size, sizeof(*pool->table));
	pool->slots = calloc(count, sizeof(*pool->slots));
	if ((count && !pool->entries) || !pool->blocks || !pool->table)
		abort();
	for (i = 0; i < count; i++) {
		pool->entries[i].key = key_of(i);
		pool->entries[i].weight = 1;
	}
}

static void pool_init(struct pool *pool, u32 count)
{
	pool_init_size(pool, count, maglev_size(count));
}

static void pool_free(struct pool *pool)
{
	free(pool->entries);
	free(pool->blocks);
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
		entry->credit = random_u64();
	}
	memset(pool->table, 0x5a, pool->size * sizeof(*pool->table));
	memset(pool->blocks, 0x5a,
	       maglev_blocks(pool->size) * sizeof(*pool->blocks));
	pool->looks = maglev_build(pool->table, pool->size, pool->blocks,
				   pool->entries, pool->count);
	assert_true(pool->looks <= (u64)LOOKS_MAX * pool->size);
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
 * Every server but the heaviest has its share to within @tolerance slots; those add
 * up on the heaviest, whose share the others' excess comes from.
 */
static void check_shares(const struct pool *pool, double tolerance)
{
	double weights = total_weight(pool), share, limit;
	u32 heaviest = 0, i;

	for (i = 0; i < pool->count; i++)
		if (pool->entries[i].weight > pool->entries[heaviest].weight)
			heaviest = i;
	for (i = 0; i < pool->count; i++) {
		share = pool->size * (pool->entries[i].weight / weights);
		limit = i == heaviest ? tolerance * pool->count : tolerance;
		assert_true(pool->slots[i] <= share + limit);
		assert_true(pool->slots[i] >= share - limit);
		assert_int_equal(!pool->slots[i], !pool->entries[i].weight);
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
	u32 n, size, last = 0;

	(void)state;
	for (n = 0; n <= MAGLEV_ENTRIES_MAX; n++) {
		size = maglev_size(n);
		assert_true(size >= last);
		if (size != last)
			assert_true(is_prime(size));
		assert_true(size >= 100 * n || size == 524287);
		last = size;
	}
	assert_int_equal(maglev_size(0), 16381);
	assert_int_equal(maglev_size(163), 16381);
	assert_int_equal(maglev_size(164), 131071);
	assert_int_equal(maglev_size(1310), 131071);
	assert_int_equal(maglev_size(1311), 524287);
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
	assert_int_equal(maglev_build(pool.table, pool.size, pool.blocks,
				      pool.entries, 0), 0);
	assert_all_none(&pool);
	pool_free(&pool);
	pool_init(&pool, 5);
	for (i = 0; i < 5; i++)
		pool.entries[i].weight = 0;
	maglev_build(pool.table, pool.size, pool.blocks, pool.entries, 5);
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
	static const u32 counts[] = { 2, 3, 8, 100, 163, 164, 1310, 1311,
				      5000, MAGLEV_ENTRIES_MAX };
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
			check_shares(&pool, weights[j] == 1 ? 1 : 2);
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
		check_shares(&pool, 3);
		pool_free(&pool);
	}
}

/*
 * One server carries nearly all: every light one still gets a slot, and building
 * takes no longer than with equal weights.  Dealing turns one by one would take
 * 10^10 steps here, half a minute and more.
 */
static void extreme_weights(void **state)
{
	clock_t start = clock();
	struct pool pool;

	(void)state;
	pool_init(&pool, 100);
	pool.entries[42].weight = MAGLEV_WEIGHT_MAX;
	pool_build(&pool);
	check_shares(&pool, 1);
	pool_free(&pool);
	pool_init(&pool, MAGLEV_ENTRIES_MAX);
	pool.entries[4242].weight = MAGLEV_WEIGHT_MAX;
	pool_build(&pool);
	check_shares(&pool, 1);
	pool_free(&pool);
	assert_true((clock() - start) / CLOCKS_PER_SEC < 5);
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
	for (i = 0; i < with.size; i++)
		assert_true(with.entries[with.table[i]].key ==
			    without.entries[without.table[i]].key);
	pool_free(&with);
	pool_free(&without);
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
	static u64 keys[2][16381];
	static u32 weights[2][16381];
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
	/* some share a key: in one class, of another weight in it, in another */
	pool.entries[10] = pool.entries[9];
	pool.entries[12] = pool.entries[9];
	pool.entries[12].weight = 5;
	pool.entries[13] = pool.entries[9];
	pool.entries[13].weight = 100;
	check_order(&pool);
	/* and when too many want the same slots */
	for (i = 0; i < 60; i++)
		pool.entries[i].key = chosen_key(&low, 60, pool.size);
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
		check_shares(&pool, 1);
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
 * Sets one server's weight to 0 and builds again.  Return: the part of all slots
 * that moved from one server to another although neither had to.
 */
static double needless_moves(struct pool *pool, u32 leaving, u16 *before)
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
	return (double)moved / pool->size;
}

/*
 * Removing a server and, read backwards, adding one.  The bounds are the worst ever
 * measured for that many servers, rounded up; a table made afresh would move nearly
 * everything.
 */
static void few_moves(void **state)
{
	static const struct {
		u32 count;
		double worst;
	} cases[] = {
		{ 2, 0.001 }, { 3, 0.002 }, { 8, 0.008 }, { 50, 0.02 },
		{ 163, 0.035 }, { 1000, 0.015 }, { 5000, 0.006 },
	};
	u32 kind, i, k, tries;
	struct pool pool;
	u16 *before;
	double moves;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (kind = 0; kind < 3; kind++) {
			pool_init(&pool, cases[i].count);
			before = calloc(pool.size, sizeof(*before));
			for (k = 0; k < pool.count; k++)
				pool.entries[k].weight = weight_of(kind, k);
			tries = pool.count < 8 ? pool.count : 8;
			for (k = 0; k < tries; k++) {
				moves = needless_moves(&pool, k * (pool.count /
								   tries),
						       before);
				if (moves > cases[i].worst)
					print_error("%u servers: %f\n",
						    cases[i].count, moves);
				assert_true(moves <= cases[i].worst);
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
	assert_in_range(moved, 0, pool.size * 2 / 100);
	free(before);
	pool_free(&pool);
}

/*
 * The rules of maglev.c's comment, followed to the letter: permutations written out
 * in full, an ordinary sort, every server asked in every round whether it is due.
 */
static const struct maglev_entry *naive_pool;

static u32 floor_log2(u32 n)
{
	return n == 1 ? 0 : 1 + floor_log2(n / 2);
}

static int naive_order(const void *a, const void *b)
{
	const struct maglev_entry *x = &naive_pool[*(const u32 *)a];
	const struct maglev_entry *y = &naive_pool[*(const u32 *)b];

	if (floor_log2(x->weight) != floor_log2(y->weight))
		return floor_log2(x->weight) > floor_log2(y->weight) ? -1 : 1;
	return x->key < y->key ? -1 : 1;
}

static u64 naive_mix(u64 h)
{
	h = (h ^ h >> 32) * 0xb7e151628aed2a6b;
	h = (h ^ h >> 29) * 0x9e3779b97f4a7c15;
	return h ^ h >> 32;
}

static u32 *naive_permutation(u64 key, u32 size)
{
	u64 mixed = naive_mix(key), start, stride, i;
	u32 *order = calloc(size, sizeof(*order));

	start = (naive_mix(mixed ^ 0x6f66667365740001) >> 32) * size >> 32;
	stride = ((naive_mix(mixed ^ 0x736b697000000001) >> 32) * (size - 1) >>
		  32) + 1;
	for (i = 0; i < size; i++)
		order[i] = (start + i * stride) % size;
	return order;
}

/* The first free slot of @order from *@next on, or, crowded, the one behind its next. */
static u32 naive_slot(const u16 *table, u32 size, const u32 *order, u32 *next,
		      u64 *looks, bool *crowded)
{
	u32 slot = order[*next % size];

	*crowded = *crowded || *looks >= 32ull * size;
	while (!*crowded && ++*looks && table[slot] != MAGLEV_NONE)
		slot = order[++*next % size];
	while (table[slot] != MAGLEV_NONE)
		slot = (slot + 1) % size;
	++*next;
	return slot;
}

/* Return: had it become crowded? */
static bool naive_build(u16 *table, u32 size, const struct maglev_entry *entries,
			u32 count)
{
	u32 *order[64], next[64] = {}, turn[64], n = 0, filled = 0, round, i, k;
	double credit[64] = {};
	bool crowded = false;
	u64 looks = 0;

	memset(table, 0xff, size * sizeof(*table));
	for (i = 0; i < count; i++) {
		order[i] = naive_permutation(entries[i].key, size);
		if (entries[i].weight)
			turn[n++] = i;
	}
	naive_pool = entries;
	/* cppcheck-suppress uninitvar ; the first n are set */
	qsort(turn, n, sizeof(*turn), naive_order);
	for (round = 0; n && filled < size; round++)
		for (k = 0; k < n; k++) {
			u32 own = floor_log2(entries[turn[k]].weight);
			u32 top = floor_log2(entries[turn[0]].weight);

			if (round % (1u << (top - own)))
				continue;
			i = turn[k];
			credit[i] += entries[i].weight / (double)(1u << own);
			for (; credit[i] >= 1 && filled < size; credit[i]--) {
				table[naive_slot(table, size, order[i],
						 &next[i], &looks, &crowded)] = i;
				filled++;
			}
		}
	for (i = 0; i < count; i++)
		free(order[i]);
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
		pool_init(&pool, 1 + random_below(60));
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

/* Chosen keys are told from others by @looks alone; the rest is as promised. */
static void chosen_is_bounded(void **state)
{
	/* each of these would take a hundred looks for each slot and more, up to 30,000 */
	static const struct {
		u32 count, window, size;
	} cases[] = {
		{ 160, 160, 16381 }, { 1000, 1000, 16381 },
		{ 1000, 16381, 16381 }, { 1310, 100, 131071 },
		{ 5243, 524287, 524287 },
		{ MAGLEV_ENTRIES_MAX, MAGLEV_ENTRIES_MAX, 524287 },
		{ MAGLEV_ENTRIES_MAX, 524287, 524287 },
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
			check_shares(&pool, 3);
			pool_free(&pool);
		}
}

/*
 * Pools whose addresses were not chosen stay far below the limit of looks: their tables do not
 * change.
 */
static void others_are_not_crowded(void **state)
{
	static const u32 counts[] = { 3, 33, 163, 164, 1310, 1311, 5243,
				      MAGLEV_ENTRIES_MAX };
	static const u32 weights[] = { 1, 100, MAGLEV_WEIGHT_MAX };
	struct pool pool;
	size_t i, j;
	u32 k;

	(void)state;
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		for (j = 0; j < sizeof(weights) / sizeof(*weights); j++) {
			pool_init(&pool, counts[i]);
			for (k = 0; k < pool.count; k++) {
				pool.entries[k].key = random_u64();
				pool.entries[k].weight =
					1 + random_below(weights[j]);
			}
			pool_build(&pool);
			assert_true(pool.looks <= 16ull * pool.size);
			pool_free(&pool);
		}
}

/* Up to MAGLEV_LOOKS servers the table is the paper's, whatever the keys. */
static void chosen_same_as_naive(void **state)
{
	static const u32 counts[] = { 8, MAGLEV_LOOKS, MAGLEV_LOOKS + 1, 45, 60 };
	struct pool pool;
	bool crowded;
	u16 *want;
	size_t i;
	u32 k;

	(void)state;
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		pool_init(&pool, counts[i]);
		choose_keys(&pool, pool.count);
		for (k = 0; k < pool.count; k++)
			pool.entries[k].weight = i % 2 ? 1 : 1 + random_below(3);
		/* some ordinary servers among those with chosen addresses */
		for (k = 0; pool.count == 60 && k < 60; k += 4)
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

/* One key in two classes is no twin: each entry has the key's own permutation. */
static void one_key_two_classes(void **state)
{
	struct pool pool;
	u16 *want;

	(void)state;
	pool_init(&pool, 2);
	want = calloc(pool.size, sizeof(*want));
	pool.entries[0].weight = 1;
	pool.entries[1].weight = 4;
	pool.entries[1].key = pool.entries[0].key;
	pool_build(&pool);
	naive_build(want, pool.size, pool.entries, pool.count);
	assert_memory_equal(pool.table, want, pool.size * sizeof(*want));
	free(want);
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
			rest = total_weight(&pool) - weights[i][leaving];
			for (k = 0; k < pool.count; k++) {
				share = (double)total * weights[i][k] / rest;
				if (k == leaving)
					continue;
				/* five deviations, and what a slot is too much */
				assert_true(fabs(moved[k] - share) <=
					    5 * sqrt(share + 1) + total / 1000.0);
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
	maglev_build(pool.table, pool.size, pool.blocks, pool.entries, 3);
	assert_int_equal(pick(&pool, 1, &takers), MAGLEV_NONE);
	assert_int_equal(takers.asked, 0);
	pool_free(&pool);
}

/* The second, third ... choice is part of the contract as the first is. */
static void golden_rehashes(void **state)
{
	static const u16 want[8][3] = {
		{ 6, 4, 0 }, { 5, 0, 1 }, { 7, 3, 6 }, { 2, 5, 0 },
		{ 4, 7, 0 }, { 4, 2, 5 }, { 0, 7, 6 }, { 0, 7, 3 },
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
 * flows without a routable CID: never edit them to make a test pass.
 */
static void golden_tables(void **state)
{
	static const struct {
		u32 count, kind;
		u64 sum;
	} cases[] = {
		{ 3, 0, 0x1a61ba10854f4cd4 },
		{ 8, 1, 0x5bea5f52f5617cef },
		{ 50, 2, 0xe99e815ad39dedcb },
		{ 1000, 1, 0x23049a321ba21811 },
		{ 2000, 2, 0x47ee25f9a382ae53 },
	};
	struct pool pool;
	size_t i;
	u32 k;

	(void)state;
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
		cmocka_unit_test(few_moves),
		cmocka_unit_test(weight_change),
		cmocka_unit_test(same_as_naive),
		cmocka_unit_test(one_key_two_classes),
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
