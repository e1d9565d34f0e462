/* SPDX-License-Identifier: GPL-2.0-only */
/* TLS 1.3 of GnuTLS, as QUIC uses it. */
#ifndef H3SERVER_TLS_H
#define H3SERVER_TLS_H

#include <stdbool.h>

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2_crypto.h>

/* Reads a PEM certificate chain and its key.  Refuses on failure. */
gnutls_certificate_credentials_t tls_load(const char *cert, const char *key);

/*
 * A server session whose callbacks find their connection through @ref, which
 * must live as long as the session.
 * Return: NULL when out of memory.
 */
gnutls_session_t tls_session_new(gnutls_certificate_credentials_t credentials,
				 ngtcp2_crypto_conn_ref *ref);

/* Did client and server agree on HTTP/3? */
bool tls_session_is_h3(gnutls_session_t session);

#endif
