/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * quiclbadm's environment in a fuzzer: its messages and output stay in memory, and no key file
 * of this machine is opened, nor anything in /run.  It replaces quiclbadm/common/err.c, and,
 * by the linker's --wrap, functions that would use the machine.
 */
#ifndef _SAID_H
#define _SAID_H

#include <stddef.h>

struct said {
	unsigned int errors;		/* number of messages of refuse() and bad_usage() */
	unsigned int warnings;
	char sentence[8192];		/* the last error */
};

extern struct said said;

void said_reset(void);

/*
 * Between the two, stdout is memory.  The second returns what was printed, valid until the
 * next call.
 */
void printed_begin(void);
const char *printed_end(size_t *len);

#endif /* _SAID_H */
