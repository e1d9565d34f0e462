// SPDX-License-Identifier: GPL-2.0-only
#include "common/err.h"

#include <stdarg.h>
#include <stdio.h>

static unsigned int input_line;

static void sentence(const char *kind, const char *format, va_list args)
{
	/* what was listed so far comes first when both go to one file */
	fflush(stdout);
	fprintf(stderr, "%s: ", kind);
	if (input_line)
		fprintf(stderr, "line %u: ", input_line);
	vfprintf(stderr, format, args);
	fputs(".\n", stderr);
}

int refuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sentence("Error", format, args);
	va_end(args);
	return EXIT_REFUSED;
}

int bad_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sentence("Error", format, args);
	va_end(args);
	return EXIT_USAGE;
}

void caution(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sentence("Warning", format, args);
	va_end(args);
}

void err_set_line(unsigned int line)
{
	input_line = line;
}
