/* SPDX-License-Identifier: GPL-2.0-only */
/* TLS 1.3 of GnuTLS, as QUIC uses it. */
#ifndef H3SERVER_TLS_H
#define H3SERVER_TLS_H

#include <stdbool.h>

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2_crypto.h>

/* What all sessions share. */
struct tls {
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priority;
};

/* Reads a PEM certificate chain and its key.  Refuses on failure. */
void tls_load(struct tls *tls, const char *cert, const char *key);
void tls_unload(struct tls *tls);

/*
 * A server session whose callbacks find their connection through @ref, which
 * must live as long as the session.
 * Return: NULL when out of memory.
 */
gnutls_session_t tls_session_new(const struct tls *tls,
				 ngtcp2_crypto_conn_ref *ref);

/* Did client and server agree on HTTP/3? */
bool tls_session_is_h3(gnutls_session_t session);

#endif
