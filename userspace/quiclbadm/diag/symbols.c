// SPDX-License-Identifier: GPL-2.0-only
#include "diag/symbols.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

struct symbol {
	uint64_t address;
	const char *name;
};

struct symbols {
	char *text;			/* the file; names point into it */
	struct symbol *list;
	size_t count;
};

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

static int cmp(const void *a, const void *b)
{
	const struct symbol *one = a, *other = b;

	return (one->address > other->address) -
	       (one->address < other->address);
}

/* "ffffffff81000000 T name[\t[module]]" */
static void add_line(struct symbols *s, char *line)
{
	uint64_t address;
	char *end;

	address = strtoull(line, &end, 16);
	if (end[0] != ' ' || !end[1] || end[2] != ' ' || !address ||
	    !strchr("tTwW", end[1]))
		return;
	end[3 + strcspn(end + 3, "\t ")] = '\0';
	/* doubles whenever it is a power of two */
	if (!(s->count & (s->count - 1)))
		s->list = xreallocarray(s->list, s->count ? 2 * s->count : 1,
					sizeof(*s->list));
	s->list[s->count++] = (struct symbol){ address, end + 3 };
}

struct symbols *symbols_read(void)
{
	struct symbols *s = xcalloc(1, sizeof(*s));
	char *line, *next;

	s->text = read_file("/proc/kallsyms");
	for (line = s->text; line && *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		add_line(s, line);
	}
	if (s->count)
		qsort(s->list, s->count, sizeof(*s->list), cmp);
	return s;
}

void symbols_free(struct symbols *s)
{
	if (!s)
		return;
	free(s->list);
	free(s->text);
	free(s);
}

const char *symbols_find(const struct symbols *s, uint64_t address)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->list[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? s->list[low - 1].name : "";
}
