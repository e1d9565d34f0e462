// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * libquiclb, compiled into this file with the system's random numbers and memory
 * under the test's control.
 */
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/random.h>

#include "test.h"

/* What getrandom() does next. */
static struct {
	int error;	/* errno, or 0 */
	int error_once;
	size_t at_most;	/* octets per call, or 0 */
	const uint8_t *octets;	/* or NULL: truly random */
	unsigned int calls;
} entropy;

static ssize_t test_getrandom(void *out, size_t len, unsigned int flags)
{
	__atomic_fetch_add(&entropy.calls, 1, __ATOMIC_RELAXED);
	if (entropy.error_once) {
		errno = entropy.error_once;
		entropy.error_once = 0;
		return -1;
	}
	if (entropy.error) {
		errno = entropy.error;
		return -1;
	}
	if (entropy.at_most && len > entropy.at_most)
		len = entropy.at_most;
	if (!entropy.octets)
		return getrandom(out, len, flags);
	memcpy(out, entropy.octets, len);
	entropy.octets += len;
	return len;
}

static bool no_memory;
static bool freed_wiped;

static void *test_alloc(size_t count, size_t size)
{
	return no_memory ? NULL : calloc(count, size);
}

static void test_free_config(void *p);

#define getrandom test_getrandom
#define calloc test_alloc
#include "../lib/nonces.c"
#define free test_free_config
#include "../lib/config.c"
#include "../lib/hex.c"
#include "../lib/parse.c"

static bool no_nettle;

static void *test_dlopen(const char *name, int flags)
{
	return no_nettle ? NULL : dlopen(name, flags);
}

#define dlopen test_dlopen
#include "../lib/aes.c"
#undef dlopen
#undef getrandom
#undef calloc
#undef free

static void test_free_config(void *p)
{
	static const struct quiclb_config zeros;

	freed_wiped = !memcmp(p, &zeros, sizeof(zeros));
	free(p);
}

/* As if @used nonces had been given out. */
static void use(struct quiclb_config *config, uint64_t used)
{
	atomic_store(&atomic_load(&config->nonces.run)->used, used);
}

static const uint8_t test_key[QUICLB_KEY_LEN] = {
	0x8f, 0x95, 0xf0, 0x92, 0x45, 0x76, 0x5f, 0x80,
	0x25, 0x69, 0x34, 0xe5, 0x0c, 0x66, 0x20, 0x7f,
};

static const uint8_t test_server_id[QUICLB_SERVER_ID_LEN_MAX] = {
	0xed, 0x79, 0x3a, 0x51, 0xd4, 0x9b, 0x8f, 0x5f,
	0xab, 0x65, 0x01, 0x02, 0x03, 0x04, 0x05,
};

static int setup(void **state)
{
	(void)state;
	memset(&entropy, 0, sizeof(entropy));
	no_memory = false;
	return 0;
}

static struct quiclb_config *make(unsigned int server_id_len,
				  unsigned int nonce_len, unsigned int flags,
				  bool keyed)
{
	const char *error = "untouched";
	struct quiclb_config *config;

	config = quiclb_config_new(2, server_id_len, nonce_len, flags,
				   keyed ? test_key : NULL, &error);
	assert_non_null(config);
	assert_string_equal(error, "untouched");
	return config;
}

static void new_refused(unsigned int id, unsigned int s, unsigned int n,
			unsigned int flags, int error_number, const char *text)
{
	const char *error = NULL;

	errno = 0;
	assert_null(quiclb_config_new(id, s, n, flags, test_key, &error));
	assert_int_equal(errno, error_number);
	assert_non_null(error);
	assert_string_equal(error, text);
	errno = 0;
	assert_null(quiclb_config_new(id, s, n, flags, test_key, NULL));
	assert_int_equal(errno, error_number);
}

static void config_errors(void **state)
{
	static const char total[] =
		"server ID and nonce together must be at most 19 octets";

	(void)state;
	new_refused(7, 3, 4, 0, EINVAL, "config ID must be 0 to 6");
	new_refused(8, 3, 4, 0, EINVAL, "config ID must be 0 to 6");
	new_refused(0, 0, 4, 0, EINVAL, "server ID length must be 1 to 15");
	new_refused(0, 16, 4, 0, EINVAL, "server ID length must be 1 to 15");
	new_refused(0, 3, 3, 0, EINVAL, "nonce length must be 4 to 18");
	new_refused(0, 3, 19, 0, EINVAL, "nonce length must be 4 to 18");
	new_refused(0, 10, 10, 0, EINVAL, total);
	new_refused(0, 3, 4, 2, EINVAL, "unknown flag");
	new_refused(0, 3, 4, 0x800001, EINVAL, "unknown flag");
	new_refused(0, 3, 4, QUICLB_F_ALGORITHM(1), EINVAL, "unknown algorithm");
	new_refused(0, 3, 4, QUICLB_F_ALGORITHM(255) | QUICLB_F_SELF_LEN, EINVAL,
		    "unknown algorithm");
	entropy.error = ENOSYS;
	new_refused(0, 3, 4, 0, ENOSYS,
		    "the system gives no random numbers");
	no_memory = true;
	new_refused(0, 3, 4, 0, ENOMEM, "out of memory");
}

static void key_is_wiped(void **state)
{
	struct quiclb_config *config = make(3, 4, 0, true);

	(void)state;
	freed_wiped = false;
	quiclb_config_free(config);
	assert_true(freed_wiped);
	quiclb_config_free(NULL);
}

static void draft_vector(void **state)
{
	struct quiclb_config *config = make(8, 8, QUICLB_F_SELF_LEN, true);
	uint8_t cid[QUICLB_CID_LEN_MAX], want[17], nonce[8], got[8], got_sid[8];

	(void)state;
	assert_int_equal(quiclb_cid_len(config), 17);
	from_hex(nonce, "ee080dbf48c0d1e5");
	from_hex(want, "504dd2d05a7b0de9b2b9907afb5ecf8cc3");
	quiclb_encode(config, test_server_id, nonce, 0xff, cid);
	assert_memory_equal(cid, want, sizeof(want));
	assert_int_equal(quiclb_decode(config, want, 17, got_sid, got), 0);
	assert_memory_equal(got_sid, test_server_id, 8);
	assert_memory_equal(got, nonce, 8);
	quiclb_config_free(config);
}

/* Mints, and reads the nonce back. */
/* Of the file that the tests of all bindings read. */
static void check_line(const char *line)
{
	char id[64], number[64], option[16], key_text[64], cid_text[64];
	uint8_t server_id[64], nonce[64], key[64], cid[64], made[64], got[2][64];
	struct quiclb_config *config;
	size_t sid_len, nonce_len, len;
	unsigned int config_id;

	assert_int_equal(sscanf(line, "%u %63s %63s %15s %63s %63s", &config_id, id, number,
				option, key_text, cid_text), 6);
	sid_len = from_hex(server_id, id);
	nonce_len = from_hex(nonce, number);
	len = from_hex(cid, cid_text);
	if (*key_text != '-')
		from_hex(key, key_text);
	config = quiclb_config_new(config_id, sid_len, nonce_len,
				   *option == '-' ? 0 : QUICLB_F_SELF_LEN,
				   *key_text == '-' ? NULL : key, NULL);
	assert_non_null(config);
	assert_int_equal(quiclb_cid_len(config), len);
	quiclb_encode(config, server_id, nonce, 0, made);
	assert_memory_equal(made, cid, len);
	assert_int_equal(quiclb_decode(config, cid, len, got[0], got[1]), 0);
	assert_memory_equal(got[0], server_id, sid_len);
	assert_memory_equal(got[1], nonce, nonce_len);
	quiclb_config_free(config);
}

static void vectors(void **state)
{
	FILE *file = fopen(VECTORS, "re");
	unsigned int count = 0;
	char line[256];

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (*line == '#')
			continue;
		check_line(line);
		count++;
	}
	fclose(file);
	assert_true(count > 7);
}

static void mint(struct quiclb_config *config, uint8_t *cid, uint8_t *nonce)
{
	uint8_t sid[QUICLB_SERVER_ID_LEN_MAX];

	assert_int_equal(quiclb_mint(config, test_server_id, cid), 0);
	assert_int_equal(quiclb_decode(config, cid, quiclb_cid_len(config), sid,
				       nonce), 0);
	assert_memory_equal(sid, test_server_id, config->codec.server_id_len);
}

/* From the first nonce, given, the @after more, given; carries and wraps. */
static void counts_from(const char *first, unsigned int count, const char *last)
{
	uint8_t octets[QUICLB_NONCE_LEN_MAX], nonce[QUICLB_NONCE_LEN_MAX];
	uint8_t cid[QUICLB_CID_LEN_MAX];
	struct quiclb_config *config;
	size_t len;

	len = from_hex(octets, first);
	entropy.octets = octets;
	config = make(1, len, QUICLB_F_SELF_LEN, true);
	mint(config, cid, nonce);
	assert_memory_equal(nonce, octets, len);
	while (--count)
		mint(config, cid, nonce);
	from_hex(octets, last);
	assert_memory_equal(nonce, octets, len);
	quiclb_config_free(config);
	entropy.octets = NULL;
}

static void nonce_counts(void **state)
{
	(void)state;
	counts_from("00000000", 2, "00000001");
	counts_from("000000ff", 2, "00000100");
	counts_from("00fffffe", 3, "01000000");
	counts_from("ffffffff", 2, "00000000");
	counts_from("fffffff0", 0x1011, "00001000");
	counts_from("12345678ffffffffffff", 2, "12345679000000000000");
	counts_from("00ffffffffffffffffffffffffffffffffff", 70000,
		    "01000000000000000000000000000001116e");
	counts_from("ffffffffffffffffffffffffffffffffffff", 2,
		    "000000000000000000000000000000000000");
}

static int compare_cids(const void *a, const void *b)
{
	return memcmp(a, b, QUICLB_CID_LEN_MAX);
}

static void assert_all_differ(uint8_t (*cids)[QUICLB_CID_LEN_MAX], size_t count)
{
	size_t i;

	qsort(cids, count, sizeof(*cids), compare_cids);
	for (i = 1; i < count; i++)
		assert_memory_not_equal(cids[i - 1], cids[i], sizeof(*cids));
}

static void every_cid_differs(void **state)
{
	enum { COUNT = 100000 };
	uint8_t (*cids)[QUICLB_CID_LEN_MAX] = calloc(COUNT, sizeof(*cids));
	struct quiclb_config *config = make(3, 4, QUICLB_F_SELF_LEN, true);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT; i++)
		assert_int_equal(quiclb_mint(config, test_server_id, cids[i]),
				 0);
	assert_all_differ(cids, COUNT);
	quiclb_config_free(config);
	free(cids);
}

enum { THREADS = 4, PER_THREAD = 20000 };

struct worker {
	struct quiclb_config *config;
	uint8_t (*cids)[QUICLB_CID_LEN_MAX];
	int failures;
};

static void *mint_many(void *arg)
{
	struct worker *worker = arg;
	size_t i;

	for (i = 0; i < PER_THREAD; i++)
		worker->failures += quiclb_mint(worker->config, test_server_id,
						worker->cids[i]) != 0;
	return NULL;
}

static void threads_share_a_config(void **state)
{
	struct quiclb_config *config = make(3, 4, QUICLB_F_SELF_LEN, true);
	uint8_t (*cids)[QUICLB_CID_LEN_MAX];
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	size_t i;

	(void)state;
	cids = calloc(THREADS * PER_THREAD, sizeof(*cids));
	for (i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ config, cids + i * PER_THREAD, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, mint_many,
						&workers[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(workers[i].failures, 0);
	}
	assert_true(quiclb_nonces_left(config) ==
		    0x100000000 - THREADS * PER_THREAD);
	assert_all_differ(cids, THREADS * PER_THREAD);
	quiclb_config_free(config);
	free(cids);
}

static void exhaustion(void **state)
{
	uint8_t cid[QUICLB_CID_LEN_MAX], untouched[QUICLB_CID_LEN_MAX];
	struct quiclb_config *config = make(3, 4, 0, true);
	uint8_t first[4], nonce[4], last[4];
	unsigned int i;

	(void)state;
	memset(untouched, 0xa5, sizeof(untouched));
	assert_true(quiclb_nonces_left(config) == 0x100000000);
	mint(config, cid, first);
	assert_true(quiclb_nonces_left(config) == 0xffffffff);
	/* four thousand million later */
	use(config, 0xfffffffe);
	mint(config, cid, nonce);
	assert_true(quiclb_nonces_left(config) == 1);
	mint(config, cid, last);
	assert_true(quiclb_nonces_left(config) == 0);
	/* the last is the one before the first */
	for (i = 4; i-- > 0 && !++last[i];)
		;
	assert_memory_equal(first, last, 4);
	for (i = 0; i < 3; i++) {
		memcpy(cid, untouched, sizeof(cid));
		assert_int_equal(quiclb_mint(config, test_server_id, cid),
				 -EOVERFLOW);
		assert_memory_equal(cid, untouched, sizeof(cid));
		assert_true(quiclb_nonces_left(config) == 0);
	}
	quiclb_config_free(config);
}

static void nonce_space(void **state)
{
	static const struct {
		unsigned int len;
		uint64_t left;
	} cases[] = {
		{ 4, 0x100000000 }, { 5, 0x10000000000 },
		{ 7, 0x100000000000000 }, { 8, UINT64_MAX },
		{ 18, UINT64_MAX },
	};
	uint8_t cid[QUICLB_CID_LEN_MAX];
	struct quiclb_config *config;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		config = make(1, cases[i].len, 0, true);
		assert_true(quiclb_nonces_left(config) == cases[i].left);
		use(config, cases[i].left - 1);
		assert_int_equal(quiclb_mint(config, test_server_id, cid), 0);
		assert_int_equal(quiclb_mint(config, test_server_id, cid),
				 -EOVERFLOW);
		quiclb_config_free(config);
	}
	config = make(1, 4, 0, false);
	assert_true(quiclb_nonces_left(config) == UINT64_MAX);
	assert_int_equal(quiclb_mint(config, test_server_id, cid), 0);
	assert_true(quiclb_nonces_left(config) == UINT64_MAX);
	quiclb_config_free(config);
}

/* Without a key the nonce is what the system's generator gives, all of it. */
static void plaintext_nonces(void **state)
{
	static const uint8_t octets[] = { 0xde, 0xad, 0xbe, 0xef, 0x17,
					  0x1f, 0x99, 0x88, 0x77, 0x66 };
	uint8_t cid[QUICLB_CID_LEN_MAX], nonce[QUICLB_NONCE_LEN_MAX];
	struct quiclb_config *config = make(3, 4, 0, false);

	(void)state;
	entropy.octets = octets;
	mint(config, cid, nonce);
	assert_int_equal(cid[0], 2 << 5 | (0xde & 0x1f));
	assert_memory_equal(nonce, octets + 1, 4);
	mint(config, cid, nonce);
	assert_int_equal(cid[0], 2 << 5 | (0x1f & 0x1f));
	assert_memory_equal(nonce, octets + 6, 4);
	quiclb_config_free(config);
}

static void first_octet(void **state)
{
	uint8_t cid[QUICLB_CID_LEN_MAX], nonce[QUICLB_NONCE_LEN_MAX] = {};
	struct quiclb_config *config = make(3, 4, 0, true);
	uint32_t seen = 0;
	unsigned int i;

	(void)state;
	for (i = 0; i < 256; i++) {
		quiclb_encode(config, test_server_id, nonce, i, cid);
		assert_int_equal(cid[0], 2 << 5 | (i & 0x1f));
	}
	for (i = 0; i < 2000; i++) {
		mint(config, cid, nonce);
		seen |= 1u << (cid[0] & 0x1f);
	}
	/* each value has 60 chances */
	assert_int_equal(seen, 0xffffffff);
	quiclb_config_free(config);
	config = make(3, 4, QUICLB_F_SELF_LEN, true);
	for (i = 0; i < 256; i++) {
		quiclb_encode(config, test_server_id, nonce, i, cid);
		assert_int_equal(cid[0], 2 << 5 | 7);
	}
	/* nothing random is needed: the counter and the length are enough */
	entropy.error = ENOSYS;
	assert_int_equal(quiclb_mint(config, test_server_id, cid), 0);
	quiclb_config_free(config);
}

static void failing_generator(void **state)
{
	static const uint8_t octets[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t cid[QUICLB_CID_LEN_MAX], untouched[QUICLB_CID_LEN_MAX];
	struct quiclb_config *plain = make(3, 4, QUICLB_F_SELF_LEN, false);
	struct quiclb_config *keyed = make(3, 4, 0, true);

	(void)state;
	memset(untouched, 0xa5, sizeof(untouched));
	memset(cid, 0xa5, sizeof(cid));
	entropy.error = ENOSYS;
	assert_int_equal(quiclb_mint(plain, test_server_id, cid), -ENOSYS);
	assert_int_equal(quiclb_mint(keyed, test_server_id, cid), -ENOSYS);
	assert_int_equal(quiclb_mint_unroutable(cid, 8), -ENOSYS);
	assert_memory_equal(cid, untouched, sizeof(cid));
	/* no nonce was lost */
	assert_true(quiclb_nonces_left(keyed) == 0x100000000);
	/* a signal, and short reads, are tried again */
	entropy.error = 0;
	entropy.error_once = EINTR;
	entropy.at_most = 3;
	entropy.calls = 0;
	entropy.octets = octets;
	assert_int_equal(quiclb_mint_unroutable(cid, 8), 0);
	assert_int_equal(entropy.calls, 4);
	assert_memory_equal(cid + 1, octets + 1, 7);
	quiclb_config_free(plain);
	quiclb_config_free(keyed);
}

static void unroutable(void **state)
{
	uint8_t cid[QUICLB_CID_LEN_MAX], other[QUICLB_CID_LEN_MAX];
	struct quiclb_config *config = make(1, 4, 0, true);
	uint8_t sid[QUICLB_SERVER_ID_LEN_MAX];
	size_t len;

	(void)state;
	for (len = 0; len < 30; len++) {
		memset(cid, 0xa5, sizeof(cid));
		memset(other, 0xa5, sizeof(other));
		/* a config's shortest CID has six */
		if (len < 6 || len > 20) {
			assert_int_equal(quiclb_mint_unroutable(cid, len),
					 -EINVAL);
			assert_memory_equal(cid, other, sizeof(cid));
			continue;
		}
		assert_int_equal(quiclb_mint_unroutable(cid, len), 0);
		assert_int_equal(quiclb_mint_unroutable(other, len), 0);
		assert_int_equal(cid[0], 0xe0 | (len - 1));
		assert_memory_equal(cid + len, other + len, sizeof(cid) - len);
		/* once in 2^40 */
		assert_memory_not_equal(cid + 1, other + 1, len - 1);
		assert_int_equal(quiclb_decode(config, cid, len, sid, NULL),
				 -ENOENT);
	}
	quiclb_config_free(config);
}

static void decode_errors(void **state)
{
	uint8_t sid[QUICLB_SERVER_ID_LEN_MAX], nonce[QUICLB_NONCE_LEN_MAX];
	uint8_t untouched[QUICLB_NONCE_LEN_MAX], cid[QUICLB_CID_LEN_MAX];
	struct quiclb_config *config = make(3, 4, 0, true);
	unsigned int id, len;

	(void)state;
	memset(untouched, 0xa5, sizeof(untouched));
	memset(sid, 0xa5, sizeof(sid));
	memset(nonce, 0xa5, sizeof(nonce));
	assert_int_equal(quiclb_mint(config, test_server_id, cid), 0);
	for (len = 0; len < 8; len++)
		assert_int_equal(quiclb_decode(config, guarded(cid, len), len,
					       sid, nonce), -EMSGSIZE);
	for (id = 0; id < 8; id++) {
		cid[0] = id << 5;
		if (id == 2)
			continue;
		assert_int_equal(quiclb_decode(config, cid, 8, sid, nonce),
				 -ENOENT);
	}
	assert_memory_equal(sid, untouched, sizeof(sid));
	assert_memory_equal(nonce, untouched, sizeof(nonce));
	/* exactly the lengths of the config are written */
	cid[0] = 2 << 5;
	assert_int_equal(quiclb_decode(config, guarded(cid, 8), 8, sid, nonce),
			 0);
	assert_memory_equal(sid, test_server_id, 3);
	assert_memory_equal(sid + 3, untouched, sizeof(sid) - 3);
	assert_memory_equal(nonce + 4, untouched, sizeof(nonce) - 4);
	quiclb_config_free(config);
}

static void cid_lengths(void **state)
{
	struct quiclb_config *config;
	unsigned int s, n, count = 0;

	(void)state;
	for (s = 1; s <= 15; s++)
		for (n = 4; n <= 19 - s; n++, count++) {
			config = make(s, n, 0, n % 2);
			assert_int_equal(quiclb_cid_len(config), 1 + s + n);
			quiclb_config_free(config);
		}
	assert_int_equal(count, 120);
}

static void fingerprint(void **state)
{
	struct quiclb_config *plain = make(3, 4, 0, false);
	struct quiclb_config *keyed = make(3, 4, 0, true);
	uint32_t number = 42;

	(void)state;
	assert_false(quiclb_fingerprint(plain, &number));
	assert_int_equal(number, 42);
	assert_true(quiclb_fingerprint(keyed, &number));
	assert_int_equal(number, 0x170780a6);
	quiclb_config_free(plain);
	quiclb_config_free(keyed);
}

static void key_text(void **state)
{
	static const char *const good[] = {
		"8f95f09245765f80256934e50c66207f",
		"8F95F09245765F80256934E50C66207F",
		"8f95f09245765f80 256934e50c66207f\n",
		" \t\r\n8 f95f09245765f80\v\f256934e50c66207F",
	};
	uint8_t key[QUICLB_KEY_LEN];
	const char *error;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		memset(key, 0, sizeof(key));
		error = "untouched";
		assert_int_equal(quiclb_parse_key(key, good[i], strlen(good[i]),
						  &error), 0);
		assert_memory_equal(key, test_key, sizeof(key));
		assert_string_equal(error, "untouched");
	}
}

static void key_refused(const char *text, size_t len, const char *why)
{
	uint8_t key[QUICLB_KEY_LEN], untouched[QUICLB_KEY_LEN];
	const char *error = NULL;

	memset(key, 0xa5, sizeof(key));
	memset(untouched, 0xa5, sizeof(untouched));
	text = (const char *)guarded(text, len);
	assert_int_equal(quiclb_parse_key(key, text, len, &error), -EINVAL);
	assert_string_equal(error, why);
	assert_memory_equal(key, untouched, sizeof(key));
	assert_int_equal(quiclb_parse_key(key, text, len, NULL), -EINVAL);
}

static void key_text_errors(void **state)
{
	static const char digits[] = "8f95f09245765f80256934e50c66207f00";
	static const char no_hex[] =
		"the key has a character that is not a hex digit";
	char text[33];
	size_t len;
	int c;

	(void)state;
	for (len = 0; len < 32; len++)
		key_refused(digits, len,
			    "the key is shorter than 32 hex digits");
	key_refused("        8f95f09245765f8025693", 29,
		    "the key is shorter than 32 hex digits");
	key_refused(digits, 33, "the key is longer than 32 hex digits");
	key_refused(digits, 34, "the key is longer than 32 hex digits");
	key_refused("0x8f95f09245765f80256934e50c66207f", 34, no_hex);
	/* every character but hex digits and white space, in place of a digit */
	for (c = 0; c < 256; c++) {
		if (isxdigit(c) || isspace(c))
			continue;
		memcpy(text, digits, 32);
		text[c % 32] = c;
		key_refused(text, 32, no_hex);
		/* and in addition to them */
		memcpy(text, digits, 32);
		text[32] = c;
		key_refused(text, 33, no_hex);
	}
}

static void hex_digits(void **state)
{
	char digit[2] = "", text[3], wanted[3];
	uint8_t octet, read;
	unsigned int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		digit[0] = c;
		if (isxdigit(c))
			assert_int_equal(quiclb_hex_value(c),
					 strtoul(digit, NULL, 16));
		else
			assert_true(quiclb_hex_value(c) > 15);
		assert_int_equal(is_space(c), !!isspace(c));
		octet = c;
		snprintf(wanted, sizeof(wanted), "%02x", c);
		quiclb_hex_write(text, &octet, 1);
		assert_string_equal(text, wanted);
		assert_int_equal(quiclb_hex_read(&read, 1, text, 2), 2);
		assert_int_equal(read, c);
	}
}

static void server_id_text(void **state)
{
	uint8_t sid[QUICLB_SERVER_ID_LEN_MAX];
	size_t len;

	(void)state;
	memset(sid, 0xa5, sizeof(sid));
	assert_int_equal(quiclb_parse_server_id(sid, &len, "0a01", NULL), 0);
	assert_int_equal(len, 2);
	assert_int_equal(sid[0], 0x0a);
	assert_int_equal(sid[1], 0x01);
	assert_int_equal(sid[2], 0xa5);
	assert_int_equal(quiclb_parse_server_id(sid, &len,
						"ED793A51D49B8F5FAB650102030405",
						NULL), 0);
	assert_int_equal(len, 15);
	assert_memory_equal(sid, test_server_id, 15);
}

static void server_id_refused(const char *text, const char *why)
{
	uint8_t sid[QUICLB_SERVER_ID_LEN_MAX];
	uint8_t untouched[QUICLB_SERVER_ID_LEN_MAX];
	const char *error = NULL;
	size_t len = 42;

	memset(sid, 0xa5, sizeof(sid));
	memset(untouched, 0xa5, sizeof(untouched));
	assert_int_equal(quiclb_parse_server_id(sid, &len, text, &error),
			 -EINVAL);
	assert_string_equal(error, why);
	assert_int_equal(len, 42);
	assert_memory_equal(sid, untouched, sizeof(sid));
}

static void server_id_text_errors(void **state)
{
	(void)state;
	server_id_refused("", "the server ID is empty");
	server_id_refused("  ", "the server ID is empty");
	server_id_refused("0", "the server ID has an odd number of hex digits");
	server_id_refused("0a0",
			  "the server ID has an odd number of hex digits");
	server_id_refused("ed793a51d49b8f5fab65010203040506",
			  "the server ID is longer than 15 octets");
	server_id_refused("0x0a",
			  "the server ID has a character that is not a hex digit");
	server_id_refused("0g",
			  "the server ID has a character that is not a hex digit");
}

#ifdef __x86_64__
/* The CPU's instructions and nettle do the same; @random_u64 makes keys and blocks. */
static void aes_ways(void **state)
{
	uint8_t key[16], in[16], by[2][16];
	struct qlb_aes aes[2];
	int i, way;

	(void)state;
	if (!__builtin_cpu_supports("aes"))
		skip();
	for (i = 0; i < 1000; i++) {
		random_fill(key, sizeof(key));
		random_fill(in, sizeof(in));
		for (way = 0; way < 2; way++) {
			cpu_aes = way;
			assert_int_equal(qlb_aes_init(&aes[way], key), 0);
			qlb_aes_encrypt(&aes[way], by[way], in);
		}
		assert_memory_equal(by[0], by[1], 16);
		for (way = 0; way < 2; way++) {
			cpu_aes = way;
			qlb_aes_decrypt(&aes[way], by[way], by[way]);
			assert_memory_equal(by[way], in, 16);
			qlb_aes_decrypt(&aes[way], by[way], by[way]);
		}
		assert_memory_equal(by[0], by[1], 16);
	}
	cpu_aes = -1;
}

/* Neither one nor the other: a sentence, no config. */
static void no_aes(void **state)
{
	(void)state;
	cpu_aes = 0;
	nettle.ready = false;
	no_nettle = true;
	new_refused(0, 2, 8, 0, ENOTSUP,
		    "the CPU has no AES instructions, and libnettle cannot be loaded");
	no_nettle = false;
	cpu_aes = -1;
}
#endif

/* What the shared library shows: all of quiclb.h, and nothing of the codec. */
static void shared_library(void **state)
{
	static const char *const names[] = {
		"quiclb_config_new", "quiclb_config_free", "quiclb_cid_len",
		"quiclb_mint", "quiclb_nonces_left", "quiclb_mint_unroutable",
		"quiclb_encode", "quiclb_decode", "quiclb_fingerprint",
		"quiclb_parse_key", "quiclb_parse_server_id", "quiclb_wipe",
		"quiclb_source_open", "quiclb_source_free", "quiclb_source_reload",
		"quiclb_source_use_state", "quiclb_source_cid_len",
		"quiclb_source_mint", "quiclb_source_len_of", "quiclb_source_check",
		"quiclb_source_nonces_left", "quiclb_source_set_reset_secret",
		"quiclb_source_reset_token", "quiclb_generator_new",
		"quiclb_generator_free", "quiclb_generator_mint",
	}, *const hidden[] = {
		"qlb_encode", "qlb_decode", "qlb_config_init", "qlb_aes_init",
		"qlb_fingerprint", "quiclb_nonces_take", "quiclb_cmac",
		"quiclb_config_get", "quiclb_read_key",
	};
	void *library = dlopen(LIBQUICLB_SO, RTLD_NOW | RTLD_LOCAL);
	uint8_t cid[QUICLB_CID_LEN_MAX] = {};
	int (*mint_unroutable)(uint8_t *, size_t);
	size_t i;

	(void)state;
	assert_non_null(library);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_non_null(dlvsym(library, names[i], "LIBQUICLB_1"));
	for (i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		assert_null(dlsym(library, hidden[i]));
	mint_unroutable = (int (*)(uint8_t *, size_t))
		dlsym(library, "quiclb_mint_unroutable");
	assert_int_equal(mint_unroutable(cid, 8), 0);
	assert_int_equal(cid[0], 0xe7);
	dlclose(library);
}

#define TEST(fn)	cmocka_unit_test_setup(fn, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(config_errors),
		TEST(key_is_wiped),
		TEST(draft_vector),
		TEST(vectors),
		TEST(nonce_counts),
		TEST(every_cid_differs),
		TEST(threads_share_a_config),
		TEST(exhaustion),
		TEST(nonce_space),
		TEST(plaintext_nonces),
		TEST(first_octet),
		TEST(failing_generator),
		TEST(unroutable),
		TEST(decode_errors),
		TEST(cid_lengths),
		TEST(fingerprint),
		TEST(key_text),
		TEST(key_text_errors),
		TEST(hex_digits),
		TEST(server_id_text),
		TEST(server_id_text_errors),
#ifdef __x86_64__
		TEST(aes_ways),
		TEST(no_aes),
#endif
		TEST(shared_library),
	};

	return cmocka_run_group_tests_name("libquiclb", tests, NULL, NULL);
}
