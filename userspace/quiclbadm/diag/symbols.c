// SPDX-License-Identifier: GPL-2.0-only
#include "diag/symbols.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <event-parse.h>

#include "common/xalloc.h"

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t size = 1 << 20, len = 0, part;
	char *text;

	if (!file)
		return NULL;
	text = xcalloc(1, size);
	while ((part = fread(text + len, 1, size - 1 - len, file))) {
		len += part;
		if (len < size - 1)
			continue;
		size *= 2;
		text = xreallocarray(text, size, 1);
	}
	text[len] = '\0';
	fclose(file);
	return text;
}

/* "ffffffff81000000 T name[\t[module]]"; without root all addresses are 0. */
static bool is_function(const char *line)
{
	char *end;

	return strtoull(line, &end, 16) && end[0] == ' ' && end[1] &&
	       strchr("tTwW", end[1]);
}

/* Leaves functions alone, in place: variables would cost as much to register. */
static void keep_functions(char *text)
{
	char *line, *next, *out = text;

	for (line = text; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			next++;
		if (!is_function(line))
			continue;
		memmove(out, line, (size_t)(next - line));
		out += next - line;
	}
	*out = '\0';
}

struct tep_handle *symbols_read(void)
{
	struct tep_handle *tep = tep_alloc();
	char *text = read_file("/proc/kallsyms");

	if (!tep)
		no_memory();
	if (text) {
		keep_functions(text);
		tep_parse_kallsyms(tep, text);
	}
	free(text);
	return tep;
}

void symbols_free(struct tep_handle *symbols)
{
	tep_free(symbols);
}

const char *symbols_find(struct tep_handle *symbols, uint64_t address)
{
	const char *name = tep_find_function(symbols, address);

	return name ? name : "";
}
