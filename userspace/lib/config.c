// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The codec of kmod/core/qlb.c for servers: see quiclb.h.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "config.h"

_Static_assert(QUICLB_KEY_LEN == QLB_KEY_LEN &&
	       QUICLB_CONFIG_ID_MAX == QLB_CONFIG_ID_MAX &&
	       QUICLB_SERVER_ID_LEN_MAX == QLB_SERVER_ID_LEN_MAX &&
	       QUICLB_NONCE_LEN_MAX == QLB_NONCE_LEN_MAX &&
	       QUICLB_CID_LEN_MAX == QLB_CID_LEN_MAX,
	       "the public header repeats the codec's limits");

static const char *const faults[] = {
	[QLB_BAD_CONFIG_ID] = "config ID must be 0 to 6",
	[QLB_BAD_SERVER_ID_LEN] = "server ID length must be 1 to 15",
	[QLB_BAD_NONCE_LEN] = "nonce length must be 4 to 18",
	[QLB_BAD_TOTAL_LEN] =
		"server ID and nonce together must be at most 19 octets",
};

static int check_parameters(unsigned int id, unsigned int server_id_len,
			    unsigned int nonce_len, unsigned int flags,
			    const char **error)
{
	enum qlb_fault fault = qlb_config_check(id, server_id_len, nonce_len);

	if (fault != QLB_OK) {
		quiclb_explain(error, faults[fault]);
		return -EINVAL;
	}
	if (flags >> 24 != QUICLB_ALGORITHM_DRAFT) {
		quiclb_explain(error, "unknown algorithm");
		return -EINVAL;
	}
	if (flags & ~(unsigned int)QUICLB_F_SELF_LEN) {
		quiclb_explain(error, "unknown flag");
		return -EINVAL;
	}
	return 0;
}

static int init(struct quiclb_config *config, unsigned int id,
		unsigned int server_id_len, unsigned int nonce_len, bool self_len,
		const uint8_t *key, const char **error)
{
	int err = qlb_config_init(&config->codec, id, server_id_len, nonce_len,
				  self_len, key);

	if (err) {
		quiclb_explain(error, "the CPU has no AES instructions, and libnettle cannot be loaded");
		return err;
	}
	atomic_init(&config->users, 1);
	if (!key)
		return 0;
	err = quiclb_nonces_init(&config->nonces, nonce_len);
	if (err) {
		quiclb_explain(error, err == -ENOMEM ? "out of memory" :
						       "the system gives no random numbers");
		qlb_config_destroy(&config->codec);
	}
	return err;
}

struct quiclb_config *quiclb_config_new(unsigned int id,
					unsigned int server_id_len,
					unsigned int nonce_len,
					unsigned int flags, const uint8_t *key,
					const char **error)
{
	struct quiclb_config *config;
	int err;

	err = check_parameters(id, server_id_len, nonce_len, flags, error);
	if (err)
		goto fail;
	config = calloc(1, sizeof(*config));
	if (!config) {
		quiclb_explain(error, "out of memory");
		err = -ENOMEM;
		goto fail;
	}
	err = init(config, id, server_id_len, nonce_len,
		   flags & QUICLB_F_SELF_LEN, key, error);
	if (!err)
		return config;
	free(config);
fail:
	errno = -err;
	return NULL;
}

struct quiclb_config *quiclb_config_get(struct quiclb_config *config)
{
	atomic_fetch_add(&config->users, 1);
	return config;
}

void quiclb_config_free(struct quiclb_config *config)
{
	if (!config || atomic_fetch_sub(&config->users, 1) != 1)
		return;
	if (qlb_has_key(&config->codec))
		quiclb_nonces_destroy(&config->nonces);
	qlb_config_destroy(&config->codec);
	quiclb_wipe(config, sizeof(*config));
	free(config);
}

size_t quiclb_cid_len(const struct quiclb_config *config)
{
	return 1 + config->codec.plaintext_len;
}

void quiclb_config_set_worker(struct quiclb_config *config, uint8_t worker)
{
	config->has_worker = true;
	config->worker = worker;
	config->nonces.len = config->codec.nonce_len - 1;
}

void quiclb_config_write_nonce(const struct quiclb_config *config,
			       const struct nonce_run *run, uint64_t n, uint8_t *nonce)
{
	if (config->has_worker)
		*nonce++ = config->worker;
	quiclb_nonces_write(run, n, config->nonces.len, nonce);
}

static int fresh_nonce(struct quiclb_config *config, uint8_t *nonce)
{
	const struct nonce_run *run;
	uint64_t n;
	long taken;

	if (!qlb_has_key(&config->codec))
		return quiclb_random(nonce, config->codec.nonce_len);
	taken = quiclb_nonces_take(&config->nonces, 1, &run, &n);
	if (taken < 0)
		return taken;
	quiclb_config_write_nonce(config, run, n, nonce);
	return 0;
}

int quiclb_random_bits(const struct quiclb_config *config, uint8_t *bits)
{
	*bits = 0;
	return config->codec.self_len ? 0 : quiclb_random(bits, sizeof(*bits));
}

int quiclb_mint(struct quiclb_config *config, const uint8_t *server_id,
		uint8_t *cid)
{
	uint8_t nonce[QLB_NONCE_LEN_MAX];
	uint8_t random_bits;
	int err;

	/* first, so that a failure wastes no nonce */
	err = quiclb_random_bits(config, &random_bits);
	if (err)
		return err;
	err = fresh_nonce(config, nonce);
	if (err)
		return err;
	quiclb_encode(config, server_id, nonce, random_bits, cid);
	return 0;
}

uint64_t quiclb_nonces_left(const struct quiclb_config *config)
{
	if (!qlb_has_key(&config->codec))
		return UINT64_MAX;
	return quiclb_nonces_left_of(&config->nonces);
}

/* As short as a config's: a server whose nonces are used up must not change its length. */
enum { UNROUTABLE_LEN_MIN = 1 + QLB_SERVER_ID_LEN_MIN + QLB_NONCE_LEN_MIN };

int quiclb_mint_unroutable(uint8_t *cid, size_t cid_len)
{
	uint8_t octets[QLB_CID_LEN_MAX];
	int err;

	if (cid_len < UNROUTABLE_LEN_MIN || cid_len > QLB_CID_LEN_MAX)
		return -EINVAL;
	err = quiclb_random(octets, cid_len);
	if (err)
		return err;
	octets[0] = QLB_CONFIG_ID_RESERVED << 5 | (cid_len - 1);
	memcpy(cid, octets, cid_len);
	return 0;
}

void quiclb_encode(const struct quiclb_config *config, const uint8_t *server_id,
		   const uint8_t *nonce, uint8_t random_bits, uint8_t *cid)
{
	struct qlb_server_id sid = { .len = config->codec.server_id_len };

	memcpy(sid.octets, server_id, sid.len);
	qlb_encode(&config->codec, &sid, nonce, random_bits, cid);
}

int quiclb_decode(const struct quiclb_config *config, const uint8_t *cid,
		  size_t cid_len, uint8_t *server_id, uint8_t *nonce)
{
	uint8_t all_nonce[QLB_NONCE_LEN_MAX];
	struct qlb_server_id sid;

	if (!cid_len)
		return -EMSGSIZE;
	if (qlb_config_id(cid[0]) != config->codec.id)
		return -ENOENT;
	if (!qlb_decode(&config->codec, cid, cid_len, &sid,
			/* cppcheck-suppress legacyUninitvar ; qlb_decode() fills it */
			nonce ? all_nonce : NULL))
		return -EMSGSIZE;
	memcpy(server_id, sid.octets, sid.len);
	if (nonce)
		memcpy(nonce, all_nonce, config->codec.nonce_len);
	return 0;
}

bool quiclb_fingerprint(const struct quiclb_config *config,
			uint32_t *fingerprint)
{
	if (!qlb_has_key(&config->codec))
		return false;
	*fingerprint = qlb_fingerprint(&config->codec);
	return true;
}
