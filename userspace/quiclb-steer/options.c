// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
"Usage: quiclb-steer create NAME [--key-file FILE] [--cid-len ID:OCTETS]...\n"
"       quiclb-steer join NAME NUMBER PID FD [FD]\n"
"       quiclb-steer leave NAME NUMBER\n"
"       quiclb-steer drain NAME NUMBER\n"
"       quiclb-steer give NAME NUMBER TO\n"
"       quiclb-steer list [NAME]\n"
"       quiclb-steer delete NAME\n"
"\n"
"Distributes datagrams by connection ID among processes behind one address.\n"
"\n"
"  create  load the program, and pin it and its maps as NAME\n"
"  join    put UDP sockets of another process into the group, one of each family\n"
"  leave   take them out\n"
"  drain   give new connections to the other processes\n"
"  give    give a number's datagrams to the process with another number\n"
"  list    show which process has which number\n"
"  delete  remove NAME\n"
"\n"
"  --key-file FILE       key that hides the numbers, 32 hex digits; default: random\n"
"  --cid-len ID:OCTETS   length of the connection IDs of a config, the number\n"
"                        included; servers that take part by themselves say it\n"
"  --help, --version\n";

static const struct verb {
	const char *name;
	enum command command;
	int min, max;		/* arguments behind it, without options */
} verbs[] = {
	{ "create", CREATE, 1, 1 },
	{ "join", JOIN, 4, 5 },
	{ "leave", LEAVE, 2, 2 },
	{ "drain", DRAIN, 2, 2 },
	{ "give", GIVE, 3, 3 },
	{ "list", LIST, 0, 1 },
	{ "delete", DELETE, 1, 1 },
};

noreturn void refuse(enum exit_status status, const char *what, const char *why, ...)
{
	va_list args;

	fprintf(stderr, "Error: %s: ", what);
	va_start(args, why);
	vfprintf(stderr, why, args);
	va_end(args);
	fputs(".\n", stderr);
	exit(status);
}

static unsigned int parse_number(const char *what, const char *text, unsigned int min,
				 unsigned int max)
{
	unsigned long long value = 0;
	const char *c;

	for (c = text; isdigit((unsigned char)*c) && value <= max; c++)
		value = 10 * value + *c - '0';
	if (c == text || *c || value < min || value > max)
		refuse(EXIT_USAGE, what, "wants a number from %u to %u", min, max);
	return value;
}

/* --- the key --- */

static int hex_digit(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

static void parse_key(__u64 key[2], const char *path, const char *text)
{
	memset(key, 0, STEER_KEY_LEN);
	for (unsigned int i = 0; i < STEER_KEY_LEN; i++) {
		int high = hex_digit(text[2 * i]), low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);

		if (low < 0)
			refuse(EXIT_REFUSED, path, "has no key of 32 hex digits");
		key[i / 8] |= (__u64)(high << 4 | low) << 8 * (i % 8);
	}
	text += 2 * STEER_KEY_LEN;
	if (text[strspn(text, " \t\r\n")])
		refuse(EXIT_REFUSED, path, "has more than a key of 32 hex digits");
}

static void read_key(__u64 key[2], const char *path)
{
	char text[4 * STEER_KEY_LEN] = "";
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		refuse(EXIT_REFUSED, path, "%s", strerror(errno));
	if (st.st_mode & (S_IRWXO | S_IWGRP))
		refuse(EXIT_REFUSED, path, "others can read or write the key (chmod 600 mends it)");
	if (read(fd, text, sizeof(text) - 1) < 0)
		refuse(EXIT_REFUSED, path, "%s", strerror(errno));
	close(fd);
	parse_key(key, path, text);
	explicit_bzero(text, sizeof(text));
}

/* --- the command line --- */

static void parse_cid_len(struct steer_settings *settings, const char *text)
{
	char id[4] = "";
	const char *colon = strchr(text, ':');

	if (!colon || colon - text >= (long)sizeof(id))
		refuse(EXIT_USAGE, "--cid-len", "wants a config's ID, a colon and a number of octets, such as 0:12");
	memcpy(id, text, colon - text);
	settings->cid_len[parse_number("--cid-len: ID", id, 0, STEER_UNROUTABLE - 1)] =
		parse_number("--cid-len: octets", colon + 1, 7, STEER_CID_MAX);
}

static const char *option_value(char **argv, int *i)
{
	if (!argv[*i + 1])
		refuse(EXIT_USAGE, argv[*i], "wants a value");
	return argv[++*i];
}

static noreturn void print_and_exit(const char *text)
{
	fputs(text, stdout);
	exit(EXIT_SUCCESS);
}

/* Takes the options out of @argv.  Return: how many words are left. */
static int parse_options(struct options *options, char **argv)
{
	const char *key_file = NULL;
	int n = 0;

	for (int i = 0; argv[i]; i++) {
		if (!strcmp(argv[i], "--help"))
			print_and_exit(usage);
		if (!strcmp(argv[i], "--version"))
			print_and_exit("quiclb-steer " QUICLB_VERSION "\n");
		if (strncmp(argv[i], "--", 2))
			argv[n++] = argv[i];
		else if (options->command == CREATE && !strcmp(argv[i], "--key-file"))
			key_file = option_value(argv, &i);
		else if (options->command == CREATE && !strcmp(argv[i], "--cid-len"))
			parse_cid_len(&options->settings, option_value(argv, &i));
		else
			refuse(EXIT_USAGE, argv[i], "no such option here; see --help");
	}
	if (options->command != CREATE)
		return n;
	if (key_file)
		read_key(options->settings.key, key_file);
	else if (getrandom(options->settings.key, STEER_KEY_LEN, 0) != STEER_KEY_LEN)
		refuse(EXIT_REFUSED, "random numbers", "%s", strerror(errno));
	for (unsigned int i = 0; i < STEER_WORKERS; i++)
		options->settings.holder[i] = i;
	return n;
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	refuse(EXIT_USAGE, name, "no such command; see --help");
}

static void parse_words(struct options *options, char **words, int n)
{
	options->name = n > 0 ? words[0] : NULL;
	if (n > 1)
		options->number = parse_number("NUMBER", words[1], 0, STEER_WORKERS - 1);
	if (options->command == GIVE)
		options->to = parse_number("TO", words[2], 0, STEER_WORKERS - 1);
	if (options->command != JOIN)
		return;
	options->pid = parse_number("PID", words[2], 1, INT_MAX);
	for (int i = 3; i < n; i++)
		options->fds[options->n_fds++] = parse_number("FD", words[i], 0, INT_MAX);
}

void options_parse(struct options *options, int argc, char **argv)
{
	const struct verb *verb;
	int n;

	memset(options, 0, sizeof(*options));
	if (argc < 2)
		refuse(EXIT_USAGE, "command", "missing; see --help");
	if (!strcmp(argv[1], "--help"))
		print_and_exit(usage);
	if (!strcmp(argv[1], "--version"))
		print_and_exit("quiclb-steer " QUICLB_VERSION "\n");
	verb = find_verb(argv[1]);
	options->command = verb->command;
	n = parse_options(options, argv + 2);
	if (n < verb->min || n > verb->max)
		refuse(EXIT_USAGE, verb->name, "wants other arguments; see --help");
	parse_words(options, argv + 2, n);
	if (options->command == GIVE && options->to == options->number)
		refuse(EXIT_USAGE, "give", "wants two different numbers");
}
