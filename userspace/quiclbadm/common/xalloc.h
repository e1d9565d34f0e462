/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that ends the program when there is none. */
#ifndef _QUICLBADM_COMMON_XALLOC_H
#define _QUICLBADM_COMMON_XALLOC_H

#include <stddef.h>

void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *old, size_t count, size_t size);
char *xstrdup(const char *string);

/* When a library cannot allocate: prints the error and ends the program. */
void no_memory(void) __attribute__((__noreturn__));

#endif /* _QUICLBADM_COMMON_XALLOC_H */
