// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input of -R, and -S.  Input: the text.  If it is read without an error, it is applied to
 * the model of the kernel (quiclbadm/tests/fake.c).  The output of -S must be readable, make
 * the same state, and be printed again to the octet.
 */
#include <ctype.h>

#include "cmd/cmd.h"
#include "common/err.h"
#include "fake.h"
#include "fuzz.h"
#include "model/secret.h"
#include "restore/config_guard.h"
#include "restore/state_file.h"
#include "restore/transaction.h"
#include "said.h"

/* The key of the seeds, which must not be in an error message. */
static const char secret[] = "8f95f09245765f80256934e50c66207f";

enum { SECRET_PART = 8 };		/* a part of so many digits would disclose too much */

/* Is @part in the value of a --key, white space among it or not, and nowhere else? */
static bool only_as_key(const char *text, const char *part)
{
	const char *at = strstr(text, part);

	/* within a quotation it is part of another word */
	if (!at || strstr(at + 1, part) || strpbrk(text, "\"'"))
		return false;
	while (at > text && (isxdigit(at[-1]) || at[-1] == ' '))
		at--;
	if (at > text && at[-1] == '=')
		at--;
	return at - text >= 6 && !memcmp(at - 6, " --key", 6);
}

/* Both ends of the key: a message may quote what follows white space in it. */
static void check_sentence(const char *text)
{
	char part[SECRET_PART + 1] = "";

	memcpy(part, secret, SECRET_PART);
	if (only_as_key(text, part))
		must(!strstr(said.sentence, part));
	memcpy(part, secret + sizeof(secret) - 1 - SECRET_PART, SECRET_PART);
	if (only_as_key(text, part))
		must(!strstr(said.sentence, part));
}

/* Like cmd_restore(), on an empty kernel.  Return: whether all of it was applied. */
static bool restore(const char *text, size_t len)
{
	struct state wanted, nothing = { 0 };
	char *copy = (char *)copy_of(text, len + 1);
	bool ok;
	int err;

	copy[len] = '\0';
	said_reset();
	err = state_file_parse(copy, len, 0, &wanted);
	must(err == 0 || err == EXIT_REFUSED);
	/* each error is said, and no error is none */
	must(!said.errors == !err);
	free(copy);
	fake_reset();
	ok = !err;
	if (ok)
		ok = !config_guard(&nothing, &wanted, false);
	if (ok)
		ok = !transaction_apply(&nothing, &wanted);
	state_destroy(&wanted);
	/* all or nothing */
	must(ok || (!fake.state.count && !fake.state.device_count));
	return ok;
}

/* Return: what -S prints, for free(); NULL when it refuses. */
static char *save(bool keys, size_t *len)
{
	struct args args = { .cmd = CMD_SAVE, .seen = keys ? O(KEYS) : 0 };
	const char *text;
	int err;

	printed_begin();
	err = cmd_save(&args);
	text = printed_end(len);
	must(!err || !*len);
	return err ? NULL : (char *)copy_of(text, *len + 1);
}

/* In place, the 32 digits of every key. */
static void blank_keys(char *text)
{
	size_t run;

	for (; *text; text += run + !run) {
		run = strspn(text, "0123456789abcdef");
		if (run == KEY_HEX_LEN)
			memset(text, '-', run);
	}
}

/* Does a text without keys in it say where they are, and is the right one not there? */
static bool lacks_a_key(void)
{
	return !strncmp(said.sentence, "key file ", 9) ||
	       strstr(said.sentence, ", and the line was saved with ") ||
	       strstr(said.sentence, ", is not in the kernel, and no file is named; ");
}

static void round_trip(bool keys)
{
	char *first, *second, *before, *after;
	size_t first_len, second_len;

	first = save(keys, &first_len);
	if (!first)
		return;
	before = fake_text();
	if (!restore(first, first_len)) {
		must(!keys && lacks_a_key());
		free(before);
		free(first);
		return;
	}
	after = fake_text();
	/* without keys in the text they come from the files, which may have changed */
	if (!keys) {
		blank_keys(before);
		blank_keys(after);
	}
	must(!strcmp(before, after));
	second = save(keys, &second_len);
	must(second && first_len == second_len);
	must(!memcmp(first, second, first_len));
	free(first);
	free(second);
	free(before);
	free(after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	if (restore(text, size)) {
		round_trip(false);
		round_trip(true);
	} else {
		check_sentence(text);
	}
	free(text);
	fake_reset();
	return 0;
}
