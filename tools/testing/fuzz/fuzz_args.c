// SPDX-License-Identifier: GPL-2.0-only
/*
 * quiclbadm's command line, and then the command against the model of the kernel in
 * quiclbadm/tests/fake.c.  Input: whether it is a line of -R's (the first octet, odd), then
 * words that end with a newline.
 */
#include "cmd/cmd.h"
#include "common/err.h"
#include "fake.h"
#include "fuzz.h"
#include "said.h"

enum { WORDS_MAX = 64 };

static int split(char *text, size_t size, char **words)
{
	char *newline, *end = text + size;
	int count = 0;

	while (text < end && count < WORDS_MAX) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (!newline)
			newline = end;
		*newline = '\0';
		words[count++] = text;
		text = newline + 1;
	}
	return count;
}

/* A service with a config and a server, for commands to be about. */
static void make_state(void)
{
	struct config config = { .server_id_len = 2, .nonce_len = 6 };
	struct mapping map = { .sid = { 2, { 0x0a, 0x01 } } };
	struct service_id id = {
		.protocol = IPPROTO_UDP,
		.vip = { AF_INET, 443, { 192, 0, 2, 1 } },
	};
	struct service *svc = state_add(&fake.state, &id);
	struct dest dest;

	strcpy(svc->sched, SCHED_QUIC);
	map.server = (struct endpoint){ AF_INET, 443, { 10, 0, 0, 1 } };
	dest_init(&dest, &map.server);
	service_add_dest(svc, &dest);
	service_add_config(svc, &config);
	service_add_mapping(svc, &map);
}

static void check_args(const struct args *args)
{
	const struct command *command = &commands[args->cmd];

	must(args->cmd > CMD_NONE && args->cmd < CMD_COUNT);
	must((args->seen & command->must) == command->must);
	must(!(args->seen & ~(command->must | command->may | O_GLOBAL |
			      (command->operands ? O(OPERAND) : 0))));
	must(args->operand_count <= command->operands);
	must(!args->from_state_file || command->restorable);
	must(args->from_state_file || !args->key);
}

/*
 * Only commands that use nothing but the model of the kernel: not those that read standard
 * input or the machine's state, write files, or run other programs.
 */
static bool may_run(const struct args *args)
{
	if (args->from_state_file)
		return false;
	switch (args->cmd) {
	case CMD_SAVE:
		return !args->operand_count;
	case CMD_ADD_SERVICE:
	case CMD_EDIT_SERVICE:
	case CMD_DELETE_SERVICE:
	case CMD_CLEAR:
	case CMD_ADD_SERVER:
	case CMD_EDIT_SERVER:
	case CMD_DELETE_SERVER:
	case CMD_LIST:
	case CMD_ZERO:
	case CMD_SET:
	case CMD_CONFIG_ADD:
	case CMD_CONFIG_REPLACE:
	case CMD_CONFIG_DEL:
	case CMD_CONFIG_LIST:
	case CMD_SERVER_ID_ADD:
	case CMD_SERVER_ID_DEL:
	case CMD_SERVER_ID_MOVE:
	case CMD_SERVER_ID_LIST:
	case CMD_EXPRESS_ADD:
	case CMD_EXPRESS_DEL:
	case CMD_EXPRESS_TAKE:
	case CMD_EXPRESS_LIST:
	case CMD_DECODE:
	case CMD_ENCODE:
	case CMD_HELP:
	case CMD_VERSION:
		return true;
	default:
		return false;
	}
}

static void run(const struct args *args)
{
	size_t len;
	int err;

	fake_reset();
	make_state();
	printed_begin();
	err = cmd_run(args);
	printed_end(&len);
	must(err == EXIT_DONE || err == EXIT_REFUSED || err == EXIT_USAGE);
	/* "decode" of an unroutable CID prints that, without an error message */
	must((err && args->cmd != CMD_DECODE) ? said.errors > 0 :
	     err || !said.errors);
	fake_reset();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	bool from_state_file = take_octet(&in) & 1;
	size_t len = in.left;
	char *text = calloc(1, len + 1), *words[WORDS_MAX];
	struct args args;
	int err, count;

	if (!text)
		abort();
	memcpy(text, in.at, len);
	count = split(text, len, words);
	said_reset();
	err = args_parse(count, words, from_state_file, &args);
	must(err == 0 || err == EXIT_USAGE);
	must(said.errors == (err ? 1 : 0));
	if (!err && !args.help) {
		check_args(&args);
		if (may_run(&args))
			run(&args);
	}
	args_destroy(&args);
	free(text);
	return 0;
}
