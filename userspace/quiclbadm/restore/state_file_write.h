/* SPDX-License-Identifier: GPL-2.0-only */
/* What -S prints: the lines that -R reads, sorted, the same every time. */
#ifndef _QUICLBADM_RESTORE_STATE_FILE_WRITE_H
#define _QUICLBADM_RESTORE_STATE_FILE_WRITE_H

#include <stdbool.h>
#include <stdio.h>

#include "model/model.h"

/*
 * Of a config's key there is the fingerprint and, if it is known, its file's name; with
 * @keys the key as well.
 */
void state_file_write(FILE *out, const struct state *state, bool keys);

/* The options for a server's forwarding method, each behind a space. */
void state_file_write_method(FILE *out, const struct dest *dest);

#endif /* _QUICLBADM_RESTORE_STATE_FILE_WRITE_H */
