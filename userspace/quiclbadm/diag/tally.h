/* SPDX-License-Identifier: GPL-2.0-only */
/* How many of what "trace" has shown, and of what it has not. */
#ifndef _QUICLBADM_DIAG_TALLY_H
#define _QUICLBADM_DIAG_TALLY_H

#include "cli/args.h"
#include "diag/trace_line.h"

enum {
	TALLY_DROPS_MAX = 32,
};

struct tally {
	unsigned long outcomes[OUTCOMES_MAX];
	struct {
		char reason[TRACE_REASON_LEN];
		unsigned long count;
	} drops[TALLY_DROPS_MAX];	/* those that are used come first */
	unsigned long elsewhere;	/* events of other network namespaces */
	unsigned long others;		/* ... that were not asked for */
};

void tally_add(struct tally *tally, const struct trace_line *line);

/* To stderr, a line: "Seen: 12 routed, 2 drop IP_RPFILTER."; nothing of nothing. */
void tally_print(const struct tally *tally);

/* To stderr, a line: why nothing was shown, as far as it can be known. */
void tally_hint(const struct tally *tally, const struct args *args);

#endif /* _QUICLBADM_DIAG_TALLY_H */
