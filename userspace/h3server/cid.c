// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <gnutls/crypto.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include "log.h"

/* A key is 32 digits; a file much longer is something else. */
#define KEY_FILE_MAX	256

/*
 * CIDs without a config: longer than the least that section "Configuration
 * Failover" recommends, so that short packets still fit a stateless reset.
 */
#define UNROUTABLE_LEN	12

static void read_key(const char *path, uint8_t key[QUICLB_KEY_LEN])
{
	bool is_stdin = !strcmp(path, "-");
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	const char *name = is_stdin ? "standard input" : path;
	char text[KEY_FILE_MAX + 1];
	const char *error;
	struct stat st;
	size_t len;
	int err;

	if (!file)
		refuse(EXIT_REFUSED, name, "%s", strerror(errno));
	setvbuf(file, NULL, _IONBF, 0);	/* no copy of the key left in a buffer */
	if (!is_stdin && !fstat(fileno(file), &st) && st.st_mode & S_IROTH)
		fprintf(stderr, "Warning: %s: everyone can read it\n", name);
	len = fread(text, 1, sizeof(text), file);
	if (ferror(file))
		refuse(EXIT_REFUSED, name, "%s", strerror(errno));
	if (!is_stdin)
		fclose(file);
	err = len > KEY_FILE_MAX;
	error = "too long for a key, which has 32 hex digits";
	if (!err)
		err = quiclb_parse_key(key, text, len, &error);
	quiclb_wipe(text, sizeof(text));
	if (err)
		refuse(EXIT_REFUSED, name, "%s", error);
}

/* Return: false when @path cannot be read. */
static bool hash_file(gnutls_hash_hd_t hash, const char *path)
{
	FILE *file = fopen(path, "re");
	uint8_t block[512];
	size_t len;
	bool ok;

	if (!file)
		return false;
	setvbuf(file, NULL, _IONBF, 0);
	while ((len = fread(block, 1, sizeof(block), file)))
		gnutls_hash(hash, block, len);
	ok = !ferror(file);
	fclose(file);
	quiclb_wipe(block, sizeof(block));
	return ok;
}

/*
 * The secret survives a restart, so that the clients of a server that crashed
 * learn so at once; and no two servers, and no two configs of one, share it, which
 * is what section "Stateless Reset Oracle" asks for.  Without a config the director
 * may send one CID to several servers: then only a secret of this process is safe.
 */
static void derive_reset_secret(struct cid_source *source,
				const struct cid_options *options,
				const uint8_t *key, const char *private_key)
{
	gnutls_hash_hd_t hash;
	int err;

	if (!options->configured) {
		err = gnutls_rnd(GNUTLS_RND_KEY, source->reset_secret,
				 sizeof(source->reset_secret));
		if (err)
			refuse(EXIT_REFUSED, "random numbers", "%s",
			       gnutls_strerror(err));
		return;
	}
	err = gnutls_hash_init(&hash, GNUTLS_DIG_SHA256);
	if (err)
		refuse(EXIT_REFUSED, "SHA-256", "%s", gnutls_strerror(err));
	if (!hash_file(hash, private_key))
		refuse(EXIT_REFUSED, private_key, "%s", strerror(errno));
	gnutls_hash(hash, &options->config_id, sizeof(options->config_id));
	gnutls_hash(hash, &options->nonce_len, sizeof(options->nonce_len));
	gnutls_hash(hash, options->server_id, sizeof(options->server_id));
	gnutls_hash(hash, key, QUICLB_KEY_LEN);
	gnutls_hash_deinit(hash, source->reset_secret);
}

void cid_source_init(struct cid_source *source,
		     const struct cid_options *options, const char *private_key)
{
	uint8_t key[QUICLB_KEY_LEN] = { 0 };
	const char *error;

	memset(source, 0, sizeof(*source));
	source->len = UNROUTABLE_LEN;
	if (options->configured) {
		if (options->key_file)
			read_key(options->key_file, key);
		source->config = quiclb_config_new(options->config_id,
						   options->server_id_len,
						   options->nonce_len,
						   options->self_len ?
						   QUICLB_F_SELF_LEN : 0,
						   options->key_file ? key :
						   NULL, &error);
		if (!source->config)
			refuse(EXIT_USAGE, "QUIC-LB configuration", "%s", error);
		source->len = quiclb_cid_len(source->config);
		source->routable = true;
		memcpy(source->server_id, options->server_id,
		       options->server_id_len);
	}
	derive_reset_secret(source, options, key, private_key);
	quiclb_wipe(key, sizeof(key));
}

void cid_source_destroy(struct cid_source *source)
{
	quiclb_config_free(source->config);
	quiclb_wipe(source, sizeof(*source));
}

/*
 * Section "Connection ID Entropy": a server out of nonces goes on with CIDs that
 * the load balancer routes by address.  Theirs must have the same length, as short
 * packets do not carry it; below eight octets there is no such CID.
 */
int cid_mint(struct cid_source *source, ngtcp2_cid *cid)
{
	int err = -EOVERFLOW;

	if (source->routable)
		err = quiclb_mint(source->config, source->server_id, cid->data);
	if (err == -EOVERFLOW) {
		source->routable = false;
		err = quiclb_mint_unroutable(cid->data, source->len);
	}
	cid->datalen = source->len;
	return err;
}

int cid_reset_token(const struct cid_source *source, const ngtcp2_cid *cid,
		    uint8_t *token)
{
	return ngtcp2_crypto_generate_stateless_reset_token(token,
							    source->reset_secret,
							    sizeof(source->reset_secret),
							    cid);
}
