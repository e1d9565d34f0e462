/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * quiclbadm's surroundings in a fuzzer: what it says and prints stays in memory, and no
 * key file of this machine is opened.  In place of quiclbadm/common/err.c, and by the linker's
 * --wrap of what would reach outside.
 */
#ifndef _SAID_H
#define _SAID_H

#include <stddef.h>

struct said {
	unsigned int errors;		/* sentences of refuse() and bad_usage() */
	unsigned int warnings;
	char sentence[8192];		/* the last error */
};

extern struct said said;

void said_reset(void);

/*
 * From the first to the second, stdout is memory; what was printed is returned, valid
 * until the next time.
 */
void printed_begin(void);
const char *printed_end(size_t *len);

#endif /* _SAID_H */
