// SPDX-License-Identifier: GPL-2.0-only
#include "tls.h"

#include <string.h>

#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include "log.h"

/* The cipher suites that RFC 9001 section 5.3 allows and libngtcp2 has. */
static const char priorities[] =
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:"
	"+CHACHA20-POLY1305:%DISABLE_TLS13_COMPAT_MODE";

static const gnutls_datum_t h3 = { (unsigned char *)"h3", 2 };

void tls_load(struct tls *tls, const char *cert, const char *key)
{
	int err;

	err = gnutls_certificate_allocate_credentials(&tls->credentials);
	if (!err)
		err = gnutls_priority_init(&tls->priority, priorities, NULL);
	if (err)
		refuse(EXIT_REFUSED, "TLS", "%s", gnutls_strerror(err));
	err = gnutls_certificate_set_x509_key_file(tls->credentials, cert, key,
						   GNUTLS_X509_FMT_PEM);
	if (err < 0)
		refuse(EXIT_REFUSED, cert, "not a certificate with the key %s: %s",
		       key, gnutls_strerror(err));
}

void tls_unload(struct tls *tls)
{
	gnutls_certificate_free_credentials(tls->credentials);
	gnutls_priority_deinit(tls->priority);
}

static int configure(gnutls_session_t session, const struct tls *tls)
{
	int err;

	err = gnutls_priority_set(session, tls->priority);
	if (err)
		return err;
	err = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
				     tls->credentials);
	if (err)
		return err;
	err = gnutls_alpn_set_protocols(session, &h3, 1, GNUTLS_ALPN_MANDATORY);
	if (err)
		return err;
	return ngtcp2_crypto_gnutls_configure_server_session(session);
}

gnutls_session_t tls_session_new(const struct tls *tls,
				 ngtcp2_crypto_conn_ref *ref)
{
	gnutls_session_t session;

	/* No tickets and no early data: this server has nothing to gain. */
	if (gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET))
		return NULL;
	if (configure(session, tls)) {
		gnutls_deinit(session);
		return NULL;
	}
	gnutls_session_set_ptr(session, ref);
	return session;
}

bool tls_session_is_h3(gnutls_session_t session)
{
	gnutls_datum_t chosen;

	return !gnutls_alpn_get_selected_protocol(session, &chosen) &&
	       chosen.size == h3.size &&
	       !memcmp(chosen.data, h3.data, h3.size);
}
