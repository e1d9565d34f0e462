/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's functions by address, from /proc/kallsyms; libtraceevent keeps and finds them. */
#ifndef _QUICLBADM_TRACING_SYMBOLS_H
#define _QUICLBADM_TRACING_SYMBOLS_H

#include <stdint.h>

struct tep_handle;

struct tep_handle *symbols_read(void);
void symbols_free(struct tep_handle *symbols);

/* The function that @address is in; "" when that is not known. */
const char *symbols_find(struct tep_handle *symbols, uint64_t address);

#endif /* _QUICLBADM_TRACING_SYMBOLS_H */
