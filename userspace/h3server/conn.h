/* SPDX-License-Identifier: GPL-2.0-only */
/* One QUIC connection. */
#ifndef H3SERVER_CONN_H
#define H3SERVER_CONN_H

#include <stdbool.h>

#include "ngtcp2_compat.h"

#include "cid.h"
#include "cidmap.h"
#include "h3.h"
#include "queue.h"
#include "tls.h"

/* What all connections of a server have in common. */
struct conn_env {
	struct cid_source cids;
	struct cidmap map;
	struct queue queue;	/* has all connections */
	struct site site;
	struct tls tls;
	bool verbose;
	bool leaving;		/* the server ends when it has no connection any more */
	ngtcp2_duration stall_timeout;
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

/* Logs unfinished requests; the client learns nothing, see conn_close_all(). */
void conn_free(struct conn *conn);

/* Takes a datagram; conn_run_due() deals with it. */
void conn_receive(struct conn *conn, const ngtcp2_path *path,
		  const ngtcp2_pkt_info *info, const uint8_t *data, size_t len,
		  ngtcp2_tstamp now);

/*
 * Does what time or conn_receive() made necessary, and sends, for all connections whose time
 * it is.
 * Return: when to call it again, UINT64_MAX: not before a datagram comes.
 */
ngtcp2_tstamp conn_run_due(struct conn_env *env, ngtcp2_tstamp now);

/* Is the client of @path at the same address, an IPv6 network of 64 bits, in its handshake? */
bool conn_is_handshake_from(const struct conn *conn, const ngtcp2_path *path);

/* Number @i of all connections, in no order.  NULL: there are no more. */
struct conn *conn_at(const struct conn_env *env, size_t i);

/* Tells all clients that the server goes away. */
void conn_close_all(struct conn_env *env, ngtcp2_tstamp now);

/* Lets all run: another config mints now, or the server leaves. */
void conn_wake_all(struct conn_env *env, ngtcp2_tstamp now);

#endif
