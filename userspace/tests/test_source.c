// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* libquiclb's sources: lines and files of configs, rotation, forks, threads, resets. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#include "../lib/nonces.c"
#include "../lib/source.c"
#include "../lib/state.c"
#include "../lib/worker.c"

static char dir[] = "/tmp/test_source.XXXXXX";
static char key_path[64], other_path[64], configs[64], state_path[64];

static void write_text(const char *path, mode_t mode, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

/* Replaces each @ in @format by the key's path and each & by the other key's. */
static const char *with_keys(const char *format)
{
	static char text[1024];
	char *out = text;

	for (; *format; format++)
		if (*format == '@' || *format == '&')
			out = stpcpy(out, *format == '@' ? key_path : other_path);
		else
			*out++ = *format;
	*out = '\0';
	return text;
}

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	sprintf(key_path, "%s/key", dir);
	sprintf(other_path, "%s/other", dir);
	sprintf(configs, "%s/configs", dir);
	sprintf(state_path, "%s/state", dir);
	write_text(key_path, 0640, "8f95f09245765f80256934e50c66207f\n");
	write_text(other_path, 0600, "fdf726a9893ec05c0632d3956680baf0");
	return 0;
}

static int tear_down(void **state)
{
	const char *paths[] = { key_path, other_path, configs, state_path };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		unlink(paths[i]);
	return rmdir(dir);
}

static struct quiclb_source *open_source(const char *spec)
{
	char error[QUICLB_ERROR_LEN] = "";
	struct quiclb_source *source = quiclb_source_open(with_keys(spec), error);

	assert_string_equal(error, "");
	assert_non_null(source);
	return source;
}

static struct quiclb_source *open_file(const char *text)
{
	write_text(configs, 0644, with_keys(text));
	return open_source(configs);
}

static int reload(struct quiclb_source *source, const char *text)
{
	char error[QUICLB_ERROR_LEN];

	write_text(configs, 0644, with_keys(text));
	return quiclb_source_reload(source, error);
}

/* The nonce of a fresh CID, which is checked. */
static uint64_t mint_nonce(struct quiclb_source *source, uint8_t *cid)
{
	const struct source_config *entry = newest(source->set);
	uint8_t server_id[QLB_SERVER_ID_LEN_MAX], nonce[QLB_NONCE_LEN_MAX];
	uint64_t number = 0;
	unsigned int i;
	size_t len;

	assert_int_equal(quiclb_source_mint(source, cid, &len), 0);
	assert_int_equal(len, quiclb_source_cid_len(source));
	assert_int_equal(len, quiclb_source_len_of(source, cid[0]));
	assert_int_equal(quiclb_decode(entry->config, cid, len, server_id, nonce), 0);
	assert_memory_equal(server_id, entry->server_id, entry->config->codec.server_id_len);
	for (i = 0; i < entry->config->codec.nonce_len; i++)
		number = number << 8 | nonce[i];
	return number;
}

/* --- lines --- */

static void lines(void **state)
{
	static const struct {
		const char *text;
		unsigned int id;
		size_t len;
		bool keyed, self_len;
	} good[] = {
		{ "0:0a01:8", 0, 11, false, false },
		{ "6:01:4,self-len", 6, 6, false, true },
		{ "3:0A01:6:@", 3, 9, true, false },
		{ "5:0102030405060708090a0b0c0d0e0f:4,self-len:@", 5, 20, true, true },
	};
	struct quiclb_source *source;
	const struct qlb_config *codec;
	uint8_t cid[QLB_CID_LEN_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		source = open_source(good[i].text);
		codec = &newest(source->set)->config->codec;
		assert_int_equal(codec->id, good[i].id);
		assert_int_equal(quiclb_source_cid_len(source), good[i].len);
		assert_int_equal(qlb_has_key(codec), good[i].keyed);
		assert_int_equal(codec->self_len, good[i].self_len);
		mint_nonce(source, cid);
		quiclb_source_free(source);
	}
}

static void refused(const char *spec, int number, const char *sentence)
{
	char error[QUICLB_ERROR_LEN] = "", expected[QUICLB_ERROR_LEN];

	strcpy(expected, with_keys(sentence));
	errno = 0;
	assert_null(quiclb_source_open(with_keys(spec), error));
	assert_int_equal(errno, number);
	assert_string_equal(error, expected);
	assert_null(quiclb_source_open(with_keys(spec), NULL));
}

static void bad_lines(void **state)
{
	static const char form[] =
		"a config is ID:SERVER-ID:NONCE-LENGTH[,self-len][:KEY-FILE]";

	(void)state;
	refused("0", EINVAL, form);
	refused("0:0a01", EINVAL, form);
	refused("7:0a01:8", EINVAL, "config ID must be 0 to 6");
	refused("00x:0a01:8", EINVAL, "config ID must be 0 to 6");
	refused("4294967296:0a01:8", EINVAL, "config ID must be 0 to 6");
	refused("0:0a0:8", EINVAL, "the server ID has an odd number of hex digits");
	refused("0::8", EINVAL, "the server ID is empty");
	refused("0:0a01:", EINVAL, "nonce length must be 4 to 18");
	refused("0:0a01:+8", EINVAL, "nonce length must be 4 to 18");
	refused("0:0a01:3", EINVAL, "nonce length must be 4 to 18");
	refused("0:0a01:18", EINVAL,
		"server ID and nonce together must be at most 19 octets");
	refused("0:0a01:8,selflen", EINVAL, "the only option of a config is self-len");
	refused("0:0a01:8,", EINVAL, "the only option of a config is self-len");
	refused("0:0a01:8,self-len,self-len", EINVAL, "self-len is given twice");
	refused("0:0a01:8:", EINVAL,
		"the key file's name is empty; without a key, leave out the last colon");
	refused("0:0a01:8:@.none", ENOENT, "@.none: No such file or directory");
	refused("/nowhere/configs", ENOENT, "/nowhere/configs: No such file or directory");
}

static void key_files(void **state)
{
	(void)state;
	write_text(other_path, 0604, "fdf726a9893ec05c0632d3956680baf0");
	refused("0:0a01:8:&", EACCES, "&: everybody may use this key; run \"chmod o= FILE\"");
	write_text(other_path, 0660, "fdf726a9893ec05c0632d3956680baf0");
	refused("0:0a01:8:&", EACCES,
		"&: its group may change this key; run \"chmod g-w FILE\"");
	write_text(other_path, 0600, "fdf7");
	refused("0:0a01:8:&", EINVAL, "&: the key is shorter than 32 hex digits");
	write_text(other_path, 0600, "fdf726a9893ec05c0632d3956680baf0");
	assert_int_equal(truncate(other_path, 257), 0);
	refused("0:0a01:8:&", EINVAL, "&: too long for a key, which has 32 hex digits");
	unlink(other_path);
	assert_int_equal(mkfifo(other_path, 0600), 0);
	refused("0:0a01:8:&", EINVAL, "&: not a regular file");
	unlink(other_path);
	write_text(other_path, 0600, "fdf726a9893ec05c0632d3956680baf0");
}

static void file_refused(const char *text, const char *sentence)
{
	char expected[QUICLB_ERROR_LEN];

	write_text(configs, 0644, with_keys(text));
	snprintf(expected, sizeof(expected), "%s%s", configs, sentence);
	refused(configs, EINVAL, expected);
}

static void files(void **state)
{
	struct quiclb_source *source;

	(void)state;
	source = open_file("# all\n\n  0:0a01:8:@  # first\n\t1:0a01:9:&\r\n");
	assert_int_equal(source->set->count, 2);
	assert_int_equal(quiclb_source_cid_len(source), 12);
	quiclb_source_free(source);

	file_refused("# none\n", ": there is no config in it");
	file_refused("0:0a01:8\n\n0:0a02:8\n",
		     ":3: two lines have this config ID; give each its own");
	file_refused("0:0a01:8\n1:0a01:9:@\n",
		     ":2: a plaintext config and one with a key have the same server ID; give the plaintext one another, or the key can be attacked");
	file_refused("0:0a01:8\n1:0a02:3\n", ":2: nonce length must be 4 to 18");
	write_text(configs, 0644, "0:0a01:8\n");
	assert_int_equal(truncate(configs, 20), 0);
	refused(configs, EINVAL, strcat(strcpy((char[128]){}, configs), ": not a text"));
	assert_int_equal(truncate(configs, SPEC_FILE_MAX + 1), 0);
	refused(configs, EINVAL,
		strcat(strcpy((char[128]){}, configs), ": longer than 65536 octets"));
}

/* --- rotation --- */

static void rotation(void **state)
{
	struct quiclb_source *source = open_file("0:0a01:8:@\n");
	uint8_t old[QLB_CID_LEN_MAX], fresh[QLB_CID_LEN_MAX];
	char error[QUICLB_ERROR_LEN];
	uint64_t before;

	(void)state;
	before = mint_nonce(source, old);
	assert_int_equal(quiclb_source_check(source, old, 11), QUICLB_CID_CURRENT);
	assert_int_equal(quiclb_source_check(source, old, 10), QUICLB_CID_FOREIGN);
	assert_int_equal(reload(source, "0:0a01:8:@\n"), 0);
	assert_int_equal(mint_nonce(source, old), before + 1);

	/* the old config decodes on, and goes on with its nonces if it comes back */
	assert_int_equal(reload(source, "0:0a01:8:@\n1:0a01:9:&\n"), 1);
	assert_int_equal(quiclb_source_check(source, old, 11), QUICLB_CID_OLD);
	mint_nonce(source, fresh);
	assert_int_equal(fresh[0] >> 5, 1);
	assert_int_equal(quiclb_source_check(source, fresh, 12), QUICLB_CID_CURRENT);
	assert_int_equal(reload(source, "1:0a01:9:&\n0:0a01:8:@\n"), 1);
	assert_int_equal(mint_nonce(source, old), before + 2);
	assert_int_equal(quiclb_source_check(source, fresh, 12), QUICLB_CID_OLD);

	/* a failure keeps everything */
	assert_int_equal(reload(source, "1:0a01:9:&\n0:0a01:8:@\n9:01:4\n"), -EINVAL);
	unlink(configs);
	assert_int_equal(quiclb_source_reload(source, error), -ENOENT);
	assert_int_equal(mint_nonce(source, old), before + 3);
	assert_int_equal(quiclb_source_check(source, fresh, 12), QUICLB_CID_OLD);

	/* without its line, a config's CIDs are foreign; another key's as well */
	assert_int_equal(reload(source, "0:0a01:8:@\n"), 0);
	assert_true(quiclb_source_encrypts(source));
	assert_int_equal(quiclb_source_check(source, fresh, 12), QUICLB_CID_FOREIGN);
	assert_int_equal(quiclb_source_len_of(source, fresh[0]), 0);
	assert_int_equal(reload(source, "0:0a01:8:&\n"), 1);
	assert_int_equal(quiclb_source_check(source, old, 11), QUICLB_CID_FOREIGN);

	/* the one that mints counts */
	assert_int_equal(reload(source, "0:0a01:8:&\n1:0b01:8\n"), 1);
	assert_false(quiclb_source_encrypts(source));
	quiclb_source_free(source);
}

static void use_up(struct quiclb_source *source)
{
	struct nonces *nonces = &newest(source->set)->config->nonces;

	atomic_store(&atomic_load(&nonces->run)->used, limit(nonces->len));
}

/* Every length that a config can have, section "Connection ID Entropy". */
static void exhaustion(void **state)
{
	struct quiclb_generator *generator;
	struct quiclb_source *source;
	uint8_t cid[QLB_CID_LEN_MAX];
	char line[64];
	size_t len, n;

	(void)state;
	for (n = 4; n <= 18; n++) {
		sprintf(line, "0:01:%zu:@", n);
		source = open_source(line);
		generator = quiclb_generator_new(source);
		use_up(source);
		assert_int_equal(quiclb_source_nonces_left(source), 0);
		assert_int_equal(quiclb_source_mint(source, cid, &len), 1);
		assert_int_equal(len, 2 + n);
		assert_int_equal(cid[0], 0xe0 | (len - 1));
		assert_int_equal(quiclb_source_len_of(source, cid[0]), len);
		assert_int_equal(quiclb_source_check(source, cid, len), QUICLB_CID_CURRENT);
		assert_int_equal(quiclb_generator_mint(generator, cid, &len), 1);
		assert_int_equal(len, 2 + n);
		quiclb_generator_free(generator);
		quiclb_source_free(source);
	}
}

/* A client that got one of those is given a better one when there is a new key. */
static void after_exhaustion(void **state)
{
	struct quiclb_source *source = open_file("0:0a01:4:@\n");
	uint8_t cid[QLB_CID_LEN_MAX];
	size_t len;

	(void)state;
	use_up(source);
	assert_int_equal(quiclb_source_mint(source, cid, &len), 1);
	assert_int_equal(reload(source, "0:0a01:4:@\n1:0a01:8:&\n"), 1);
	assert_int_equal(quiclb_source_check(source, cid, len), QUICLB_CID_OLD);
	quiclb_source_free(source);
}

/* --- processes and threads --- */

/* The first nonce that a child mints, by @mint. */
static uint64_t child_nonce(struct quiclb_source *source)
{
	uint8_t cid[QLB_CID_LEN_MAX];
	uint64_t nonce;
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	if (!fork()) {
		nonce = mint_nonce(source, cid);
		_exit(write(pipes[1], &nonce, sizeof(nonce)) == sizeof(nonce) ? 0 : 1);
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &nonce, sizeof(nonce)), sizeof(nonce));
	close(pipes[0]);
	wait(NULL);
	return nonce;
}

/* Two random nonces of 8 octets are no neighbours but once in 2^40 runs. */
static void assert_apart(uint64_t a, uint64_t b)
{
	assert_true(a - b > 1 << 24 && b - a > 1 << 24);
}

static void forks(void **state)
{
	struct quiclb_source *source = open_source("0:0a01:8:@");
	uint8_t cid[QLB_CID_LEN_MAX];
	uint64_t parent = mint_nonce(source, cid), first, second;

	(void)state;
	first = child_nonce(source);
	second = child_nonce(source);
	assert_apart(first, parent);
	assert_apart(second, parent);
	assert_apart(first, second);
	assert_int_equal(mint_nonce(source, cid), parent + 1);
	quiclb_source_free(source);
}

/* Where the kernel does not clear the page. */
static void forks_without_page(void **state)
{
	_Atomic uint64_t *page = process;

	pthread_atfork(NULL, NULL, forget_process);
	process = &without_page;
	forks(state);
	process = page;
}

enum { THREADS = 4, EACH = 3000 };

static uint8_t minted[THREADS * EACH][QLB_CID_LEN_MAX];

struct minter {
	pthread_t thread;
	struct quiclb_source *source;
	uint8_t (*cids)[QLB_CID_LEN_MAX];
};

static void *mint_many(void *arg)
{
	struct minter *minter = arg;
	struct quiclb_generator *generator = quiclb_generator_new(minter->source);
	size_t len;
	int i;

	for (i = 0; i < EACH; i++)
		if (quiclb_generator_mint(generator, minter->cids[i], &len))
			memset(minter->cids[i], 0, sizeof(minter->cids[i]));
	quiclb_generator_free(generator);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	/* the first octet's low bits are random */
	return memcmp((const uint8_t *)a + 1, (const uint8_t *)b + 1, 10);
}

/* All differ, and all are this server's, while the configs are read again and again. */
static void threads(void **state)
{
	struct quiclb_source *source = open_file("0:0a01:8:@\n");
	struct minter minters[THREADS];
	int i;

	(void)state;
	memset(minted, 0, sizeof(minted));
	for (i = 0; i < THREADS; i++) {
		minters[i].source = source;
		minters[i].cids = minted + i * EACH;
		assert_int_equal(pthread_create(&minters[i].thread, NULL, mint_many,
						&minters[i]), 0);
	}
	for (i = 0; i < 20; i++)
		assert_int_equal(quiclb_source_reload(source, NULL), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(minters[i].thread, NULL);
	for (i = 0; i < THREADS * EACH; i++)
		assert_int_equal(quiclb_source_check(source, minted[i], 11),
				 QUICLB_CID_CURRENT);
	qsort(minted, THREADS * EACH, sizeof(minted[0]), compare);
	for (i = 1; i < THREADS * EACH; i++)
		assert_int_not_equal(compare(minted[i - 1], minted[i]), 0);
	quiclb_source_free(source);
}

static void generator_follows(void **state)
{
	struct quiclb_source *source = open_file("0:0a01:8:@\n");
	struct quiclb_generator *generator = quiclb_generator_new(source);
	uint8_t cid[QLB_CID_LEN_MAX], of_child[QLB_CID_LEN_MAX];
	size_t len;
	int pipes[2];

	(void)state;
	assert_int_equal(quiclb_generator_mint(generator, cid, &len), 0);
	/* a child of the middle of its batch */
	assert_int_equal(pipe(pipes), 0);
	if (!fork())
		_exit(!quiclb_generator_mint(generator, cid, &len) &&
		      write(pipes[1], cid, sizeof(cid)) == sizeof(cid) ? 0 : 1);
	assert_int_equal(read(pipes[0], of_child, sizeof(of_child)), sizeof(of_child));
	wait(NULL);
	assert_int_equal(quiclb_generator_mint(generator, cid, &len), 0);
	assert_int_not_equal(compare(cid, of_child), 0);

	/* the old config is gone with its nonces: the sanitizer sees the use of either */
	assert_int_equal(reload(source, "1:0a01:9:&\n"), 1);
	assert_int_equal(quiclb_generator_mint(generator, cid, &len), 0);
	assert_int_equal(len, 12);
	assert_int_equal(quiclb_source_check(source, cid, len), QUICLB_CID_CURRENT);
	assert_int_equal(reload(source, "3:0b01:4\n"), 1);
	assert_int_equal(quiclb_generator_mint(generator, cid, &len), 0);
	assert_int_equal(len, 7);
	assert_int_equal(quiclb_source_check(source, cid, len), QUICLB_CID_CURRENT);
	quiclb_generator_free(generator);
	quiclb_source_free(source);
}

/* --- resets --- */

/* RFC 4493, section 4. */
static void cmac(void **state)
{
	static const struct {
		size_t len;
		const char *mac;
	} cases[] = {
		{ 0, "bb1d6929e95937287fa37d129b756746" },
		{ 16, "070a16b46b4d4144f79bdd9dd04a287c" },
		{ 40, "dfa66747de9ae63030ca32611497c827" },
		{ 64, "51f0bebf7e3b9d92fc49741779363cfe" },
	};
	uint8_t key[16], message[64], mac[CMAC_LEN], expected[CMAC_LEN];
	struct qlb_aes aes;
	size_t i;

	(void)state;
	from_hex(key, "2b7e151628aed2a6abf7158809cf4f3c");
	from_hex(message, "6bc1bee22e409f96e93d7e117393172a"
			  "ae2d8a571e03ac9c9eb76fac45af8e51"
			  "30c81c46a35ce411e5fbc1191a0a52ef"
			  "f69f2445df4f9b17ad2b417be66c3710");
	assert_int_equal(qlb_aes_init(&aes, key), 0);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		from_hex(expected, cases[i].mac);
		quiclb_cmac(&aes, message, cases[i].len, mac);
		assert_memory_equal(mac, expected, CMAC_LEN);
	}
}

static const uint8_t secret[32] = "a secret of this server's alone";

static struct quiclb_source *with_secret(const char *text)
{
	struct quiclb_source *source = open_file(text);

	assert_int_equal(quiclb_source_set_reset_secret(source, secret, sizeof(secret)), 0);
	return source;
}

static void token_of(struct quiclb_source *source, const uint8_t *cid, size_t len,
		     uint8_t token[QUICLB_RESET_TOKEN_LEN])
{
	assert_int_equal(quiclb_source_reset_token(source, cid, len, token), 0);
}

static void tokens(void **state)
{
	static const uint8_t room[QLB_CID_LEN_MAX];
	struct quiclb_source *source = open_file("0:0a01:8:@\n");
	uint8_t cid[QLB_CID_LEN_MAX + 5], before[16], after[16];

	(void)state;
	mint_nonce(source, cid);
	assert_int_equal(quiclb_source_reset_token(source, cid, 11, after), -ENOKEY);
	assert_int_equal(quiclb_source_set_reset_secret(source, secret, 15), -EINVAL);
	assert_int_equal(quiclb_source_set_reset_secret(source, secret, 32), 0);
	token_of(source, cid, 11, before);
	/* what follows in a packet does not matter */
	token_of(source, cid, sizeof(cid), after);
	assert_memory_equal(before, after, 16);
	assert_int_equal(quiclb_source_reset_token(source, cid, 10, after), -ENOENT);
	assert_int_equal(quiclb_source_reset_token(source, cid, 0, after), -ENOENT);
	assert_int_equal(quiclb_source_reset_token(source, (const uint8_t *)"\x20", 1, after),
			 -ENOENT);
	assert_memory_not_equal(before, room, 16);

	/* a rotation, a restart in it, and one with another secret, key or server ID */
	assert_int_equal(reload(source, "0:0a01:8:@\n1:0a01:8:&\n"), 1);
	token_of(source, cid, 11, after);
	assert_memory_equal(before, after, 16);
	quiclb_source_free(source);
	source = with_secret("0:0a01:8:@\n1:0a01:8:&\n");
	token_of(source, cid, 11, after);
	assert_memory_equal(before, after, 16);
	assert_int_equal(quiclb_source_set_reset_secret(source, secret, 31), 0);
	token_of(source, cid, 11, after);
	assert_memory_not_equal(before, after, 16);
	quiclb_source_free(source);
	source = with_secret("0:0a01:8:&\n");
	token_of(source, cid, 11, after);
	assert_memory_not_equal(before, after, 16);
	quiclb_source_free(source);
	source = with_secret("0:0a02:8:@\n");
	token_of(source, cid, 11, after);
	assert_memory_not_equal(before, after, 16);
	quiclb_source_free(source);
}

/* A CID with 0b111 can come to another process. */
static void unroutable_tokens(void **state)
{
	struct quiclb_source *source = with_secret("0:0a01:8:@\n");
	uint8_t cid[8], before[16], after[16];
	int pipes[2];

	(void)state;
	assert_int_equal(quiclb_mint_unroutable(cid, sizeof(cid)), 0);
	token_of(source, cid, sizeof(cid), before);
	token_of(source, cid, sizeof(cid), after);
	assert_memory_equal(before, after, 16);
	assert_int_equal(quiclb_source_reset_token(source, cid, 7, after), -ENOENT);
	assert_int_equal(pipe(pipes), 0);
	if (!fork())
		_exit(!quiclb_source_reset_token(source, cid, sizeof(cid), after) &&
		      write(pipes[1], after, 16) == 16 ? 0 : 1);
	assert_int_equal(read(pipes[0], after, 16), 16);
	wait(NULL);
	assert_memory_not_equal(before, after, 16);
	quiclb_source_free(source);
	source = with_secret("0:0a01:8:@\n");
	token_of(source, cid, sizeof(cid), after);
	assert_memory_not_equal(before, after, 16);
	quiclb_source_free(source);
}

/* --- the state file --- */

static void use_state(struct quiclb_source *source)
{
	char error[QUICLB_ERROR_LEN] = "";

	quiclb_source_use_state(source, state_path, error);
	assert_string_equal(error, "");
}

/* A server that is killed, started again, and rotates there and back. */
static void restarts(void **state)
{
	struct quiclb_source *source = open_file("0:0a01:4:@\n");
	uint8_t cid[QLB_CID_LEN_MAX];
	uint32_t first, last = 0, again;
	int i;

	(void)state;
	use_state(source);
	first = mint_nonce(source, cid);
	for (i = 0; i < 70000; i++)
		last = mint_nonce(source, cid);
	assert_int_equal(last - first, 70000);
	quiclb_source_free(source);

	source = open_file("0:0a01:4:@\n");
	use_state(source);
	again = mint_nonce(source, cid);
	assert_in_range(again - last, 1, 2 * 65536);
	assert_int_equal(reload(source, "1:0a01:8:&\n"), 1);
	mint_nonce(source, cid);
	assert_int_equal(reload(source, "0:0a01:4:@\n"), 1);
	assert_in_range((uint32_t)mint_nonce(source, cid) - again, 1, 2 * 65536);
	assert_int_equal(quiclb_source_use_state(source, state_path, NULL), -EALREADY);
	quiclb_source_free(source);
}

/* Nonces that cannot be written down are not used. */
static void state_fails(void **state)
{
	struct quiclb_source *source = open_file("0:0a01:8:@\n");
	char error[QUICLB_ERROR_LEN], expected[QUICLB_ERROR_LEN];
	uint8_t cid[QLB_CID_LEN_MAX];
	size_t len;
	int i, unroutable = 0;

	(void)state;
	write_text(state_path, 0600, "something else\n");
	assert_int_equal(quiclb_source_use_state(source, state_path, error), -EBADMSG);
	sprintf(expected, "%s: not a file of nonces; move it away, and give the servers another key",
		state_path);
	assert_string_equal(error, expected);
	unlink(state_path);
	assert_int_equal(quiclb_source_use_state(source, "/nowhere/state", error), -ENOENT);
	quiclb_source_free(source);

	source = open_file("0:0a01:8:@\n");
	use_state(source);
	/* its directory goes: even root cannot write there */
	strcpy(source->state->path, "/no");
	source->state->path[1] = '\0';
	for (i = 0; i < 65536 + 10; i++)
		unroutable += quiclb_source_mint(source, cid, &len) == 1;
	assert_int_equal(unroutable, 10);
	quiclb_source_free(source);
}

/* --- workers --- */

static const uint8_t worker_key[QUICLB_WORKER_KEY_LEN] = {
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
	0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
};

/* The example in the paper's appendix A, and two of the reference implementation's. */
static void siphash_vectors(void **state)
{
	uint8_t octets[15];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(octets); i++)
		octets[i] = i;
	assert_true(siphash(worker_key, octets, 15) == 0xa129ca6149be45e5);
	assert_true(siphash(worker_key, octets, 8) == 0x93f5f5799a932462);
	assert_true(siphash(worker_key, octets, 0) == 0x726fdb47dd0e0e31);
}

static struct quiclb_source *open_worker(const char *text, unsigned int worker)
{
	struct quiclb_source *source = open_file(text);

	assert_int_equal(quiclb_source_set_worker(source, worker_key, worker), 0);
	return source;
}

/* Mints some and looks at each.  The octet at the end shows nothing of the number. */
static void mint_as_worker(struct quiclb_source *source, unsigned int worker, size_t want)
{
	const struct source_config *entry = newest(source->set);
	uint8_t cid[QLB_CID_LEN_MAX], server_id[QLB_SERVER_ID_LEN_MAX];
	uint8_t nonce[QLB_NONCE_LEN_MAX], seen[256] = {};
	unsigned int i, different = 0;
	size_t len;

	for (i = 0; i < 1000; i++) {
		assert_int_equal(quiclb_source_mint(source, cid, &len), 0);
		assert_int_equal(len, want);
		assert_int_equal(quiclb_source_cid_len(source), want);
		assert_int_equal(quiclb_source_len_of(source, cid[0]), want);
		assert_int_equal(quiclb_source_check(source, cid, len), QUICLB_CID_CURRENT);
		assert_int_equal(quiclb_worker_of(worker_key, cid, len), worker);
		assert_int_equal(quiclb_decode(entry->config, cid, len, server_id, nonce), 0);
		assert_memory_equal(server_id, entry->server_id, entry->config->codec.server_id_len);
		if (qlb_has_key(&entry->config->codec))
			assert_int_equal(nonce[0], worker);
		different += !seen[cid[len - 1]]++;
	}
	assert_true(different > 200);
}

static void workers(void **state)
{
	static const uint8_t secret[16] = "of this server";
	uint8_t cid[QLB_CID_LEN_MAX], token[QUICLB_RESET_TOKEN_LEN], other[QUICLB_RESET_TOKEN_LEN];
	struct quiclb_generator *generator;
	struct quiclb_source *source;
	size_t len;

	(void)state;
	source = open_worker("0:0a01:8:@\n", 7);
	mint_as_worker(source, 7, 12);
	generator = quiclb_generator_new(source);
	assert_int_equal(quiclb_generator_mint(generator, cid, &len), 0);
	assert_int_equal(len, 12);
	assert_int_equal(quiclb_worker_of(worker_key, cid, len), 7);

	/* a CID that differs in the last octet only is another worker's */
	assert_int_equal(quiclb_source_set_reset_secret(source, secret, sizeof(secret)), 0);
	assert_int_equal(quiclb_source_reset_token(source, cid, len, token), 0);
	assert_int_equal(quiclb_source_reset_token(source, cid, len - 1, token), -ENOENT);
	cid[len - 1] ^= 1;
	assert_int_equal(quiclb_source_reset_token(source, cid, len, other), 0);
	assert_memory_not_equal(token, other, sizeof(token));

	/* a rotation, to a config without a key as well */
	assert_int_equal(reload(source, "0:0a01:8:@\n1:0a01:16:@\n"), 1);
	mint_as_worker(source, 7, 20);
	assert_int_equal(quiclb_generator_mint(generator, cid, &len), 0);
	assert_int_equal(len, 20);
	assert_int_equal(reload(source, "0:0a01:8:@\n1:0a01:17:@\n"), -EINVAL);
	assert_int_equal(reload(source, "0:0a01:8:@\n1:0a01:8,self-len:@\n"), -EINVAL);
	mint_as_worker(source, 7, 20);
	assert_int_equal(reload(source, "1:0a01:16:@\n2:0b01:9\n"), 1);
	mint_as_worker(source, 7, 13);
	quiclb_generator_free(generator);
	quiclb_source_free(source);
}

static void worker_exhaustion(void **state)
{
	struct quiclb_source *source = open_worker("0:0a01:4:@\n", 255);
	uint8_t cid[QLB_CID_LEN_MAX];
	size_t len;

	(void)state;
	assert_true(quiclb_source_nonces_left(source) == 1 << 24);
	use_up(source);
	assert_int_equal(quiclb_source_mint(source, cid, &len), 1);
	assert_int_equal(len, 8);
	assert_int_equal(cid[0], 0xe0 | 7);
	assert_int_equal(quiclb_worker_of(worker_key, cid, len), 255);
	quiclb_source_free(source);
}

static void bad_workers(void **state)
{
	static const char *const without_room[] = {
		"0:0a01:17:@\n", "0:0a01:8,self-len:@\n", "0:0a01:8:@\n1:0b01:17\n",
	};
	struct quiclb_source *source;
	uint8_t cid[QLB_CID_LEN_MAX];
	size_t len, i;

	(void)state;
	for (i = 0; i < sizeof(without_room) / sizeof(*without_room); i++) {
		source = open_file(without_room[i]);
		assert_int_equal(quiclb_source_set_worker(source, worker_key, 0), -EINVAL);
		quiclb_source_free(source);
	}
	source = open_file("0:0a01:8:@\n");
	assert_int_equal(quiclb_source_set_worker(source, worker_key, 256), -EINVAL);
	assert_int_equal(quiclb_source_mint(source, cid, &len), 0);
	assert_int_equal(len, 11);
	assert_int_equal(quiclb_source_set_worker(source, worker_key, 0), -EBUSY);
	quiclb_source_free(source);

	source = open_worker("0:0a01:8:@\n", 0);
	assert_int_equal(quiclb_source_set_worker(source, worker_key, 1), -EBUSY);
	mint_as_worker(source, 0, 12);
	quiclb_source_free(source);
}

/* The octet of its number is not in the file. */
static void worker_state(void **state)
{
	struct quiclb_source *source = open_worker("0:0a01:8:@\n", 9);
	uint8_t cid[QLB_CID_LEN_MAX];
	uint64_t last;
	size_t len;

	(void)state;
	unlink(state_path);
	assert_int_equal(quiclb_source_use_state(source, state_path, NULL), 0);
	last = mint_nonce(source, cid);
	quiclb_source_free(source);
	source = open_worker("0:0a01:8:@\n", 9);
	assert_int_equal(quiclb_source_use_state(source, state_path, NULL), 0);
	assert_true(mint_nonce(source, cid) - last <= 65536 + 1);
	assert_int_equal(quiclb_source_mint(source, cid, &len), 0);
	assert_int_equal(quiclb_worker_of(worker_key, cid, len), 9);
	quiclb_source_free(source);
	unlink(state_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(key_files),
		cmocka_unit_test(files),
		cmocka_unit_test(rotation),
		cmocka_unit_test(exhaustion),
		cmocka_unit_test(after_exhaustion),
		cmocka_unit_test(forks),
		cmocka_unit_test(forks_without_page),
		cmocka_unit_test(threads),
		cmocka_unit_test(generator_follows),
		cmocka_unit_test(cmac),
		cmocka_unit_test(tokens),
		cmocka_unit_test(unroutable_tokens),
		cmocka_unit_test(restarts),
		cmocka_unit_test(state_fails),
		cmocka_unit_test(siphash_vectors),
		cmocka_unit_test(workers),
		cmocka_unit_test(worker_exhaustion),
		cmocka_unit_test(bad_workers),
		cmocka_unit_test(worker_state),
	};

	return cmocka_run_group_tests_name("source", tests, set_up, tear_down);
}
