/* SPDX-License-Identifier: GPL-2.0-only */
/* What -S prints: the lines that -R reads, sorted, the same every time. */
#ifndef _QUICLBADM_RESTORE_STATE_FILE_WRITE_H
#define _QUICLBADM_RESTORE_STATE_FILE_WRITE_H

#include <stdio.h>

#include "model/model.h"

/* What is written of a config's key beside the name of its file. */
enum state_file_keys {
	KEYS_BY_FILE,		/* nothing */
	KEYS_IN_HEX,
	KEYS_BY_FINGERPRINT,	/* in a comment */
};

void state_file_write(FILE *out, const struct state *state, enum state_file_keys keys);

/* The options for a server's forwarding method, each behind a space. */
void state_file_write_method(FILE *out, const struct dest *dest);

#endif /* _QUICLBADM_RESTORE_STATE_FILE_WRITE_H */
