// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The file of configs that libquiclb reads.  Input: its text, and after a NUL what it is
 * when it is read again.  A source that opens mints CIDs that it knows; a second text changes
 * all or nothing.  A key's file is named by one character.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "quiclb.h"

/* In place of the library's: two keys, so that no path of an input is opened. */
int __wrap_quiclb_read_key(const char *path, uint8_t key[QUICLB_KEY_LEN], char *error);

int __wrap_quiclb_read_key(const char *path, uint8_t key[QUICLB_KEY_LEN], char *error)
{
	if (*path && path[1]) {
		snprintf(error, QUICLB_ERROR_LEN, "%s: there is no such key", path);
		return -ENOENT;
	}
	memset(key, *path, QUICLB_KEY_LEN);
	return 0;
}

static int file = -1;

static void write_text(const uint8_t *text, size_t len)
{
	if (file < 0)
		file = memfd_create("configs", 0);
	if (file < 0 || ftruncate(file, 0) || pwrite(file, text, len, 0) != (ssize_t)len)
		abort();
}

static void check_error(const char *error)
{
	must(memchr(error, '\0', QUICLB_ERROR_LEN));
	must(*error);
}

static void check_source(struct quiclb_source *source)
{
	static const uint8_t secret[16];
	uint8_t cid[QUICLB_CID_LEN_MAX], token[2][QUICLB_RESET_TOKEN_LEN];
	size_t len;

	must(!quiclb_source_set_reset_secret(source, secret, sizeof(secret)));
	must(!quiclb_source_mint(source, cid, &len));
	must(len >= 6 && len <= sizeof(cid));
	must(len == quiclb_source_cid_len(source));
	must(len == quiclb_source_len_of(source, cid[0]));
	must(quiclb_source_check(source, cid, len) == QUICLB_CID_CURRENT);
	must(quiclb_source_check(source, cid, len - 1) == QUICLB_CID_FOREIGN);
	must(!quiclb_source_reset_token(source, cid, len, token[0]));
	must(!quiclb_source_reload(source, NULL));
	must(!quiclb_source_reset_token(source, cid, len, token[1]));
	must(!memcmp(token[0], token[1], sizeof(token[0])));
}

/* So many that what one CID shows by chance, all of them do not. */
struct minted {
	uint8_t cid[8][QUICLB_CID_LEN_MAX];
	size_t len;
};

static void mint(struct quiclb_source *source, struct minted *minted)
{
	int i;

	for (i = 0; i < 8; i++)
		must(!quiclb_source_mint(source, minted->cid[i], &minted->len));
}

static bool all_current(struct quiclb_source *source, const struct minted *minted)
{
	bool all = true;
	int i;

	for (i = 0; i < 8; i++)
		all &= quiclb_source_check(source, minted->cid[i], minted->len) ==
		       QUICLB_CID_CURRENT;
	return all;
}

static bool all_encode_their_len(const struct minted *minted)
{
	bool all = true;
	int i;

	for (i = 0; i < 8; i++)
		all &= (minted->cid[i][0] & 0x1f) == minted->len - 1;
	return all;
}

/*
 * What was minted before is current afterwards, or the config's line is another.  One change
 * leaves CIDs current: the first octet has their length from now on, or no longer has it.
 */
static void read_again(struct quiclb_source *source, const uint8_t *text, size_t len)
{
	char error[QUICLB_ERROR_LEN] = "";
	struct minted before = { .len = 0 }, after = { .len = 0 };
	int changed;

	mint(source, &before);
	write_text(text, len);
	changed = quiclb_source_reload(source, error);
	if (changed < 0)
		check_error(error);
	mint(source, &after);
	must(all_current(source, &after));
	if (all_current(source, &before))
		must(changed <= 0 || all_encode_their_len(&before) != all_encode_their_len(&after));
	else
		must(changed > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = memchr(data, '\0', size);
	size_t first = nul ? (size_t)(nul - data) : size;
	char error[QUICLB_ERROR_LEN] = "", path[32];
	struct quiclb_source *source;

	write_text(data, first);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	source = quiclb_source_open(path, error);
	if (!source) {
		check_error(error);
		return 0;
	}
	check_source(source);
	if (nul)
		read_again(source, nul + 1, size - first - 1);
	quiclb_source_free(source);
	return 0;
}
