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
	const char *config;	/* a line or a file of quiclb_source(3), or NULL */
	bool configured;	/* instead, by what follows; neither: no config */
	unsigned int config_id;
	uint8_t server_id[QUICLB_SERVER_ID_LEN_MAX];
	size_t server_id_len;
	unsigned int nonce_len;
	bool self_len;
	const char *key_file;	/* NULL: plaintext; "-": standard input */
	bool many_cids;		/* also where observers can link them */
	bool disable_active_migration;	/* even though CIDs are routable */
};

struct cid_source {
	struct quiclb_source *source;	/* NULL: CIDs are unroutable */
	const struct cid_options *options;
	bool routable;			/* false as well when nonces are used up */
	unsigned int generation;	/* another one after each rotation */
	uint8_t reset_secret[32];	/* without a config: of this process */
};

/*
 * @options must outlive @source.
 * @private_key: a file whose contents only this site's servers have.
 * Refuses on failure.
 */
void cid_source_init(struct cid_source *source,
		     const struct cid_options *options,
		     const char *private_key);
void cid_source_destroy(struct cid_source *source);

/*
 * Reads the configs again.  A failure changes nothing.
 * Return: NULL, or a sentence that says what is wrong, valid until the next call.
 */
const char *cid_reload(struct cid_source *source);

/*
 * Has all CIDs end with an octet that names this process, see quiclb_source_set_worker().
 * Before the first one is minted.  Refuses on failure.
 */
void cid_set_worker(struct cid_source *source, const uint8_t key[QUICLB_WORKER_KEY_LEN],
		    unsigned int worker);

/* Octets of the CIDs that are minted now. */
size_t cid_len(const struct cid_source *source);

/*
 * May a client have several CIDs?  Not if observers can link them: then they would only
 * make the client believe that it cannot be followed (section "Security Considerations"),
 * and not if they are unroutable (section "Configuration Failover").
 */
bool cid_several(const struct cid_source *source);

/*
 * May a client move?  Not if a new address may be another server's (section "Configuration
 * Failover"), nor if the operator says so: a tenant of a shared VIP whose CIDs are plaintext
 * should (section "Limited configuration scope").
 */
bool cid_may_move(const struct cid_source *source);

/*
 * Makes a connection ID.
 * Return: 0 or a negative errno.
 */
int cid_mint(struct cid_source *source, ngtcp2_cid *cid);

/*
 * The stateless reset token of a CID of ours.  @len may be more than the CID's.
 * Return: 0, or a negative errno for what none of the configs has made.
 */
int cid_reset_token(const struct cid_source *source, const uint8_t *cid,
		    size_t len, uint8_t *token);

#endif
