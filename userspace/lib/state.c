// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * DOC: the state file
 *
 * A line for each key and server ID:
 *
 *	ID SERVER-ID NONCE-LENGTH FINGERPRINT FIRST-NONCE USED
 *
 * USED is further than what has been given out: it is raised by some thousands and on the
 * disk before any of those is used.  So a server that is killed loses some nonces and
 * repeats none.  The file is written beside and renamed.
 */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "hex.h"

enum {
	NAME_LEN = 64,		/* the first four fields */
	LINE_LEN = 160,
	RECORDS_MAX = 64,	/* many rotations; the oldest that is not in use gives way */
};

struct nonce_record {
	char name[NAME_LEN];
	uint8_t first[QLB_NONCE_LEN_MAX];
	unsigned int len;
	uint64_t used;
	struct quiclb_config *config;	/* with a reference, or NULL: not in use */
	struct nonce_state *state;
};

/* Pointers to records are given away, so they do not move. */
struct nonce_state {
	pthread_mutex_t lock;
	unsigned int count;
	struct nonce_record *records[RECORDS_MAX];
	char path[];
};

static void name_record(char name[NAME_LEN], const struct quiclb_config *config,
			const uint8_t *server_id)
{
	const struct qlb_config *codec = &config->codec;
	char id[2 * QLB_SERVER_ID_LEN_MAX + 1];

	quiclb_hex_write(id, server_id, codec->server_id_len);
	/* less than the codec's if a worker's number is in front of each */
	snprintf(name, NAME_LEN, "%u %s %u %08" PRIx32, codec->id, id, config->nonces.len,
		 qlb_fingerprint(codec));
}

/* --- the file --- */

static int write_records(const struct nonce_state *state, FILE *file)
{
	char first[2 * QLB_NONCE_LEN_MAX + 1];
	unsigned int i;

	for (i = 0; i < state->count; i++) {
		const struct nonce_record *record = state->records[i];

		quiclb_hex_write(first, record->first, record->len);
		fprintf(file, "%s %s %" PRIx64 "\n", record->name, first, record->used);
	}
	if (fflush(file) || fsync(fileno(file)))
		return -errno;
	return 0;
}

/* Return: 0 or a negative errno; then the file is what it was. */
static int write_file(const struct nonce_state *state)
{
	char beside[strlen(state->path) + sizeof(".XXXXXX")];
	FILE *file = NULL;
	int fd, err;

	sprintf(beside, "%s.XXXXXX", state->path);
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd >= 0)
		file = fdopen(fd, "w");
	if (!file) {
		err = -errno;
		if (fd >= 0) {
			close(fd);
			unlink(beside);
		}
		return err;
	}
	err = write_records(state, file);
	if (fclose(file) && !err)
		err = -errno;
	if (!err && rename(beside, state->path))
		err = -errno;
	if (err)
		unlink(beside);
	return err;
}

/* A line as write_records() writes it.  Return: false if it is none. */
static bool read_record(const char *line, struct nonce_record *record)
{
	char id[2 * QLB_SERVER_ID_LEN_MAX + 1], first[2 * QLB_NONCE_LEN_MAX + 1];
	unsigned int config, len, fingerprint;
	int end = 0;

	if (sscanf(line, "%1u %30[0-9a-f] %2u %8x %36[0-9a-f] %" SCNx64 "%n", &config, id,
		   &len, &fingerprint, first, &record->used, &end) != 6 ||
	    strcmp(line + end, "\n") || len > QLB_NONCE_LEN_MAX || strlen(first) != 2 * len)
		return false;
	snprintf(record->name, NAME_LEN, "%u %s %u %08x", config, id, len, fingerprint);
	record->len = len;
	quiclb_hex_read(record->first, len, first, 2 * len);
	return true;
}

static struct nonce_record *add_record(struct nonce_state *state)
{
	struct nonce_record *record = calloc(1, sizeof(*record));

	if (!record || state->count == RECORDS_MAX) {
		free(record);
		return NULL;
	}
	record->state = state;
	state->records[state->count++] = record;
	return record;
}

/* Return: 0 or a negative errno; -EBADMSG for a file that is none of ours. */
static int read_file(struct nonce_state *state)
{
	FILE *file = fopen(state->path, "re");
	struct nonce_record *record;
	char line[LINE_LEN];
	int err = 0;

	if (!file)
		return errno == ENOENT ? 0 : -errno;
	while (!err && fgets(line, sizeof(line), file)) {
		record = add_record(state);
		if (!record || !read_record(line, record))
			err = -EBADMSG;
	}
	if (!err && ferror(file))
		err = -EIO;
	fclose(file);
	return err;
}

struct nonce_state *quiclb_state_open(const char *path, char *error)
{
	struct nonce_state *state = calloc(1, sizeof(*state) + strlen(path) + 1);
	int err = -ENOMEM;

	if (state) {
		pthread_mutex_init(&state->lock, NULL);
		strcpy(state->path, path);
		err = read_file(state);
	}
	if (!err)
		return state;
	if (err == -EBADMSG)
		snprintf(error, QUICLB_ERROR_LEN,
			 "%.300s: not a file of nonces; move it away, and give the servers another key",
			 path);
	else
		snprintf(error, QUICLB_ERROR_LEN, "%.300s: %s", path, strerror(-err));
	quiclb_state_free(state);
	errno = -err;
	return NULL;
}

void quiclb_state_free(struct nonce_state *state)
{
	unsigned int i;

	if (!state)
		return;
	for (i = 0; i < state->count; i++) {
		quiclb_config_free(state->records[i]->config);
		free(state->records[i]);
	}
	pthread_mutex_destroy(&state->lock);
	free(state);
}

/* --- its configs --- */

/* With the lock.  Return: 0 or a negative errno; then nothing is changed. */
static int raise_bound(struct nonce_record *record)
{
	struct nonces *nonces = &record->config->nonces;
	uint64_t before = record->used;
	int err;

	record->used = quiclb_nonces_next_bound(nonces);
	err = write_file(record->state);
	if (err)
		record->used = before;
	else
		quiclb_nonces_allow(nonces, record->used);
	return err;
}

/* Another thread may have been first; then the caller sees the bound that it set. */
static int extend(void *owner)
{
	struct nonce_record *record = owner;
	struct nonce_state *state = record->state;
	uint8_t first[QLB_NONCE_LEN_MAX];
	uint64_t bound;
	int err = 0;

	pthread_mutex_lock(&state->lock);
	quiclb_nonces_mark(&record->config->nonces, first, &bound);
	if (quiclb_nonces_next_bound(&record->config->nonces) != bound)
		err = raise_bound(record);
	pthread_mutex_unlock(&state->lock);
	return err;
}

/*
 * A key that comes back after its config went goes on behind what that had allowed.
 * Return: false if another thread still mints with the old config.
 */
static bool release(struct nonce_record *record)
{
	if (!record->config)
		return true;
	if (atomic_load(&record->config->users) > 1)
		return false;
	quiclb_config_free(record->config);
	record->config = NULL;
	return true;
}

/* With the lock.  Return: the record of that name, one that was made, or NULL. */
static struct nonce_record *find_record(struct nonce_state *state, const char *name)
{
	struct nonce_record *record;
	unsigned int i;

	for (i = 0; i < state->count; i++)
		if (!strcmp(state->records[i]->name, name))
			return state->records[i];
	for (i = 0; state->count == RECORDS_MAX && i < state->count; i++) {
		if (!release(state->records[i]))
			continue;
		free(state->records[i]);
		state->count--;
		memmove(&state->records[i], &state->records[i + 1],
			(state->count - i) * sizeof(state->records[0]));
	}
	record = add_record(state);
	if (record)
		strcpy(record->name, name);
	return record;
}

static int adopt(struct nonce_state *state, struct quiclb_config *config, const char *name)
{
	struct nonce_record *record = find_record(state, name);
	struct nonces *nonces = &config->nonces;
	uint64_t bound;

	if (!record)
		return -ENOMEM;
	if (!release(record))
		return -EBUSY;
	if (record->len)
		quiclb_nonces_resume(nonces, record->first, record->used);
	else
		quiclb_nonces_mark(nonces, record->first, &bound);
	record->len = nonces->len;
	record->config = quiclb_config_get(config);
	nonces->extend = extend;
	nonces->owner = record;
	quiclb_nonces_allow(nonces, 0);
	return raise_bound(record);
}

int quiclb_state_adopt(struct nonce_state *state, struct quiclb_config *config,
		       const uint8_t *server_id)
{
	char name[NAME_LEN];
	int err;

	if (!qlb_has_key(&config->codec) || config->nonces.owner)
		return 0;
	name_record(name, config, server_id);
	pthread_mutex_lock(&state->lock);
	err = adopt(state, config, name);
	pthread_mutex_unlock(&state->lock);
	return err;
}
