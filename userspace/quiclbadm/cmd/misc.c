// SPDX-License-Identifier: GPL-2.0-only
/* genkey, help, version: nothing of the kernel's. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "common/err.h"
#include "model/secret.h"
#include "output/json.h"

/* Past stdio, whose buffer would keep a copy. */
static int write_key(const char *hex, size_t len)
{
	ssize_t part;

	while (len) {
		part = write(STDOUT_FILENO, hex, len);
		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0)
			return refuse("standard output: %s", strerror(errno));
		hex += part;
		len -= (size_t)part;
	}
	return 0;
}

int cmd_genkey(const struct args *args)
{
	char hex[KEY_HEX_LEN + 1];
	uint8_t key[QLB_KEY_LEN];
	int err;

	(void)args;
	if (secret_is_world_readable(STDOUT_FILENO))
		caution("key: any user may read the file it is written to (umask 077)");
	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return refuse("random number: %s", strerror(errno));
	secret_encode_key(key, hex);
	hex[KEY_HEX_LEN] = '\n';
	err = write_key(hex, sizeof(hex));
	explicit_bzero(key, sizeof(key));
	explicit_bzero(hex, sizeof(hex));
	return err;
}

static void print_usage(enum cmd cmd)
{
	const struct command *command = &commands[cmd];

	printf("Usage: quiclbadm %s%s%s\n", cmd_name(cmd),
	       *command->usage ? " " : "", command->usage);
}

static void print_overview(void)
{
	enum cmd cmd;

	puts("Usage: quiclbadm [-N NETNS] [--color=WHEN] COMMAND [OPTION]...\n");
	for (cmd = CMD_NONE + 1; cmd < CMD_COUNT; cmd++)
		printf("  %-18s %s.\n", cmd_name(cmd), commands[cmd].purpose);
	puts("\nMore on one: quiclbadm help COMMAND; on all: man quiclbadm.");
}

void help_print(enum cmd cmd)
{
	if (cmd == CMD_NONE) {
		print_overview();
		return;
	}
	print_usage(cmd);
	printf("\n%s.\n", commands[cmd].purpose);
}

/* "help", "help config", "help config add" */
int cmd_help(const struct args *args)
{
	bool found = false;
	enum cmd cmd;

	if (!args->operand_count) {
		help_print(CMD_NONE);
		return 0;
	}
	for (cmd = CMD_NONE + 1; cmd < CMD_COUNT; cmd++) {
		const struct command *command = &commands[cmd];

		if (strcmp(command->name, args->operands[0]))
			continue;
		if (args->operand_count > 1 &&
		    (!command->sub || strcmp(command->sub, args->operands[1])))
			continue;
		if (found)
			putchar('\n');
		help_print(cmd);
		found = true;
	}
	if (found)
		return 0;
	return bad_usage("help: there is no command %s%s%s", args->operands[0],
			 args->operand_count > 1 ? " " : "",
			 args->operand_count > 1 ? args->operands[1] : "");
}

int cmd_version(const struct args *args)
{
	if (given(args, O(JSON)))
		print_version_json(QUICLB_VERSION);
	else
		puts("quiclbadm " QUICLB_VERSION);
	return 0;
}
