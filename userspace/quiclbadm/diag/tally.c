// SPDX-License-Identifier: GPL-2.0-only
#include "diag/tally.h"

#include <stdio.h>
#include <string.h>

#include "model/outcome.h"

static void add_drop(struct tally *tally, const char *reason)
{
	size_t i;

	/* the last place is that of all that found none */
	for (i = 0; i < TALLY_DROPS_MAX - 1; i++)
		if (!tally->drops[i].count || !strcmp(tally->drops[i].reason, reason))
			break;
	if (!tally->drops[i].count)
		snprintf(tally->drops[i].reason, sizeof(tally->drops[i].reason), "%s",
			 i < TALLY_DROPS_MAX - 1 ? reason : "for other reasons");
	tally->drops[i].count++;
}

void tally_add(struct tally *tally, const struct trace_line *line)
{
	unsigned int i;

	/* the outcome of its decision, once more */
	if (!strcmp(line->what, "unroutable"))
		return;
	for (i = 0; i < line->outcome_count; i++)
		if (line->outcomes[i] < OUTCOMES_MAX)
			tally->outcomes[line->outcomes[i]]++;
	if (*line->drop)
		add_drop(tally, line->drop);
}

/* "Seen: " in front of the first, ", " in front of the others */
static void print_count(unsigned long count, const char *kind, const char *name,
			bool *first)
{
	if (!count)
		return;
	fprintf(stderr, "%s%lu %s%s", *first ? "Seen: " : ", ", count, kind, name);
	*first = false;
}

void tally_print(const struct tally *tally)
{
	bool first = true;
	uint32_t i;

	for (i = 0; i < OUTCOMES_MAX; i++)
		print_count(tally->outcomes[i], "", outcome_name(i), &first);
	for (i = 0; i < TALLY_DROPS_MAX; i++)
		print_count(tally->drops[i].count, "drop ", tally->drops[i].reason,
			    &first);
	if (!first)
		fputs(".\n", stderr);
}

void tally_hint(const struct tally *tally, const struct args *args)
{
	static const enum opt filters[] = {
		OPT_SERVICE, OPT_CLIENT, OPT_CID, OPT_SERVER_ID,
	};
	size_t i;

	fputs("Nothing so far", stderr);
	if (tally->others) {
		fprintf(stderr, "; %lu events were not of", tally->others);
		for (i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
			if (given(args, opt_bit(filters[i])))
				fprintf(stderr, " %s", option_spelling(args->by[filters[i]]));
	}
	if (tally->elsewhere)
		fprintf(stderr, "; %lu events were of other network namespaces (-N NETNS watches one)",
			tally->elsewhere);
	if (!tally->others && !tally->elsewhere)
		fputs("; no datagram of a service was decided on, and none was dropped (tcpdump -ni any udp shows whether any comes)",
		      stderr);
	fputs(".\n", stderr);
}
