/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text that came from outside (arguments, files, other programs' settings), made
 * fit for a terminal.
 */
#ifndef _QUICLBADM_COMMON_PRINTABLE_H
#define _QUICLBADM_COMMON_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Writes @text with every octet as \xHH that could move the cursor, change the
 * terminal or turn text around: control characters, what is not UTF-8, and
 * Unicode's marks of direction.
 */
void print_printable(FILE *out, const char *text);

/* The same, and words that look like a key are replaced by their length. */
void print_secretive(FILE *out, const char *text);

/*
 * The same for what stands between double quotation marks in Prometheus's formats:
 * with \\, \" and \n for a backslash, a mark and a line's end.
 */
void print_quoted(FILE *out, const char *text);

#endif /* _QUICLBADM_COMMON_PRINTABLE_H */
