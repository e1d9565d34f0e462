// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sources: several configs of one server, read from lines, with rotation.
 *
 * The configs of a moment are a set.  Its readers hold the lock for reading; a reload makes
 * the next set without the lock and exchanges the two.  Who needs a config for longer, a
 * generator, holds a reference to it.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "line.h"
#include "reset.h"
#include "state.h"
#include "worker.h"

enum {
	SPEC_FILE_MAX = 65536,	/* octets */
	SECRET_LEN_MIN = 16,
	BATCH = 128,		/* nonces that a generator takes at once */
};

struct source_config {
	struct quiclb_config *config;
	uint8_t server_id[QLB_SERVER_ID_LEN_MAX];	/* the rest is zero */
	uint8_t identity[QLB_BLOCK_LEN];	/* of the key, see identify() */
	struct qlb_aes reset;			/* if the source has a secret */
};

struct config_set {
	unsigned int count;
	struct source_config configs[QLB_CONFIGS_MAX];	/* the last one mints */
};

struct quiclb_source {
	pthread_rwlock_t lock;		/* of what follows, but for @spec */
	struct config_set *set;
	struct qlb_aes secret;		/* the key that reset keys are derived with */
	bool has_secret;
	struct qlb_aes unroutable;	/* makes the tokens of CIDs with 0b111 */
	uint64_t process;		/* whose @unroutable is, see quiclb_process() */
	struct nonce_state *state;	/* or NULL */
	bool has_worker;		/* each CID ends with @worker, hidden by the key */
	uint8_t worker;
	uint8_t worker_key[QUICLB_WORKER_KEY_LEN];
	_Atomic unsigned int generation;	/* of @set */
	char spec[];
};

struct quiclb_generator {
	struct quiclb_source *source;
	unsigned int generation;
	struct quiclb_config *config;
	uint8_t server_id[QLB_SERVER_ID_LEN_MAX];
	const struct nonce_run *run;
	uint64_t next, end;
};

/* --- reset keys --- */

/*
 * Two configs with equal identities have the same key.  No CID's passes encrypt this block,
 * see qlb_fingerprint(), and nothing shows it.
 */
static void identify(struct source_config *entry)
{
	static const uint8_t label[QLB_BLOCK_LEN] = "QUIC-LB resetkey";

	if (qlb_has_key(&entry->config->codec))
		qlb_aes_encrypt(&entry->config->codec.aes, entry->identity, label);
}

static int derive_reset_key(const struct quiclb_source *source,
			    struct source_config *entry)
{
	const struct qlb_config *codec = &entry->config->codec;
	uint8_t input[4 + QLB_SERVER_ID_LEN_MAX + QLB_BLOCK_LEN] = {
		codec->id, codec->server_id_len, codec->nonce_len, codec->self_len,
	};
	uint8_t key[CMAC_LEN];
	int err;

	memcpy(input + 4, entry->server_id, QLB_SERVER_ID_LEN_MAX);
	memcpy(input + 4 + QLB_SERVER_ID_LEN_MAX, entry->identity, QLB_BLOCK_LEN);
	quiclb_cmac(&source->secret, input, sizeof(input), key);
	qlb_aes_destroy(&entry->reset);
	err = qlb_aes_init(&entry->reset, key);
	quiclb_wipe(key, sizeof(key));
	quiclb_wipe(input, sizeof(input));
	return err;
}

/* --- sets --- */

static void free_set(struct config_set *set)
{
	unsigned int i;

	if (!set)
		return;
	for (i = 0; i < set->count; i++)
		quiclb_config_free(set->configs[i].config);
	quiclb_wipe(set, sizeof(*set));
	free(set);
}

static bool same_config(const struct source_config *a, const struct source_config *b)
{
	const struct qlb_config *x = &a->config->codec, *y = &b->config->codec;

	return x->id == y->id && x->server_id_len == y->server_id_len &&
	       x->nonce_len == y->nonce_len && x->self_len == y->self_len &&
	       x->algorithm == y->algorithm &&
	       !memcmp(a->server_id, b->server_id, sizeof(a->server_id)) &&
	       !memcmp(a->identity, b->identity, sizeof(a->identity));
}

/* A key that is read once more goes on with its nonces. */
static void keep_nonces(struct config_set *set, const struct config_set *old)
{
	unsigned int i, j;

	for (i = 0; i < set->count; i++)
		for (j = 0; j < old->count; j++) {
			if (!same_config(&set->configs[i], &old->configs[j]))
				continue;
			quiclb_config_free(set->configs[i].config);
			set->configs[i].config =
				quiclb_config_get(old->configs[j].config);
		}
}

/* Return: NULL, or why @entry cannot stand beside the configs of @set. */
static const char *check_neighbours(const struct config_set *set,
				    const struct source_config *entry)
{
	const struct qlb_config *codec = &entry->config->codec, *other;
	unsigned int i;

	for (i = 0; i < set->count; i++) {
		other = &set->configs[i].config->codec;
		if (other->id == codec->id)
			return "two lines have this config ID; give each its own";
		if (qlb_has_key(other) != qlb_has_key(codec) &&
		    other->server_id_len == codec->server_id_len &&
		    !memcmp(set->configs[i].server_id, entry->server_id,
			    sizeof(entry->server_id)))
			return "a plaintext config and one with a key have the same server ID; give the plaintext one another, or the key can be attacked";
	}
	return NULL;
}

/* Return: 0, or a negative errno with @error set. */
static int make_config(const struct config_line *line, struct source_config *entry,
		       char *error)
{
	uint8_t key[QUICLB_KEY_LEN];
	const char *why;
	int err;

	if (line->key_file) {
		err = quiclb_read_key(line->key_file, key, error);
		if (err)
			return err;
	}
	memset(entry, 0, sizeof(*entry));
	memcpy(entry->server_id, line->server_id, line->server_id_len);
	entry->config = quiclb_config_new(line->id, line->server_id_len,
					  line->nonce_len, line->flags,
					  line->key_file ? key : NULL, &why);
	err = entry->config ? 0 : -errno;
	quiclb_wipe(key, sizeof(key));
	if (err)
		snprintf(error, QUICLB_ERROR_LEN, "%s", why);
	else
		identify(entry);
	return err;
}

/* Return: 0, or a negative errno with @error set. */
static int add_line(struct config_set *set, char *text, char *error)
{
	struct source_config entry;
	struct config_line line;
	const char *why = quiclb_parse_line(text, &line);
	int err = -EINVAL;

	if (!why) {
		err = make_config(&line, &entry, error);
		if (err)
			return err;
		why = check_neighbours(set, &entry);
		if (!why) {
			set->configs[set->count++] = entry;
			return 0;
		}
		quiclb_config_free(entry.config);
		err = -EINVAL;
	}
	snprintf(error, QUICLB_ERROR_LEN, "%s", why);
	return err;
}

/* Without comment and white space around it. */
static char *strip(char *line)
{
	char *end;

	line[strcspn(line, "#")] = '\0';
	while (isspace((unsigned char)*line))
		line++;
	for (end = line + strlen(line); end > line; end--)
		if (!isspace((unsigned char)end[-1]))
			break;
	*end = '\0';
	return line;
}

/* IDs differ, so there is room for all. */
static int add_lines(struct config_set *set, const char *path, char *text, char *error)
{
	char why[QUICLB_ERROR_LEN], *line;
	unsigned int number = 0;
	int err;

	while ((line = strsep(&text, "\n"))) {
		number++;
		line = strip(line);
		if (!*line)
			continue;
		err = add_line(set, line, why);
		if (err) {
			snprintf(error, QUICLB_ERROR_LEN, "%.200s:%u: %.290s", path,
				 number, why);
			return err;
		}
	}
	if (set->count)
		return 0;
	snprintf(error, QUICLB_ERROR_LEN, "%.200s: there is no config in it", path);
	return -EINVAL;
}

/* Return: the text, which the caller frees, or NULL with @err and @why set. */
static char *read_spec(const char *path, int *err, const char **why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = calloc(1, SPEC_FILE_MAX + 1);
	size_t len = 0;
	ssize_t got = -1;

	if (fd >= 0 && text)
		while ((got = read(fd, text + len, SPEC_FILE_MAX + 1 - len)) > 0)
			len += got;
	*err = got < 0 ? -errno : -EINVAL;
	*why = got < 0 ? strerror(errno) : NULL;
	if (len > SPEC_FILE_MAX)
		*why = "longer than 65536 octets";
	else if (text && strlen(text) != len)
		*why = "not a text";
	if (fd >= 0)
		close(fd);
	if (!*why)
		return text;
	free(text);
	return NULL;
}

static int read_configs(struct config_set *set, const char *spec, char *error)
{
	const char *why;
	char *text;
	int err;

	if (isdigit((unsigned char)*spec)) {
		text = strdup(spec);
		err = text ? add_line(set, text, error) : -ENOMEM;
		if (!text)
			snprintf(error, QUICLB_ERROR_LEN, "out of memory");
	} else {
		text = read_spec(spec, &err, &why);
		if (text)
			err = add_lines(set, spec, text, error);
		else
			snprintf(error, QUICLB_ERROR_LEN, "%.200s: %s", spec, why);
	}
	free(text);
	return err;
}

/* Return: the set, or NULL with errno and @error set. */
static struct config_set *read_set(const char *spec, char *error)
{
	struct config_set *set = calloc(1, sizeof(*set));
	int err;

	if (!set) {
		snprintf(error, QUICLB_ERROR_LEN, "out of memory");
		errno = ENOMEM;
		return NULL;
	}
	err = read_configs(set, spec, error);
	if (!err)
		return set;
	free_set(set);
	errno = -err;
	return NULL;
}

static const struct source_config *newest(const struct config_set *set)
{
	return &set->configs[set->count - 1];
}

/* The config that a CID with this first octet is of, or NULL. */
static const struct source_config *find(const struct config_set *set, uint8_t first_octet)
{
	unsigned int i;

	for (i = 0; i < set->count; i++)
		if (set->configs[i].config->codec.id == qlb_config_id(first_octet))
			return &set->configs[i];
	return NULL;
}

/* --- sources --- */

/* A key of this process, which no other one can know. */
static int draw_unroutable_key(struct quiclb_source *source)
{
	uint8_t key[QLB_KEY_LEN];
	int err = quiclb_random(key, sizeof(key));

	if (err)
		return err;
	qlb_aes_destroy(&source->unroutable);
	err = qlb_aes_init(&source->unroutable, key);
	quiclb_wipe(key, sizeof(key));
	source->process = quiclb_process();
	return err;
}

static struct quiclb_source *alloc_source(const char *spec, char *error)
{
	struct quiclb_source *source = calloc(1, sizeof(*source) + strlen(spec) + 1);
	int err = source ? draw_unroutable_key(source) : -ENOMEM;

	if (err) {
		snprintf(error, QUICLB_ERROR_LEN, "%s", strerror(-err));
		free(source);
		errno = -err;
		return NULL;
	}
	pthread_rwlock_init(&source->lock, NULL);
	strcpy(source->spec, spec);
	return source;
}

struct quiclb_source *quiclb_source_open(const char *spec, char *error)
{
	char unread[QUICLB_ERROR_LEN];
	struct quiclb_source *source;

	if (!error)
		error = unread;
	source = alloc_source(spec, error);
	if (!source)
		return NULL;
	source->set = read_set(spec, error);
	if (source->set)
		return source;
	quiclb_source_free(source);
	return NULL;
}

void quiclb_source_free(struct quiclb_source *source)
{
	int saved = errno;

	if (!source)
		return;
	free_set(source->set);
	quiclb_state_free(source->state);
	pthread_rwlock_destroy(&source->lock);
	qlb_aes_destroy(&source->unroutable);
	quiclb_wipe(source, sizeof(*source));
	free(source);
	errno = saved;
}

/* --- workers --- */

/* Has a nonce been taken? */
static bool is_used(const struct config_set *set)
{
	const struct quiclb_config *config;
	unsigned int i;

	for (i = 0; i < set->count; i++) {
		config = set->configs[i].config;
		if (qlb_has_key(&config->codec) &&
		    atomic_load(&atomic_load(&config->nonces.run)->used))
			return true;
	}
	return false;
}

static bool has_room_for_worker(const struct config_set *set)
{
	unsigned int i;

	for (i = 0; i < set->count; i++)
		if (set->configs[i].config->codec.self_len ||
		    quiclb_cid_len(set->configs[i].config) == QUICLB_CID_LEN_MAX)
			return false;
	return true;
}

/* Those that the set has from an earlier one know it already. */
static void tell_worker(const struct quiclb_source *source, struct config_set *set)
{
	struct quiclb_config *config;
	unsigned int i;

	for (i = 0; source->has_worker && i < set->count; i++) {
		config = set->configs[i].config;
		if (qlb_has_key(&config->codec) && !config->has_worker)
			quiclb_config_set_worker(config, source->worker);
	}
}

int quiclb_source_set_worker(struct quiclb_source *source,
			     const uint8_t key[QUICLB_WORKER_KEY_LEN],
			     unsigned int worker)
{
	int err = 0;

	if (worker > QUICLB_WORKER_MAX)
		return -EINVAL;
	pthread_rwlock_wrlock(&source->lock);
	if (source->has_worker || source->state || is_used(source->set))
		err = -EBUSY;
	else if (!has_room_for_worker(source->set))
		err = -EINVAL;
	if (!err) {
		memcpy(source->worker_key, key, sizeof(source->worker_key));
		source->worker = worker;
		source->has_worker = true;
		tell_worker(source, source->set);
	}
	pthread_rwlock_unlock(&source->lock);
	return err;
}

/* Octets of a CID of @config. */
static size_t full_len(const struct quiclb_source *source,
		       const struct quiclb_config *config)
{
	return quiclb_cid_len(config) + source->has_worker;
}

static void finish_cid(const struct quiclb_source *source, uint8_t *cid, size_t len)
{
	if (source->has_worker)
		cid[len - 1] = source->worker ^
			       quiclb_worker_mask(source->worker_key, cid, len - 1);
}

static int adopt_all(struct quiclb_source *source, struct config_set *set)
{
	unsigned int i;
	int err = 0;

	for (i = 0; source->state && !err && i < set->count; i++)
		err = quiclb_state_adopt(source->state, set->configs[i].config,
					 set->configs[i].server_id);
	return err;
}

/* With the lock.  What can fail comes first, so that a failure changes nothing. */
static int exchange(struct quiclb_source *source, struct config_set **set)
{
	struct config_set *old = source->set;
	unsigned int i;
	int err, changed;

	for (i = 0; source->has_secret && i < (*set)->count; i++) {
		err = derive_reset_key(source, &(*set)->configs[i]);
		if (err)
			return err;
	}
	keep_nonces(*set, old);
	tell_worker(source, *set);
	err = adopt_all(source, *set);
	if (err)
		return err;
	changed = !same_config(newest(*set), newest(old));
	source->set = *set;
	*set = old;
	atomic_fetch_add(&source->generation, 1);
	return changed;
}

int quiclb_source_reload(struct quiclb_source *source, char *error)
{
	char unread[QUICLB_ERROR_LEN];
	struct config_set *set;
	int changed;

	if (!error)
		error = unread;
	set = read_set(source->spec, error);
	if (!set)
		return -errno;
	pthread_rwlock_wrlock(&source->lock);
	if (source->has_worker && !has_room_for_worker(set))
		changed = -EINVAL;
	else
		changed = exchange(source, &set);
	pthread_rwlock_unlock(&source->lock);
	if (changed == -EINVAL)
		snprintf(error, QUICLB_ERROR_LEN, "a config has self-len, or no room for the octet that names a worker");
	else if (changed < 0)
		snprintf(error, QUICLB_ERROR_LEN, "%s", strerror(-changed));
	free_set(set);
	return changed;
}

int quiclb_source_use_state(struct quiclb_source *source, const char *path, char *error)
{
	char unread[QUICLB_ERROR_LEN];
	struct nonce_state *state;
	int err;

	if (!error)
		error = unread;
	state = quiclb_state_open(path, error);
	if (!state)
		return -errno;
	pthread_rwlock_wrlock(&source->lock);
	err = -EALREADY;
	if (!source->state) {
		source->state = state;
		err = adopt_all(source, source->set);
	}
	pthread_rwlock_unlock(&source->lock);
	if (err)
		snprintf(error, QUICLB_ERROR_LEN, "%.300s: %s", path, strerror(-err));
	if (err == -EALREADY)
		quiclb_state_free(state);
	return err;
}

size_t quiclb_source_cid_len(struct quiclb_source *source)
{
	size_t len;

	pthread_rwlock_rdlock(&source->lock);
	len = full_len(source, newest(source->set)->config);
	pthread_rwlock_unlock(&source->lock);
	return len;
}

bool quiclb_source_encrypts(struct quiclb_source *source)
{
	bool has_key;

	pthread_rwlock_rdlock(&source->lock);
	has_key = qlb_has_key(&newest(source->set)->config->codec);
	pthread_rwlock_unlock(&source->lock);
	return has_key;
}

/*
 * What becomes of a CID when there are no nonces, and its end.
 * Return: 0, 1 if it is unroutable, or a negative errno.
 */
static int finish(const struct quiclb_source *source, int err,
		  const struct quiclb_config *config, uint8_t *cid, size_t *cid_len)
{
	size_t len = full_len(source, config);

	if (err == -EOVERFLOW) {
		err = quiclb_mint_unroutable(cid, len);
		if (!err)
			err = 1;
	}
	if (err < 0)
		return err;
	finish_cid(source, cid, len);
	*cid_len = len;
	return err;
}

int quiclb_source_mint(struct quiclb_source *source, uint8_t *cid, size_t *cid_len)
{
	const struct source_config *entry;
	int err;

	pthread_rwlock_rdlock(&source->lock);
	entry = newest(source->set);
	err = quiclb_mint(entry->config, entry->server_id, cid);
	err = finish(source, err, entry->config, cid, cid_len);
	pthread_rwlock_unlock(&source->lock);
	return err;
}

size_t quiclb_source_len_of(struct quiclb_source *source, uint8_t first_octet)
{
	const struct source_config *entry;
	size_t len = 0;

	if (qlb_config_id(first_octet) == QLB_CONFIG_ID_RESERVED) {
		len = qlb_self_len(first_octet);
		return len > QLB_CID_LEN_MAX ? 0 : len;
	}
	pthread_rwlock_rdlock(&source->lock);
	entry = find(source->set, first_octet);
	if (entry)
		len = full_len(source, entry->config);
	pthread_rwlock_unlock(&source->lock);
	return len;
}

static enum quiclb_cid_state check(const struct config_set *set, const uint8_t *cid,
				   size_t cid_len)
{
	const struct source_config *entry = find(set, cid[0]);
	uint8_t server_id[QLB_SERVER_ID_LEN_MAX];

	if (!entry || quiclb_decode(entry->config, cid, cid_len, server_id, NULL))
		return QUICLB_CID_FOREIGN;
	if (memcmp(server_id, entry->server_id, entry->config->codec.server_id_len))
		return QUICLB_CID_FOREIGN;
	return entry == newest(set) ? QUICLB_CID_CURRENT : QUICLB_CID_OLD;
}

/*
 * A CID with 0b111 is as good as any as long as there is nothing better; then its client
 * is given one that it can move with.
 */
enum quiclb_cid_state quiclb_source_check(struct quiclb_source *source,
					  const uint8_t *cid, size_t cid_len)
{
	enum quiclb_cid_state state;

	if (!cid_len)
		return QUICLB_CID_FOREIGN;
	pthread_rwlock_rdlock(&source->lock);
	if (qlb_config_id(cid[0]) != QLB_CONFIG_ID_RESERVED)
		state = check(source->set, cid, cid_len);
	else if (quiclb_nonces_left(newest(source->set)->config))
		state = QUICLB_CID_OLD;
	else
		state = QUICLB_CID_CURRENT;
	pthread_rwlock_unlock(&source->lock);
	return state;
}

uint64_t quiclb_source_nonces_left(struct quiclb_source *source)
{
	uint64_t left;

	pthread_rwlock_rdlock(&source->lock);
	left = quiclb_nonces_left(newest(source->set)->config);
	pthread_rwlock_unlock(&source->lock);
	return left;
}

int quiclb_source_set_reset_secret(struct quiclb_source *source,
				   const uint8_t *secret, size_t len)
{
	unsigned int i;
	int err;

	if (len < SECRET_LEN_MIN)
		return -EINVAL;
	pthread_rwlock_wrlock(&source->lock);
	qlb_aes_destroy(&source->secret);
	err = quiclb_derive(&source->secret, secret, len);
	for (i = 0; !err && i < source->set->count; i++)
		err = derive_reset_key(source, &source->set->configs[i]);
	source->has_secret = !err;
	pthread_rwlock_unlock(&source->lock);
	return err;
}

static int reset_token(const struct quiclb_source *source, const uint8_t *cid,
		       size_t cid_len, uint8_t *token)
{
	const struct source_config *entry = find(source->set, cid[0]);

	if (!entry || cid_len < full_len(source, entry->config))
		return -ENOENT;
	if (!source->has_secret)
		return -ENOKEY;
	/* the worker's octet, too: with another one, the packet reaches another worker */
	quiclb_cmac(&entry->reset, cid, full_len(source, entry->config), token);
	return 0;
}

static int unroutable_token(struct quiclb_source *source, const uint8_t *cid,
			    size_t cid_len, uint8_t *token)
{
	size_t len = quiclb_source_len_of(source, cid[0]);
	int err = 0;

	if (!len || len > cid_len)
		return -ENOENT;
	pthread_rwlock_wrlock(&source->lock);
	if (source->process != quiclb_process())
		err = draw_unroutable_key(source);
	if (!err)
		quiclb_cmac(&source->unroutable, cid, len, token);
	pthread_rwlock_unlock(&source->lock);
	return err;
}

int quiclb_source_reset_token(struct quiclb_source *source, const uint8_t *cid,
			      size_t cid_len, uint8_t *token)
{
	int err;

	if (!cid_len)
		return -ENOENT;
	if (qlb_config_id(cid[0]) == QLB_CONFIG_ID_RESERVED)
		return unroutable_token(source, cid, cid_len, token);
	pthread_rwlock_rdlock(&source->lock);
	err = reset_token(source, cid, cid_len, token);
	pthread_rwlock_unlock(&source->lock);
	return err;
}

/* --- generators --- */

struct quiclb_generator *quiclb_generator_new(struct quiclb_source *source)
{
	struct quiclb_generator *generator = calloc(1, sizeof(*generator));

	if (generator)
		generator->source = source;
	return generator;
}

void quiclb_generator_free(struct quiclb_generator *generator)
{
	if (!generator)
		return;
	quiclb_config_free(generator->config);
	free(generator);
}

/* The config of this moment, and none of another's nonces. */
static void follow(struct quiclb_generator *generator)
{
	struct quiclb_source *source = generator->source;
	struct quiclb_config *old = generator->config;
	const struct source_config *entry;

	pthread_rwlock_rdlock(&source->lock);
	entry = newest(source->set);
	generator->config = quiclb_config_get(entry->config);
	if (generator->config != old) {
		generator->next = 0;
		generator->end = 0;
	}
	memcpy(generator->server_id, entry->server_id, sizeof(entry->server_id));
	generator->generation = atomic_load(&source->generation);
	pthread_rwlock_unlock(&source->lock);
	quiclb_config_free(old);
}

static int next_nonce(struct quiclb_generator *generator, uint8_t *nonce)
{
	struct quiclb_config *config = generator->config;
	long taken;

	if (!qlb_has_key(&config->codec))
		return quiclb_random(nonce, config->codec.nonce_len);
	if (generator->next == generator->end || !quiclb_nonces_ours(generator->run)) {
		generator->end = generator->next;
		taken = quiclb_nonces_take(&config->nonces, BATCH, &generator->run,
					   &generator->next);
		if (taken < 0)
			return taken;
		generator->end = generator->next + taken;
	}
	quiclb_config_write_nonce(config, generator->run, generator->next++, nonce);
	return 0;
}

int quiclb_generator_mint(struct quiclb_generator *generator, uint8_t *cid,
			  size_t *cid_len)
{
	uint8_t nonce[QLB_NONCE_LEN_MAX], bits;
	int err;

	if (!generator->config ||
	    generator->generation != atomic_load(&generator->source->generation))
		follow(generator);
	err = quiclb_random_bits(generator->config, &bits);
	if (!err)
		err = next_nonce(generator, nonce);
	if (!err)
		quiclb_encode(generator->config, generator->server_id, nonce, bits, cid);
	return finish(generator->source, err, generator->config, cid, cid_len);
}
