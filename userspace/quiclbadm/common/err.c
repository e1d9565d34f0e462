// SPDX-License-Identifier: GPL-2.0-only
#include "common/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/color.h"
#include "common/printable.h"
#include "common/progress.h"

static unsigned int input_line;
static const char *batch_name;
static unsigned int batch_line;
static char input_place[512];

/* What it repeats of arguments and files may be anything, also a key. */
static void sentence(const char *kind, enum paint color, const char *format,
		     va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	progress_end();
	/* what was listed so far comes first when both go to one file */
	fflush(stdout);
	fprintf(stderr, "%s%s%s: ", paint(stderr, color), kind,
		paint_end(stderr));
	if (batch_name) {
		print_secretive(stderr, batch_name);
		fprintf(stderr, ":%u: ", batch_line);
	}
	if (input_line)
		fprintf(stderr, "line %u: ", input_line);
	if (*input_place) {
		print_secretive(stderr, input_place);
		fputs(": ", stderr);
	}
	print_secretive(stderr, text ? text : format);
	fputs(".\n", stderr);
	free(text);
}

int refuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sentence("Error", PAINT_BAD, format, args);
	va_end(args);
	return EXIT_REFUSED;
}

int bad_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sentence("Error", PAINT_BAD, format, args);
	va_end(args);
	return EXIT_USAGE;
}

void caution(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sentence("Warning", PAINT_ADVICE, format, args);
	va_end(args);
}

void err_set_line(unsigned int line)
{
	input_line = line;
}

void err_set_batch(const char *name, unsigned int line)
{
	batch_name = name;
	batch_line = line;
}

void err_set_place(const char *place)
{
	snprintf(input_place, sizeof(input_place), "%s", place ? place : "");
}
