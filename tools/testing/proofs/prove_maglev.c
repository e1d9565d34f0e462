// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table of a few slots for a few servers, of these weights and with any
 * permutations and phases, those that an attacker would choose among them: each slot has a
 * server with weight; each server with weight has a slot, where there are slots for all of
 * them; and the looks at slots are within what the header states.
 *
 * Keys are fixed, because they only decide the order and what mix() makes of them, which is any
 * number here.
 */
#include "core/maglev.h"

/* Few, so that the rest of a table is filled without visits as well. */
#define MAGLEV_LOOKS LOOKS
#include "core/maglev.c"
#include "proof.h"

/* In place of mix(), see "claims". */
u64 any_mix(u64 h)
{
	return any_u64();
}

/* In place of duration(), see "claims": the same, where all visits are of the first block. */
u64 first_duration(const struct filling *f, const struct maglev_entry *entry,
		   u32 visits)
{
	const u32 left = SLOTS - SLOTS / 2;

	must(visits % BLOCK == 0 && visits < SLOTS && SLOTS <= BLOCK);
	return ((u64)SLOTS << TIME_BITS) / left * entry->unit;
}

static void check(const u32 weights[SERVERS])
{
	struct maglev_entry entries[SERVERS];
	bool has_slot[SERVERS] = {};
	u64 times[SLOTS], looks;
	u16 table[SLOTS];
	u32 i, sum = 0;

	for (i = 0; i < SERVERS; i++) {
		entries[i] = (struct maglev_entry) { .key = i, .weight = weights[i] };
		sum += weights[i];
	}
	looks = maglev_build(table, SLOTS, times, entries, SERVERS);
	must(looks <= (u64)(LOOKS + 11) * SLOTS + SERVERS);
	for (i = 0; i < SLOTS; i++) {
		must(sum ? table[i] < SERVERS : table[i] == MAGLEV_NONE);
		if (table[i] >= SERVERS)
			continue;
		must(weights[table[i]]);
		has_slot[table[i]] = true;
	}
	for (i = 0; i < SERVERS; i++)
		must(!weights[i] || has_slot[i]);
}

int main(void)
{
	static const u32 weights[SERVERS] = { WEIGHTS };

	check(weights);
	return 0;
}
