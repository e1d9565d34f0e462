// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input of -R --yang, and -S --yang.  Input: the document.  If it is read without an error, it
 * is applied to a service in the model of the kernel (quiclbadm/tests/fake.c).  What -S --yang
 * prints then must be readable and change nothing.
 */
#include "cmd/cmd.h"
#include "common/err.h"
#include "fake.h"
#include "fuzz.h"
#include "kernel/kernel.h"
#include "restore/state_file.h"
#include "restore/transaction.h"
#include "restore/yang_merge.h"
#include "said.h"

/* A config of each kind, what YANG has no word for, and an address with two ports. */
static const char service[] =
	"-A -u 192.0.2.1:443\n"
	"config add -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 6\n"
	"config add -u 192.0.2.1:443 --id 4 --server-id-len 1 --nonce-len 15 --check-length --key-file /k\n"
	"config add -u 192.0.2.1:443 --id 4 --tenant 1 --server-id-len 3 --nonce-len 4 --key-file /k2\n"
	"-a -u 192.0.2.1:443 -r 10.0.0.1 -i --server-id 0:0a01 --server-id 4:01 --server-id 0:0b* --server-id 4:010203\n"
	"-a -u 192.0.2.1:443 -r 10.0.0.2 -i --server-id 0:0a02\n"
	"-a -u 192.0.2.1:443 -r 10.0.0.2:8443 -m\n"
	"server-id add -u 192.0.2.1:443 -r [fd00::3] --absent --server-id 4:03 --server-id 6:aa\n";

static void make_service(void)
{
	char *copy = (char *)copy_of(service, sizeof(service));
	const struct state nothing = { 0 };
	struct state wanted;

	fake_reset();
	must(!state_file_parse(copy, sizeof(service) - 1, false, &wanted));
	must(!transaction_apply(&nothing, &wanted));
	state_destroy(&wanted);
	free(copy);
}

static int apply(const struct yang_document *document, bool absent)
{
	struct state before, wanted;
	int err;

	must(!kernel_load(&before, NULL));
	must(!kernel_load(&wanted, NULL));
	err = yang_merge(document, absent, wanted.services[0]);
	if (!err)
		err = transaction_apply(&before, &wanted);
	state_destroy(&before);
	state_destroy(&wanted);
	return err;
}

/* Like cmd_restore_yang().  Return: whether all of it was applied. */
static bool restore(const char *text, size_t len, bool absent)
{
	struct input_file file = {
		.name = "input",
		.text = (char *)copy_of(text, len + 1),
		.len = len,
		.size = len + 1,
	};
	struct yang_document document;
	char *before, *after;
	int err;

	before = fake_text();
	said_reset();
	err = yang_read(&file, false, &document);
	must(err == 0 || err == EXIT_REFUSED);
	if (!err)
		err = apply(&document, absent);
	/* each error is said, and no error is none */
	must(!said.errors == !err);
	after = fake_text();
	/* all or nothing */
	must(!err || !strcmp(before, after));
	free(before);
	free(after);
	yang_document_destroy(&document);
	input_file_wipe(&file);
	return !err;
}

/* With the keys in it: without, they come from the files, which may have others. */
static void save_is_restore(void)
{
	struct args args = { .cmd = CMD_SAVE, .seen = O(YANG) | O(KEYS) };
	unsigned int changes;
	const char *text;
	size_t len;
	int err;

	printed_begin();
	err = cmd_save_yang(&args);
	text = printed_end(&len);
	must(!err || !len);
	if (err)
		return;
	changes = fake.changes;
	must(restore(text, len, false));
	must(fake.changes == changes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1);

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	make_service();
	/* an even length: server IDs may lead anywhere */
	if (restore(text, size, size % 2 == 0))
		save_is_restore();
	free(text);
	fake_reset();
	return 0;
}
