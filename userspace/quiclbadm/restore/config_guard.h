/* SPDX-License-Identifier: GPL-2.0-only */
/* What a saved file may not do to configs without a word. */
#ifndef _QUICLBADM_RESTORE_CONFIG_GUARD_H
#define _QUICLBADM_RESTORE_CONFIG_GUARD_H

#include <stdbool.h>

#include "model/model.h"

/*
 * A key that @wanted names by its fingerprint alone must be that of the same config in
 * @before; what is known of its file there is taken over.  A config that was seen in the
 * last CONFIG_IN_USE_S neither goes nor gets another key or other lengths, unless @rekey;
 * then a warning says what becomes of it.
 * Return: 0, or EXIT_REFUSED after a message for each config.
 */
int config_guard(const struct state *before, struct state *wanted, bool rekey);

#endif /* _QUICLBADM_RESTORE_CONFIG_GUARD_H */
