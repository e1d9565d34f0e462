// SPDX-License-Identifier: GPL-2.0-only
/*
 * quicgen - QUIC datagrams for the lab, and servers that answer with their name.
 *
 *	quicgen serve [-6] [-d DEVICE] NAME=NETNS... -- ADDR:PORT...
 *		one process plays every real server: it opens ADDR:PORT (the VIP)
 *		in each namespace, goes to the background once all are bound and
 *		prints its pid.  Each datagram is answered from the VIP with the
 *		server's name and a digest of the datagram.  -6: a wildcard of
 *		IPv6 does not take IPv4; -d: only what comes by that device.
 *	quicgen send [-n NETNS] [-t MS] [-w N] [-g N] [-c CONFIG]... [WORD...] [-]
 *		sends the datagram that the WORDs describe; with "-" one for each
 *		line of standard input, whose WORDs follow those of the command
 *		line.  Then prints "NAME SERVER COUNT" for each name given by name=
 *		and each server that answered.  SERVER is "none" for datagrams
 *		without an answer within MS milliseconds, and "refused" if an ICMP
 *		error came back.  With -g, N datagrams, of one length and one
 *		4-tuple, are given to the kernel in one piece (UDP_SEGMENT).
 *	quicgen flood ...
 *		sends the same lines repeatedly until SIGTERM; then prints the same.
 *	quicgen mint -c CONFIG... mint=ID:SERVERID...
 *		only prints the CID in hex.
 *
 * CONFIG is ID:SERVER_ID_LEN:NONCE_LEN[:KEYHEX].  WORDs are in word_table.
 *
 * Sockets are connected, so they receive only answers whose source is the VIP, as
 * direct server return has to produce them.  Answers are matched to datagrams by a
 * digest and not by a tag in the datagram, so that empty and truncated datagrams
 * can be matched too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quicgen.h"
#include "tool.h"

volatile sig_atomic_t stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

void stop_on_sigterm(void)
{
	signal(SIGTERM, on_term);
}

static char **read_lines(size_t *count)
{
	char **lines = NULL, **more;
	char *line = NULL;
	size_t room = 0;

	*count = 0;
	while (getline(&line, &room, stdin) > 0) {
		more = realloc(lines, (*count + 1) * sizeof(*lines));
		if (!more)
			die("out of memory");
		lines = more;
		lines[*count] = strdup(line);
		if (!lines[*count])
			die("out of memory");
		++*count;
	}
	free(line);
	return lines;
}

/* Returns false for an option that is not known. */
static bool read_options(int argc, char **argv, struct sending *options)
{
	int c;

	while ((c = getopt(argc, argv, "+n:t:w:g:c:")) != -1) {
		switch (c) {
		case 'n':
			enter_netns(optarg);
			break;
		case 't':
			options->timeout_ms = number(optarg, 10, 600000);
			break;
		case 'w':
			options->window = number(optarg, 10, SOCKETS_MAX - 1);
			break;
		case 'g':
			options->segments = number(optarg, 10, 64);
			if (options->window < options->segments)
				options->window = options->segments;
			break;
		case 'c':
			add_config(optarg);
			break;
		default:
			return false;
		}
	}
	return true;
}

static int cmd_send(int argc, char **argv, bool flood)
{
	static struct spec defaults;
	struct sending options = { .window = 32, .segments = 1, .timeout_ms = 3000 };
	char empty[] = "", *one[] = { empty };
	char **lines = one;
	size_t count = 1;

	spec_default(&defaults);
	if (!read_options(argc, argv, &options))
		return 2;
	for (; optind < argc; optind++) {
		if (!strcmp(argv[optind], "-"))
			lines = read_lines(&count);
		else
			apply_word(&defaults, argv[optind]);
	}
	stop_on_sigterm();
	return run_lines(&options, &defaults, lines, count, flood);
}

static int cmd_mint(int argc, char **argv)
{
	static struct spec spec;
	size_t i;
	int c;

	while ((c = getopt(argc, argv, "+c:")) != -1) {
		if (c != 'c')
			return 2;
		add_config(optarg);
	}
	for (; optind < argc; optind++) {
		apply_word(&spec, argv[optind]);
		for (i = 0; i < spec.dcid_len; i++)
			printf("%02x", spec.dcid[i]);
		putchar('\n');
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *cmd = argc > 1 ? argv[1] : "";

	argc--;
	argv++;
	if (!strcmp(cmd, "serve"))
		return cmd_serve(argc, argv);
	if (!strcmp(cmd, "send"))
		return cmd_send(argc, argv, false);
	if (!strcmp(cmd, "flood"))
		return cmd_send(argc, argv, true);
	if (!strcmp(cmd, "mint"))
		return cmd_mint(argc, argv);
	fprintf(stderr, "usage: quicgen serve|send|flood|mint ...\n");
	return 2;
}
