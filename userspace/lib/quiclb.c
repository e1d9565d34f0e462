// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The codec of kmod/core/qlb.c for servers: see quiclb.h.
 *
 * DOC: nonces
 *
 * With a key, the n-th CID's nonce is first_nonce + n modulo 2^(8 x nonce_len),
 * big endian.  The only shared state is n, taken with compare-and-swap so that it
 * never passes its limit: after the last nonce every later call is refused too.
 * Encrypted, a counter looks like any other nonce.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>

#include "qlb.h"
#include "quiclb.h"

_Static_assert(QUICLB_KEY_LEN == QLB_KEY_LEN &&
	       QUICLB_CONFIG_ID_MAX == QLB_CONFIG_ID_MAX &&
	       QUICLB_SERVER_ID_LEN_MAX == QLB_SERVER_ID_LEN_MAX &&
	       QUICLB_NONCE_LEN_MAX == QLB_NONCE_LEN_MAX &&
	       QUICLB_CID_LEN_MAX == QLB_CID_LEN_MAX,
	       "the public header repeats the codec's limits");

struct quiclb_config {
	struct qlb_config codec;
	uint8_t first_nonce[QLB_NONCE_LEN_MAX];	/* written once, by new */
	_Atomic uint64_t minted;	/* nonces taken from the counter */
};

static const char *const faults[] = {
	[QLB_BAD_CONFIG_ID] = "config ID must be 0 to 6",
	[QLB_BAD_SERVER_ID_LEN] = "server ID length must be 1 to 15",
	[QLB_BAD_NONCE_LEN] = "nonce length must be 4 to 18",
	[QLB_BAD_TOTAL_LEN] =
		"server ID and nonce together must be at most 19 octets",
};

static void explain(const char **error, const char *text)
{
	if (error)
		*error = text;
}

static int random_octets(void *out, size_t len)
{
	uint8_t *p = out;
	ssize_t got;

	while (len) {
		got = getrandom(p, len, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		p += got;
		len -= got;
	}
	return 0;
}

static int check_parameters(unsigned int id, unsigned int server_id_len,
			    unsigned int nonce_len, unsigned int flags,
			    const char **error)
{
	enum qlb_fault fault = qlb_config_check(id, server_id_len, nonce_len);

	if (fault != QLB_OK) {
		explain(error, faults[fault]);
		return -EINVAL;
	}
	if (flags >> 24 != QUICLB_ALGORITHM_DRAFT) {
		explain(error, "unknown algorithm");
		return -EINVAL;
	}
	if (flags & ~(unsigned int)QUICLB_F_SELF_LEN) {
		explain(error, "unknown flag");
		return -EINVAL;
	}
	return 0;
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
		explain(error, "out of memory");
		err = -ENOMEM;
		goto fail;
	}
	err = random_octets(config->first_nonce, nonce_len);
	if (err) {
		explain(error, "the system gives no random numbers");
		goto fail_free;
	}
	err = qlb_config_init(&config->codec, id, server_id_len, nonce_len,
			      flags & QUICLB_F_SELF_LEN, key);
	if (err) {
		explain(error, "the key cannot be expanded");
		goto fail_free;
	}
	return config;

fail_free:
	free(config);
fail:
	errno = -err;
	return NULL;
}

void quiclb_config_free(struct quiclb_config *config)
{
	if (!config)
		return;
	qlb_config_destroy(&config->codec);
	quiclb_wipe(config, sizeof(*config));
	free(config);
}

size_t quiclb_cid_len(const struct quiclb_config *config)
{
	return 1 + config->codec.plaintext_len;
}

/* Of eight octets and more there are 2^64 and more; the counter has one less. */
static uint64_t nonce_limit(const struct quiclb_config *config)
{
	if (config->codec.nonce_len >= sizeof(uint64_t))
		return UINT64_MAX;
	return (uint64_t)1 << 8 * config->codec.nonce_len;
}

static int next_nonce(struct quiclb_config *config, uint8_t *nonce)
{
	uint64_t n = atomic_load(&config->minted);
	unsigned int i, sum;

	do {
		if (n >= nonce_limit(config))
			return -EOVERFLOW;
	} while (!atomic_compare_exchange_weak(&config->minted, &n, n + 1));
	for (i = config->codec.nonce_len; i-- > 0;) {
		sum = config->first_nonce[i] + (n & 0xff);
		nonce[i] = sum;
		n = (n >> 8) + (sum >> 8);
	}
	return 0;
}

static int fresh_nonce(struct quiclb_config *config, uint8_t *nonce)
{
	if (qlb_has_key(&config->codec))
		return next_nonce(config, nonce);
	return random_octets(nonce, config->codec.nonce_len);
}

int quiclb_mint(struct quiclb_config *config, const uint8_t *server_id,
		uint8_t *cid)
{
	uint8_t nonce[QLB_NONCE_LEN_MAX];
	uint8_t random_bits = 0;
	int err;

	/* first, so that a failure wastes no nonce */
	if (!config->codec.self_len) {
		err = random_octets(&random_bits, sizeof(random_bits));
		if (err)
			return err;
	}
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
	return nonce_limit(config) - atomic_load(&config->minted);
}

int quiclb_mint_unroutable(uint8_t *cid, size_t cid_len)
{
	uint8_t octets[QLB_CID_LEN_MAX];
	int err;

	if (cid_len < QUICLB_UNROUTABLE_LEN_MIN || cid_len > QLB_CID_LEN_MAX)
		return -EINVAL;
	err = random_octets(octets, cid_len);
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
