/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys: read from a file or standard input, never from argv, never printed in
 * a sentence, compared and decoded without looking at their bits, wiped.
 */
#ifndef _QUICLBADM_MODEL_SECRET_H
#define _QUICLBADM_MODEL_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qlb.h"

enum secret_limits {
	KEY_HEX_LEN = 2 * QLB_KEY_LEN,
	KEY_FILE_MAX = 4096,		/* octets: white space included */
};

/*
 * Reads 32 hex digits, white space ignored, from the file @path or, when it is
 * "-", standard input.  Return: 0 or an exit code after an error message.
 */
int secret_read_key(const char *path, uint8_t key[QLB_KEY_LEN]);

/* The same from @len characters in memory; @what names them in the sentence. */
int secret_decode_key(const char *what, const char *text, size_t len,
		      uint8_t key[QLB_KEY_LEN]);

/* 32 digits and a NUL. */
void secret_encode_key(const uint8_t key[QLB_KEY_LEN], char hex[KEY_HEX_LEN + 1]);

/* Of a key alone; the same as qlb_fingerprint() of a config with this key. */
uint32_t secret_fingerprint(const uint8_t key[QLB_KEY_LEN]);

/* Is @fd a regular file that any user may read? */
bool secret_is_world_readable(int fd);

/* The path made absolute, as kept in KEY_SOURCE; NULL after a sentence. */
char *secret_absolute_path(const char *path);

#endif /* _QUICLBADM_MODEL_SECRET_H */
