/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers that people write: the one place where they are range-checked. */
#ifndef H3SERVER_NUMBER_H
#define H3SERVER_NUMBER_H

#include <stddef.h>

/*
 * The decimal number in the first @len octets of @text.  Refuses what is anything else,
 * or not from @min to @max; @what and @noun say of what it is.
 */
unsigned int number_parse(const char *what, const char *noun, const char *text,
			  size_t len, unsigned int min, unsigned int max);

#endif
