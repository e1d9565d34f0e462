// SPDX-License-Identifier: GPL-2.0-only
#include "number.h"

#include <stdbool.h>
#include <stdint.h>

#include "log.h"

/* Return: false for what is no number, or above UINT32_MAX. */
static bool read_digits(const char *text, size_t len, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*value = 10 * *value + text[i] - '0';
		if (*value > UINT32_MAX)
			return false;
	}
	return len;
}

unsigned int number_parse(const char *what, const char *noun, const char *text,
			  size_t len, unsigned int min, unsigned int max)
{
	uint64_t value;

	if (!read_digits(text, len, &value) || value < min || value > max)
		refuse(EXIT_USAGE, what, "wants a %s from %u to %u", noun, min, max);
	return value;
}
