/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exit codes, and how the command reports an error: one sentence on stderr,
 * "Error: what: why.", behind the line number while input is being read.
 */
#ifndef _QUICLBADM_COMMON_ERR_H
#define _QUICLBADM_COMMON_ERR_H

enum exit_code {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,	/* by the kernel, or not found */
	EXIT_USAGE = 2,
};

#define __printf(format, first) \
	__attribute__((__format__(__printf__, format, first)))

/* Each prints the sentence and returns the exit code in its name. */
int refuse(const char *format, ...) __printf(1, 2);
int bad_usage(const char *format, ...) __printf(1, 2);

/* "Warning: ...": the command continues. */
void caution(const char *format, ...) __printf(1, 2);

/* Later sentences begin with "line N: "; 0 ends it. */
void err_set_line(unsigned int line);

/* And, in front of that, with "NAME:N: "; NULL ends it. */
void err_set_batch(const char *name, unsigned int line);

/* The same with a place in a document, "/list/0: "; NULL ends it. */
void err_set_place(const char *place);

#endif /* _QUICLBADM_COMMON_ERR_H */
