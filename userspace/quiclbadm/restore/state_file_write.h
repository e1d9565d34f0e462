/* SPDX-License-Identifier: GPL-2.0-only */
/* What -S prints: the lines that -R reads, sorted, the same every time. */
#ifndef _QUICLBADM_RESTORE_STATE_FILE_WRITE_H
#define _QUICLBADM_RESTORE_STATE_FILE_WRITE_H

#include <stdio.h>

#include "model/model.h"

/* With @keys, configs that have a key have it in hex. */
void state_file_write(FILE *out, const struct state *state, bool keys);

/* The options for a server's forwarding method, each behind a space. */
void state_file_write_method(FILE *out, const struct dest *dest);

#endif /* _QUICLBADM_RESTORE_STATE_FILE_WRITE_H */
