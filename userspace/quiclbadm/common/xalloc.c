// SPDX-License-Identifier: GPL-2.0-only
#include "common/xalloc.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"

void no_memory(void)
{
	exit(refuse("memory: none left"));
}

static void *or_die(void *memory)
{
	if (!memory)
		no_memory();
	return memory;
}

void *xcalloc(size_t count, size_t size)
{
	return or_die(calloc(count ? count : 1, size));
}

void *xreallocarray(void *old, size_t count, size_t size)
{
	return or_die(reallocarray(old, count, size));
}

char *xstrdup(const char *string)
{
	return or_die(strdup(string));
}
