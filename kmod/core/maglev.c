// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Maglev consistent hashing (Eisenbud et al., NSDI 2016, section 3.4).
 *
 * DOC: the idea
 *
 * Each server has its own preference order of all slots: a permutation, given by
 * a starting slot and a stride, both from the server's key; the number of slots
 * is prime, so every stride reaches all of them.  Servers take turns; at its turn
 * a server takes the first free slot of its order.  When a server leaves, those
 * that stay still prefer what they preferred, and mostly have it: little else
 * than the slots it held changes hands.  Nothing but the keys goes in, so two
 * directors agree without talking.
 *
 * DOC: weights
 *
 * A server of twice the weight must get twice the turns, spread evenly between
 * those of the others.  Giving out turns by the plain rule (every server gains
 * weight/maximum per round) costs rounds x servers steps, and with one server of
 * weight 65535 among thousands of weight 1 nearly all of them give no turn.  So
 * servers are put into classes by the highest set bit of their weight, heaviest
 * first.  A class d below the heaviest is visited in every 2^d-th round, that is
 * when the round's number ends in at least d zero bits: always a prefix of the
 * order.  At a visit a server of weight w, 2^c <= w < 2^(c+1), gains w / 2^c
 * turns, 1 or 2 when the remainder is carried over.  Every visit gives a turn
 * and every server's turns are within two of what its weight is due in as many
 * rounds, so
 *
 *   - there are no more visits than slots, whatever the weights;
 *   - looking for a free slot costs size x ln(size) steps in all on average,
 *     and no server ever looks at a slot twice;
 *   - every server with weight has a turn in round 0: none goes without, as
 *     long as there are as many slots as servers; that is more than due to
 *     one whose share is less than a slot;
 *   - with equal weights this is the algorithm of the paper.
 *
 * Example: weights 5, 2, 1 are classes 2, 1, 0.  Round 0 visits all, round 1 the
 * first, round 2 the first two, round 3 the first: four rounds give 5, 2 and 1.
 *
 * DOC: order
 *
 * The turn order is by class, then key, then weight, never by position.  Entries
 * with one key in one class would follow each other along one permutation, each
 * time looking at all the slots the others took; the second and later ones get
 * permutations of their own.  Which of two entries that are equal in key and
 * weight is first depends on their position; nothing else can tell them apart.
 *
 * DOC: bounded work
 *
 * The seeds are public, so addresses can be chosen whose permutations have one
 * stride and begin side by side.  Each of their servers then looks at all that the
 * others took: servers x size steps instead of size x ln(size).  So looks are
 * counted.  A table from addresses that were not chosen takes less than 16 looks
 * for each slot, and one of up to MAGLEV_LOOKS servers cannot take more than
 * MAGLEV_LOOKS.  Beyond that, a server whose preferred slot is taken gets the next
 * free one behind it: one look at a bit for each slot, by blocks of 64, those that
 * are full being skipped (union-find, with its paths halved).  Turns, and so
 * shares, are the same, and the outcome still depends on keys and weights alone.
 */
#include "maglev.h"

/* Odd 64-bit constants: the fractions of the golden ratio, pi and e. */
#define K_PHI	0x9e3779b97f4a7c15ULL
#define K_PI	0x243f6a8885a308d3ULL
#define K_E	0xb7e151628aed2a6bULL

/* Part of the contract between directors, as the three above. */
#define SEED_OFFSET	0x6f66667365740001ULL
#define SEED_SKIP	0x736b697000000001ULL

/*
 * A hundred slots or more for each server, so that a slot too few or too many is
 * one percent.  From 5243 servers on there are fewer, 16 for MAGLEV_ENTRIES_MAX.
 * Crossing from one size to the next moves most flows that have no routable CID,
 * hence few sizes, far apart.
 */
u32 maglev_size(u32 entries)
{
	if (entries <= 163)
		return 16381;
	if (entries <= 1310)
		return 131071;
	return 524287;
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

static inline unsigned int class_of(const struct maglev_entry *entry)
{
	return 31 - __builtin_clz(entry->weight);
}

/* Does entry @a take its turn before entry @b? */
static bool before(const struct maglev_entry *entries, u32 a, u32 b)
{
	const struct maglev_entry *x = &entries[a], *y = &entries[b];

	if (class_of(x) != class_of(y))
		return class_of(x) > class_of(y);
	if (x->key != y->key)
		return x->key < y->key;
	if (x->weight != y->weight)
		return x->weight > y->weight;
	return a < b;
}

/*
 * The turn order is an array of indices that lives in the entries' @next: the
 * i-th turn is that of entries[entries[i].next].
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
static u32 sort_turns(struct maglev_entry *entries, u32 count)
{
	u32 i, turns = 0;

	for (i = 0; i < count; i++)
		if (entries[i].weight)
			entries[turns++].next = i;
	for (i = turns / 2; i-- > 0;) {
		sift_down(entries, i, turns);
		qlb_relax();
	}
	for (i = turns; i-- > 1;) {
		swap(entries[i].next, entries[0].next);
		sift_down(entries, 0, i);
		qlb_relax();
	}
	return turns;
}

static void set_permutations(struct maglev_entry *entries, u32 turns, u32 size)
{
	const struct maglev_entry *previous = NULL;
	struct maglev_entry *entry;
	u64 twins = 0;
	u64 key;
	u32 i;

	for (i = 0; i < turns; i++) {
		entry = &entries[entries[i].next];
		if (previous && previous->key == entry->key &&
		    class_of(previous) == class_of(entry))
			twins++;
		else
			twins = 0;
		key = mix(entry->key + twins * K_PI);
		entry->offset = maglev_slot(mix(key ^ SEED_OFFSET), size);
		entry->skip = 1 + maglev_slot(mix(key ^ SEED_SKIP), size - 1);
		entry->credit = 0;
		previous = entry;
		qlb_relax();
	}
}

/**
 * struct filling - a table that is being built
 * @table: as given
 * @size: as given
 * @blocks: as given
 * @free: slots without a server; there is one when a slot is asked for
 * @looks: how often a slot was looked at
 * @crowded: looks have become too many, @blocks are in use
 */
struct filling {
	u16 *table;
	u32 size;
	struct maglev_block *blocks;
	u32 free;
	u64 looks;
	bool crowded;
};

/* The first free slot of the server's order. */
static u32 preferred_slot(struct filling *f, struct maglev_entry *entry)
{
	u32 size = f->size, skip = entry->skip, slot = entry->offset;
	const u16 *table = f->table;
	u32 looks = 0, found;

	do {
		found = slot;
		slot += skip;
		if (slot >= size)
			slot -= size;
		looks++;
	} while (table[found] != MAGLEV_NONE);
	entry->offset = slot;
	f->looks += looks;
	return found;
}

/* From here on @blocks know what is free. */
static void fill_blocks(struct filling *f)
{
	u32 i, count = maglev_blocks(f->size);

	for (i = 0; i < count; i++)
		f->blocks[i].free = 0;
	for (i = 0; i < f->size; i++) {
		if (f->table[i] == MAGLEV_NONE)
			f->blocks[i / 64].free |= 1ULL << i % 64;
		if (i % 64 == 0)
			qlb_relax();
	}
	for (i = 0; i < count; i++)
		f->blocks[i].next = f->blocks[i].free ? i : (i + 1) % count;
	f->looks += f->size;
	f->crowded = true;
}

/* The first block from @at on, round the table, that has a free slot. */
static u32 find_block(struct filling *f, u32 at)
{
	struct maglev_block *blocks = f->blocks;

	while (blocks[at].next != at) {
		blocks[at].next = blocks[blocks[at].next].next;
		at = blocks[at].next;
		f->looks++;
	}
	return at;
}

/* The next slot of the server's order, or else the first free one behind it. */
static u32 nearest_slot(struct filling *f, struct maglev_entry *entry)
{
	u32 count = maglev_blocks(f->size), at = entry->offset / 64;
	u64 bits = f->blocks[at].free & ~0ULL << entry->offset % 64;
	u32 found;

	if (!bits) {
		at = find_block(f, (at + 1) % count);
		bits = f->blocks[at].free;
	}
	found = 64 * at + (u32)__builtin_ctzll(bits);
	f->blocks[at].free &= ~(1ULL << found % 64);
	if (!f->blocks[at].free)
		f->blocks[at].next = (at + 1) % count;
	entry->offset += entry->skip;
	if (entry->offset >= f->size)
		entry->offset -= f->size;
	f->looks++;
	return found;
}

static void take_slot(struct filling *f, struct maglev_entry *entry, u16 index)
{
	u32 slot;

	if (!f->crowded && f->looks >= (u64)f->size * MAGLEV_LOOKS)
		fill_blocks(f);
	slot = f->crowded ? nearest_slot(f, entry) : preferred_slot(f, entry);
	f->table[slot] = index;
	f->free--;
}

/*
 * Relaxes after each turn: half of all steps are in the last rounds, when a turn can
 * take as many as there are slots.
 */
static void play_round(struct filling *f, struct maglev_entry *entries,
		       u32 turns, unsigned int lowest_class)
{
	struct maglev_entry *entry;
	unsigned int class;
	u32 i;

	for (i = 0; i < turns && f->free; i++) {
		entry = &entries[entries[i].next];
		class = class_of(entry);
		if (class < lowest_class)
			break;
		entry->credit += entry->weight;
		while (entry->credit >> class && f->free) {
			entry->credit -= 1ULL << class;
			take_slot(f, entry, entries[i].next);
			qlb_relax();
		}
	}
}

u64 maglev_build(u16 *table, u32 size, struct maglev_block *blocks,
		 struct maglev_entry *entries, u32 count)
{
	struct filling f = {
		.table = table, .size = size, .blocks = blocks, .free = size,
	};
	unsigned int top, zeros;
	u32 round = 0;
	u32 turns;

	memset(table, 0xff, size * sizeof(*table));
	turns = sort_turns(entries, count);
	if (!turns)
		return 0;
	set_permutations(entries, turns, size);
	top = class_of(&entries[entries[0].next]);
	while (f.free) {
		zeros = round ? (unsigned int)__builtin_ctz(round) : top;
		play_round(&f, entries, turns, zeros < top ? top - zeros : 0);
		round++;
	}
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
