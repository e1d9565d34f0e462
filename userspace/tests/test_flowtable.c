// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of flows, with a clock of the test. */
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "flowtable.h"
#include "test.h"

enum {
	FLOWS = 1024,
	NOW = 1000,
	LIFE = 60,
};

static struct flowtable *new_table(u32 flows)
{
	struct flowtable *table = malloc(sizeof(*table));
	size_t size;

	table->count = flowtable_buckets(flows);
	size = table->count * sizeof(*table->buckets);
	table->buckets = aligned_alloc(FLOWTABLE_BUCKET_SIZE, size);
	memset(table->buckets, 0, size);
	return table;
}

static void free_table(struct flowtable *table)
{
	free(table->buckets);
	free(table);
}

/* What servers and owners are is nothing to the table. */
static void *thing(uintptr_t n)
{
	return (void *)(n << 4);
}

/* As a hash with a secret would. */
static u64 mix(u64 n)
{
	n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9ull;
	n = (n ^ (n >> 27)) * 0x94d049bb133111ebull;
	return n ^ (n >> 31);
}

static struct flowtable_key key_of(u32 n)
{
	struct flowtable_key key = {
		.client = { n, ~n, n << 8, n + 1 }, .ports = n,
		.hash = mix(n + 1),
	};

	return key;
}

static struct flowtable_value value_of(uintptr_t owner, uintptr_t server,
				       u32 expires)
{
	struct flowtable_value value = {
		.owner = thing(owner), .server = thing(server),
		.expires = expires, .first = 0x1234,
	};

	return value;
}

static bool insert(struct flowtable *table, u32 n, uintptr_t owner,
		   uintptr_t server, u32 now, struct flowtable_value *old)
{
	struct flowtable_value value = value_of(owner, server, now + LIFE), o;
	struct flowtable_key key = key_of(n);

	return flowtable_insert(table, &key, &value, now, old ? old : &o);
}

/* The server that flow @n has, 0 for none. */
static uintptr_t server_of(const struct flowtable *table, u32 n, u32 now)
{
	struct flowtable_key key = key_of(n);
	struct flowtable_value value;

	if (!flowtable_find(table, &key, now, &value))
		return 0;
	return (uintptr_t)value.server >> 4;
}

static unsigned int gone;
static struct flowtable_value last_gone;

static void on_gone(const struct flowtable_value *value, void *arg)
{
	assert_ptr_equal(arg, &gone);
	last_gone = *value;
	gone++;
}

static unsigned int expire(struct flowtable *table, u32 now, void *owner)
{
	u32 at;

	gone = 0;
	for (at = 0; at < table->count; at++)
		flowtable_expire(table, at, now, owner, on_gone, &gone);
	return gone;
}

static void entry_fits(void **state)
{
	(void)state;
	assert_true(sizeof(struct flowtable_entry) <= 48);
	assert_int_equal(sizeof(struct flowtable_bucket), FLOWTABLE_BUCKET_SIZE);
	/* 100,000 new flows a second for 61 seconds */
	assert_true((u64)flowtable_buckets(6100000) * FLOWTABLE_BUCKET_SIZE <
		    420000000);
	assert_true(flowtable_buckets(FLOWTABLE_FLOWS_MIN) > 1);
}

static void keeps_a_flow(void **state)
{
	struct flowtable *table = new_table(FLOWS);
	struct flowtable_key key = key_of(1);
	struct flowtable_value value, old;

	(void)state;
	assert_int_equal(server_of(table, 1, NOW), 0);
	assert_true(insert(table, 1, 7, 3, NOW, &old));
	assert_null(old.server);
	assert_non_null(flowtable_find(table, &key, NOW, &value));
	assert_ptr_equal(value.server, thing(3));
	assert_ptr_equal(value.owner, thing(7));
	assert_int_equal(value.expires, NOW + LIFE);
	assert_int_equal(value.first, 0x1234);
	assert_false(value.routed);
	assert_int_equal(server_of(table, 2, NOW), 0);
	/* the same flow again changes its entry, and says what was there */
	assert_true(insert(table, 1, 7, 4, NOW + 1, &old));
	assert_ptr_equal(old.server, thing(3));
	assert_ptr_equal(old.owner, thing(7));
	assert_int_equal(server_of(table, 1, NOW + 1), 4);
	assert_int_equal(expire(table, NOW + 500, NULL), 1);
	free_table(table);
}

/* Each part of a key counts. */
static void tells_flows_apart(void **state)
{
	struct flowtable *table = new_table(FLOWS);
	struct flowtable_key key;
	struct flowtable_value value;
	unsigned int i;

	(void)state;
	assert_true(insert(table, 5, 1, 1, NOW, NULL));
	for (i = 0; i < 4; i++) {
		key = key_of(5);
		key.client[i] ^= 0x80000000;
		assert_null(flowtable_find(table, &key, NOW, &value));
	}
	key = key_of(5);
	key.ports ^= 1;
	assert_null(flowtable_find(table, &key, NOW, &value));
	for (i = 0; i < 64; i++) {
		key = key_of(5);
		key.hash ^= 1ull << i;
		assert_null(flowtable_find(table, &key, NOW, &value));
	}
	free_table(table);
}

static void ends_in_time(void **state)
{
	static const u32 starts[] = { NOW, 0xffffffff - LIFE, 0xffffffff - 1 };
	struct flowtable_key key = key_of(1);
	struct flowtable_value value;
	struct flowtable *table;
	unsigned int i;
	u32 now;

	(void)state;
	for (i = 0; i < 3; i++) {
		now = starts[i];
		table = new_table(FLOWS);
		assert_true(insert(table, 1, 1, 1, now, NULL));
		assert_int_equal(server_of(table, 1, now + LIFE - 1), 1);
		assert_int_equal(expire(table, now + LIFE - 1, NULL), 0);
		assert_int_equal(server_of(table, 1, now + LIFE), 0);
		flowtable_renew(flowtable_find(table, &key, now, &value),
				now + 2 * LIFE);
		assert_int_equal(server_of(table, 1, now + LIFE), 1);
		assert_int_equal(expire(table, now + LIFE, NULL), 0);
		assert_int_equal(expire(table, now + 2 * LIFE, NULL), 1);
		assert_ptr_equal(last_gone.server, thing(1));
		assert_int_equal(server_of(table, 1, now), 0);
		assert_int_equal(expire(table, now + 2 * LIFE, NULL), 0);
		free_table(table);
	}
}

static void owner_goes(void **state)
{
	struct flowtable *table = new_table(FLOWS);
	u32 n;

	(void)state;
	for (n = 0; n < 100; n++)
		assert_true(insert(table, n, 1 + n % 2, 1, NOW, NULL));
	assert_int_equal(expire(table, NOW, thing(3)), 0);
	assert_int_equal(expire(table, NOW, thing(2)), 50);
	for (n = 0; n < 100; n++)
		assert_int_equal(server_of(table, n, NOW), n % 2 ? 0 : 1);
	free_table(table);
}

/* As many as it is made for find a place. */
static void holds_what_it_should(void **state)
{
	const u32 flows = 100000;
	struct flowtable *table = new_table(flows);
	u32 n, lost = 0;

	(void)state;
	for (n = 0; n < flows; n++)
		lost += !insert(table, n, 1, 1 + n % 100, NOW, NULL);
	assert_true(lost < flows / 500);
	for (n = 0; n < flows; n++)
		if (server_of(table, n, NOW))
			assert_int_equal(server_of(table, n, NOW), 1 + n % 100);
		else
			assert_true(lost--);
	assert_int_equal(lost, 0);
	free_table(table);
}

/* Of one owner alone: those that are there stay, those that come get nothing. */
static void own_flood(void **state)
{
	struct flowtable *table = new_table(FLOWS);
	u32 n, before = 0, after = 0;

	(void)state;
	for (n = 0; n < 500; n++)
		assert_true(insert(table, n, 1, 9, NOW, NULL));
	for (n = 500; n < 100000; n++)
		before += insert(table, n, 1, 1, NOW, NULL);
	for (n = 0; n < 500; n++)
		assert_int_equal(server_of(table, n, NOW), 9);
	for (n = 500; n < 100000; n++)
		after += server_of(table, n, NOW) == 1;
	assert_int_equal(before, after);
	assert_int_equal(before + 500, table->count * FLOWTABLE_WAYS);
	/* when their time has come, their places are taken */
	assert_true(insert(table, 100001, 1, 2, NOW + LIFE, NULL));
	free_table(table);
}

/* Another owner's flood takes nothing; and of what it has, it gives two places in each bucket. */
static void other_flood(void **state)
{
	struct flowtable *table = new_table(FLOWS);
	struct flowtable_value old;
	u32 n, lost = 0;

	(void)state;
	for (n = 0; n < 100; n++)
		assert_true(insert(table, n, 1, 9, NOW, NULL));
	for (n = 500; n < 100000; n++)
		insert(table, n, 2, 1, NOW, NULL);
	for (n = 100; n < 200; n++) {
		if (insert(table, n, 1, 9, NOW, &old))
			assert_ptr_equal(old.owner, thing(2));
		else
			lost++;
	}
	for (n = 500; n < 100000; n++)
		insert(table, n, 2, 1, NOW, NULL);
	for (n = 0; n < 200; n++)
		if (server_of(table, n, NOW) != 9)
			assert_true(n >= 100 && lost--);
	assert_int_equal(lost, 0);
	assert_int_equal(expire(table, NOW, thing(1)) / 10, 19);
	free_table(table);
}

/* First to go, but not before its place is needed. */
static void routed_goes_first(void **state)
{
	struct flowtable *table = new_table(FLOWS);
	struct flowtable_key key = key_of(0);
	struct flowtable_value value, old;
	u32 n;

	(void)state;
	assert_true(insert(table, 0, 1, 9, NOW, NULL));
	flowtable_set_routed(table, &key, thing(8), NOW);
	assert_non_null(flowtable_find(table, &key, NOW, &value));
	assert_false(value.routed);
	flowtable_set_routed(table, &key, thing(9), NOW);
	assert_non_null(flowtable_find(table, &key, NOW, &value));
	assert_true(value.routed);
	assert_int_equal(value.first, 0x1234);
	for (n = 1; server_of(table, 0, NOW); n++) {
		assert_true(n < 100000);
		if (insert(table, n, 1, 1, NOW, &old) && old.server)
			assert_ptr_equal(old.server, thing(9));
	}
	assert_true(n > 5);
	/* in either bucket */
	for (n = 2; n < 60; n++) {
		key = key_of(n);
		assert_true(insert(table, n, 1, 4, NOW, NULL));
		flowtable_set_routed(table, &key, thing(4), NOW);
		assert_non_null(flowtable_find(table, &key, NOW, &value));
		assert_true(value.routed);
	}
	/* the same flow anew needs its entry */
	assert_true(insert(table, 1, 1, 3, NOW, NULL));
	key = key_of(1);
	flowtable_set_routed(table, &key, thing(3), NOW);
	assert_true(insert(table, 1, 1, 3, NOW, NULL));
	assert_non_null(flowtable_find(table, &key, NOW, &value));
	assert_false(value.routed);
	/* unless it is said not to */
	value.routed = true;
	assert_true(flowtable_insert(table, &key, &value, NOW, &old));
	assert_non_null(flowtable_find(table, &key, NOW, &value));
	assert_true(value.routed);
	free_table(table);
}

static u32 changes(const struct flowtable *table)
{
	u32 at, sum = 0;

	for (at = 0; at < table->count; at++)
		sum += table->buckets[at].sequence;
	return sum;
}

/* Who reads an entry while it is marked looks again, and who writes it waits. */
static void marks_by_a_change(void **state)
{
	struct flowtable *table = new_table(FLOWS);
	struct flowtable_key key = key_of(1);
	u32 before;

	(void)state;
	assert_true(insert(table, 1, 1, 9, NOW, NULL));
	before = changes(table);
	flowtable_set_routed(table, &key, thing(9), NOW);
	assert_int_not_equal(changes(table), before);
	before = changes(table);
	flowtable_set_routed(table, &key, thing(9), NOW);
	assert_int_equal(changes(table), before);
	free_table(table);
}

static struct flowtable_bucket *bucket_at(struct flowtable *table, u32 hash)
{
	return &table->buckets[((u64)hash * table->count) >> 32];
}

/*
 * Two CPUs that make a flow's entry at once may make one in each bucket.  The one that is
 * found is the one that is changed, however much room there is beside the other.
 */
static void twice_there(void **state)
{
	struct flowtable *table = new_table(FLOWS);
	struct flowtable_key key = key_of(1);
	struct flowtable_value value;
	struct flowtable_entry *entry, one;

	(void)state;
	assert_true(insert(table, 1, 7, 3, NOW, NULL));
	entry = flowtable_find(table, &key, NOW, &value);
	assert_non_null(entry);
	one = *entry;
	entry->server = NULL;
	bucket_at(table, (u32)(key.hash >> 32))->entries[0] = one;
	bucket_at(table, (u32)key.hash)->entries[FLOWTABLE_WAYS - 1] = one;
	assert_true(insert(table, 1, 7, 4, NOW, NULL));
	assert_int_equal(server_of(table, 1, NOW), 4);
	free_table(table);
}

/* The bucket with more room gets the flow, and nothing of the other one changes. */
static void second_has_room(void **state)
{
	struct flowtable *table = new_table(FLOWS);
	struct flowtable_key key = key_of(1);
	struct flowtable_bucket *first = bucket_at(table, (u32)(key.hash >> 32));
	struct flowtable_bucket *second = bucket_at(table, (u32)key.hash);
	struct flowtable_bucket before;
	struct flowtable_value value;
	struct flowtable_entry *entry;

	(void)state;
	assert_ptr_not_equal(first, second);
	first->entries[0].server = thing(5);
	first->entries[0].owner = thing(6);
	first->entries[0].expires = NOW + LIFE;
	before = *first;
	assert_true(insert(table, 1, 7, 3, NOW, NULL));
	entry = flowtable_find(table, &key, NOW, &value);
	assert_in_range((uintptr_t)entry, (uintptr_t)second,
			(uintptr_t)(second + 1) - 1);
	assert_memory_equal(first, &before, sizeof(before));
	free_table(table);
}

/* Flows of owner 9 that need no entry, or all do; each lives for longer than the one before. */
static void fill(struct flowtable_bucket *bucket, bool routed)
{
	unsigned int i;

	memset(bucket, 0, sizeof(*bucket));
	for (i = 0; i < FLOWTABLE_WAYS; i++) {
		bucket->entries[i].server = thing(20 + i);
		bucket->entries[i].owner = thing(9);
		bucket->entries[i].expires = NOW + 10 + i;
		bucket->entries[i].first = routed;
	}
}

/* In a full bucket: one whose time has come, else the oldest of those that are not needed. */
static void oldest_goes(void **state)
{
	struct flowtable *table = new_table(FLOWS);
	struct flowtable_key key = key_of(1);
	struct flowtable_bucket *first = bucket_at(table, (u32)(key.hash >> 32));
	struct flowtable_bucket *second = bucket_at(table, (u32)key.hash);
	struct flowtable_value old;

	(void)state;
	fill(first, true);
	fill(second, false);
	assert_true(insert(table, 1, 9, 3, NOW, &old));
	assert_ptr_equal(old.server, thing(20));
	fill(first, true);
	first->entries[1].expires = NOW;
	first->entries[FLOWTABLE_WAYS - 1].expires = NOW + 1;
	assert_true(insert(table, 1, 9, 3, NOW, &old));
	assert_ptr_equal(old.server, thing(21));
	free_table(table);
}

/* A reader waits for no writer, however long that one takes. */
static void readers_do_not_wait(void **state)
{
	struct flowtable *table = new_table(FLOWS);
	struct flowtable_value value;
	struct flowtable_key key;
	u32 at, way;

	(void)state;
	assert_true(insert(table, 1, 1, 1, NOW, NULL));
	for (at = 0; at < table->count; at++)
		table->buckets[at].sequence++;
	assert_int_equal(server_of(table, 1, NOW), 0);
	for (at = 0; at < table->count; at++)
		for (way = 0; way < FLOWTABLE_WAYS; way++)
			assert_false(flowtable_read(table, at, way, NOW, &key,
						    &value));
	for (at = 0; at < table->count; at++)
		table->buckets[at].sequence++;
	assert_int_equal(server_of(table, 1, NOW), 1);
	free_table(table);
}

static void lists_all(void **state)
{
	struct flowtable *table = new_table(FLOWS);
	struct flowtable_value value;
	struct flowtable_key key, wanted;
	u32 at, way, n = 0, sum = 0;

	(void)state;
	for (at = 1; at <= 50; at++)
		assert_true(insert(table, at, 1, at, NOW, NULL));
	for (at = 0; at < table->count; at++)
		for (way = 0; way < FLOWTABLE_WAYS; way++)
			if (flowtable_read(table, at, way, NOW, &key, &value)) {
				assert_ptr_equal(value.server, thing(key.ports));
				wanted = key_of(key.ports);
				assert_memory_equal(key.client, wanted.client,
						    sizeof(key.client));
				sum += key.ports;
				n++;
			}
	assert_int_equal(n, 50);
	assert_int_equal(sum, 50 * 51 / 2);
	for (at = 0; at < table->count; at++)
		for (way = 0; way < FLOWTABLE_WAYS; way++)
			assert_false(flowtable_read(table, at, way, NOW + LIFE,
						    &key, &value));
	free_table(table);
}

/* A flow's server and owner say which flow it is; what is found must be of one piece. */
static struct flowtable *shared;
static u32 clock_now = NOW;
static int held[64];	/* entries by owner, as those who count would */

enum { THREADS = 4, ROUNDS = 400000, CROWD = 40 };

static void put(const struct flowtable_value *value, void *arg)
{
	(void)arg;
	__atomic_sub_fetch(&held[((uintptr_t)value->owner >> 4) & 63], 1,
			   __ATOMIC_RELAXED);
}

static void one_round(u32 n, u32 now, u32 at)
{
	struct flowtable_key key = key_of(n), read;
	struct flowtable_value value, old;
	struct flowtable_entry *entry;

	entry = flowtable_find(shared, &key, now, &value);
	if (entry) {
		if (value.server != thing(1000 + n) ||
		    value.owner != thing(1 + n % 3) || value.first != n << 1)
			abort();
		flowtable_renew(entry, now + LIFE);
		flowtable_set_routed(shared, &key, value.server, now);
	} else {
		value = value_of(1 + n % 3, 1000 + n, now + LIFE);
		value.first = n << 1;
		value.routed = false;
		if (flowtable_insert(shared, &key, &value, now, &old)) {
			__atomic_add_fetch(&held[1 + n % 3], 1, __ATOMIC_RELAXED);
			if (old.server)
				put(&old, NULL);
		}
	}
	if (flowtable_read(shared, at % shared->count, n % FLOWTABLE_WAYS, now,
			   &read, &value) &&
	    value.server != thing(1000 + read.ports))
		abort();
	flowtable_expire(shared, at % shared->count, now,
			 n % 7 ? NULL : thing(1 + n % 3), put, NULL);
}

static void *worker(void *arg)
{
	u64 seed = (uintptr_t)arg;
	u32 i;

	for (i = 0; i < ROUNDS; i++) {
		seed = mix(seed + 1);
		one_round(1 + (u32)(seed >> 40) % CROWD,
			  __atomic_add_fetch(&clock_now, i % 100 == 0,
					     __ATOMIC_RELAXED),
			  (u32)seed);
	}
	return NULL;
}

static void many_at_once(void **state)
{
	pthread_t threads[THREADS];
	uintptr_t i;
	u32 at;

	(void)state;
	shared = new_table(FLOWTABLE_FLOWS_MIN);
	shared->count = 2;	/* so that all meet there */
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, worker,
						(void *)(i + 1)), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (at = 0; at < shared->count; at++)
		flowtable_expire(shared, at, clock_now + LIFE, NULL, put, NULL);
	for (i = 0; i < 64; i++)
		assert_int_equal(held[i], 0);
	free_table(shared);
}

/* In CLOCK_MONOTONIC's nanoseconds, or a thread's. */
static u64 read_clock(clockid_t clock)
{
	struct timespec now;

	assert_int_equal(clock_gettime(clock, &now), 0);
	return (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec;
}

enum {
	WAITING = 100000000,	/* a thread that has run for so long has begun to wait */
	PATIENCE = 60,		/* seconds */
};

static void wait_for_spinning(pthread_t thread)
{
	u64 deadline = read_clock(CLOCK_MONOTONIC) + PATIENCE * 1000000000ull;
	clockid_t clock;

	assert_int_equal(pthread_getcpuclockid(thread, &clock), 0);
	while (read_clock(clock) < WAITING) {
		assert_true(read_clock(CLOCK_MONOTONIC) < deadline);
		sched_yield();
	}
}

static void *expire_shared(void *arg)
{
	flowtable_expire(shared, 0, NOW + LIFE, NULL, on_gone, arg);
	return NULL;
}

/* An entry whose time is over, but which is renewed before the bucket is had. */
static void renewed_meanwhile(void **state)
{
	struct flowtable_key key = key_of(1);
	struct flowtable_value value;
	struct flowtable_entry *entry;
	pthread_t thread;

	(void)state;
	shared = new_table(FLOWTABLE_FLOWS_MIN);
	shared->count = 1;
	gone = 0;
	assert_true(insert(shared, 1, 1, 1, NOW, NULL));
	entry = flowtable_find(shared, &key, NOW, &value);
	assert_non_null(entry);
	__atomic_add_fetch(&shared->buckets->sequence, 1, __ATOMIC_RELEASE);
	assert_int_equal(pthread_create(&thread, NULL, expire_shared, &gone), 0);
	wait_for_spinning(thread);
	flowtable_renew(entry, NOW + 2 * LIFE);
	__atomic_add_fetch(&shared->buckets->sequence, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	assert_int_equal(gone, 0);
	assert_int_equal(server_of(shared, 1, NOW + LIFE), 1);
	free_table(shared);
}

static bool stop;

/* Others have just changed the bucket, again and again. */
static void *change_shared(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		__atomic_add_fetch(&shared->buckets->sequence, 2, __ATOMIC_RELEASE);
	return NULL;
}

/* Each is told of changes that happen while it looks, and at last has what it came for. */
static void changed_meanwhile(void **state)
{
	u64 deadline = read_clock(CLOCK_MONOTONIC) + PATIENCE * 1000000000ull;
	struct flowtable_value value;
	struct flowtable_key key;
	unsigned int changes = 0;
	pthread_t thread;
	u32 before;

	(void)state;
	shared = new_table(FLOWTABLE_FLOWS_MIN);
	shared->count = 1;
	stop = false;
	assert_true(insert(shared, 1, 1, 1, NOW, NULL));
	assert_int_equal(pthread_create(&thread, NULL, change_shared, NULL), 0);
	while (changes < 300) {
		assert_true(read_clock(CLOCK_MONOTONIC) < deadline);
		before = qlb_load(&shared->buckets->sequence);
		switch (changes % 3) {
		case 0:
			flowtable_read(shared, 0, 0, NOW, &key, &value);
			break;
		case 1:
			server_of(shared, 1, NOW);
			break;
		default:
			assert_true(insert(shared, 1, 1, 1, NOW, NULL));
		}
		changes += qlb_load(&shared->buckets->sequence) - before > 2;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_int_equal(server_of(shared, 1, NOW), 1);
	free_table(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entry_fits),
		cmocka_unit_test(keeps_a_flow),
		cmocka_unit_test(tells_flows_apart),
		cmocka_unit_test(ends_in_time),
		cmocka_unit_test(owner_goes),
		cmocka_unit_test(holds_what_it_should),
		cmocka_unit_test(own_flood),
		cmocka_unit_test(other_flood),
		cmocka_unit_test(routed_goes_first),
		cmocka_unit_test(marks_by_a_change),
		cmocka_unit_test(twice_there),
		cmocka_unit_test(second_has_room),
		cmocka_unit_test(oldest_goes),
		cmocka_unit_test(readers_do_not_wait),
		cmocka_unit_test(lists_all),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(renewed_meanwhile),
		cmocka_unit_test(changed_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
