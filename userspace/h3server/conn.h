/* SPDX-License-Identifier: GPL-2.0-only */
/* One QUIC connection. */
#ifndef H3SERVER_CONN_H
#define H3SERVER_CONN_H

#include <stdbool.h>

#include "ngtcp2_compat.h"

#include "cid.h"
#include "cidmap.h"
#include "h3.h"
#include "tls.h"

/* What all connections of a server have in common. */
struct conn_env {
	struct cid_source cids;
	struct cidmap map;
	struct site site;
	struct tls tls;
	bool verbose;
	unsigned int handshakes;	/* under way */
	unsigned int unvalidated;	/* connections of addresses that may be forged */
};

/* How a connection begins. */
struct conn_start {
	const ngtcp2_path *path;
	const ngtcp2_pkt_hd *initial;	/* header of the client's first packet */
	/*
	 * The DCID of the very first packet, when @initial is the one that followed
	 * a Retry; otherwise NULL.
	 */
	const ngtcp2_cid *before_retry;
};

struct conn;

/*
 * The connection knows its CIDs and @start's DCID in env->map; @env must outlive it.
 * Return: NULL when it cannot be had.
 */
struct conn *conn_new(struct conn_env *env, const struct conn_start *start,
		      ngtcp2_tstamp now);

/* Logs unfinished requests; the client learns nothing, see conn_close(). */
void conn_free(struct conn *conn);

/* Takes a datagram; conn_run() is due afterwards. */
void conn_receive(struct conn *conn, const ngtcp2_path *path,
		  const ngtcp2_pkt_info *info, const uint8_t *data, size_t len,
		  ngtcp2_tstamp now);

/*
 * Does what time or conn_receive() made necessary, and sends.
 * Return: when it wants to be called next, or 0 when the connection is over.
 */
ngtcp2_tstamp conn_run(struct conn *conn, ngtcp2_tstamp now);

/* Is the client of @path at the same address, an IPv6 network of 64 bits, in its handshake? */
bool conn_is_handshake_from(const struct conn *conn, const ngtcp2_path *path);

/* When conn_run() is due. */
ngtcp2_tstamp conn_due(const struct conn *conn);

/* Tells the client that the server goes away; conn_run() then only waits. */
void conn_close(struct conn *conn, ngtcp2_tstamp now, const char *why);

/* Makes conn_run() due: another config mints now. */
void conn_wake(struct conn *conn, ngtcp2_tstamp now);

/* The server's list of connections is made of these. */
struct conn **conn_next(struct conn *conn);

#endif
