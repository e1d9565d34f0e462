// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "number.h"

#define NAME_MAX_LEN	63

static const char usage[] =
"Usage: quiclb-h3server --listen ADDR:PORT --tls-cert PEM --tls-key PEM --root DIR\n"
"                       [--config LINE|FILE |\n"
"                        --server-id [CONFIG:]HEX --nonce-len N\n"
"                        [--key-file FILE|-] [--self-len]] [OPTION...]\n"
"\n"
"An HTTP/3 file server whose connection IDs a QUIC-LB director can route.\n"
"\n"
"  --listen ADDR:PORT        numeric; [ADDR]:PORT for IPv6; repeatable\n"
"  --tls-cert PEM            certificate chain\n"
"  --tls-key PEM             its private key\n"
"  --root DIR                directory to serve\n"
"  --config LINE|FILE        configs as in quiclb_source(3): a line\n"
"                            ID:SERVER-ID:NONCE-LEN[,self-len][:KEY-FILE], or a\n"
"                            file of them, read again on SIGHUP; the last one mints\n"
"  --server-id [CONFIG:]HEX  this server's ID, as told to the director; CONFIG\n"
"                            defaults to 0.  Without it: unroutable CIDs\n"
"  --nonce-len N             octets, as in the director's config\n"
"  --key-file FILE|-         QUIC-LB key, 32 hex digits; without it: plaintext\n"
"  --self-len                tell the CID's length in its first octet\n"
"  --many-cids               without a key, too, let clients have several CIDs\n"
"  --disable-active-migration\n"
"                            tell clients to stay at their address, as tenants of\n"
"                            a shared one should whose CIDs are plaintext\n"
"  --steer GROUP --worker N  one of several processes behind the address: number N,\n"
"                            0 to 255, of a group made with quiclb-steer(8)\n"
"  --name NAME               for x-served-by and the log; default: host name\n"
"  --log FILE                append to it instead of writing to standard output\n"
"  --pid-file FILE           written when ready, removed at the end\n"
"  --max-connections N       refuse more; default 1000\n"
"  --stall-timeout S         seconds after which a client that takes nothing of its\n"
"                            responses is closed; default 120\n"
"  --retry                   have clients prove their address first\n"
"  --verbose                 log connection IDs, paths and ends of connections\n"
"  --help, --version\n";

enum option_code {
	LISTEN = 1, TLS_CERT, TLS_KEY, ROOT, CONFIG, SERVER_ID, NONCE_LEN,
	KEY_FILE, SELF_LEN, MANY_CIDS, DISABLE_ACTIVE_MIGRATION, STEER, WORKER, NAME, LOG,
	PID_FILE, MAX_CONNECTIONS, STALL_TIMEOUT, RETRY, VERBOSE, HELP, SHOW_VERSION,
};

static const struct option table[] = {
	{ "listen", required_argument, NULL, LISTEN },
	{ "tls-cert", required_argument, NULL, TLS_CERT },
	{ "tls-key", required_argument, NULL, TLS_KEY },
	{ "root", required_argument, NULL, ROOT },
	{ "config", required_argument, NULL, CONFIG },
	{ "server-id", required_argument, NULL, SERVER_ID },
	{ "nonce-len", required_argument, NULL, NONCE_LEN },
	{ "key-file", required_argument, NULL, KEY_FILE },
	{ "self-len", no_argument, NULL, SELF_LEN },
	{ "many-cids", no_argument, NULL, MANY_CIDS },
	{ "disable-active-migration", no_argument, NULL, DISABLE_ACTIVE_MIGRATION },
	{ "steer", required_argument, NULL, STEER },
	{ "worker", required_argument, NULL, WORKER },
	{ "name", required_argument, NULL, NAME },
	{ "log", required_argument, NULL, LOG },
	{ "pid-file", required_argument, NULL, PID_FILE },
	{ "max-connections", required_argument, NULL, MAX_CONNECTIONS },
	{ "stall-timeout", required_argument, NULL, STALL_TIMEOUT },
	{ "retry", no_argument, NULL, RETRY },
	{ "verbose", no_argument, NULL, VERBOSE },
	{ "help", no_argument, NULL, HELP },
	{ "version", no_argument, NULL, SHOW_VERSION },
	{ 0 }
};

static unsigned int parse_number(const char *what, const char *text,
				 unsigned int min, unsigned int max)
{
	return number_parse(what, "number", text, strlen(text), min, max);
}

static void parse_server_id(struct cid_options *cid, const char *text)
{
	const char *hex = strchr(text, ':'), *error;

	if (cid->configured)
		refuse(EXIT_USAGE, "--server-id", "given twice");
	if (hex) {
		cid->config_id = number_parse("--server-id", "config ID", text,
					      hex - text, 0,
					      QUICLB_CONFIG_ID_MAX);
		text = hex + 1;
	}
	if (quiclb_parse_server_id(cid->server_id, &cid->server_id_len, text,
				   &error))
		refuse(EXIT_USAGE, "--server-id", "%s", error);
	cid->configured = true;
}

/* It stands in a header and between spaces in the log. */
static const char *parse_name(const char *name)
{
	size_t len = strlen(name);

	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '"')
			len = 0;
	if (!len || len > NAME_MAX_LEN)
		refuse(EXIT_USAGE, "--name",
		       "wants 1 to %d printable characters without space or quote",
		       NAME_MAX_LEN);
	return name;
}

static void add_listen(struct options *options, const char *spec)
{
	if (options->n_listen == LISTEN_MAX)
		refuse(EXIT_USAGE, "--listen", "given more than %d times",
		       LISTEN_MAX);
	options->listen[options->n_listen++] = spec;
}

static noreturn void print_and_exit(const char *text)
{
	fputs(text, stdout);
	exit(EXIT_SUCCESS);
}

static void parse_worker(struct steering_options *steering, const char *text)
{
	steering->number = parse_number("--worker", text, 0, QUICLB_WORKER_MAX);
	steering->has_number = true;
}

static void apply(struct options *options, enum option_code code, char *value)
{
	switch (code) {
	case LISTEN:
		add_listen(options, value);
		break;
	case TLS_CERT:
		options->tls_cert = value;
		break;
	case TLS_KEY:
		options->tls_key = value;
		break;
	case ROOT:
		options->root = value;
		break;
	case CONFIG:
		options->cid.config = value;
		break;
	case SERVER_ID:
		parse_server_id(&options->cid, value);
		break;
	case NONCE_LEN:
		options->cid.nonce_len = parse_number("--nonce-len", value, 4,
						      QUICLB_NONCE_LEN_MAX);
		break;
	case KEY_FILE:
		options->cid.key_file = value;
		break;
	case SELF_LEN:
		options->cid.self_len = true;
		break;
	case MANY_CIDS:
		options->cid.many_cids = true;
		break;
	case DISABLE_ACTIVE_MIGRATION:
		options->cid.disable_active_migration = true;
		break;
	case STEER:
		options->steering.group = value;
		break;
	case WORKER:
		parse_worker(&options->steering, value);
		break;
	case NAME:
		options->name = parse_name(value);
		break;
	case LOG:
		options->log = value;
		break;
	case PID_FILE:
		options->pid_file = value;
		break;
	case MAX_CONNECTIONS:
		options->max_connections = parse_number("--max-connections",
							value, 1, 1000000);
		break;
	case STALL_TIMEOUT:
		options->stall_timeout = parse_number("--stall-timeout", value,
						      1, 86400);
		break;
	case RETRY:
		options->retry = true;
		break;
	case VERBOSE:
		options->verbose = true;
		break;
	case HELP:
		print_and_exit(usage);
	case SHOW_VERSION:
		print_and_exit("quiclb-h3server " QUICLB_VERSION "\n");
	}
}

static void check_cids(const struct cid_options *cid)
{
	bool has_more = cid->nonce_len || cid->key_file || cid->self_len;

	if (cid->config && (cid->configured || has_more))
		refuse(EXIT_USAGE, "--config",
		       "says all that --server-id, --nonce-len, --key-file and --self-len say; give either");
	if (cid->configured && !cid->nonce_len)
		refuse(EXIT_USAGE, "--nonce-len", "missing next to --server-id");
	if (!cid->configured && has_more)
		refuse(EXIT_USAGE, "--server-id",
		       "missing next to --nonce-len, --key-file or --self-len");
	if (cid->many_cids && !cid->configured && !cid->config)
		refuse(EXIT_USAGE, "--many-cids", "needs a config; see --config");
	if (cid->many_cids && cid->disable_active_migration)
		refuse(EXIT_USAGE, "--many-cids",
		       "is for clients that move, and --disable-active-migration tells them not to; give either");
}

static void check_steering(const struct options *options)
{
	const struct steering_options *steering = &options->steering;

	if (steering->group && !steering->has_number)
		refuse(EXIT_USAGE, "--worker", "missing next to --steer");
	if (steering->has_number && !steering->group)
		refuse(EXIT_USAGE, "--steer", "missing next to --worker");
	if (steering->group && !options->cid.config && !options->cid.configured)
		refuse(EXIT_USAGE, "--steer", "needs a config; see --config");
}

static void check(const struct options *options)
{
	if (!options->n_listen)
		refuse(EXIT_USAGE, "--listen", "missing");
	if (!options->tls_cert)
		refuse(EXIT_USAGE, "--tls-cert", "missing");
	if (!options->tls_key)
		refuse(EXIT_USAGE, "--tls-key", "missing");
	if (!options->root)
		refuse(EXIT_USAGE, "--root", "missing");
	check_cids(&options->cid);
	check_steering(options);
}

void options_parse(struct options *options, int argc, char **argv)
{
	static char host[NAME_MAX_LEN + 1];
	int code;

	*options = (struct options){ .max_connections = 1000, .stall_timeout = 120 };
	opterr = 0;
	while ((code = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (code == ':')
			refuse(EXIT_USAGE, argv[optind - 1], "wants a value");
		if (code == '?')
			refuse(EXIT_USAGE, argv[optind - 1], "no such option, or a value it does not take; see --help");
		apply(options, code, optarg);
	}
	if (optind < argc)
		refuse(EXIT_USAGE, argv[optind], "not an option; see --help");
	check(options);
	if (!options->name) {
		gethostname(host, sizeof(host) - 1);
		options->name = parse_name(host);
	}
}
