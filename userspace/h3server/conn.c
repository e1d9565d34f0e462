// SPDX-License-Identifier: GPL-2.0-only
/*
 * libngtcp2 implements the protocol.  This file gives it packets, time, TLS and
 * connection IDs, and sends the packets that it makes.
 *
 * Migration needs correct addresses and nothing else: libngtcp2 gets every packet
 * with the path that it arrived by, every packet is sent by the path that libngtcp2
 * names, and a packet's connection is found by the CID alone (see cidmap.h).
 */
#include "conn_private.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "net.h"

enum {
	/*
	 * Received: passes the director's tunnel.  Fits any of IPv4 and IPv6 in
	 * either of them, and spares the client the probes that do not.
	 */
	UDP_PAYLOAD_RECEIVE_MAX	= 1400,

	STREAM_RECEIVE_WINDOW	= 64 * 1024,	/* requests are small */
	CONN_RECEIVE_WINDOW	= 256 * 1024,
	CLIENT_CIDS_MAX		= 7,
	VECTORS			= 16,
};

#define IDLE_TIMEOUT	(30 * NGTCP2_SECONDS)

/* When the socket's buffer is full: at 1 Gbit/s, 2 ms are 160 packets. */
#define SEND_AGAIN	(2 * NGTCP2_MILLISECONDS)

/* Requests that were sent before the client read that the server leaves have arrived by then. */
#define AWAY_WAIT	NGTCP2_SECONDS

static ngtcp2_conn *get_quic(ngtcp2_crypto_conn_ref *ref)
{
	return ((struct conn *)ref->user_data)->quic;
}

static void fill_params(struct conn *conn, ngtcp2_transport_params *params,
			const struct conn_start *start)
{
	const ngtcp2_cid *dcid = &start->initial->dcid;

	ngtcp2_transport_params_default(params);
	params->initial_max_stream_data_bidi_remote = STREAM_RECEIVE_WINDOW;
	params->initial_max_stream_data_uni = STREAM_RECEIVE_WINDOW;
	params->initial_max_data = CONN_RECEIVE_WINDOW;
	params->initial_max_streams_bidi = STREAMS_MAX;
	params->initial_max_streams_uni = STREAMS_MAX;
	params->max_idle_timeout = IDLE_TIMEOUT;
	params->max_udp_payload_size = UDP_PAYLOAD_RECEIVE_MAX;
	params->active_connection_id_limit = CLIENT_CIDS_MAX;
	params_set_original_dcid(params, start->before_retry ?
				 start->before_retry : dcid);
	if (start->before_retry) {
		params->retry_scid = *dcid;
		params->retry_scid_present = 1;
	}
	params->disable_active_migration = !cid_may_move(&conn->env->cids);
	params->stateless_reset_token_present = 1;
}

/* The client's DCID, ours, and the object that lives on them. */
static int start_quic(struct conn *conn, const struct conn_start *start,
		      ngtcp2_tstamp now)
{
	const ngtcp2_pkt_hd *initial = start->initial;
	struct conn_env *env = conn->env;
	ngtcp2_transport_params params;
	ngtcp2_settings settings;
	ngtcp2_cid scid;
	int err;

	err = cidmap_add(&env->map, &initial->dcid, conn, false, &conn->cids);
	if (err)
		return err;
	fill_params(conn, &params, start);
	err = conn_new_cid(conn, &scid, params.stateless_reset_token);
	if (err)
		return err;
	conn->cid_len = scid.datalen;
	ngtcp2_settings_default(&settings);
	settings.initial_ts = now;
	settings.max_tx_udp_payload_size = UDP_PAYLOAD_SEND_MAX;
	if (start->before_retry)
		settings_set_token(&settings, initial);
	return ngtcp2_conn_server_new(&conn->quic, &initial->scid, &scid,
				      start->path, initial->version, &conn_callbacks,
				      &settings, &params, NULL, conn);
}

void conn_set_valid(struct conn *conn, const ngtcp2_path *path)
{
	if (!conn->has_valid_path)
		conn->env->unvalidated--;
	conn->has_valid_path = true;
	ngtcp2_path_copy(&conn->valid_path.path, path);
}

void conn_established(struct conn *conn)
{
	if (conn->is_handshaking)
		conn->env->handshakes--;
	conn->is_handshaking = false;
}

static void begin_handshake(struct conn *conn, const struct conn_start *start)
{
	conn->env->handshakes++;
	conn->env->unvalidated++;
	conn->is_handshaking = true;
	ngtcp2_path_storage_zero(&conn->valid_path);
	ngtcp2_path_storage_zero(&conn->unsent.path);
	if (start->before_retry)	/* it came back with the token */
		conn_set_valid(conn, start->path);
}

struct conn *conn_new(struct conn_env *env, const struct conn_start *start,
		      ngtcp2_tstamp now)
{
	const ngtcp2_cid *first = start->before_retry ? start->before_retry :
				  &start->initial->dcid;
	struct conn *conn = calloc(1, sizeof(*conn));

	if (!conn || queue_add(&env->queue, &conn->timer, now)) {
		free(conn);
		return NULL;
	}
	conn->env = env;
	conn->ref.get_conn = get_quic;
	conn->ref.user_data = conn;
	ngtcp2_ccerr_default(&conn->error);
	ngtcp2_path_storage_zero(&conn->path);
	ngtcp2_path_storage_zero(&conn->close_path);
	ngtcp2_path_copy(&conn->path.path, start->path);
	begin_handshake(conn, start);
	format_hex(conn->name, first->data, first->datalen);
	conn->tls = tls_session_new(&env->tls, &conn->ref);
	if (!conn->tls || start_quic(conn, start, now)) {
		conn_free(conn);
		return NULL;
	}
	ngtcp2_conn_set_tls_native_handle(conn->quic, conn->tls);
	return conn;
}

static void free_h3(struct conn *conn)
{
	h3_free(conn->h3);
	conn->h3 = NULL;
}

void conn_free(struct conn *conn)
{
	queue_remove(&conn->env->queue, &conn->timer);
	conn_established(conn);
	conn->env->unvalidated -= !conn->has_valid_path;
	free_h3(conn);		/* asks @quic for the path, for the log */
	ngtcp2_conn_del(conn->quic);
	cidmap_remove_all(&conn->env->map, &conn->cids);
	if (conn->tls)
		gnutls_deinit(conn->tls);
	free(conn);
}

static bool same_host(const struct sockaddr *a, const struct sockaddr *b)
{
	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
		       ((const struct sockaddr_in *)b)->sin_addr.s_addr;
	return !memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
		       &((const struct sockaddr_in6 *)b)->sin6_addr, 8);
}

bool conn_is_handshake_from(const struct conn *conn, const ngtcp2_path *path)
{
	return conn->is_handshaking &&
	       same_host(conn->path.path.remote.addr, path->remote.addr);
}

static struct conn *conn_of(struct queue_entry *timer)
{
	return (struct conn *)((char *)timer - offsetof(struct conn, timer));
}

struct conn *conn_at(const struct conn_env *env, size_t i)
{
	return i < env->queue.n ? conn_of(env->queue.heap[i]) : NULL;
}

static void set_due(struct conn *conn, ngtcp2_tstamp due)
{
	queue_move(&conn->env->queue, &conn->timer, due);
}

static void enter(struct conn *conn, enum conn_state state, ngtcp2_tstamp due,
		  const char *why)
{
	if (conn->env->verbose)
		log_event("close", "conn=%s server=%s reason=\"%s\"", conn->name,
			  conn->env->site.name, why);
	conn->state = state;
	set_due(conn, due);
	free_h3(conn);		/* files and memory are not needed any longer */
}

/*
 * RFC 9000 section 10.2: for three probe timeouts the CIDs stay ours, so that
 * packets still under way do not look like those of a lost connection.
 */
static ngtcp2_tstamp quiet_until(struct conn *conn, ngtcp2_tstamp now)
{
	return now + 3 * ngtcp2_conn_get_pto(conn->quic);
}

static bool is_valid(const struct conn *conn, const ngtcp2_path *path)
{
	return conn->has_valid_path && ngtcp2_path_eq(&conn->valid_path.path, path);
}

/* Sends, or keeps what cannot be sent now for send_unsent(). */
static void send_packet(struct conn *conn, const ngtcp2_path *path, uint8_t ecn,
			const uint8_t *packet, size_t len)
{
	struct unsent *unsent = &conn->unsent;

	if (path_send(path, is_valid(conn, path), ecn, packet, len))
		return;
	ngtcp2_path_copy(&unsent->path.path, path);
	memcpy(unsent->packet, packet, len);
	unsent->ecn = ecn;
	unsent->len = len;
}

static void send_unsent(struct conn *conn)
{
	struct unsent *unsent = &conn->unsent;

	if (unsent->len && path_send(&unsent->path.path, true, unsent->ecn,
				     unsent->packet, unsent->len))
		unsent->len = 0;
}

/* A lost one is sent again when the client goes on sending. */
static void send_close(const struct conn *conn)
{
	const ngtcp2_path *path = &conn->close_path.path;

	path_send(path, is_valid(conn, path), NGTCP2_ECN_NOT_ECT, conn->close_packet,
		  conn->close_len);
}

static void close_with_error(struct conn *conn, ngtcp2_tstamp now,
			     const char *why)
{
	ngtcp2_ssize len;

	len = ngtcp2_conn_write_connection_close(conn->quic,
						 &conn->close_path.path, NULL,
						 conn->close_packet,
						 sizeof(conn->close_packet),
						 &conn->error, now);
	if (len <= 0) {
		enter(conn, OVER, now, why);
		return;
	}
	conn->close_len = len;
	send_close(conn);
	enter(conn, CLOSING, quiet_until(conn, now), why);
}

/* The connection is open; afterwards it only waits. */
static void close_in_order(struct conn *conn, ngtcp2_tstamp now, const char *why)
{
	if (conn->h3)
		ngtcp2_ccerr_set_application_error(&conn->error,
						   NGHTTP3_H3_NO_ERROR, NULL, 0);
	close_with_error(conn, now, why);
}

/* Closing one moves others, so that a single walk could miss some. */
void conn_close_all(struct conn_env *env, ngtcp2_tstamp now)
{
	struct conn *conn;
	bool again;

	do {
		again = false;
		for (size_t i = 0; (conn = conn_at(env, i)); i++) {
			if (conn->state != OPEN)
				continue;
			close_in_order(conn, now, "server stops");
			again = true;
		}
	} while (again);
}

void conn_wake_all(struct conn_env *env, ngtcp2_tstamp now)
{
	struct conn *conn;

	for (size_t i = 0; (conn = conn_at(env, i)); i++)
		if (conn->state == OPEN)
			conn->timer.due = now;
	queue_order(&env->queue);
}

/* @err is libngtcp2's. */
static void handle_error(struct conn *conn, int err, ngtcp2_tstamp now)
{
	switch (err) {
	case NGTCP2_ERR_DRAINING:
		enter(conn, DRAINING, quiet_until(conn, now), "client closed");
		return;
	case NGTCP2_ERR_IDLE_CLOSE:
	case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
	case NGTCP2_ERR_DROP_CONN:
	case NGTCP2_ERR_RETRY:	/* drop: no client with a verified address has sent this */
		enter(conn, OVER, now, ngtcp2_strerror(err));
		return;
	case NGTCP2_ERR_CRYPTO:
		if (!conn->has_error)
			ngtcp2_ccerr_set_tls_alert(
				&conn->error,
				ngtcp2_conn_get_tls_alert(conn->quic), NULL, 0);
		break;
	default:
		if (!conn->has_error)
			ngtcp2_ccerr_set_liberr(&conn->error, err, NULL, 0);
	}
	close_with_error(conn, now, ngtcp2_strerror(err));
}

/* Logs when the client's address is another than last time. */
static void note_migration(struct conn *conn)
{
	const ngtcp2_path *path = ngtcp2_conn_get_path(conn->quic);
	const ngtcp2_addr *old = &conn->path.path.remote, *new = &path->remote;
	char from[ADDRESS_LEN], to[ADDRESS_LEN];

	if (ngtcp2_path_eq(&conn->path.path, path))
		return;
	log_event("migrate", "conn=%s server=%s from=%s to=%s", conn->name,
		  conn->env->site.name,
		  format_address(from, old->addr, old->addrlen),
		  format_address(to, new->addr, new->addrlen));
	ngtcp2_path_copy(&conn->path.path, path);
}

/* The first, second, fourth, eighth ... packet gets the answer. */
static void repeat_close(struct conn *conn)
{
	unsigned int n = ++conn->close_provoked;

	if (!(n & (n - 1)))
		send_close(conn);
}

void conn_receive(struct conn *conn, const ngtcp2_path *path,
		  const ngtcp2_pkt_info *info, const uint8_t *data, size_t len,
		  ngtcp2_tstamp now)
{
	int err;

	if (conn->state == CLOSING)
		repeat_close(conn);
	if (conn->state != OPEN)
		return;
	conn_enter(conn);
	err = ngtcp2_conn_read_pkt(conn->quic, path, info, data, len, now);
	conn_enter(NULL);
	set_due(conn, now);
	if (err)
		handle_error(conn, err, now);
	else
		note_migration(conn);
}

/*
 * Fills one packet, if possible with data of several streams.
 * Return: its length; 0 when nothing is to be sent now; or libngtcp2's error.
 */
static ngtcp2_ssize build_packet(struct conn *conn, ngtcp2_path *path,
				 ngtcp2_pkt_info *info, uint8_t *packet,
				 ngtcp2_tstamp now)
{
	for (;;) {
		uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_MORE;
		ngtcp2_ssize len, taken = -1;
		ngtcp2_vec vec[VECTORS];
		int64_t stream_id = -1;
		nghttp3_ssize n = 0;
		int fin = 0, err;

		if (conn->h3 && ngtcp2_conn_get_max_data_left(conn->quic))
			n = h3_next(conn->h3, &stream_id, &fin, vec, VECTORS);
		if (n < 0)
			return conn_fail_h3(conn, n);
		if (fin)
			flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
		len = ngtcp2_conn_writev_stream(conn->quic, path, info, packet,
						UDP_PAYLOAD_SEND_MAX, &taken,
						flags, stream_id, vec, n, now);
		if (len == NGTCP2_ERR_STREAM_DATA_BLOCKED) {
			h3_blocked(conn->h3, stream_id);
			continue;
		}
		if (len == NGTCP2_ERR_STREAM_SHUT_WR ||
		    len == NGTCP2_ERR_STREAM_NOT_FOUND) {
			h3_shut(conn->h3, stream_id);
			continue;
		}
		if (taken > 0)
			conn->progress = now;
		err = taken >= 0 ? h3_sent(conn->h3, stream_id, taken) : 0;
		if (err)
			return conn_fail_h3(conn, err);
		if (len != NGTCP2_ERR_WRITE_MORE)
			return len;
	}
}

/*
 * One quantum at a time, so that all connections are served; libngtcp2 sets
 * its own timer for the rest, which is the pacing.
 * Return: 0 or libngtcp2's error.
 */
static int send_packets(struct conn *conn, ngtcp2_tstamp now)
{
	size_t left = ngtcp2_conn_get_send_quantum(conn->quic);
	uint8_t packet[UDP_PAYLOAD_SEND_MAX];
	ngtcp2_path_storage path;
	ngtcp2_pkt_info info = { 0 };
	ngtcp2_ssize len = 1;

	ngtcp2_path_storage_zero(&path);
	send_unsent(conn);
	while (len > 0 && left && !conn->unsent.len) {
		conn_allow_cids(conn);
		conn_enter(conn);
		len = build_packet(conn, &path.path, &info, packet, now);
		conn_enter(NULL);
		if (len < 0)
			return len;
		if (len > 0)
			send_packet(conn, &path.path, info.ecn, packet, len);
		left -= (size_t)len < left ? (size_t)len : left;
	}
	ngtcp2_conn_update_pkt_tx_time(conn->quic, now);
	return 0;
}

/*
 * Requests that are under way when the server leaves are still taken (RFC 9114, section 5.2).
 * Return: 0 or libngtcp2's error.
 */
static int announce_end(struct conn *conn, ngtcp2_tstamp now)
{
	int err = h3_announce_end(conn->h3);

	if (err)
		return conn_fail_h3(conn, err);
	conn->away_at = now + AWAY_WAIT;
	set_due(conn, now);
	return 0;
}

/*
 * The client's CIDs are of an old config and cannot be exchanged, or the server leaves.  It is
 * asked to come back with a new connection; what it has asked for until then is answered.
 * Return: 0 or libngtcp2's error.
 */
static int send_away(struct conn *conn, ngtcp2_tstamp now)
{
	bool leaving = conn->env->leaving;
	int err;

	if (!conn->h3 || !(leaving || conn_is_stuck(conn)))
		return 0;
	if (leaving && !conn->away_at && !conn->going_away)
		return announce_end(conn, now);
	if (now < conn->away_at) {
		if (conn->away_at < conn->timer.due)
			set_due(conn, conn->away_at);
		return 0;
	}
	if (!conn->going_away) {
		conn->going_away = true;
		err = h3_go_away(conn->h3);
		if (err)
			return conn_fail_h3(conn, err);
		set_due(conn, now);
	} else if (h3_is_idle(conn->h3)) {
		close_in_order(conn, now, leaving ? "server leaves" : "old config");
	}
	return 0;
}

/*
 * A client that takes nothing and only says that it lives would hold files and memory for
 * ever.
 */
static void watch_progress(struct conn *conn, ngtcp2_tstamp now)
{
	ngtcp2_tstamp end;

	if (!conn->h3 || h3_is_idle(conn->h3)) {
		conn->progress = now;
		return;
	}
	end = conn->progress + conn->env->stall_timeout;
	if (end <= now)
		close_in_order(conn, now, "stalled");
	else if (end < conn->timer.due)
		set_due(conn, end);
}

/* Return: false when the connection is over. */
static bool run(struct conn *conn, ngtcp2_tstamp now)
{
	int err = 0;

	if (conn->state != OPEN)
		return conn->state != OVER && conn->timer.due > now;
	if (ngtcp2_conn_get_expiry(conn->quic) <= now)
		err = ngtcp2_conn_handle_expiry(conn->quic, now);
	if (!err)
		err = send_packets(conn, now);
	if (!err) {
		note_migration(conn);
		set_due(conn, ngtcp2_conn_get_expiry(conn->quic));
		if (conn->h3 && h3_reset_broken(conn->h3))
			set_due(conn, now);
		err = send_away(conn, now);
		if (!err && conn->state == OPEN)
			watch_progress(conn, now);
		if (conn->unsent.len && conn->state == OPEN)
			set_due(conn, now + SEND_AGAIN);
	}
	if (err)
		handle_error(conn, err, now);
	return conn->state != OVER;
}

/* Each runs once: what is due again at once has to wait for those that sent something. */
ngtcp2_tstamp conn_run_due(struct conn_env *env, ngtcp2_tstamp now)
{
	struct queue_entry *first;

	while ((first = queue_first(&env->queue)) && first->due <= now) {
		if (!run(conn_of(first), now))
			conn_free(conn_of(first));
		else if (first->due <= now)
			set_due(conn_of(first), now + 1);
	}
	return first ? first->due : UINT64_MAX;
}
