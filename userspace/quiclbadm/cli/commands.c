// SPDX-License-Identifier: GPL-2.0-only
#include "cli/commands.h"

#include <stdio.h>

#define SERVICE_OPTS (O(SCHEDULER) | O(OPS) | O(PERSISTENT) | O(NETMASK) | \
		      O(PE) | O(SCHED_FLAGS))
#define SERVER_OPTS (O(FORWARD) | O(WEIGHT) | O(U_THRESHOLD) | \
		     O(L_THRESHOLD) | O(TUN_TYPE) | O(TUN_PORT) | \
		     O(TUN_CSUM) | O(SERVER_ID))
#define OFFLINE_OPTS (O(ID) | O(SERVER_ID_LEN) | O(NONCE_LEN) | O(KEY_FILE) | \
		      O(LAYOUT))

#define SERVICE_USAGE "-u VIP:PORT | -f MARK [-6]"
#define SERVICE_OPTS_USAGE \
	"[-s SCHEDULER] [-o] [-p [SECONDS] [-M NETMASK] [--pe NAME]] [-b FLAGS]"
#define SERVER_OPTS_USAGE \
	"[-g | -i | -m] [-w WEIGHT] [-x UPPER] [-y LOWER] " \
	"[--tun-type ipip|gue|gre] [--tun-port PORT] " \
	"[--tun-nocsum | --tun-csum | --tun-remcsum] " \
	"[--server-id [CONFIG:]HEX[*]]..."
#define CONFIG_USAGE(verb) \
	"-u VIP:PORT | -f MARK [-6] --id N [--tenant N] --server-id-len N " \
	"--nonce-len N [--key-file PATH|- [--key-fingerprint HEX]] [--check-length]\n" \
	"       quiclbadm config " verb " -u VIP:PORT | -f MARK [-6] [--id N] --layout LAYOUT"

const struct command commands[CMD_COUNT] = {
	[CMD_ADD_SERVICE] = {
		'A', "add-service", NULL, O(SERVICE), O(IPV6) | SERVICE_OPTS,
		0, true, SERVICE_USAGE " " SERVICE_OPTS_USAGE,
		"Add a virtual service, with scheduler \"quic\" unless -s names another",
	},
	[CMD_EDIT_SERVICE] = {
		'E', "edit-service", NULL, O(SERVICE), O(IPV6) | SERVICE_OPTS,
		0, false, SERVICE_USAGE " " SERVICE_OPTS_USAGE,
		"Change a virtual service",
	},
	[CMD_DELETE_SERVICE] = {
		'D', "delete-service", NULL, O(SERVICE), O(IPV6),
		0, false, SERVICE_USAGE,
		"Delete a virtual service with all that belongs to it",
	},
	[CMD_CLEAR] = {
		'C', "clear", NULL, 0, O(ALL),
		0, false, "[--all]",
		"Delete what -L lists: virtual services, and the express path of devices; with --all every service of IPVS, TCP as well",
	},
	[CMD_RESTORE] = {
		'R', "restore", NULL, 0, O(CHECK) | O(WEIGHTS) | O(REKEY) | O(YANG) |
		O(SERVICE) | O(IPV6) | O(ABSENT), 1, false,
		"[--check] [--weights] [--rekey] [FILE]\n"
		"       quiclbadm -R --yang [" SERVICE_USAGE "] [--check] [--rekey] [--absent] [FILE]",
		"Make the services in a saved file, or on standard input, what it says, as one transaction",
	},
	[CMD_SAVE] = {
		'S', "save", NULL, 0, O(NUMERIC) | O(KEYS) | O(YANG) |
		O(SERVICE) | O(IPV6) | O(JSON), 1, false,
		"[-n] [--keys | -j] [FILE]\n"
		"       quiclbadm -S --yang [" SERVICE_USAGE "] [--keys] [FILE]",
		"Print the services in the form that -R reads, or put them into FILE, whole or not at all",
	},
	[CMD_ADD_SERVER] = {
		'a', "add-server", NULL, O(SERVICE) | O(SERVER),
		O(IPV6) | SERVER_OPTS, 0, true,
		SERVICE_USAGE " -r SERVER[:PORT] " SERVER_OPTS_USAGE,
		"Add a real server to a service, and server IDs to the real server",
	},
	[CMD_EDIT_SERVER] = {
		'e', "edit-server", NULL, O(SERVICE) | O(SERVER),
		O(IPV6) | SERVER_OPTS, 0, false,
		SERVICE_USAGE " -r SERVER[:PORT] " SERVER_OPTS_USAGE,
		"Change what is given of a real server; --server-id gives the whole set",
	},
	[CMD_DELETE_SERVER] = {
		'd', "delete-server", NULL, O(SERVICE) | O(SERVER),
		O(IPV6) | O(KEEP_SERVER_IDS), 0, false,
		SERVICE_USAGE " -r SERVER[:PORT] [--keep-server-ids]",
		"Delete a real server from a service, and its server IDs",
	},
	[CMD_LIST] = {
		'L', "list", NULL, 0, O(SERVICE) | O(IPV6) | O(NUMERIC) |
		O(VIEW) | O(EXACT) | O(SORT) | O(ALL) | O(JSON), 0, false,
		"[" SERVICE_USAGE "] [-n] [-j] [--sort] [--all] [--stats [--exact] | --rate [--exact] | --thresholds | --persistent-conn | --tun-info | -c]\n"
		"       quiclbadm -L --timeout | --daemon [-j]",
		"List UDP and firewall-mark services with their real servers and server IDs",
	},
	[CMD_ZERO] = {
		'Z', "zero", NULL, 0, O(SERVICE) | O(IPV6),
		0, false, "[" SERVICE_USAGE "]",
		"Zero all counters that -L shows, of one service or of all",
	},
	[CMD_SYNC] = {
		0, "sync", NULL, O(OPERAND), O(WEIGHTS) | O(REKEY), 1, false,
		"[--weights] [--rekey] FILE",
		"Make all services with scheduler \"quic\" and all devices what a saved file says, as one transaction",
		"the file",
	},
	[CMD_DIFF] = {
		0, "diff", NULL, O(OPERAND), O(JSON), 1, false, "FILE|- [-j]",
		"Print what sync would change: lines of the kernel's state behind \"-\", of the file's behind \"+\"; status 0 for no difference, 1 for some, 2 for trouble",
		"the file",
	},
	[CMD_BATCH] = {
		0, "batch", NULL, O(OPERAND), O(FORCE), 1, false,
		"[--force] FILE|-",
		"Run the commands in a file, one a line, up to the first that fails, with --force all; also called -b",
		"the file",
	},
	[CMD_SET] = {
		0, "set", NULL, O(SERVICE), O(IPV6) | O_SETTINGS, 0, true,
		 SERVICE_USAGE " [--tuple-timeout SECONDS] [--tuple-max N] [--table-bits N] [--dcid-max N] [--dcid-timeout SECONDS] [--source4 PREFIX|none] [--source6 PREFIX|none]",
		"Change settings of a service: what is remembered of unroutable connection IDs, and sources of tunnels",
	},
	[CMD_CONFIG_ADD] = {
		0, "config", "add", O(SERVICE), O(IPV6) | O(ID) | O(TENANT) |
		O(SERVER_ID_LEN) | O(NONCE_LEN) | O(KEY_FILE) | O(KEY_FINGERPRINT) |
		O(KEY) | O(CHECK_LENGTH) | O(LAYOUT), 0, true, CONFIG_USAGE("add"),
		"Add a QUIC-LB config to a service, without a key of the plaintext algorithm; or a layout of connection IDs that are not QUIC-LB's",
	},
	[CMD_CONFIG_REPLACE] = {
		0, "config", "replace", O(SERVICE), O(IPV6) | O(ID) | O(TENANT) |
		O(SERVER_ID_LEN) | O(NONCE_LEN) | O(KEY_FILE) | O(KEY_FINGERPRINT) |
		O(CHECK_LENGTH) | O(LAYOUT), 0, false, CONFIG_USAGE("replace"),
		"The same, but in place of the config that has the ID",
	},
	[CMD_CONFIG_DEL] = {
		0, "config", "del", O(SERVICE) | O(ID), O(IPV6) | O(TENANT) |
		O(FORCE) | O(SEEN_WITHIN) | O(SEEN_BY), 0, false,
		SERVICE_USAGE " --id N [--tenant N] [--force | [--seen-within SECONDS] [--seen-by FILE|URL]...]",
		"Delete a config that is no longer seen; server IDs that belong to it stay",
	},
	[CMD_CONFIG_LIST] = {
		0, "config", "list", 0, O(SERVICE) | O(IPV6) | O(NUMERIC) |
		O(JSON), 0, false,
		"[" SERVICE_USAGE "] [-n] [-j]",
		"List configs and when they were last seen; of a key the fingerprint and the file it came from",
	},
	[CMD_SERVER_ID_ADD] = {
		0, "server-id", "add", O(SERVICE) | O(SERVER) | O(SERVER_ID),
		O(IPV6) | O(ABSENT), 0, true,
		SERVICE_USAGE " -r SERVER[:PORT] [--absent] --server-id [CONFIG:]HEX[*]...",
		"Give server IDs to a real server, with --absent also to one that is not in the pool",
	},
	[CMD_SERVER_ID_DEL] = {
		0, "server-id", "del", O(SERVICE), O(IPV6) | O(SERVER) |
		O(SERVER_ID), 0, false,
		SERVICE_USAGE " [-r SERVER[:PORT]] [--server-id [CONFIG:]HEX[*]]...",
		"Take server IDs away: those given, or all of a real server",
	},
	[CMD_SERVER_ID_MOVE] = {
		0, "server-id", "move", O(SERVICE) | O(SERVER) | O(SERVER_ID),
		O(IPV6) | O(ABSENT), 0, false,
		SERVICE_USAGE " -r SERVER[:PORT] [--absent] --server-id [CONFIG:]HEX[*]...",
		"Give server IDs that other real servers have to this one, in one step",
	},
	[CMD_SERVER_ID_LIST] = {
		0, "server-id", "list", 0, O(SERVICE) | O(IPV6) | O(SERVER) |
		O(NUMERIC) | O(JSON), 0, false,
		"[" SERVICE_USAGE " [-r SERVER[:PORT]]] [-n] [-j]",
		"List server IDs",
	},
	[CMD_ROTATE] = {
		0, "rotate", NULL, O(SERVICE), O(IPV6) | O(KEY_FILE) | O(ID) |
		O(OLD) | O(SERVER_ID_LEN) | O(NONCE_LEN) | O(CHECK_LENGTH) |
		O(STEP) | O(UNSEEN) | O(SEEN_BY) | O(FORCE) | O(JSON), 0, false,
		SERVICE_USAGE " [--key-file PATH|-] [--id N] [--old N] "
		"[--server-id-len N] [--nonce-len N] [--check-length] "
		"[--step N [--force]] [--unseen SECONDS] [--seen-by FILE|URL]... [-j]",
		"Show how far a service is on its way from one key to the next, or do a step",
	},
	[CMD_EXPRESS_ADD] = {
		0, "express", "add", O(OPERAND), O(MODE), 1, true,
		"DEVICE [--mode auto|driver|ingress]",
		"Forward datagrams that DEVICE receives before the rest of the stack, and its packet filter, sees them; with mode driver even before traffic control and captures",
		"the device",
	},
	[CMD_EXPRESS_DEL] = {
		0, "express", "del", O(OPERAND), 0, 1, false,
		"DEVICE",
		"End that for DEVICE",
		"the device",
	},
	[CMD_EXPRESS_TAKE] = {
		0, "express", "take", 0, 0, 0, false, "",
		"Add the devices that were missing when -R or sync asked for them, and exist by now",
	},
	[CMD_EXPRESS_LIST] = {
		0, "express", "list", 0, O(NUMERIC) | O(JSON), 0, false,
		"[-n] [-j]",
		"List devices with the express path, and what it did with datagrams",
	},
	[CMD_DECODE] = {
		0, "decode", NULL, O(OPERAND), O(SERVICE) | O(IPV6) | O(JSON) |
		OFFLINE_OPTS, 1, false,
		SERVICE_USAGE " CIDHEX [-j]\n"
		"       quiclbadm decode --id N --server-id-len N --nonce-len N [--key-file PATH|-] CIDHEX [-j]\n"
		"       quiclbadm decode [--id N] --layout LAYOUT CIDHEX [-j]",
		"Say what the director does with a connection ID; the other forms need neither module nor root",
		"the connection ID",
	},
	[CMD_ENCODE] = {
		0, "encode", NULL, O(SERVER_ID), O(SERVICE) | O(IPV6) |
		O(NONCE) | O(SELF_LEN) | O(TENANT) | O(JSON) | OFFLINE_OPTS,
		0, false,
		SERVICE_USAGE " --id N [--tenant N] --server-id HEX [--nonce HEX] [--self-len] [--key-file PATH|-] [-j]\n"
		"       quiclbadm encode --id N --server-id HEX --nonce-len N [--server-id-len N] [--nonce HEX] [--self-len] [--key-file PATH|-] [-j]\n"
		"       quiclbadm encode [--id N] --layout LAYOUT --server-id HEX [-j]",
		"Make a connection ID; the other forms need neither module nor root",
	},
	[CMD_EXPLAIN] = {
		0, "explain", NULL, O(OPERAND), O(SERVICE) | O(IPV6) | O(SAVED) |
		O(JSON), 1, false,
		"PCAP|-|HEX [" SERVICE_USAGE "] [--saved FILE|-] [-j]",
		"Say what the director does with each datagram of a capture, or with one in hex",
		"the capture or datagram",
	},
	[CMD_DOCTOR] = {
		0, "doctor", NULL, 0, O(SERVICE) | O(IPV6) | O(ROLE) |
		O(SERVER) | O(FORWARD) | O(TUN_TYPE) | O(TUN_PORT) | O(TUN_CSUM) | O(CLIENT) |
		O(FROM) | O(AWAIT) | O(SECONDS) | O(VERBOSE) | O(JSON), 0, false,
		"[" SERVICE_USAGE " [-r SERVER]] [--role director|server] "
		"[-g | -i | -m] [--tun-type ipip|gue|gre] [--tun-port PORT] "
		"[--tun-nocsum | --tun-csum | --tun-remcsum] [--client ADDRESS] [--from ADDRESS] [--await SECONDS] [--seconds N] [-v | -j]",
		"Look for what keeps datagrams from their real server, or from its application",
	},
	[CMD_MONITOR] = {
		0, "monitor", NULL, 0, O(TIMESTAMP) | O(JSON), 5, false,
		"[-j] [-t] [service | config | server-id | pool | express]...",
		"Print each change of the configuration and of the pools when it happens, on a line of its own",
	},
	[CMD_PROBE] = {
		0, "probe", NULL, O(SERVICE) | O(SERVER), O(FORWARD) |
		O(TUN_TYPE) | O(TUN_PORT) | O(TUN_CSUM) | O(FROM) | O(WAIT) |
		O(SIZE) | O(JSON), 0, false,
		"-u VIP[:PORT] -r SERVER[:PORT] [-g | -i | -m] "
		"[--tun-type ipip|gue|gre] [--tun-port PORT] "
		"[--tun-nocsum | --tun-csum | --tun-remcsum] "
		"[--from ADDRESS] [--timeout MS] [--size N] [-j]",
		"Ask one real server for a sign of life, by the path that its datagrams take: status 0 for yes, 1 for no, 2 if it cannot be asked",
	},
	[CMD_CHECK_DIRECTOR] = {
		0, "check-director", NULL, O(SERVICE), O(FROM) | O(WAIT) | O(JSON), 0, false,
		"-u VIP[:PORT] [--from ADDRESS] [--timeout MS] [-j]",
		"Would this director forward a service's datagrams to a real server that answers? Status 0 for yes, 1 for no, 2 if that cannot be told",
	},
	[CMD_TRACE] = {
		0, "trace", NULL, 0, O(SERVICE) | O(IPV6) | O(CLIENT) | O(CID) |
		O(SERVER_ID) | O(COUNT_EVENTS) | O(SECONDS) |
		O(VERBOSE) | O(JSON), 0, false,
		"[" SERVICE_USAGE "] [--client ADDRESS] [--cid HEX | --follow HEX] "
		"[--server-id [CONFIG:]HEX]... [--count N] [--seconds N] [-v] [-j]",
		"Show live what becomes of datagrams: the director's decisions, and what the kernel drops and why",
	},
	[CMD_GENKEY] = {
		0, "genkey", NULL, 0, 0, 0, false, "> FILE",
		"Print a new random key",
	},
	[CMD_FINGERPRINT] = {
		0, "fingerprint", NULL, 0, O(SERVICE) | O(IPV6) | O(JSON), 1, false,
		"[KEYFILE|-] [-j]\n"
		"       quiclbadm fingerprint " SERVICE_USAGE " [-j]",
		"Print the fingerprint of a key, or of all that decides where a service's datagrams go, to be compared with that of another machine",
	},
	[CMD_SERVER_CONFIG] = {
		0, "server-config", NULL, O(SERVICE) | O(SERVER), O(IPV6) |
		O(ID) | O(TENANT) | O(SERVER_ID) | O(KEY_PATH) | O(YANG) |
		O(KEYS) | O(JSON), 0, false,
		SERVICE_USAGE " -r SERVER[:PORT] [--id N] [--tenant N] "
		"[--server-id [CONFIG:]HEX]... [--key-path PATH] "
		"[--yang [--keys]] [-j]",
		"Print what a real server needs to make connection IDs that lead to it, one line for each config",
	},
	[CMD_METRICS] = {
		0, "metrics", NULL, 0, O(OUTPUT) | O(EXPOSITION), 0, false,
		"[--openmetrics | --prometheus] [--output FILE]\n"
		"       quiclbadm metrics --http",
		"Print metrics of services, configs and real servers for Prometheus, or answer an HTTP request on standard input",
	},
	[CMD_HELP] = {
		'h', "help", NULL, 0, 0, 2, false, "[COMMAND]",
		"Explain the commands, or one",
	},
	[CMD_VERSION] = {
		'v', "version", NULL, 0, O(JSON), 0, false, "[-j]",
		"Print the version",
	},
};

const char *cmd_name(enum cmd cmd)
{
	static char name[32];
	const struct command *command = &commands[cmd];

	if (command->letter && cmd != CMD_HELP && cmd != CMD_VERSION)
		snprintf(name, sizeof(name), "-%c", command->letter);
	else
		snprintf(name, sizeof(name), "%s%s%s", command->name,
			 command->sub ? " " : "",
			 command->sub ? command->sub : "");
	return name;
}
