// SPDX-License-Identifier: GPL-2.0-only
#include "common/color.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum color_when color_when;

void color_set(enum color_when when)
{
	color_when = when;
}

static bool has_colors(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (color_when != COLOR_AUTO)
		return color_when == COLOR_ALWAYS;
	/* no-color.org: set, and not empty */
	if ((no_color && *no_color) || !term || !strcmp(term, "dumb"))
		return false;
	return isatty(fileno(out));
}

const char *paint(FILE *out, enum paint paint)
{
	static const char *const sequences[] = {
		[PAINT_GOOD] = "\033[32m",
		[PAINT_ADVICE] = "\033[33m",
		[PAINT_BAD] = "\033[31m",
	};

	return has_colors(out) ? sequences[paint] : "";
}

const char *paint_end(FILE *out)
{
	return has_colors(out) ? "\033[0m" : "";
}
