// SPDX-License-Identifier: GPL-2.0-only
/*
 * What libngtcp2 asks of a server, but for connection IDs: see connids.c.
 */
#include "conn_private.h"

#include <errno.h>
#include <stdlib.h>

#include <gnutls/crypto.h>

#include "log.h"

/* Keeps the first error: what follows from it is of less interest. */
int conn_fail_h3(struct conn *conn, int err)
{
	if (!conn->has_error)
		ngtcp2_ccerr_set_application_error(
			&conn->error, nghttp3_err_infer_quic_app_error_code(err),
			NULL, 0);
	conn->has_error = true;
	return NGTCP2_ERR_CALLBACK_FAILURE;
}

static void on_rand(uint8_t *random, size_t len, const ngtcp2_rand_ctx *ctx)
{
	(void)ctx;
	if (gnutls_rnd(GNUTLS_RND_NONCE, random, len))
		abort();	/* nothing that follows would be safe */
}

static int on_handshake_completed(ngtcp2_conn *quic, void *user)
{
	struct conn *conn = user;

	conn_established(conn);
	conn_set_valid(conn, ngtcp2_conn_get_path(quic));
	return 0;
}

/*
 * HTTP/3 begins when 1-RTT packets can be sent.  So does what conn_allow_cids() is about:
 * libngtcp2 of series 1 has NEW_CONNECTION_ID frames in them before the handshake has ended.
 */
static int on_send_key(ngtcp2_conn *quic, ngtcp2_encryption_level level, void *user)
{
	const ngtcp2_transport_params *client =
		ngtcp2_conn_get_remote_transport_params(quic);
	struct conn *conn = user;
	int err;

	if (level != NGTCP2_ENCRYPTION_LEVEL_1RTT)
		return 0;
	conn->client_limit = client->active_connection_id_limit;
	if (!tls_session_is_h3(conn->tls)) {
		ngtcp2_conn_set_tls_alert(quic, GNUTLS_A_NO_APPLICATION_PROTOCOL);
		return NGTCP2_ERR_CALLBACK_FAILURE;
	}
	err = h3_new(&conn->h3, &conn->env->site, quic);
	if (err)
		return conn_fail_h3(conn, err);
	h3_max_streams(conn->h3, STREAMS_MAX);
	return 0;
}

static int on_stream_data(ngtcp2_conn *quic, uint32_t flags, int64_t stream_id,
			  uint64_t offset, const uint8_t *data, size_t len,
			  void *user, void *stream_user)
{
	struct conn *conn = user;
	nghttp3_ssize consumed;

	(void)offset, (void)stream_user;
	if (!conn->h3)
		return NGTCP2_ERR_CALLBACK_FAILURE;
	consumed = h3_receive(conn->h3, stream_id, data, len,
			      flags & NGTCP2_STREAM_DATA_FLAG_FIN);
	if (consumed < 0)
		return conn_fail_h3(conn, consumed);
	ngtcp2_conn_extend_max_stream_offset(quic, stream_id, consumed);
	ngtcp2_conn_extend_max_offset(quic, consumed);
	return 0;
}

static int on_acknowledged(ngtcp2_conn *quic, int64_t stream_id,
			   uint64_t offset, uint64_t len, void *user,
			   void *stream_user)
{
	struct conn *conn = user;
	int err = conn->h3 ? h3_acknowledged(conn->h3, stream_id, len) : 0;

	(void)quic, (void)offset, (void)stream_user;
	return err ? conn_fail_h3(conn, err) : 0;
}

static int on_stream_close(ngtcp2_conn *quic, uint32_t flags,
			   int64_t stream_id, uint64_t error_code, void *user,
			   void *stream_user)
{
	struct conn *conn = user;
	int err = 0;

	(void)stream_user;
	if (!(flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET))
		error_code = NGHTTP3_H3_NO_ERROR;
	if (conn->h3)
		err = h3_stream_closed(conn->h3, stream_id, error_code);
	if (err)
		return conn_fail_h3(conn, err);
	/* The client may open another in its place. */
	if (ngtcp2_is_bidi_stream(stream_id))
		ngtcp2_conn_extend_max_streams_bidi(quic, 1);
	else if (!ngtcp2_conn_is_local_stream(quic, stream_id))
		ngtcp2_conn_extend_max_streams_uni(quic, 1);
	return 0;
}

static int on_stream_stopped(ngtcp2_conn *quic, int64_t stream_id,
			     uint64_t error_code, void *user, void *stream_user)
{
	struct conn *conn = user;
	int err = conn->h3 ? h3_peer_stopped(conn->h3, stream_id) : 0;

	(void)quic, (void)error_code, (void)stream_user;
	return err ? conn_fail_h3(conn, err) : 0;
}

static int on_stream_reset(ngtcp2_conn *quic, int64_t stream_id,
			   uint64_t final_size, uint64_t error_code, void *user,
			   void *stream_user)
{
	(void)final_size;
	return on_stream_stopped(quic, stream_id, error_code, user, stream_user);
}

static int on_more_streams(ngtcp2_conn *quic, uint64_t max_streams, void *user)
{
	struct conn *conn = user;

	(void)quic;
	if (conn->h3)
		h3_max_streams(conn->h3, max_streams);
	return 0;
}

static int on_more_stream_data(ngtcp2_conn *quic, int64_t stream_id,
			       uint64_t max_data, void *user, void *stream_user)
{
	struct conn *conn = user;
	int err = conn->h3 ? h3_unblocked(conn->h3, stream_id) : 0;

	(void)quic, (void)max_data, (void)stream_user;
	return err ? conn_fail_h3(conn, err) : 0;
}

static int on_path_validation(ngtcp2_conn *quic, uint32_t flags,
			      const ngtcp2_path *path, OLD_PATH_ARGUMENT
			      ngtcp2_path_validation_result result, void *user)
{
	struct conn *conn = user;
	char peer[ADDRESS_LEN];

	(void)quic, (void)flags, USE_OLD_PATH();
	if (result == NGTCP2_PATH_VALIDATION_RESULT_SUCCESS)
		conn_set_valid(conn, path);
	if (conn->env->verbose)
		log_event("path", "conn=%s peer=%s valid=%s", conn->name,
			  format_address(peer, path->remote.addr,
					 path->remote.addrlen),
			  result == NGTCP2_PATH_VALIDATION_RESULT_SUCCESS ?
			  "yes" : "no");
	return 0;
}

const ngtcp2_callbacks conn_callbacks = {
	.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
	.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
	.encrypt = conn_encrypt,
	.decrypt = conn_decrypt,
	.hp_mask = ngtcp2_crypto_hp_mask_cb,
	.update_key = ngtcp2_crypto_update_key_cb,
	.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
	.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
	.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
	.version_negotiation = ngtcp2_crypto_version_negotiation_cb,
	.rand = on_rand,
	.get_new_connection_id = conn_more_cids,
	.remove_connection_id = conn_remove_cid,
	.handshake_completed = on_handshake_completed,
	.recv_tx_key = on_send_key,
	.recv_stream_data = on_stream_data,
	.acked_stream_data_offset = on_acknowledged,
	.stream_close = on_stream_close,
	.stream_reset = on_stream_reset,
	.stream_stop_sending = on_stream_stopped,
	.extend_max_remote_streams_bidi = on_more_streams,
	.extend_max_stream_data = on_more_stream_data,
	.path_validation = on_path_validation,
};
