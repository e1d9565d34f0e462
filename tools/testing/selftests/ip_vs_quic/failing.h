/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's fault injection: which allocation fails, and where the module stood. */
#ifndef FAILING_H
#define FAILING_H

#include <stdbool.h>

/* From here on this task's @n-th allocation fails; with 0, none. */
void fail_nth(unsigned int n);

/* How many allocations there may be yet until one fails; 0: it has. */
unsigned int left_to_fail(void);

/* The task is another: a child. */
void forget_task(void);

/*
 * From here on the first allocation of those to come that reaches @octets, counted together,
 * fails; with EVERYTHING, none will.
 */
enum { EVERYTHING = 1 << 30 };
void fail_after(unsigned int octets);

/*
 * Whether one has failed; from here on none does.  Stores the octets of those before it in @before,
 * or of all.
 */
bool stop_failing(unsigned int octets, unsigned int *before);

/*
 * What fail_after() is about: allocations that may not wait, anybody's, or this task's, all of
 * them.
 */
void fail_atomic(void);
void fail_own(void);

/* Meanwhile this task gets no 2^@order pages in a row. */
void deny_pages(unsigned int order);
void allow_pages(void);

/* What the kernel's log has from here on is looked at. */
void log_open(void);

/* And who was told nothing in the log, since he asked so (__GFP_NOWARN), until trace_close(). */
void trace_open(void);
void trace_close(void);

/*
 * Reads on, and prints "site FUNCTION+OFFSET", the innermost in the module, of each failure.
 * Returns how many there were; with @allocator, only of those where a function was called there
 * whose name begins so.  Dies when the kernel has reported a defect.
 */
unsigned int log_sites(const char *allocator);

/*
 * Whether the last of them was of memory that is asked for by the way, and not each time: a stock
 * of the kernel's own debugging.
 */
bool failed_in_passing(void);

#endif
