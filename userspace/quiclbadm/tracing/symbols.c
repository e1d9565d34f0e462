// SPDX-License-Identifier: GPL-2.0-only
#include "tracing/symbols.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <event-parse.h>

#include "common/xalloc.h"

/* "ffffffff81000000 T name[\t[module]]"; without root all addresses are 0. */
static bool is_function(const char *line)
{
	char *end;

	return strtoull(line, &end, 16) && end[0] == ' ' && end[1] &&
	       strchr("tTwW", end[1]);
}

/*
 * The lines about functions: variables would cost as much to register.  NULL when it cannot
 * be read.
 */
static char *read_functions(const char *path)
{
	FILE *file = fopen(path, "re"), *functions;
	char *text = NULL, *line = NULL;
	size_t size, room = 0;

	if (!file)
		return NULL;
	functions = open_memstream(&text, &size);
	if (!functions)
		no_memory();
	while (getline(&line, &room, file) >= 0)
		if (is_function(line))
			fputs(line, functions);
	free(line);
	fclose(file);
	if (fclose(functions))
		no_memory();
	return text;
}

struct tep_handle *symbols_read(void)
{
	struct tep_handle *tep = tep_alloc();
	char *text = read_functions("/proc/kallsyms");

	if (!tep)
		no_memory();
	if (text)
		tep_parse_kallsyms(tep, text);
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
