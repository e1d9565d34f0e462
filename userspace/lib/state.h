/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file that says which nonces a server has used, for its next start. */
#ifndef QUICLB_STATE_H
#define QUICLB_STATE_H

#include "config.h"

struct nonce_state;

/*
 * quiclb_state_open() - read the file, or begin one
 * @error: QUICLB_ERROR_LEN octets of room
 *
 * Return: the state, or NULL with errno and @error set.
 */
struct nonce_state *quiclb_state_open(const char *path, char *error);

/* No config that was adopted mints any more. */
void quiclb_state_free(struct nonce_state *state);

/*
 * quiclb_state_adopt() - have a config that has not minted go on where the file says
 * @config: is used as long as it lives; one without a key needs nothing
 *
 * Return: 0, or a negative errno if the file cannot be written: then nothing is changed.
 */
int quiclb_state_adopt(struct nonce_state *state, struct quiclb_config *config,
		       const uint8_t *server_id);

#endif /* QUICLB_STATE_H */
