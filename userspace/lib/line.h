/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The line that an operator writes for a config, see quiclb.h. */
#ifndef QUICLB_LINE_H
#define QUICLB_LINE_H

#include "quiclb.h"

struct config_line {
	unsigned int id;
	uint8_t server_id[QUICLB_SERVER_ID_LEN_MAX];
	size_t server_id_len;
	unsigned int nonce_len;
	unsigned int flags;
	const char *key_file;		/* in the line; NULL: plaintext */
};

/* A line's text is changed.  Return: NULL, or what is wrong, in static memory. */
const char *quiclb_parse_line(char *text, struct config_line *line);

/*
 * Reads the key of a file, whose mode is checked.
 * Return: 0, or a negative errno with @error, of QUICLB_ERROR_LEN octets, set.
 */
int quiclb_read_key(const char *path, uint8_t key[QUICLB_KEY_LEN], char *error);

#endif /* QUICLB_LINE_H */
