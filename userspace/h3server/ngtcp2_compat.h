/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libngtcp2 with the names and arguments of its series 1 (Debian 13), also where it
 * is 0.12 (Debian 12).  The only file with a test of its version.
 */
#ifndef H3SERVER_NGTCP2_COMPAT_H
#define H3SERVER_NGTCP2_COMPAT_H

#include <ngtcp2/ngtcp2.h>

#if NGTCP2_VERSION_NUM >= 0x010000

#define INITIAL_TOKEN(initial)		((initial)->token)
#define INITIAL_TOKENLEN(initial)	((initial)->tokenlen)

static inline void settings_set_token(ngtcp2_settings *settings,
				      const ngtcp2_pkt_hd *initial)
{
	settings->token = initial->token;
	settings->tokenlen = initial->tokenlen;
}

static inline void params_set_original_dcid(ngtcp2_transport_params *params,
					    const ngtcp2_cid *dcid)
{
	params->original_dcid = *dcid;
	params->original_dcid_present = 1;
}

/* an argument of the callback path_validation */
#define OLD_PATH_ARGUMENT		const ngtcp2_path *old_path,
#define USE_OLD_PATH()			((void)old_path)
/* the version of QUIC besides 1 that this library knows */
#define PROTO_VER_V2			NGTCP2_PROTO_VER_V2

#else

#define INITIAL_TOKEN(initial)		((initial)->token.base)
#define INITIAL_TOKENLEN(initial)	((initial)->token.len)

static inline void settings_set_token(ngtcp2_settings *settings,
				      const ngtcp2_pkt_hd *initial)
{
	settings->token = initial->token;
}

static inline void params_set_original_dcid(ngtcp2_transport_params *params,
					    const ngtcp2_cid *dcid)
{
	params->original_dcid = *dcid;
}

#define OLD_PATH_ARGUMENT
#define USE_OLD_PATH()			((void)0)
#define PROTO_VER_V2			NGTCP2_PROTO_VER_V2_DRAFT

#define NGTCP2_ENCRYPTION_LEVEL_1RTT	NGTCP2_CRYPTO_LEVEL_APPLICATION
#define ngtcp2_encryption_level		ngtcp2_crypto_level

#define ngtcp2_ccerr			ngtcp2_connection_close_error
#define ngtcp2_ccerr_default		ngtcp2_connection_close_error_default
#define ngtcp2_ccerr_set_liberr		ngtcp2_connection_close_error_set_transport_error_liberr
#define ngtcp2_ccerr_set_tls_alert	ngtcp2_connection_close_error_set_transport_error_tls_alert
#define ngtcp2_ccerr_set_application_error ngtcp2_connection_close_error_set_application_error

#define ngtcp2_conn_shutdown_stream_read(conn, flags, id, error) \
	(ngtcp2_conn_shutdown_stream_read)(conn, id, error)
#define ngtcp2_conn_shutdown_stream_write(conn, flags, id, error) \
	(ngtcp2_conn_shutdown_stream_write)(conn, id, error)

#endif

#endif
