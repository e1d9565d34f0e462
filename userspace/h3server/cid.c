// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#define _GNU_SOURCE
#include "cid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include "log.h"

/* Longer than any key; libquiclb refuses it. */
#define KEY_FILE_MAX	512

/* "6:", 15 octets of hex, ":18,self-len:", and a path */
#define LINE_MAX_LEN	(64 + 4096)

/*
 * CIDs without a config: longer than the least that section "Configuration
 * Failover" recommends, so that short packets still fit a stateless reset.
 */
#define UNROUTABLE_LEN	12

/* --- keys that libquiclb does not read itself --- */

/* Return: a file that only this process has, with what @from gives. */
static int copy_key(int from, const char *name)
{
	int copy = memfd_create("key", MFD_CLOEXEC);
	char text[KEY_FILE_MAX];
	size_t len = 0;
	ssize_t got = 0;

	while (len < sizeof(text) &&
	       (got = read(from, text + len, sizeof(text) - len)) > 0)
		len += got;
	if (got < 0)
		refuse(EXIT_REFUSED, name, "%s", strerror(errno));
	if (copy < 0 || fchmod(copy, 0600) ||
	    write(copy, text, len) != (ssize_t)len)
		refuse(EXIT_REFUSED, "memory for the key", "%s", strerror(errno));
	quiclb_wipe(text, sizeof(text));
	return copy;
}

/*
 * libquiclb takes regular files that others cannot read.  For this option, others may, with
 * a warning; and it may be a FIFO, or standard input.
 * Return: the copy, or -1 if libquiclb is to read @path.
 */
static int take_key(const char *path, const char **name)
{
	bool is_stdin = !strcmp(path, "-");
	struct stat st;
	int fd, copy;

	*name = is_stdin ? "standard input" : path;
	if (is_stdin)
		return copy_key(STDIN_FILENO, *name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		refuse(EXIT_REFUSED, path, "%s", strerror(errno));
	if (st.st_mode & S_IROTH)
		fprintf(stderr, "Warning: %s: everyone can read it\n", path);
	copy = S_ISREG(st.st_mode) && !(st.st_mode & (S_IRWXO | S_IWGRP)) ? -1 :
	       copy_key(fd, path);
	close(fd);
	return copy;
}

/* --- configs --- */

static size_t write_line(char *line, const struct cid_options *options)
{
	char hex[2 * QUICLB_SERVER_ID_LEN_MAX + 1];

	return snprintf(line, LINE_MAX_LEN, "%u:%s:%u%s", options->config_id,
			format_hex(hex, options->server_id,
				   options->server_id_len),
			options->nonce_len, options->self_len ? ",self-len" : "");
}

/* One config from --server-id and the options next to it. */
static struct quiclb_source *open_options(const struct cid_options *options)
{
	char line[LINE_MAX_LEN], copied[32], error[QUICLB_ERROR_LEN];
	const char *path = options->key_file, *name = NULL;
	size_t n = write_line(line, options);
	struct quiclb_source *source;
	int copy = -1;

	if (path) {
		copy = take_key(path, &name);
		snprintf(copied, sizeof(copied), "/proc/self/fd/%d", copy);
		if (copy >= 0)
			path = copied;
		if (snprintf(line + n, sizeof(line) - n, ":%s", path) >=
		    (int)(sizeof(line) - n))
			refuse(EXIT_REFUSED, name, "%s", strerror(ENAMETOOLONG));
	}
	source = quiclb_source_open(line, error);
	if (copy >= 0)
		close(copy);
	if (source)
		return source;
	/* What is wrong with a key begins with its file's name. */
	n = path ? strlen(path) : 0;
	if (n && !strncmp(error, path, n) && error[n] == ':')
		refuse(EXIT_REFUSED, name, "%s", error + n + 2);
	refuse(EXIT_USAGE, "QUIC-LB configuration", "%s", error);
}

static struct quiclb_source *open_config(const char *spec)
{
	char error[QUICLB_ERROR_LEN];
	struct quiclb_source *source = quiclb_source_open(spec, error);

	if (!source)
		refuse(EXIT_REFUSED, "--config", "%s", error);
	return source;
}

/* --- stateless resets --- */

/* SHA-256 of the file. */
static bool hash_file(const char *path, uint8_t hash[32])
{
	FILE *file = fopen(path, "re");
	gnutls_hash_hd_t handle;
	uint8_t block[512];
	size_t len;
	bool ok;

	if (!file)
		return false;
	setvbuf(file, NULL, _IONBF, 0);	/* no copy of the key left in a buffer */
	ok = !gnutls_hash_init(&handle, GNUTLS_DIG_SHA256);
	while (ok && (len = fread(block, 1, sizeof(block), file)))
		gnutls_hash(handle, block, len);
	if (ok)
		gnutls_hash_deinit(handle, hash);
	ok = ok && !ferror(file);
	fclose(file);
	quiclb_wipe(block, sizeof(block));
	return ok;
}

/*
 * The secret survives a restart, so that the clients of a server that crashed learn so at
 * once.  libquiclb makes a key of each config from it: no two servers and no two configs
 * share one, which section "Stateless Reset Oracle" asks for.  Without a config the
 * director may send one CID to several servers: then only a secret of this process is safe.
 */
static void derive_reset_secret(struct cid_source *source, const char *private_key)
{
	uint8_t *secret = source->reset_secret;
	int err;

	if (!source->source) {
		err = gnutls_rnd(GNUTLS_RND_KEY, secret, sizeof(source->reset_secret));
		if (err)
			refuse(EXIT_REFUSED, "random numbers", "%s",
			       gnutls_strerror(err));
		return;
	}
	if (!hash_file(private_key, secret))
		refuse(EXIT_REFUSED, private_key, "cannot be read for the reset secret");
	err = quiclb_source_set_reset_secret(source->source, secret,
					     sizeof(source->reset_secret));
	quiclb_wipe(secret, sizeof(source->reset_secret));
	if (err)
		refuse(EXIT_REFUSED, "reset secret", "%s", strerror(-err));
}

int cid_reset_token(const struct cid_source *source, const uint8_t *cid,
		    size_t len, uint8_t *token)
{
	ngtcp2_cid exact;

	if (source->source)
		return quiclb_source_reset_token(source->source, cid, len, token);
	if (len < UNROUTABLE_LEN)
		return -ENOENT;
	ngtcp2_cid_init(&exact, cid, UNROUTABLE_LEN);
	if (ngtcp2_crypto_generate_stateless_reset_token(token, source->reset_secret,
							 sizeof(source->reset_secret),
							 &exact))
		return -ENOMEM;
	return 0;
}

/* --- the source --- */

void cid_source_init(struct cid_source *source,
		     const struct cid_options *options, const char *private_key)
{
	memset(source, 0, sizeof(*source));
	source->options = options;
	if (options->config)
		source->source = open_config(options->config);
	else if (options->configured)
		source->source = open_options(options);
	source->routable = source->source;
	derive_reset_secret(source, private_key);
}

void cid_source_destroy(struct cid_source *source)
{
	quiclb_source_free(source->source);
	quiclb_wipe(source, sizeof(*source));
}

void cid_set_worker(struct cid_source *source, const uint8_t key[QUICLB_WORKER_KEY_LEN],
		    unsigned int worker)
{
	int err = quiclb_source_set_worker(source->source, key, worker);

	if (err == -EINVAL)
		refuse(EXIT_USAGE, "--worker", "wants configs without self-len, of connection IDs of 19 octets at most");
	if (err)
		refuse(EXIT_REFUSED, "--worker", "%s", strerror(-err));
}

const char *cid_reload(struct cid_source *source)
{
	static char error[QUICLB_ERROR_LEN];
	int changed;

	if (!source->options->config)
		return "started without --config, so there is nothing to read again";
	changed = quiclb_source_reload(source->source, error);
	if (changed < 0)
		return error;
	if (changed) {
		source->generation++;
		source->routable = true;
	}
	return NULL;
}

size_t cid_len(const struct cid_source *source)
{
	return source->source ? quiclb_source_cid_len(source->source) :
		UNROUTABLE_LEN;
}

bool cid_several(const struct cid_source *source)
{
	return source->routable && (source->options->many_cids ||
				    quiclb_source_encrypts(source->source));
}

bool cid_may_move(const struct cid_source *source)
{
	return source->routable && !source->options->disable_active_migration;
}

int cid_mint(struct cid_source *source, ngtcp2_cid *cid)
{
	size_t len = UNROUTABLE_LEN;
	int err;

	if (source->source)
		err = quiclb_source_mint(source->source, cid->data, &len);
	else
		err = quiclb_mint_unroutable(cid->data, len);
	if (err < 0)
		return err;
	if (err)	/* nonces are used up (section "Connection ID Entropy") */
		source->routable = false;
	cid->datalen = len;
	return 0;
}
