/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All that QUIC-LB asks of a server: where connection IDs come from.  To add
 * QUIC-LB to another server, take this pair of files and the calls of cid_mint(), and
 * read README.md.
 */
#ifndef H3SERVER_CID_H
#define H3SERVER_CID_H

#include <stdbool.h>

#include "ngtcp2_compat.h"
#include <quiclb.h>

/* The operator's settings, the same here and on the director. */
struct cid_options {
	bool configured;	/* false: the director knows no config of ours */
	unsigned int config_id;
	uint8_t server_id[QUICLB_SERVER_ID_LEN_MAX];
	size_t server_id_len;
	unsigned int nonce_len;
	bool self_len;
	const char *key_file;	/* NULL: plaintext; "-": standard input */
};

struct cid_source {
	struct quiclb_config *config;	/* NULL: CIDs are unroutable */
	uint8_t server_id[QUICLB_SERVER_ID_LEN_MAX];
	size_t len;			/* of every CID */
	bool routable;			/* false as well when nonces are used up */
	/* Makes stateless reset tokens from CIDs, see derive_reset_secret(). */
	uint8_t reset_secret[32];
};

/*
 * @private_key: a file whose contents only this site's servers have.
 * Refuses on failure.
 */
void cid_source_init(struct cid_source *source,
		     const struct cid_options *options,
		     const char *private_key);
void cid_source_destroy(struct cid_source *source);

/*
 * Makes a connection ID of source->len octets.
 * Return: 0 or a negative errno.
 */
int cid_mint(struct cid_source *source, ngtcp2_cid *cid);

/*
 * The stateless reset token that belongs to a CID of ours.
 * Return: 0 or -1.
 */
int cid_reset_token(const struct cid_source *source, const ngtcp2_cid *cid,
		    uint8_t *token);

#endif
