/* SPDX-License-Identifier: GPL-2.0-only */
/* Between conn.c, which runs a connection, and callbacks.c, which libngtcp2 calls. */
#ifndef H3SERVER_CONN_PRIVATE_H
#define H3SERVER_CONN_PRIVATE_H

#include <ngtcp2/ngtcp2_crypto.h>

#include "conn.h"

/* Requests under way on one connection. */
#define STREAMS_MAX	100

/*
 * Sent: goes straight to the client, so an Ethernet's 1500 less IPv6 and UDP headers.
 * libngtcp2 begins with 1200 and probes its way up.
 */
#define UDP_PAYLOAD_SEND_MAX	1452

enum conn_state {
	OPEN,
	CLOSING,	/* by this side; repeat the packet when the client still sends */
	DRAINING,	/* by the client; send nothing */
	OVER,
};

struct conn {
	ngtcp2_crypto_conn_ref ref;	/* how TLS finds @quic */
	struct conn_env *env;
	struct queue_entry timer;	/* in env->queue: when conn_run() is due */
	ngtcp2_conn *quic;
	gnutls_session_t tls;
	struct h3 *h3;			/* NULL before the handshake is done */
	struct cid_entry *cids;		/* all ours in env->map */
	enum conn_state state;
	size_t cid_len;			/* of all our CIDs */
	uint64_t next_seq;		/* of our next CID */
	uint64_t retire_before;		/* Retire Prior To, or 0 */
	unsigned int generation;	/* of our newest CID: cid_source.generation */
	uint64_t client_limit;		/* active_connection_id_limit, after the handshake */
	bool going_away;		/* GOAWAY is sent */
	ngtcp2_tstamp away_at;		/* when it will be, 0: not said yet */
	ngtcp2_tstamp progress;		/* when it last sent something, or had nothing to */
	bool has_error;			/* @error tells the reason already */
	ngtcp2_ccerr error;
	ngtcp2_path_storage path;	/* as last logged */
	bool has_valid_path;		/* where the client has shown that it is */
	bool is_handshaking;		/* counted in @env */
	ngtcp2_path_storage valid_path;
	struct unsent {			/* a packet that did not fit the socket's buffer */
		ngtcp2_path_storage path;
		uint8_t ecn;
		uint8_t packet[UDP_PAYLOAD_SEND_MAX];
		size_t len;		/* 0: none */
	} unsent;
	ngtcp2_path_storage close_path;
	uint8_t close_packet[NGTCP2_MAX_UDP_PAYLOAD_SIZE];
	size_t close_len;
	unsigned int close_provoked;	/* packets received while CLOSING */
	char name[2 * NGTCP2_MAX_CIDLEN + 1];	/* first DCID, for the log */
};

/* What libngtcp2 calls with a connection as user_data. */
extern const ngtcp2_callbacks conn_callbacks;

/*
 * Says whose packets libngtcp2 is given or asked for until the next call.
 * Return: whose it was.
 */
struct conn *conn_enter(struct conn *conn);

/* The client receives what is sent on @path. */
void conn_set_valid(struct conn *conn, const ngtcp2_path *path);

/* The handshake is done. */
void conn_established(struct conn *conn);

/* To be called before libngtcp2 is asked for packets. */
void conn_allow_cids(struct conn *conn);

/* Is there no way to give the client the CIDs of a new config? */
bool conn_is_stuck(const struct conn *conn);

/* What libngtcp2 calls: more CIDs, one that is retired, and each packet's payload. */
int conn_more_cids(ngtcp2_conn *quic, ngtcp2_cid *cid, uint8_t *token, size_t len,
		   void *user);
int conn_remove_cid(ngtcp2_conn *quic, const ngtcp2_cid *cid, void *user);
int conn_encrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
		 const ngtcp2_crypto_aead_ctx *context, const uint8_t *plaintext,
		 size_t len, const uint8_t *nonce, size_t nonce_len,
		 const uint8_t *header, size_t header_len);
int conn_decrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
		 const ngtcp2_crypto_aead_ctx *context, const uint8_t *ciphertext,
		 size_t len, const uint8_t *nonce, size_t nonce_len,
		 const uint8_t *header, size_t header_len);

/*
 * Makes a CID of ours, tells env->map, and stores the stateless reset token that
 * belongs to it.
 * Return: 0, or anything else.
 */
int conn_new_cid(struct conn *conn, ngtcp2_cid *cid, uint8_t *token);

/*
 * Makes libnghttp3's @err the reason of the coming end.
 * Return: what a callback returns then.
 */
int conn_fail_h3(struct conn *conn, int err);

#endif
