/* SPDX-License-Identifier: GPL-2.0-only */
/* Colours for people, on terminals; never in JSON, nor in what is read again. */
#ifndef _QUICLBADM_COMMON_COLOR_H
#define _QUICLBADM_COMMON_COLOR_H

#include <stdio.h>

enum color_when {
	COLOR_AUTO,		/* on a terminal, unless NO_COLOR or TERM=dumb is set */
	COLOR_ALWAYS,
	COLOR_NEVER,
};

enum paint {
	PAINT_GOOD,
	PAINT_ADVICE,
	PAINT_BAD,
};

void color_set(enum color_when when);

/* What begins and what ends that colour on @out, stdout or stderr; "" without colours. */
const char *paint(FILE *out, enum paint paint);
const char *paint_end(FILE *out);

#endif /* _QUICLBADM_COMMON_COLOR_H */
