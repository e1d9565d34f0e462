/* SPDX-License-Identifier: GPL-2.0-only */
/* What another program prints. */
#ifndef _QUICLBADM_COMMON_TOOL_OUTPUT_H
#define _QUICLBADM_COMMON_TOOL_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

enum {
	TOOL_MISSING = -1,		/* it is not installed, or cannot be started */
	TOOL_ENDED = -2,		/* it was ended: it took too long, or printed too much */
};

/*
 * Runs the program @argv, which is looked for as tool_find() does, for at most @ms
 * milliseconds.  Its errors are not shown.  @status is its exit status, 0 for a success, or one
 * of those above.
 * Return: its output, with a NUL behind it, for free(); NULL without a success.
 */
char *tool_output(char *const argv[], size_t max, uint64_t ms, int *status);

#endif /* _QUICLBADM_COMMON_TOOL_OUTPUT_H */
