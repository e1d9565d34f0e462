// SPDX-License-Identifier: GPL-2.0-only
/*
 * A connection's CIDs, and their exchange when another config mints (section "Config
 * Rotation").
 *
 * libngtcp2 asks for a CID when the client may have one more, and always writes 0 as Retire
 * Prior To.  So after a rotation
 *  1. conn_allow_cids() lets the client have one more than it has, for which libngtcp2
 *     calls conn_new_cid() and writes a NEW_CONNECTION_ID frame;
 *  2. on_encrypt() puts this CID's sequence number into the frame as Retire Prior To, which
 *     makes up for the client's limit (RFC 9000 section 5.1.1);
 *  3. the client retires all earlier CIDs, which on_decrypt() notes;
 *  4. conn_allow_cids() permits as many as before, and libngtcp2 asks for the others.
 *
 * A connection cannot have CIDs of several lengths in libngtcp2, and Retire Prior To has room
 * for 63: conn_is_stuck() tells that the client has to come back with another connection.
 */
#include "conn_private.h"

#include <errno.h>
#include <string.h>

#include "frames.h"
#include "log.h"

enum {
	MINT_TRIES	= 8,
	/* One less than libngtcp2 keeps, so that one is free for a rotation. */
	CIDS_MAX	= 7,
	/* Retired ones stay known for a while. */
	ENTRIES_MAX	= 4 * (CIDS_MAX + 1),
};

/*
 * libngtcp2 does not say for which connection a packet is encrypted.  There is one thread,
 * and it sets this while it is in libngtcp2.
 */
static struct conn *current;

struct conn *conn_enter(struct conn *conn)
{
	struct conn *before = current;

	current = conn;
	return before;
}

static void log_cid(const struct conn *conn, const char *what,
		    const ngtcp2_cid *cid)
{
	char hex[2 * NGTCP2_MAX_CIDLEN + 1];

	if (conn->env->verbose)
		log_event("cid", "conn=%s server=%s %s=%s", conn->name,
			  conn->env->site.name, what,
			  format_hex(hex, cid->data, cid->datalen));
}

/*
 * Another try helps when the CID exists already: by chance, or because a client used
 * it for a first packet.
 */
static int mint(struct conn *conn, ngtcp2_cid *cid)
{
	struct conn_env *env = conn->env;
	int err = -EEXIST;

	for (int i = 0; i < MINT_TRIES && err == -EEXIST; i++) {
		err = cid_mint(&env->cids, cid);
		if (err)
			return err;
		err = cidmap_add(&env->map, cid, conn, true, &conn->cids);
	}
	return err;
}

static unsigned int count_cids(const struct conn *conn, bool all)
{
	const struct cid_entry *entry;
	unsigned int n = 0;

	for (entry = conn->cids; entry; entry = entry->next)
		n += all || (entry->ours && !entry->retired);
	return n;
}

/* libngtcp2 numbers CIDs as it asks for them, and the first one is 0. */
int conn_new_cid(struct conn *conn, ngtcp2_cid *cid, uint8_t *token)
{
	unsigned int generation = conn->env->cids.generation;
	int err;

	if (count_cids(conn, true) >= ENTRIES_MAX)
		return -EMFILE;
	err = mint(conn, cid);
	if (err)
		return err;
	if (conn->next_seq && conn->generation != generation)
		conn->retire_before = conn->next_seq;
	conn->generation = generation;
	conn->cids->seq = conn->next_seq++;
	log_cid(conn, "issue", cid);
	return cid_reset_token(&conn->env->cids, cid->data, cid->datalen, token);
}

int conn_more_cids(ngtcp2_conn *quic, ngtcp2_cid *cid, uint8_t *token, size_t len,
		   void *user)
{
	(void)quic;
	if (conn_new_cid(user, cid, token) || cid->datalen != len)
		return NGTCP2_ERR_CALLBACK_FAILURE;
	return 0;
}

int conn_remove_cid(ngtcp2_conn *quic, const ngtcp2_cid *cid, void *user)
{
	struct conn *conn = user;

	(void)quic;
	log_cid(conn, "retire", cid);
	cidmap_remove(&conn->env->map, cid, &conn->cids);
	return 0;
}

static bool is_outdated(const struct conn *conn)
{
	return conn->generation != conn->env->cids.generation;
}

bool conn_is_stuck(const struct conn *conn)
{
	return is_outdated(conn) && (conn->cid_len != cid_len(&conn->env->cids) ||
				     conn->next_seq > RETIRE_PRIOR_TO_MAX);
}

/*
 * libngtcp2 issues as many as the client is willing to store and has no setting against it.
 * So the limit that the client gave is changed before each packet.  It belongs to the
 * connection, which made it and only lends it out as const.  It must not be less than the
 * CIDs that the client has, because libngtcp2 subtracts.
 */
void conn_allow_cids(struct conn *conn)
{
	unsigned int have = count_cids(conn, false), limit;
	ngtcp2_transport_params *client;

	if (!conn->client_limit)	/* no 1-RTT packets yet */
		return;
	limit = cid_several(&conn->env->cids) ? conn->client_limit : 1;
	if (limit > CIDS_MAX)
		limit = CIDS_MAX;
	if (conn_is_stuck(conn))
		limit = have;
	else if (is_outdated(conn))
		limit = have + 1;
	client = (ngtcp2_transport_params *)
		 ngtcp2_conn_get_remote_transport_params(conn->quic);
	client->active_connection_id_limit = limit < have ? have : limit;
}

int conn_encrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
		 const ngtcp2_crypto_aead_ctx *context, const uint8_t *plaintext,
		 size_t len, const uint8_t *nonce, size_t nonce_len,
		 const uint8_t *header, size_t header_len)
{
	if (current && current->retire_before) {
		memmove(dest, plaintext, len);	/* dest has room for more */
		frames_retire_prior_to(dest, len, current->retire_before);
		plaintext = dest;
	}
	return ngtcp2_crypto_encrypt_cb(dest, aead, context, plaintext, len, nonce,
					nonce_len, header, header_len);
}

static void note_retired(void *user, uint64_t seq)
{
	struct conn *conn = user;
	struct cid_entry *entry;

	for (entry = conn->cids; entry; entry = entry->next)
		if (entry->ours && entry->seq == seq)
			entry->retired = true;
}

/*
 * A client may repeat a packet number, and libngtcp2 then ignores the packet: @current has
 * fewer CIDs here than there.  What libngtcp2 then asks for is bounded by ENTRIES_MAX, and
 * ends the connection.
 */
int conn_decrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
		 const ngtcp2_crypto_aead_ctx *context, const uint8_t *ciphertext,
		 size_t len, const uint8_t *nonce, size_t nonce_len,
		 const uint8_t *header, size_t header_len)
{
	int err = ngtcp2_crypto_decrypt_cb(dest, aead, context, ciphertext, len, nonce,
					   nonce_len, header, header_len);

	if (!err && current && current->client_limit)
		frames_retired(dest, len - aead->max_overhead, note_retired,
			       current);
	return err;
}
