/* SPDX-License-Identifier: GPL-2.0-only */
/* How far a long command is: one line on standard error, if that is a terminal. */
#ifndef _QUICLBADM_COMMON_PROGRESS_H
#define _QUICLBADM_COMMON_PROGRESS_H

#include <stddef.h>

/*
 * "@what: @done of @total", once a second has passed since the first call.  It may be
 * called often: the line is written five times a second at most.
 */
void progress(const char *what, size_t done, size_t total);

/* Takes the line away; before anything else is printed. */
void progress_end(void);

#endif /* _QUICLBADM_COMMON_PROGRESS_H */
