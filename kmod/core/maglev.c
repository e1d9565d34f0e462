// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The fallback's table: rendezvous by the permutations of Maglev (Eisenbud et al.,
 * NSDI 2016, section 3.4).
 *
 * DOC: the idea
 *
 * Each server has its own order of all slots: a permutation, given by a starting slot
 * and a stride, both from the server's key; the number of slots is prime, so every
 * stride reaches all of them.  A server visits its slots in this order, at times that
 * are its own as well.  A slot belongs to the server that visits it first.
 *
 * So whose a slot is follows from comparing servers two by two.  One that is added
 * takes the slots that it visits first, and no other slot changes hands; when one
 * leaves, its slots go to those that visit them next.  In Maglev a server whose slot is
 * taken goes on to its next one at once, which gives each the same number of slots, but
 * a server that is added moves the slots of others: with 1,000 servers in 65,521 slots
 * seven times as many as it needs.  Here shares differ by chance instead: with s slots
 * for each server, by less than 1/sqrt(s) of a share on average.
 *
 * Nothing but keys and weights goes in, so two directors agree without talking.
 *
 * DOC: weights
 *
 * A slot's place in a server's order is as good as a random number.  Were the time of a
 * visit in proportion to the place, a server of weight 9 would have been everywhere before
 * one of weight 1 had made more than a ninth of its visits, and would get 17 slots for each
 * of the other's, not 9.  If the time is -ln(1 - place / size) / weight instead, it is
 * distributed exponentially, and the earliest of several such times is a server's with a
 * probability in proportion to its weight, whatever the others are (weighted rendezvous
 * hashing).  The logarithm is a sum here: a visit that leaves r slots to be visited takes
 * size / r, with r the same for BLOCK visits.  A server begins at a phase of its own, from
 * its key, below the duration of its first visit.
 *
 * Only the ratio of weights counts: they are divided by what they have in common first, so
 * that 100, 100 is 1, 1 and not nearly so.  Times are integers.  Two visits at one time are
 * in the order of keys.
 *
 * A server whose share is less than a slot may be first nowhere.  It gets the next
 * slot of its order whose owner has another one.
 *
 * DOC: order
 *
 * The position of an entry does not matter.  Entries with one key would visit the same
 * slots; the second and later ones get permutations of their own.  Which of two entries
 * that are equal in key and weight is first depends on their position; nothing else can
 * tell them apart.
 *
 * DOC: bounded work
 *
 * Visits are made in windows of time, until each slot has been visited: size x ln(size)
 * visits on average, and never more than size for each server.  The seeds are public, so
 * addresses can be chosen whose permutations have one stride and begin side by side.  All
 * servers then visit the same slots.  So visits are counted.  A table from addresses that
 * were not chosen takes less than 24 for each slot, and one of fewer than MAGLEV_LOOKS
 * servers cannot take MAGLEV_LOOKS.  Beyond that, a slot that was never visited gets a
 * server by its own hash and by weight.
 */
#include "maglev.h"

/* Odd 64-bit constants: the fractions of the golden ratio, pi and e. */
#define K_PHI	0x9e3779b97f4a7c15ULL
#define K_PI	0x243f6a8885a308d3ULL
#define K_E	0xb7e151628aed2a6bULL

/* Part of the contract between directors, as the three above. */
#define SEED_OFFSET	0x6f66667365740001ULL
#define SEED_SKIP	0x736b697000000001ULL
#define SEED_PHASE	0x7068617365000001ULL
#define SEED_REST	0x7265737400000001ULL

enum {
	BLOCK = 16,		/* visits that take equally long */
	HELP_LOOKS = 8,		/* of all servers without a slot, for each slot */
	TIME_BITS = 12,		/* the first visit of weight 1 takes 2^12 units, x 2^UNIT_BITS */
	UNIT_BITS = 48,		/* less those of the table's size, so that times stay below 2^64 */
};

u32 maglev_size(u32 bits)
{
	/* 2^bits less this is the largest prime below it */
	static const u8 less[] = { 5, 3, 3, 9, 3, 1, 3, 19, 15, 1, 5, 1 };

	return (1U << bits) - less[bits - MAGLEV_BITS_MIN];
}

static inline u64 mix(u64 h)
{
	h ^= h >> 32;
	h *= K_E;
	h ^= h >> 29;
	h *= K_PHI;
	h ^= h >> 32;
	return h;
}

static inline u64 absorb(u64 h, u64 word)
{
	h = (h ^ word) * K_PI;
	return h ^ h >> 31;
}

static inline u32 load_le32(const u8 *p)
{
	return p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static inline u64 load_le64(const u8 *p)
{
	return load_le32(p) | (u64)load_le32(p + 4) << 32;
}

/*
 * Words are absorbed by a multiplication, which carries a difference upwards,
 * and a shift, which brings it down again; each step is a bijection of the state,
 * so inputs differing in one word only never collide.
 */
u64 maglev_hash(const void *data, size_t len, u64 seed)
{
	u64 h = seed ^ len * K_PHI;
	const u8 *p = data;
	u64 last = 0;

	for (; len >= 8; len -= 8, p += 8)
		h = absorb(h, load_le64(p));
	if (len >= 4) {
		h = absorb(h, load_le32(p));
		len -= 4;
		p += 4;
	}
	if (len) {
		while (len--)
			last = last << 8 | p[len];
		h = absorb(h, last);
	}
	return mix(h);
}

/* Is entry @a before entry @b in the order that decides between equals? */
static bool before(const struct maglev_entry *entries, u32 a, u32 b)
{
	const struct maglev_entry *x = &entries[a], *y = &entries[b];

	if (x->key != y->key)
		return x->key < y->key;
	if (x->weight != y->weight)
		return x->weight > y->weight;
	return a < b;
}

/*
 * The order is an array of indices that lives in the entries' @next: the i-th is
 * entries[entries[i].next].
 */
static void sift_down(struct maglev_entry *entries, u32 root, u32 count)
{
	u32 index = entries[root].next;
	u32 child;

	while ((child = 2 * root + 1) < count) {
		if (child + 1 < count && before(entries, entries[child].next,
						entries[child + 1].next))
			child++;
		if (!before(entries, index, entries[child].next))
			break;
		entries[root].next = entries[child].next;
		root = child;
	}
	entries[root].next = index;
}

/* Heap sort: no memory, no recursion.  Return: entries that have weight. */
static u32 sort_entries(struct maglev_entry *entries, u32 count)
{
	u32 i, sorted = 0;

	for (i = 0; i < count; i++)
		if (entries[i].weight)
			entries[sorted++].next = i;
	for (i = sorted / 2; i-- > 0;) {
		sift_down(entries, i, sorted);
		qlb_relax();
	}
	for (i = sorted; i-- > 1;) {
		swap(entries[i].next, entries[0].next);
		sift_down(entries, 0, i);
		qlb_relax();
	}
	return sorted;
}

static u32 gcd_of(u32 a, u32 b)
{
	u32 rest;

	while (b) {
		rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* A server's unit of time.  Return: the sum of weights, what they have in common left out */
static u32 set_units(struct maglev_entry *entries, u32 count, u32 size)
{
	u64 unit = 1ULL << (UNIT_BITS - (32 - __builtin_clz(size)));
	u32 i, common = 0, sum = 0;

	for (i = 0; i < count; i++)
		common = gcd_of(common, entries[entries[i].next].weight);
	for (i = 0; i < count; i++) {
		struct maglev_entry *entry = &entries[entries[i].next];

		sum += entry->weight / common;
		entry->unit = qlb_div(unit, entry->weight / common);
		qlb_relax();
	}
	return sum;
}

static void set_permutations(struct maglev_entry *entries, u32 count, u32 size)
{
	const struct maglev_entry *previous = NULL;
	struct maglev_entry *entry;
	u64 twins = 0;
	u64 key;
	u32 i;

	for (i = 0; i < count; i++) {
		entry = &entries[entries[i].next];
		twins = previous && previous->key == entry->key ? twins + 1 : 0;
		key = mix(entry->key + twins * K_PI);
		entry->offset = maglev_slot(mix(key ^ SEED_OFFSET), size);
		entry->skip = 1 + maglev_slot(mix(key ^ SEED_SKIP), size - 1);
		entry->time = entry->unit *
			      (mix(key ^ SEED_PHASE) >> (64 - TIME_BITS));
		entry->visits = 0;
		previous = entry;
		qlb_relax();
	}
}

/**
 * struct filling - a table that is being built
 * @table: as given
 * @times: as given
 * @size: as given
 * @free: slots that were not visited yet
 * @looks: how often a slot was looked at
 */
struct filling {
	u16 *table;
	u64 *times;
	u32 size;
	u32 free;
	u64 looks;
};

static inline u32 step_on(const struct filling *f,
			  const struct maglev_entry *entry, u32 slot)
{
	slot += entry->skip;
	return slot >= f->size ? slot - f->size : slot;
}

/* How long each of BLOCK visits takes after @visits of them. */
static u64 duration(const struct filling *f, const struct maglev_entry *entry,
		    u32 visits)
{
	u32 left = f->size - visits;

	left -= left > BLOCK ? BLOCK / 2 : left / 2;
	return qlb_div((u64)f->size << TIME_BITS, left) * entry->unit;
}

/* A server's visits before @end. */
static void visit(struct filling *f, struct maglev_entry *entry, u16 index,
		  u64 end)
{
	u64 *times = f->times, time = entry->time, step = entry->step;
	u32 slot = entry->offset, visits = entry->visits;

	for (; time < end && visits < f->size; visits++) {
		if (visits % BLOCK == 0)
			step = duration(f, entry, visits);
		if (time < times[slot]) {
			f->free -= f->table[slot] == MAGLEV_NONE;
			f->table[slot] = index;
			times[slot] = time;
		}
		slot = step_on(f, entry, slot);
		time += step;
	}
	f->looks += visits - entry->visits;
	entry->offset = slot;
	entry->visits = visits;
	entry->time = time;
	entry->step = step;
}

/* The server of @number, one of 0 to the sum of weights, of which @time has the sums. */
static u32 weighted(const struct maglev_entry *entries, u32 count, u32 number)
{
	u32 low = 0, high = count - 1, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (entries[entries[middle].next].time > number)
			high = middle;
		else
			low = middle + 1;
	}
	return entries[low].next;
}

/* Too many visits have left slots without a server. */
static void fill_rest(struct filling *f, struct maglev_entry *entries, u32 count)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < count; i++) {
		/* weights as they are: only their ratio counts here as well */
		sum += entries[entries[i].next].weight;
		entries[entries[i].next].time = sum;
	}
	for (i = 0; i < f->size; i++) {
		if (f->table[i] == MAGLEV_NONE)
			f->table[i] = weighted(entries, count,
					       maglev_slot(mix(i ^ SEED_REST),
							   sum));
		qlb_relax();
	}
	f->looks += f->size;
}

/* Who has no slot gets one of a server that has several.  @time counts slots now. */
static void help_small(struct filling *f, struct maglev_entry *entries, u32 count)
{
	u32 i, looks = 0, most = HELP_LOOKS * f->size;
	struct maglev_entry *entry;

	for (i = 0; i < count; i++)
		entries[entries[i].next].time = 0;
	for (i = 0; i < f->size; i++)
		entries[f->table[i]].time++;
	for (i = 0; i < count && looks < most; i++) {
		entry = &entries[entries[i].next];
		for (; !entry->time && looks < most; looks++) {
			u32 slot = entry->offset;

			if (entries[f->table[slot]].time > 1) {
				entries[f->table[slot]].time--;
				f->table[slot] = entries[i].next;
				entry->time = 1;
			}
			entry->offset = step_on(f, entry, slot);
		}
		qlb_relax();
	}
	f->looks += looks;
}

/* In which all servers make, in the beginning, about as many visits as there are slots. */
static u64 window_of(u32 size, u32 weights)
{
	u32 bits = 32 - __builtin_clz(size);

	return qlb_div((u64)size << (TIME_BITS + UNIT_BITS - bits), weights) + 1;
}

u64 maglev_build(u16 *table, u32 size, u64 *times, struct maglev_entry *entries,
		 u32 count)
{
	struct filling f = {
		.table = table, .times = times, .size = size, .free = size,
	};
	u64 window, end = 0;
	u32 sum, i;

	memset(table, 0xff, size * sizeof(*table));
	memset(times, 0xff, size * sizeof(*times));
	count = sort_entries(entries, count);
	if (!count)
		return 0;
	sum = set_units(entries, count, size);
	set_permutations(entries, count, size);
	window = window_of(size, sum);
	while (f.free && f.looks < (u64)size * MAGLEV_LOOKS) {
		end += window;
		for (i = 0; i < count; i++) {
			visit(&f, &entries[entries[i].next], entries[i].next, end);
			qlb_relax();
		}
	}
	if (f.free)
		fill_rest(&f, entries, count);
	help_small(&f, entries, count);
	return f.looks;
}

/*
 * A hash that leads to servers who do not take the flow is followed by the next one.
 * When few servers are left for many flows, the table is searched from the last hash's
 * slot on, in which a server comes as often as by weight; but not when there is no
 * server to be found: datagrams come faster then than tables could be searched.
 */
u16 maglev_rehash(const u16 *table, u32 size, u32 count, u64 hash,
		  bool (*takes)(const void *pool, u16 index), const void *pool)
{
	u32 slot = 0, i;

	for (i = 1; i <= MAGLEV_REHASHES; i++) {
		slot = maglev_slot(mix(hash + i * K_PI), size);
		if (takes(pool, table[slot]))
			return table[slot];
	}
	for (i = 0; i < count && !takes(pool, i); i++)
		;
	if (i == count)
		return MAGLEV_NONE;
	for (i = 0; i < size; i++) {
		slot = slot + 1 < size ? slot + 1 : 0;
		if (takes(pool, table[slot]))
			return table[slot];
	}
	return MAGLEV_NONE;
}
