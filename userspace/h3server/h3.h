/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP/3 on one QUIC connection: requests in, files out.  Return values below
 * zero are libnghttp3's errors and end the connection.
 */
#ifndef H3SERVER_H3_H
#define H3SERVER_H3_H

#include <stdbool.h>

#include <nghttp3/nghttp3.h>
#include "ngtcp2_compat.h"

struct h3;

/* What is served, by whom; the same for all connections. */
struct site {
	const char *name;	/* sent as x-served-by, and logged */
	int root;		/* directory */
};

/*
 * Opens the control and QPACK streams; to be called as soon as @quic can send
 * 1-RTT packets.  @site and @quic must outlive it.
 */
int h3_new(struct h3 **h3, const struct site *site, ngtcp2_conn *quic);

/* Logs the requests that were not finished. */
void h3_free(struct h3 *h3);

/* Called by QUIC: data, acknowledgements and the ends of streams. */
nghttp3_ssize h3_receive(struct h3 *h3, int64_t stream_id, const uint8_t *data,
			 size_t len, bool fin);
int h3_acknowledged(struct h3 *h3, int64_t stream_id, uint64_t len);
int h3_unblocked(struct h3 *h3, int64_t stream_id);
int h3_peer_stopped(struct h3 *h3, int64_t stream_id);
int h3_stream_closed(struct h3 *h3, int64_t stream_id, uint64_t error_code);
void h3_max_streams(struct h3 *h3, uint64_t max_streams);

/* Tells the client that it will soon ask no more on this connection; what it asks is answered. */
int h3_announce_end(struct h3 *h3);

/* Has the client ask no more on this connection. */
int h3_go_away(struct h3 *h3);

/* Is no request under way? */
bool h3_is_idle(const struct h3 *h3);

/*
 * What to send next.  Each h3_next() that finds a stream is followed by one of
 * h3_sent(), h3_blocked() and h3_shut().
 * Return: the number of elements used in @vec; *@stream_id is -1 when there is
 * nothing to send.
 */
nghttp3_ssize h3_next(struct h3 *h3, int64_t *stream_id, int *fin,
		      ngtcp2_vec *vec, size_t room);
int h3_sent(struct h3 *h3, int64_t stream_id, size_t len);
void h3_blocked(struct h3 *h3, int64_t stream_id);
void h3_shut(struct h3 *h3, int64_t stream_id);

/*
 * Resets the streams whose files turned out to be unreadable; not to be called
 * while a packet is half written.
 * Return: true when there were any, so that there is something to send.
 */
bool h3_reset_broken(struct h3 *h3);

#endif
