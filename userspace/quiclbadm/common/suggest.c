// SPDX-License-Identifier: GPL-2.0-only
#include "common/suggest.h"

#include <string.h>

enum {
	NAME_MAX_LEN = 32,
};

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * Letters to insert, delete, replace or swap with their neighbour.  Three rows of
 * the table of distances of all beginnings: this one and the two before it.
 */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int rows[3][NAME_MAX_LEN + 1];
	size_t a_len = strlen(a), b_len = strlen(b), i, j;

	for (j = 0; j <= b_len; j++)
		rows[0][j] = (unsigned int)j;
	for (i = 1; i <= a_len; i++) {
		unsigned int *row = rows[i % 3], *above = rows[(i - 1) % 3];

		row[0] = (unsigned int)i;
		for (j = 1; j <= b_len; j++) {
			row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]),
				       least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = least(row[j],
					       rows[(i - 2) % 3][j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

/* One slip in four letters is as much as a suggestion can be right about. */
void suggest_offer(struct suggestion *suggestion, const char *name)
{
	size_t typed = strlen(suggestion->typed), len = strlen(name);
	unsigned int slips;

	if (typed > NAME_MAX_LEN || len > NAME_MAX_LEN || typed < 2)
		return;
	slips = distance(suggestion->typed, name);
	/* the beginning of a long name alone is taken for the name */
	if (typed >= 4 && typed < len && !strncmp(suggestion->typed, name, typed))
		slips = 1;
	if (4 * slips > (typed > len ? typed : len) + 1 ||
	    (suggestion->best && slips >= suggestion->distance))
		return;
	suggestion->best = name;
	suggestion->distance = slips;
}
