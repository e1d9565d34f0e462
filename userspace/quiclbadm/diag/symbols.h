/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's functions by address, from /proc/kallsyms. */
#ifndef _QUICLBADM_DIAG_SYMBOLS_H
#define _QUICLBADM_DIAG_SYMBOLS_H

#include <stdint.h>

struct symbols;

struct symbols *symbols_read(void);
void symbols_free(struct symbols *symbols);

/* The function that @address is in; "" when that is not known. */
const char *symbols_find(const struct symbols *symbols, uint64_t address);

#endif /* _QUICLBADM_DIAG_SYMBOLS_H */
