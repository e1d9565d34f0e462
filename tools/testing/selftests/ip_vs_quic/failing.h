/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's fault injection: which allocation fails, and the place in the module. */
#ifndef FAILING_H
#define FAILING_H

#include <stdbool.h>

/* From here on this task's @n-th allocation fails; with 0, none. */
void fail_nth(unsigned int n);

/* How many allocations are left until one fails; 0: it has failed. */
unsigned int left_to_fail(void);

/* To be called in a child, which is another task. */
void forget_task(void);

/*
 * From here on the octets of allocations are added up.  The first allocation with which the sum
 * reaches @octets fails; with EVERYTHING, none does.
 */
enum { EVERYTHING = 1 << 30 };
void fail_after(unsigned int octets);

/*
 * Ends fail_after(); returns whether an allocation has failed.  Stores in @before the octets of the
 * allocations before it, or of all if none has failed.
 */
bool stop_failing(unsigned int octets, unsigned int *before);

/*
 * Which allocations fail_after() counts: those of all tasks that may not sleep, or all of this
 * task's.
 */
void fail_atomic(void);
void fail_own(void);

/* Between these two this task gets no 2^@order contiguous pages. */
void deny_pages(unsigned int order);
void allow_pages(void);

/* log_sites() reads the kernel's log from here on. */
void log_open(void);

/* Also traces failures that are not logged because of __GFP_NOWARN, until trace_close(). */
void trace_open(void);
void trace_close(void);

/*
 * Reads on, and prints "site FUNCTION+OFFSET" for each failure: the innermost function of the
 * module.  Returns their number; with @allocator, only of those in which that place called a
 * function whose name begins with it.  Dies when the kernel has reported a defect.
 */
unsigned int log_sites(const char *allocator);

/*
 * Whether the last failure was an allocation for the kernel's debug objects, which are allocated in
 * advance and not each time.
 */
bool failed_in_passing(void);

#endif
