// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of unroutable CIDs, with a clock of the test.  kmod/unroutable_table.c is compiled as
 * it is.  The kernel's headers that it includes are empty; this file defines what it uses of them.
 */
#include <linux/netfilter.h>

#include "qlb_port.h"
#include "test.h"

enum { HZ = 250 };

static u64 now;

#define jiffies			((unsigned long)now)
#define get_jiffies_64()	now
#define get_random_u64()	7ull

#define BUILD_BUG_ON(wrong)	_Static_assert(!(wrong), #wrong)
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))

static u32 roundup_pow_of_two(u32 n)
{
	u32 power = 1;

	while (power < n)
		power *= 2;
	return power;
}

#define GFP_KERNEL			0
#define struct_size(p, member, n)	(sizeof(*(p)) + (n) * sizeof(*(p)->member))
#define kvzalloc(size, flags)		calloc(1, size)
#define kvfree(p)			free(p)

struct kref {
	int count;
};

#define kref_init(ref)		((ref)->count = 1)
#define kref_get(ref)		((ref)->count++)
#define kref_put(ref, release) \
	do { \
		if (!--(ref)->count) \
			release(ref); \
	} while (0)

#define spinlock_t		int
#define spin_lock_init(lock)	(*(lock) = 0)
#define spin_lock(lock)		assert_int_equal((*(lock))++, 0)
#define spin_unlock(lock)	assert_int_equal(--*(lock), 0)

static int live;

#define ivq_object_created(kind)		(live++)
#define ivq_object_destroyed(kind)	(live--)
#define _IVQ_OBJECT_H

#include "../../kmod/unroutable_table.c"

/* --- what is asked of it --------------------------------------------------- */

enum { TIMEOUT = 60 * HZ };

/* The clock of a kernel that has just booted is five minutes before 32 bits of it are over. */
static const u64 boot = (u32)(-300 * HZ);

/* Config ID 0b111, eight octets. */
static struct quic_hdr header(u8 cid[8], u32 n)
{
	memset(cid, 0, 8);
	cid[0] = 0xe7;
	memcpy(cid + 1, &n, sizeof(n));
	return (struct quic_hdr) {
		.long_form = true,
		.dcid = cid,
		.dcid_len = 8,
		.dcid_view = 8,
	};
}

static void learn(struct ivq_unroutable_table *table, u32 n, u16 port)
{
	const struct ivq_addr server = { .af = 2, .port = port };
	u8 cid[8];
	struct quic_hdr hdr = header(cid, n);

	ivq_unroutable_learn(table, &hdr, &server);
}

/* Return: the port of the server that has the CID, 0: none. */
static u16 find(struct ivq_unroutable_table *table, u32 n)
{
	struct ivq_addr server;
	u8 cid[8];
	struct quic_hdr hdr = header(cid, n);

	return ivq_unroutable_find(table, &hdr, &server) ? server.port : 0;
}

static struct ivq_unroutable_table *new_table(u32 max)
{
	struct ivq_unroutable_table *table;

	now = boot;
	table = ivq_unroutable_new(max, TIMEOUT);
	assert_non_null(table);
	return table;
}

static void end_table(struct ivq_unroutable_table *table)
{
	ivq_unroutable_put(table);
	assert_int_equal(live, 0);
}

static void test_an_entry_lives_for_its_time(void **state)
{
	struct ivq_unroutable_table *table = new_table(4);
	u64 start;

	(void)state;
	/* before, while and after 32 bits are over */
	for (start = boot; start < boot + 600 * HZ; start += 100 * HZ) {
		now = start;
		learn(table, 1, 10);
		now += TIMEOUT - 1;
		assert_int_equal(find(table, 1), 10);
		now += TIMEOUT - 1;
		assert_int_equal(find(table, 1), 10);
		now += TIMEOUT;
		assert_int_equal(find(table, 1), 0);
	}
	end_table(table);
}

static void test_a_dead_entry_stays_dead(void **state)
{
	static const u64 periods[] = { 1ull << 31, 1ull << 32, 1ull << 33, 5ull << 32, 1ull << 48 };
	struct ivq_unroutable_table *table = new_table(4);
	size_t i;

	(void)state;
	learn(table, 1, 10);
	for (i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
		now = boot + periods[i];
		assert_int_equal(find(table, 1), 0);
		now += TIMEOUT / 2;
		assert_int_equal(find(table, 1), 0);
	}
	/* and the CID has no server any more */
	learn(table, 1, 11);
	assert_int_equal(find(table, 1), 11);
	end_table(table);
}

static void test_who_was_first_has_the_cid(void **state)
{
	struct ivq_unroutable_table *table = new_table(4);

	(void)state;
	learn(table, 1, 10);
	learn(table, 1, 11);
	assert_int_equal(find(table, 1), 10);
	end_table(table);
}

static void test_the_oldest_gives_way(void **state)
{
	struct ivq_unroutable_table *table = new_table(WAYS);
	u32 n;

	(void)state;
	/* over the end of 32 bits */
	now = (1ull << 32) - 2;
	for (n = 1; n <= WAYS; n++, now++)
		learn(table, n, n);
	/* used again: now the second is the oldest */
	assert_int_equal(find(table, 1), 1);
	learn(table, 100, 100);
	assert_int_equal(find(table, 2), 0);
	for (n = 3; n <= WAYS; n++)
		assert_int_equal(find(table, n), n);
	assert_int_equal(find(table, 1), 1);
	assert_int_equal(find(table, 100), 100);
	end_table(table);
}

static void test_an_entry_has_48_octets(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct entry), 48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_entry_lives_for_its_time),
		cmocka_unit_test(test_a_dead_entry_stays_dead),
		cmocka_unit_test(test_who_was_first_has_the_cid),
		cmocka_unit_test(test_the_oldest_gives_way),
		cmocka_unit_test(test_an_entry_has_48_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
