// SPDX-License-Identifier: GPL-2.0-only
/* Readers, the option table, key files, the lines of -R. */
#include "capture.h"

#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/parse.h"
#include "common/err.h"
#include "common/progress.h"
#include "common/xalloc.h"
#include "fake.h"
#include "kernel/kernel.h"
#include "model/secret.h"
#include "restore/state_file.h"

#define KEY "8f95f09245765f80256934e50c66207f"

static void endpoints(void **state)
{
	static const struct {
		const char *text;
		const char *printed;	/* NULL: refused */
		bool has_port;
	} cases[] = {
		{ "192.0.2.1:443", "192.0.2.1:443", true },
		{ "192.0.2.1", "192.0.2.1:0", false },
		{ "192.0.2.1:0", "192.0.2.1:0", true },
		{ "192.0.2.1:65535", "192.0.2.1:65535", true },
		{ "[2001:db8::1]:443", "[2001:db8::1]:443", true },
		{ "[2001:DB8:0::1]", "[2001:db8::1]:0", false },
		{ "2001:db8::1", "[2001:db8::1]:0", false },
		{ "::", "[::]:0", false },
		{ "192.0.2.1:", NULL, false },
		{ "192.0.2.1:65536", NULL, false },
		{ "192.0.2.1:-1", NULL, false },
		{ "192.0.2.1:+1", NULL, false },
		{ "192.0.2.1: 1", NULL, false },
		{ "192.0.2.1:99999999999999999999", NULL, false },
		{ "192.0.2.256:1", NULL, false },
		{ "192.0.2", NULL, false },
		{ "example.org:443", NULL, false },
		{ "[192.0.2.1]:443", NULL, false },
		{ "[2001:db8::1", NULL, false },
		{ "[2001:db8::1]443", NULL, false },
		{ "[2001:db8::1]:", NULL, false },
		{ "[fe80::1%eth0]:443", NULL, false },
		{ "", NULL, false },
		{ ":443", NULL, false },
		{ "[]:443", NULL, false },
		{ "0000000000000000000000000000000000000000000000000000000000000000000000",
		  NULL, false },
	};
	char text[ENDPOINT_STRLEN];
	struct endpoint ep;
	bool has_port;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int err = parse_endpoint("-r", cases[i].text, &ep, &has_port);

		assert_int_equal(err, cases[i].printed ? 0 : EXIT_USAGE);
		if (err)
			continue;
		assert_string_equal(endpoint_str(&ep, text), cases[i].printed);
		assert_int_equal(has_port, cases[i].has_port);
	}
}

static void server_ids(void **state)
{
	static const struct {
		const char *text;
		int config;		/* -1: refused */
		const char *printed;
	} cases[] = {
		{ "0a01", 9, "9:0a01" },
		{ "0:0a01", 0, "0:0a01" },
		{ "6:FF", 6, "6:ff" },
		{ "000102030405060708090a0b0c0d0e", 9,
		  "9:000102030405060708090a0b0c0d0e" },
		{ "000102030405060708090a0b0c0d0e0f", -1, NULL },
		{ "", -1, NULL },
		{ "0:", -1, NULL },
		{ "7:0a01", -1, NULL },
		{ "00:0a01", -1, NULL },
		{ ":0a01", -1, NULL },
		{ "-1:0a01", -1, NULL },
		{ "0a0", -1, NULL },
		{ "0g", -1, NULL },
		{ "0x0a", -1, NULL },
		{ "0a 01", -1, NULL },
		{ "0a*", 9, "9:0a*" },
		{ "5:000102030405060708090A0b0c0d0e*", 5,
		  "5:000102030405060708090a0b0c0d0e*" },
		{ "*", -1, NULL },
		{ "0:*", -1, NULL },
		{ "0a**", -1, NULL },
		{ "*0a", -1, NULL },
		{ "0a*01", -1, NULL },
		{ "0*", -1, NULL },
		{ "0a *", -1, NULL },
		{ "000102030405060708090a0b0c0d0e0f*", -1, NULL },
	};
	char text[SID_STRLEN];
	struct mapping map;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int err;

		memset(&map, 0xff, sizeof(map));
		map.config_id = 9;
		err = parse_server_id("--server-id", cases[i].text, &map);
		assert_int_equal(err, cases[i].config < 0 ? EXIT_USAGE : 0);
		if (err)
			continue;
		assert_int_equal(map.config_id, cases[i].config);
		assert_string_equal(sid_str(&map, text), cases[i].printed);
	}
}

static void config_limits(void **state)
{
	uint32_t id, sid_len, nonce_len;

	(void)state;
	for (id = 0; id < 10; id++)
		for (sid_len = 0; sid_len < 18; sid_len++)
			for (nonce_len = 0; nonce_len < 22; nonce_len++) {
				bool good = id <= 6 && sid_len >= 1 &&
					    sid_len <= 15 && nonce_len >= 4 &&
					    nonce_len <= 18 &&
					    sid_len + nonce_len <= 19;

				assert_int_equal(parse_check_config("config add",
						id, sid_len, nonce_len),
						 good ? 0 : EXIT_USAGE);
			}
}

#define SYNC "IPVS's connection synchronization is ipvsadm's; what is routed by connection ID needs none, since each director computes the same"
#define NAMES "a name, and names are not looked up, for what they mean may change; an address is needed (192.0.2.1:443 or [2001:db8::1]:443)"

static void sentences_of_readers(void **state)
{
	static const struct {
		const char *line;
		const char *sentence;
	} cases[] = {
		{ "-A", "-A: -u is missing" },
		{ "-A -u 192.0.2.1",
		  "-u 192.0.2.1: the port is missing (192.0.2.1:443)" },
		{ "-A -u 192.0.2.1:0", "-u: port 0 is for persistent services" },
		{ "-A -u 192.0.2:1",
		  "-u 192.0.2:1: not an IP address (192.0.2.1:443 or [2001:db8::1]:443)" },
		{ "-A -u 192.0.2.1:70000",
		  "-u 192.0.2.1:70000: the port is not a number from 0 to 65535" },
		{ "-A -t 192.0.2.1:443",
		  "-t: QUIC runs over UDP (-u); ipvsadm manages the other services" },
		{ "-A --sctp-service 192.0.2.1:443",
		  "--sctp-service: QUIC runs over UDP (-u); ipvsadm manages the other services" },
		{ "-A -f 0", "-f 0: not a number from 1 to 4294967295" },
		{ "-A -u 192.0.2.1:443 -6",
		  "-6: only with -f; an address tells its family" },
		{ "-A -u 2001:db8::1",
		  "-u 2001:db8::1: the port is missing, and before a port an IPv6 address is in brackets ([2001:db8::1]:443)" },
		{ "-A -u 192.0.2.1:443 -f 1", "-f: not together with -u" },
		{ "-A -f 1 -u 192.0.2.1:443", "-u: not together with -f" },
		{ "-A -u 192.0.2.1:443 -u 192.0.2.1:443", "-u: given twice" },
		{ "-A -u 192.0.2.1:443 -o -o", "-o: given twice" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 -i -m",
		  "-m: not together with -i" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 --masquerading --ipip",
		  "--ipip: not together with -m" },
		{ "-L --stats --rate", "--rate: not together with --stats" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 -w x",
		  "-w x: not a number from 0 to 2147483647" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 -w", "-w: the value is missing" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 -w --ipip",
		  "-w: the value is missing" },
		{ "config add -u 192.0.2.1:443 --id --key=" KEY,
		  "--id: the value is missing" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 --ipip=yes",
		  "--ipip: takes no value" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 -s mh",
		  "-s: -a does not take it" },
		{ "-A -u 192.0.2.1:443 -D", "-D: there is a command already, -A" },
		{ "-q", "-q: no such option" },
		{ "--wieght 1", "--wieght: no such option (--weight?)" },
		{ "--serverid 01", "--serverid: no such option (--server-id?)" },
		{ "--add-servic", "--add-servic: no such option (--add-service?)" },
		{ "--nonce-length 4", "--nonce-length: no such option (--nonce-len?)" },
		{ "--thresh", "--thresh: no such option (--thresholds?)" },
		{ "--frobnicate", "--frobnicate: no such option" },
		{ "--x", "--x: no such option" },
		{ "-add-service", "-add-service: a long name has two hyphens (--add-service)" },
		{ "-server-id=01", "-server-id: a long name has two hyphens (--server-id)" },
		{ "-L -stats", "-stats: a long name has two hyphens (--stats)" },
		{ "-L -j=1", "-j: takes no value" },
		{ "-L --json=1", "--json: takes no value" },
		{ "--list=1", "--list: takes no value" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 -w=1",
		  "-w: behind a letter, the value has no equals sign (-w 1)" },
		{ "-u 192.0.2.1:443 -w 1", "-w: the command is missing (quiclbadm help)" },
		{ "show", "show: no such command (quiclbadm help)" },
		{ "decod 00", "decod: no such command (decode?)" },
		{ "list", "list: no such command (--list)" },
		/* ipvsadm's */
		{ "--set 900 120 300",
		  "--set: ipvsadm --set changes IPVS's timeouts; that of a quic service is its own (quiclbadm set SERVICE --tuple-timeout SECONDS)" },
		{ "--start-daemon master", "--start-daemon: " SYNC " (ipvsadm --start-daemon)" },
		{ "--stop-daemon master", "--stop-daemon: " SYNC " (ipvsadm --stop-daemon)" },
		{ "--start-daemon=master --mcast-interface eth0", "--start-daemon: " SYNC " (ipvsadm --start-daemon)" },
		{ "--syncid 1", "--syncid: " SYNC " (ipvsadm --start-daemon)" },
		{ "-L --nosort", "--nosort: the list is always sorted; leave it out" },
		/* names, and addresses that are no host's */
		{ "-a -u 192.0.2.1:443 -r server1", "-r server1: " NAMES },
		{ "-A -u example.org:443", "-u example.org:443: " NAMES },
		{ "-A -u 192.0.2.1:https",
		  "-u 192.0.2.1:https: the port is not a number; names are not looked up, for what they mean may change" },
		{ "-A -u [::ffff:192.0.2.1]:444",
		  "-u [::ffff:192.0.2.1]:444: an IPv4 address in IPv6's spelling, which no datagram has (192.0.2.1)" },
		{ "-A -u 0.0.0.0:443",
		  "-u 0.0.0.0:443: the unspecified address, to which no datagram is sent" },
		{ "-A -u [::]:443",
		  "-u [::]:443: the unspecified address, to which no datagram is sent" },
		{ "-A -u 224.0.0.1:443",
		  "-u 224.0.0.1:443: a multicast address, and QUIC is between two hosts" },
		{ "-A -u [ff02::1]:443",
		  "-u [ff02::1]:443: a multicast address, and QUIC is between two hosts" },
		{ "-A -u 255.255.255.255:443",
		  "-u 255.255.255.255:443: neither a host's address nor one that a datagram of QUIC is sent to" },
		{ "-a -u 192.0.2.1:443 -r 224.0.0.1",
		  "-r 224.0.0.1: a multicast address, and QUIC is between two hosts" },
		{ "server-id add -u 192.0.2.1:443 -r 0.0.0.0 --server-id 01",
		  "-r 0.0.0.0: the unspecified address, to which no datagram is sent" },
		{ "-a -u 192.0.2.1:443 -r [2001:db8::1] -m",
		  "-r [2001:db8::1]: an IPv6 server of an IPv4 service is reached by a tunnel only (-i)" },
		{ "-a -f 5 -6 -r 10.0.0.1",
		  "-r 10.0.0.1: an IPv4 server of an IPv6 service is reached by a tunnel only (-i)" },
		{ "-e -u 192.0.2.1:443 -r [2001:db8::1] -g",
		  "-r [2001:db8::1]: an IPv6 server of an IPv4 service is reached by a tunnel only (-i)" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 --server-id 0x0a03",
		  "--server-id 0x0a03: hex digits without 0x in front (0a03)" },
		{ "decode 0X0A -u 192.0.2.1:443 --cid 0X0A",
		  "--cid 0X0A: hex digits without 0x in front (0A)" },
		{ "\xef\xbb\xbf-A -u 192.0.2.1:443",
		  "the text begins with a byte order mark: save it as UTF-8 without one" },
		{ "\xef\xbb\xbf# saved",
		  "the text begins with a byte order mark: save it as UTF-8 without one" },
		{ "config", "config: what to do with it is missing (quiclbadm help config)" },
		{ "config ad", "config ad: no such command (quiclbadm help config)" },
		{ "-L 192.0.2.1", "192.0.2.1: not an option" },
		{ "-L -", "-: not an option" },
		{ "-L -- x", "--: not an option" },
		{ "config add -u 192.0.2.1:443 --id 7 --server-id-len 2 --nonce-len 6",
		  "--id 7: not a number from 0 to 6" },
		{ "config add -u 192.0.2.1:443 --id 0 --server-id-len 16 --nonce-len 6",
		  "--server-id-len 16: not a number from 1 to 15" },
		{ "config add -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 3",
		  "--nonce-len 3: not a number from 4 to 18" },
		{ "config add -u 192.0.2.1:443 --id 0 --server-id-len 15 --nonce-len 5",
		  "config add: server ID and nonce of 20 octets together are more than 19" },
		{ "config add -u 192.0.2.1:443 --id 0 --server-id-len 2",
		  "config add: --nonce-len is missing" },
		{ "config add -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 6 --key " KEY,
		  "--key: a key on the command line is seen by every user; --key-file" },
		{ "config add -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 6 --key-fingerprint 01234567",
		  "--key-fingerprint: only with --key-file, whose key it has to be" },
		{ "config add -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 6 --key-file k --key-fingerprint 012345",
		  "--key-fingerprint 012345: 3 octets, not 4" },
		{ "config add -u 192.0.2.1:443 --layout 8:8 --key-fingerprint 01234567",
		  "--key-fingerprint: not with --layout, which says all there is to say" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 --server-id 0:01 --server-id 01",
		  "--server-id 0:01: given twice" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 -i --tun-type vxlan",
		  "--tun-type vxlan: not one of ipip, gue and gre" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 -i --tun-type gue",
		  "--tun-port: missing, --tun-type gue needs it" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 -i --tun-port 6080",
		  "--tun-port: only with --tun-type gue" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 --tun-type gre",
		  "--tun-type, --tun-port and --tun-*csum: only with -i" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 -i --tun-csum",
		  "--tun-*csum: only with --tun-type gue or gre" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 -i --tun-type gre --tun-remcsum",
		  "--tun-remcsum: only with --tun-type gue" },
		{ "-A -u 192.0.2.1:443 -p",
		  "-p: scheduler quic keeps a client on its server by connection ID, and persistence would override that" },
		{ "-A -u 192.0.2.1:443 -b flag-1", "-b: scheduler quic has no flags" },
		{ "-A -u 192.0.2.1:443 -s mh -b mh-prot",
		  "-b mh-prot: \"mh-prot\" is not a scheduler flag (flag-1, flag-2, flag-3, sh-fallback, sh-port, mh-fallback, mh-port)" },
		{ "-A -u 192.0.2.1:443 -s mh -M 255.255.255.0",
		  "-M and --pe: only with -p" },
		{ "-A -u 192.0.2.1:443 -s 0123456789012345",
		  "-s 0123456789012345: longer than 15 characters" },
		{ "encode --id 0 --server-id 1:01 --nonce-len 4",
		  "--server-id: config 1 is not the one of --id 0" },
		{ "encode --id 0 --server-id 01 --server-id 02 --nonce-len 4",
		  "--server-id: given twice" },
		{ "encode --id 0 --server-id 01 --nonce 010203",
		  "--nonce 010203: 3 octets, not 4 to 18" },
		{ "decode", "decode: the connection ID is missing" },
		{ "server-id list -r 10.0.0.1", "-r 10.0.0.1: only with -u or -f" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 --server-id 0:01* --server-id 01*",
		  "--server-id 0:01*: given twice" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1 --server-id *",
		  "--server-id *: 0 octets, not 1 to 15" },
		{ "encode --id 0 --server-id 01* --nonce-len 4",
		  "--server-id: a prefix is no server ID to put into a connection ID" },
		{ "config add -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 6 --tenant 4",
		  "--tenant 4: not a number from 0 to 3" },
		{ "config del -u 192.0.2.1:443 --id 0 --seen-within 31536001",
		  "--seen-within 31536001: not a number from 0 to 31536000" },
		{ "set -u 192.0.2.1:443",
		  "set: nothing to set is given (quiclbadm help set)" },
		{ "set -u 192.0.2.1:443 --tuple-timeout 0",
		  "--tuple-timeout 0: not a number from 1 to 86400" },
		{ "set -u 192.0.2.1:443 --tuple-timeout 86401",
		  "--tuple-timeout 86401: not a number from 1 to 86400" },
		{ "set -u 192.0.2.1:443 --tuple-max 2147483648",
		  "--tuple-max 2147483648: not a number from 0 to 2147483647" },
		{ "set -u 192.0.2.1:443 --table-bits 7",
		  "--table-bits 7: not a number from 8 to 19" },
		{ "set -u 192.0.2.1:443 --table-bits 20",
		  "--table-bits 20: not a number from 8 to 19" },
		{ "set -u 192.0.2.1:443 --dcid-max 1048577",
		  "--dcid-max 1048577: not a number from 0 to 1048576" },
		{ "set -u 192.0.2.1:443 --dcid-timeout 0",
		  "--dcid-timeout 0: not a number from 1 to 86400" },
		{ "set -u 192.0.2.1:443 --dcid-timeout 86401",
		  "--dcid-timeout 86401: not a number from 1 to 86400" },
		{ "set -u 192.0.2.1:443 --dcid-timeout 5 --dcid-max 0",
		  "--dcid-timeout: only with a --dcid-max above 0" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char wanted[512];

		parse(cases[i].line, false);
		snprintf(wanted, sizeof(wanted), "Error: %s.\n",
			 cases[i].sentence);
		assert_string_equal(ran_err, wanted);
		assert_string_equal(ran_out, "");
		assert_int_equal(ran_status, EXIT_USAGE);
	}
}

static void accepted_spellings(void **state)
{
	static const char *const lines[] = {
		"-A -u 192.0.2.1:443",
		"-Au192.0.2.1:443",
		"-u 192.0.2.1:443 -A",
		"--add-service --udp-service=192.0.2.1:443",
		"--add-service --udp-service 192.0.2.1:443 --scheduler quic --ops",
		"-A -u 192.0.2.1:0 -s rr -p",
		"-A -u 192.0.2.1:443 -s rr -p 60 -M 255.255.0.0",
		"-A -u [2001:db8::1]:443 -s rr -p -M 64",
		"-A -f 4294967295 -6",
		"-Ln", "-nL", "-l", "-L -n --stats --exact", "", "-Lnj",
		"-L -c", "-Lnc", "-c -u 192.0.2.1:443", "-L --connection", "-L --timeout",
		"-L --daemon", "-n", "-j", "--stats", "-L --sort", "-jn --rate", "-V",
		/* as ipvsadm may have made it */
		"-D -u 224.0.0.1:443", "-E -u 0.0.0.0:443", "-d -u 0.0.0.0:443 -r 0.0.0.0",
		"-e -u 192.0.2.1:443 -r [2001:db8::1] -w 1",
		"server-id add -u 192.0.2.1:443 -r [2001:db8::1] --absent --server-id 01",
		"-S", "-S -n", "-Sn", "-C", "-Z", "-R",
		"-a -u 192.0.2.1:443 -r [2001:db8::2]:443 -i -w0 -x 10 -y 5",
		"-a -u 192.0.2.1:443 -r 10.0.0.1 -i --tun-type gue --tun-port 6080 --tun-remcsum",
		"-a -u 192.0.2.1:443 -r 10.0.0.1 -i --tun-type gre --tun-csum",
		"-e -u 192.0.2.1:443 -r 10.0.0.1 -w 0",
		"-d -u 192.0.2.1:443 -r 10.0.0.1",
		"-E -u 192.0.2.1:443 -p 60",
		"-h", "--help", "-v", "version", "help", "help config add", "help -A",
		"-A --help", "config --help", "config add -h", "decode --help",
		"set --help",
		"set -u 192.0.2.1:443 --tuple-timeout 1 --tuple-max 0 --dcid-max 1 --dcid-timeout 86400",
		"set -u 192.0.2.1:443 --table-bits 8", "set -f 1 --table-bits 19",
		"set -f 1 -6 --tuple-timeout 86400 --tuple-max 2147483647 --dcid-max 1048576 --dcid-timeout 1",
		/* whether the table is on the kernel knows */
		"set -u 192.0.2.1:443 --dcid-timeout 5", "set -f 1 --dcid-max 0",
		"config add -f 1 --id 0 --tenant 3 --server-id-len 2 --nonce-len 6 --check-length",
		"config add -f 1 --id 0 --server-id-len 2 --nonce-len 6 --key-file k --key-fingerprint 01234567",
		"config del -f 1 --id 0 --tenant 0 --force",
		"config del -f 1 --id 0 --seen-within 0",
		"server-id del -f 1 --server-id 6:01* --server-id 6:01",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		parse(lines[i], false);
		assert_string_equal(ran_err, "");
		assert_int_equal(ran_status, 0);
	}
}

/*
 * Which command takes which option, told a second time: '+' it must be there,
 * '.' it may, ' ' it may not, nor what is beyond the end of its line.
 */
static const struct {
	enum cmd cmd;
	const char *line;
	const char *takes;
} matrix[] = {
	/* a column for each row of column[] below */
	{ CMD_ADD_SERVICE, "-A",
		"+.......                                  " },
	{ CMD_EDIT_SERVICE, "-E",
		"+.......                                  " },
	{ CMD_DELETE_SERVICE, "-D",
		"+.                                        " },
	{ CMD_CLEAR, "-C",
		"                                                  ." },
	{ CMD_RESTORE, "-R",
		"..                .                                ...          ." },
	{ CMD_SAVE, "-S",
		"..                      .  .  .                      ." },
	{ CMD_ADD_SERVER, "-a",
		"+.      +........                         " },
	{ CMD_EDIT_SERVER, "-e",
		"+.      +........                         " },
	{ CMD_DELETE_SERVER, "-d",
		"+.      +        .                        " },
	{ CMD_LIST, "-L",
		"..                         ....                  .." },
	{ CMD_ZERO, "-Z",
		"..                                        " },
	{ CMD_SYNC, "sync f",
		"                                                    .           ." },
	{ CMD_DIFF, "diff f",
		"                              .           " },
	{ CMD_BATCH, "batch f",
		"                                 ." },
	{ CMD_SET, "set",
		"+.                                 ......." },
	{ CMD_CONFIG_ADD, "config add",
		"+.                 +++.        ..                              ." },
	{ CMD_CONFIG_REPLACE, "config replace",
		"+.                 +++.        ..                              ." },
	{ CMD_CONFIG_DEL, "config del",
		"+.                 +           . ..                              ." },
	{ CMD_CONFIG_LIST, "config list",
		"..                         .  .           " },
	{ CMD_SERVER_ID_ADD, "server-id add",
		"+.      +       + .                       " },
	{ CMD_SERVER_ID_DEL, "server-id del",
		"+.      .       .                         " },
	{ CMD_SERVER_ID_MOVE, "server-id move",
		"+.      +       + .                       " },
	{ CMD_SERVER_ID_LIST, "server-id list",
		"..      .                  .  .           " },
	{ CMD_ROTATE, "rotate",
		"+.                 ....       . ..                       ...     ." },
	{ CMD_EXPRESS_ADD, "express add eth0",
		"                                                              ." },
	{ CMD_EXPRESS_DEL, "express del eth0",
		"                                          " },
	{ CMD_EXPRESS_TAKE, "express take",
		"                                          " },
	{ CMD_EXPRESS_LIST, "express list",
		"                           .  .           " },
	{ CMD_DECODE, "decode 00",
		"..                 ....       .           " },
	{ CMD_ENCODE, "encode",
		"..              +  +...  ..   ..          " },
	{ CMD_EXPLAIN, "explain 00",
		"..                            .           ." },
	{ CMD_DOCTOR, "doctor",
		"..      ..   ...              .            ..  .." },
	{ CMD_MONITOR, "monitor",
		"                              .                             ." },
	{ CMD_PROBE, "probe",
		"+       +.   ...              .                 .            ." },
	{ CMD_CHECK_DIRECTOR, "check-director",
		"+                             .                 ." },
	{ CMD_TRACE, "trace",
		"..              .             .             ...." },
	{ CMD_GENKEY, "genkey",
		"                                          " },
	{ CMD_FINGERPRINT, "fingerprint k",
		"..                            .           " },
	{ CMD_SERVER_CONFIG, "server-config",
		"+.      +       .  .    .     ..                     .." },
	{ CMD_METRICS, "metrics",
		"                                                       .." },
	{ CMD_HELP, "help",
		"                                          " },
	{ CMD_VERSION, "version",
		"                              .           " },
};

/* In the order of the columns above. */
static const struct {
	const char *text;
	enum opt opt;
} column[] = {
	{ "-u 192.0.2.1:443", OPT_SERVICE },
	{ "-6", OPT_IPV6 },
	{ "-s rr", OPT_SCHEDULER },
	{ "-o", OPT_OPS },
	{ "-p 60", OPT_PERSISTENT },
	{ "-M 255.255.255.0", OPT_NETMASK },
	{ "--pe sip", OPT_PE },
	{ "-b flag-1", OPT_SCHED_FLAGS },
	{ "-r 10.0.0.1", OPT_SERVER },
	{ "-i", OPT_FORWARD },
	{ "-w 1", OPT_WEIGHT },
	{ "-x 1", OPT_U_THRESHOLD },
	{ "-y 1", OPT_L_THRESHOLD },
	{ "--tun-type ipip", OPT_TUN_TYPE },
	{ "--tun-port 1", OPT_TUN_PORT },
	{ "--tun-csum", OPT_TUN_CSUM },
	{ "--server-id 01", OPT_SERVER_ID },
	{ "--keep-server-ids", OPT_KEEP_SERVER_IDS },
	{ "--absent", OPT_ABSENT },
	{ "--id 0", OPT_ID },
	{ "--server-id-len 1", OPT_SERVER_ID_LEN },
	{ "--nonce-len 4", OPT_NONCE_LEN },
	{ "--key-file k", OPT_KEY_FILE },
	{ "--key 00", OPT_KEY },
	{ "--keys", OPT_KEYS },
	{ "--nonce 01020304", OPT_NONCE },
	{ "--self-len", OPT_SELF_LEN },
	{ "-n", OPT_NUMERIC },
	{ "--stats", OPT_VIEW },
	{ "--exact", OPT_EXACT },
	{ "-j", OPT_JSON },
	{ "--tenant 0", OPT_TENANT },
	{ "--check-length", OPT_CHECK_LENGTH },
	{ "--force", OPT_FORCE },
	{ "--seen-within 0", OPT_SEEN_WITHIN },
	{ "--tuple-timeout 1", OPT_TUPLE_TIMEOUT },
	{ "--tuple-max 1", OPT_TUPLE_MAX },
	{ "--table-bits 8", OPT_TABLE_BITS },
	{ "--dcid-max 1", OPT_DCID_MAX },
	{ "--dcid-timeout 1", OPT_DCID_TIMEOUT },
	{ "--source4 none", OPT_SOURCE4 },
	{ "--source6 none", OPT_SOURCE6 },
	{ "--saved f", OPT_SAVED },
	{ "--role server", OPT_ROLE },
	{ "--client 192.0.2.7", OPT_CLIENT },
	{ "--cid 00", OPT_CID },
	{ "--count 1", OPT_COUNT_EVENTS },
	{ "--seconds 1", OPT_SECONDS },
	{ "--from 192.0.2.7", OPT_FROM },
	{ "--sort", OPT_SORT },
	{ "--all", OPT_ALL },
	{ "--check", OPT_CHECK },
	{ "--weights", OPT_WEIGHTS },
	{ "--yang", OPT_YANG },
	{ "--key-path /k", OPT_KEY_PATH },
	{ "--output f", OPT_OUTPUT },
	{ "--http", OPT_EXPOSITION },
	{ "--step 5", OPT_STEP },
	{ "--old 0", OPT_OLD },
	{ "--unseen 0", OPT_UNSEEN },
	{ "--timestamp", OPT_TIMESTAMP },
	{ "--size 1200", OPT_SIZE },
	{ "--mode auto", OPT_MODE },
	{ "--key-fingerprint 01234567", OPT_KEY_FINGERPRINT },
	{ "--rekey", OPT_REKEY },
	{ "--seen-by f", OPT_SEEN_BY },
};

enum { COLUMNS = sizeof(column) / sizeof(column[0]) };

static char takes(size_t row, size_t col)
{
	size_t len = strlen(matrix[row].takes);

	assert_true(len <= COLUMNS);
	return col < len ? matrix[row].takes[col] : ' ';
}

/* The command with all that it must have but @without, and @with. */
static void matrix_line(size_t row, size_t without, size_t with, char *line)
{
	size_t col;

	line += sprintf(line, "%s", matrix[row].line);
	for (col = 0; col < COLUMNS; col++)
		if (col != without && (col == with || takes(row, col) == '+'))
			line += sprintf(line, " %s", column[col].text);
}

/* A sentence of the table check, and not one on what options mean together. */
static bool says_not_taken(void)
{
	return ran_status == EXIT_USAGE && strstr(ran_err, "does not take it");
}

static void legality_matrix(void **state)
{
	char line[512];
	size_t row, col;

	(void)state;
	assert_int_equal(sizeof(matrix) / sizeof(matrix[0]), CMD_COUNT - 1);
	for (row = 0; row < CMD_COUNT - 1; row++) {
		assert_int_equal(matrix[row].cmd, row + 1);
		for (col = 0; col < COLUMNS; col++) {
			/* its own test below */
			if (column[col].opt == OPT_KEY)
				continue;
			matrix_line(row, COLUMNS, col, line);
			parse(line, false);
			if (takes(row, col) == ' ')
				assert_true(says_not_taken());
			else
				assert_false(says_not_taken());
			if (takes(row, col) != '+')
				continue;
			matrix_line(row, col, COLUMNS, line);
			parse(line, false);
			assert_int_equal(ran_status, EXIT_USAGE);
			assert_non_null(strstr(ran_err, "missing"));
		}
	}
}

/* Is @option a word of @usage? */
static bool usage_has(const char *usage, const char *option)
{
	size_t len = strlen(option);
	const char *at = usage;

	while ((at = strstr(at, option))) {
		if ((at == usage || strchr(" [|\n", at[-1])) &&
		    strchr(" ]|\n", at[len]))
			return true;
		at += len;
	}
	return false;
}

/*
 * A TCP service is read to be refused, --key is for -R's input alone; those that stand
 * with any command are not in the line of each.
 */
static bool is_hidden(const struct option_desc *desc)
{
	return desc->opt == OPT_KEY || (opt_bit(desc->opt) & O_GLOBAL) ||
	       !strcmp(desc->name, "tcp-service") || !strcmp(desc->name, "sctp-service");
}

/* What help says a command takes is what it takes. */
static void usage_is_the_table(void **state)
{
	char option[40], usage[1024], *word, *rest;
	const struct option_desc *desc;
	enum cmd cmd;
	size_t i;

	(void)state;
	for (cmd = CMD_NONE + 1; cmd < CMD_COUNT; cmd++) {
		const struct command *command = &commands[cmd];

		for (i = 0; (desc = option_at(i)); i++) {
			bool takes = (command->must | command->may) &
				     opt_bit(desc->opt);

			if (is_hidden(desc) || option_find(0, desc->name, cmd) != desc)
				continue;
			/* a mark is refused later: it has no address to ask for */
			if ((cmd == CMD_PROBE || cmd == CMD_CHECK_DIRECTOR) && desc->letter == 'f')
				continue;
			snprintf(option, sizeof(option), "%s", option_spelling(desc));
			if (takes != usage_has(command->usage, option))
				fail_msg("%s: %s is %sin its usage", cmd_name(cmd),
					 option, takes ? "not " : "");
		}
		/* and there is no other option in it */
		snprintf(usage, sizeof(usage), "%s", command->usage);
		for (word = strtok_r(usage, " []|\n", &rest); word;
		     word = strtok_r(NULL, " []|\n", &rest)) {
			if (*word != '-' || !word[1] || !strcmp(word, cmd_name(cmd)))
				continue;
			desc = word[1] == '-' ? option_find(0, word + 2, cmd) :
						option_find(word[1], NULL, cmd);
			if (!desc || (word[1] != '-' && word[2]))
				fail_msg("%s: %s is no option", cmd_name(cmd), word);
		}
	}
}

/* --key: in -R's input, with config add, and nowhere else. */
static void key_only_from_input(void **state)
{
	char line[512];
	size_t row;

	(void)state;
	for (row = 0; row < CMD_COUNT - 1; row++) {
		matrix_line(row, COLUMNS, COLUMNS, line);
		strcat(line, " --key " KEY);
		parse(line, false);
		assert_int_equal(ran_status, EXIT_USAGE);
		assert_null(strstr(ran_err, KEY));
		parse(line, true);
		assert_int_equal(ran_status, matrix[row].cmd == CMD_CONFIG_ADD ?
				 0 : EXIT_USAGE);
		assert_null(strstr(ran_err, KEY));
	}
}

/* A key that a slip has torn apart, or away from its option, is not repeated. */
static void key_in_pieces(void **state)
{
	static const char *const slips[] = {
		"--key 8f95f09245765f80 256934e50c66207f",
		"--key 8f 95 f0 92 45 76 5f 80 25 69 34 e5 0c 66 20 7f",
		"--key8f95f09245765f80256934e50c66207f",
		"--keys8f95f09245765f80256934e50c66207f",
		"--key:8f95f09245765f80256934e50c66207f",
	};
	char line[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		snprintf(line, sizeof(line),
			 "config add -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 6 %s",
			 slips[i]);
		parse(line, true);
		assert_int_equal(ran_status, EXIT_USAGE);
		assert_string_equal(ran_err, i < 2 ?
				    "Error: --key: the word behind the key is not an option.\n" :
				    "Error: --key...: no such option (--key-file).\n");
	}
}

/* Nor is a key that stands where something else belongs. */
static void key_elsewhere(void **state)
{
	static const struct {
		const char *line;
		const char *sentence;
	} slips[] = {
		{ "config add -u 192.0.2.1:443 --id " KEY,
		  "--id (32 characters that look like a key): not a number from 0 to 6" },
		{ "config add --keys " KEY, "a word of 32 hex digits is not an option" },
		{ "config add --key-file 8f95f09245765f80 256934e50c66207f",
		  "a word of 16 hex digits is not an option" },
		{ KEY, "(32 characters that look like a key): no such command (quiclbadm help)" },
		{ "-A --" KEY, "(34 characters that look like a key): no such option" },
		{ "-A -s " KEY, "-s (32 characters that look like a key): longer than 15 characters" },
		/* slips of the hand in it */
		{ "-A -s 8f95f09245765f80256934e50c66207",
		  "-s (31 characters that look like a key): longer than 15 characters" },
		{ "-A -s 8f95f0924576Sf80256934e50c66207f",
		  "-s (32 characters that look like a key): longer than 15 characters" },
		{ "-A -s 8f95f092-4576-5f80-2569-34e50c66207f",
		  "-s (36 characters that look like a key): longer than 15 characters" },
		/* no key is that short, and no server ID longer */
		{ "-A -s 8f95f09245765f80256934e50c6620",
		  "-s 8f95f09245765f80256934e50c6620: longer than 15 characters" },
		{ "-A -s accepted_feedback_of_a_decade_of_faded_cabbage",
		  "-s accepted_feedback_of_a_decade_of_faded_cabbage: longer than 15 characters" },
	};
	char wanted[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		snprintf(wanted, sizeof(wanted), "Error: %s.\n", slips[i].sentence);
		parse(slips[i].line, false);
		assert_string_equal(ran_err, wanted);
		parse(slips[i].line, true);
		assert_string_equal(ran_err, wanted);
	}
	run("config add -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 6 --key-file " KEY);
	assert_string_equal(ran_err, "Error: key file (32 characters that look like a key): No such file or directory.\n");
}

/* What moves a terminal's cursor or hides text does not reach it. */
static void control_characters(void **state)
{
	static const struct {
		const char *word;
		const char *printed;
	} cases[] = {
		{ "\x1b[31mred\x07", "\\x1b[31mred\\x07" },
		{ "\"a\nError: b\"", "a\\x0aError: b" },
		{ "\x7f", "\\x7f" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
		/* C1, alone and in UTF-8; right to left; too long; cut off */
		{ "\x9b", "\\x9b" },
		{ "\xc2\x9b", "\\xc2\\x9b" },
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" },
		{ "\xc0\x9b", "\\xc0\\x9b" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "a\xe2\x82", "a\\xe2\\x82" },
	};
	char wanted[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(wanted, sizeof(wanted),
			 "Error: %s: no such command (quiclbadm help).\n",
			 cases[i].printed);
		parse(cases[i].word, false);
		assert_string_equal(ran_err, wanted);
	}
}

/* What ipvsadm -S -n prints. */
static void input_of_ipvsadm(void **state)
{
	(void)state;
	run_with("-A -t 192.0.2.1:80 -s wlc\n"
		 "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -i -w 1\n"
		 "-A -u 192.0.2.1:443 -s rr\n"
		 "-a -u 192.0.2.1:443 -r 10.0.0.1:443 -m -w 1\n"
		 "-A --sctp-service 192.0.2.1:80 -s wlc\n", "-R --check");
	assert_string_equal(ran_err, "Warning: line 1: 3 lines are of TCP or SCTP, which ipvsadm manages (ipvsadm -R): such services are left as they are.\n");
	assert_int_equal(ran_status, 0);
	/* with an error, each has its own line */
	run_with("-A -u 192.0.2.1:443 -s rr\n"
		 "--add-service --tcp-service 192.0.2.1:80 -s wlc\n"
		 "-D -t 192.0.2.1:80\n", "-R --check");
	assert_string_equal(ran_err, "Error: line 3: -t: QUIC runs over UDP (-u); ipvsadm manages the other services.\n"
			    "Warning: line 2: 1 line is of TCP or SCTP, which ipvsadm manages (ipvsadm -R): such services are left as they are.\n");
	assert_int_equal(ran_status, EXIT_REFUSED);
	/* names, which it prints without -n */
	run_with("-A -u vip.example.org:https -s rr\n", "-R --check");
	assert_non_null(strstr(ran_err, "names are not looked up"));
	assert_int_equal(ran_status, EXIT_REFUSED);
}

/* To ask what a command does is no state either. */
static void help_in_input(void **state)
{
	static const char *const lines[] = {
		"-A --help", "-Ah", "help -A", "config --help", "config add -h",
		"--help", "help",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		parse(lines[i], true);
		assert_int_equal(ran_status, EXIT_USAGE);
		assert_string_equal(ran_err,
				    "Error: help: only -A, -a, set, config add, server-id add and express add describe a state.\n");
	}
}

static void restorable_commands(void **state)
{
	char line[512], sentence[128];
	size_t row;

	(void)state;
	for (row = 0; row < CMD_COUNT - 1; row++) {
		enum cmd cmd = matrix[row].cmd;

		matrix_line(row, COLUMNS, COLUMNS, line);
		/* one of several it must have */
		if (cmd == CMD_SET)
			strcat(line, " --tuple-max 1");
		parse(line, true);
		/* help is not a command to the parser */
		if (cmd == CMD_ADD_SERVICE || cmd == CMD_ADD_SERVER ||
		    cmd == CMD_CONFIG_ADD || cmd == CMD_SERVER_ID_ADD ||
		    cmd == CMD_SET || cmd == CMD_EXPRESS_ADD) {
			assert_int_equal(ran_status, 0);
			continue;
		}
		assert_int_equal(ran_status, EXIT_USAGE);
		snprintf(sentence, sizeof(sentence),
			 "Error: %s: only -A, -a, set, config add, server-id add and express add describe a state.\n",
			 cmd_name(cmd));
		assert_string_equal(ran_err, sentence);
	}
}

static void keys(void **state)
{
	static const struct {
		const char *text;
		const char *sentence;	/* NULL: a key */
	} cases[] = {
		{ KEY, NULL },
		{ KEY "\n", NULL },
		{ "8F95F09245765F80256934E50C66207F", NULL },
		{ " 8f95 f092\t4576 5f80\r\n2569 34e5 0c66\v207f\f\n", NULL },
		{ "", "k: 0 hex digits, and a key has 32" },
		{ "8f95f09245765f80256934e50c66207", "k: 31 hex digits, and a key has 32" },
		{ KEY "0", "k: 33 hex digits, and a key has 32" },
		{ KEY KEY, "k: 64 hex digits, and a key has 32" },
		{ "8f95f09245765f80256934e50c66207g",
		  "k: a key is hex digits and nothing else" },
		{ "8f95f09245765f80256934e50c66207`",
		  "k: a key is hex digits and nothing else" },
		{ "8f95f09245765f80256934e50c66207/",
		  "k: a key is hex digits and nothing else" },
		{ "8f95f09245765f80256934e50c66207:",
		  "k: a key is hex digits and nothing else" },
		{ "8f95f09245765f80256934e50c66207@",
		  "k: a key is hex digits and nothing else" },
		{ "8f95f09245765f80256934e50c66207G",
		  "k: a key is hex digits and nothing else" },
		{ "0x8f95f09245765f80256934e50c66207f",
		  "k: a key is hex digits and nothing else" },
		{ "8f95f09245765f80256934e50c66207\xff",
		  "k: a key is hex digits and nothing else" },
	};
	uint8_t key[QLB_KEY_LEN], zero[QLB_KEY_LEN] = { 0 };
	char hex[KEY_HEX_LEN + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int err = secret_decode_key("k", cases[i].text,
					    strlen(cases[i].text), key);

		assert_int_equal(err, cases[i].sentence ? EXIT_REFUSED : 0);
		if (err) {
			assert_memory_equal(key, zero, sizeof(key));
			continue;
		}
		secret_encode_key(key, hex);
		assert_string_equal(hex, KEY);
	}
}

/* Every octet, both ways. */
static void key_digits(void **state)
{
	char text[KEY_HEX_LEN + 1], hex[KEY_HEX_LEN + 1];
	uint8_t key[QLB_KEY_LEN];
	unsigned int octet, c;

	(void)state;
	for (octet = 0; octet < 256; octet++) {
		memset(key, (int)octet, sizeof(key));
		secret_encode_key(key, hex);
		sprintf(text, "%02x%02x", octet, octet);
		assert_memory_equal(hex, text, 4);
	}
	for (c = 0; c < 256; c++) {
		bool space = c == ' ' || (c >= '\t' && c <= '\r');
		bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
			     (c >= 'A' && c <= 'F');

		memset(text, '5', KEY_HEX_LEN);
		text[7] = (char)c;
		assert_int_equal(!secret_decode_key("k", text, KEY_HEX_LEN, key),
				 digit);
		if (digit) {
			secret_encode_key(key, hex);
			assert_int_equal(hex[7], c >= 'A' && c <= 'F' ?
					 c + 'a' - 'A' : c);
		}
		/* white space is no error in itself: one digit is short then */
		memset(text, '5', KEY_HEX_LEN);
		text[KEY_HEX_LEN] = (char)c;
		assert_int_equal(!secret_decode_key("k", text, KEY_HEX_LEN + 1,
						    key), space);
	}
}

static void key_files(void **state)
{
	char sentence[256], big[KEY_FILE_MAX + 2];
	const char *path = temp_file("key", KEY "\n", 0600);
	uint8_t key[QLB_KEY_LEN];
	char hex[KEY_HEX_LEN + 1];
	char *absolute;

	(void)state;
	assert_int_equal(secret_read_key(path, key), 0);
	secret_encode_key(key, hex);
	assert_string_equal(hex, KEY);

	run("decode --id 0 --server-id-len 3 --nonce-len 4 --key-file /nowhere/k 00");
	assert_int_equal(ran_status, EXIT_REFUSED);
	assert_string_equal(ran_err,
			    "Error: key file /nowhere/k: No such file or directory.\n");

	run("decode --id 0 --server-id-len 3 --nonce-len 4 --key-file / 00");
	assert_string_equal(ran_err, "Error: key file /: Is a directory.\n");

	memset(big, ' ', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	path = temp_file("big", big, 0600);
	assert_int_equal(secret_read_key(path, key), EXIT_REFUSED);

	/* the world-readable one is read, and complained about */
	path = temp_file("open", KEY, 0604);
	snprintf(sentence, sizeof(sentence),
		 "encode --id 0 --server-id ed793a --nonce ee080dbf --self-len --key-file %s",
		 path);
	run(sentence);
	assert_int_equal(ran_status, 0);
	assert_string_equal(ran_out, "0720b1d07b359d3c\n");
	snprintf(sentence, sizeof(sentence),
		 "Warning: key file %s: any user may read it.\n", path);
	assert_string_equal(ran_err, sentence);

	run_with(KEY, "encode --id 0 --server-id ed793a --nonce ee080dbf --self-len --key-file -");
	assert_string_equal(ran_out, "0720b1d07b359d3c\n");
	run_with("12", "encode --id 0 --server-id ed793a --nonce ee080dbf --key-file -");
	assert_string_equal(ran_err,
			    "Error: key file (standard input): 2 hex digits, and a key has 32.\n");

	assert_int_equal(chdir(temp_dir()), 0);
	absolute = secret_absolute_path("key");
	snprintf(sentence, sizeof(sentence), "%s/key", temp_dir());
	assert_string_equal(absolute, sentence);
	free(absolute);
	absolute = secret_absolute_path("/etc/k");
	assert_string_equal(absolute, "/etc/k");
	free(absolute);
	assert_null(secret_absolute_path("a\nb"));
	memset(big, 'a', KEY_SOURCE_MAX + 1);
	big[0] = '/';
	big[KEY_SOURCE_MAX] = '\0';
	absolute = secret_absolute_path(big);
	assert_string_equal(absolute, big);
	free(absolute);
	big[KEY_SOURCE_MAX] = 'a';
	big[KEY_SOURCE_MAX + 1] = '\0';
	assert_null(secret_absolute_path(big));
}

static void split(const char *line, int count, const char *const *wanted)
{
	char *copy = xstrdup(line), **words;
	int i, got = state_file_split(copy, &words);

	assert_int_equal(got, count);
	for (i = 0; i < got; i++)
		assert_string_equal(words[i], wanted[i]);
	free(words);
	free(copy);
}

static void words_of_a_line(void **state)
{
	(void)state;
	split("", 0, NULL);
	split("  \t ", 0, NULL);
	split("# comment", 0, NULL);
	split("  # comment", 0, NULL);
	split("-A\t-u  x ", 3, (const char *[]){ "-A", "-u", "x" });
	split("a # b", 1, (const char *[]){ "a" });
	split("a#b", 1, (const char *[]){ "a#b" });
	split("\"a b\" c", 2, (const char *[]){ "a b", "c" });
	split("\"a\"'b'c", 1, (const char *[]){ "abc" });
	split("\"a\\\"b\\\\\" 'a\\\"'", 2, (const char *[]){ "a\"b\\", "a\\\"" });
	split("\"\" x", 2, (const char *[]){ "", "x" });
	split("\"# no comment\"", 1, (const char *[]){ "# no comment" });
	split("a\r", 1, (const char *[]){ "a" });
	split("\"a", -1, NULL);
	split("a 'b", -1, NULL);
	split("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", 17,
	      (const char *[]){ "1", "2", "3", "4", "5", "6", "7", "8", "9",
				"10", "11", "12", "13", "14", "15", "16", "17" });
}

/* What is wrong is said with its line, and before the kernel is asked. */
static void restore_validation(void **state)
{
#define A "-A -u 192.0.2.1:443\n"
#define B "-A -u 192.0.2.2:443\n"
	static const struct {
		const char *input;
		const char *sentence;
	} cases[] = {
		{ "-A -u 192.0.2.1", "line 1: -u 192.0.2.1: the port is missing (192.0.2.1:443)" },
		{ "\n# x\n-C\n", "line 3: -C: only -A, -a, set, config add, server-id add and express add describe a state" },
		{ A "-E -u 192.0.2.1:443", "line 2: -E: only -A, -a, set, config add, server-id add and express add describe a state" },
		{ A "-d -u 192.0.2.1:443 -r 10.0.0.1", "line 2: -d: only -A, -a, set, config add, server-id add and express add describe a state" },
		{ A A, "line 2: -A: service 192.0.2.1:443 is described above already" },
		{ "-a -u 192.0.2.1:443 -r 10.0.0.1\n" A, "line 1: -a: no -A line for service 192.0.2.1:443 above" },
		{ A "-a -f 7 -6 -r ::1", "line 2: -a: no -A line for service fwmark 7 (IPv6) above" },
		{ A "-a -u 192.0.2.1:443 -r 10.0.0.1\n-a -u 192.0.2.1:443 -r 10.0.0.1:443",
		  "line 3: -a: real server 10.0.0.1:443 is described above already" },
		{ A "config add -u 192.0.2.1:443 --id 0 --server-id-len 1 --nonce-len 4\n"
		  "config add -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 4",
		  "line 3: config add: config 0 is described above already" },
		{ A "config add -u 192.0.2.1:443 --id 7 --server-id-len 1 --nonce-len 4",
		  "line 2: --id 7: not a number from 0 to 6" },
		{ A "config add -u 192.0.2.1:443 --id 0 --server-id-len 1 --nonce-len 4 --key-file -",
		  "line 2: --key-file -: standard input is the state file" },
		{ A "config add -u 192.0.2.1:443 --id 0 --server-id-len 1 --nonce-len 4 --key-file /nowhere",
		  "line 2: key file /nowhere: No such file or directory" },
		{ A "config add -u 192.0.2.1:443 --id 0 --server-id-len 1 --nonce-len 4 --key 12",
		  "line 2: --key: 2 hex digits, and a key has 32" },
		{ "-A -u 192.0.2.1:443 -s mh\nconfig add -u 192.0.2.1:443 --id 0 --server-id-len 1 --nonce-len 4",
		  "line 2: config add: service 192.0.2.1:443 has scheduler mh, not quic" },
		{ "-A -u 192.0.2.1:443 -s mh\n-a -u 192.0.2.1:443 -r 10.0.0.1 --server-id 01",
		  "line 2: -a: service 192.0.2.1:443 has scheduler mh, not quic" },
		{ A "-a -u 192.0.2.1:443 -r 10.0.0.1 --server-id 01\n"
		  "-a -u 192.0.2.1:443 -r 10.0.0.2 --server-id 01",
		  "line 3: server ID 0:01: 10.0.0.1:443 has it already" },
		/* in either order */
		{ A "-a -u 192.0.2.1:443 -r 10.0.0.2 --server-id 01\n"
		  "-a -u 192.0.2.1:443 -r 10.0.0.1 --server-id 01",
		  "line 3: server ID 0:01: 10.0.0.2:443 has it already" },
		{ A "server-id add -u 192.0.2.1:443 -r 10.0.0.1 --server-id 0:01\n",
		  "line 2: server ID 0:01: no -a line for real server 10.0.0.1:443, and no --absent" },
		{ A "config add -u 192.0.2.1:443 --id 3 --server-id-len 2 --nonce-len 4\n\n"
		  "-a -u 192.0.2.1:443 -r 10.0.0.1 --server-id 3:01",
		  "line 4: server ID 3:01: 1 octets, config 3 has server IDs of 2" },
		{ A B "-a -u 192.0.2.2:443 -r 10.0.0.1 --server-id 7:01",
		  "line 3: --server-id 7:01: the config ID before the colon is not a number from 0 to 6" },
		{ A "-a -u 192.0.2.1:443 -r \"10.0.0.1", "line 2: a quotation does not end" },
		{ A "quiclbadm\nquiclbadm -C", "line 3: -C: only -A, -a, set, config add, server-id add and express add describe a state" },
		{ A "decode 00", "line 2: decode: only -A, -a, set, config add, server-id add and express add describe a state" },
		{ A "config add -u 192.0.2.1:443 --id 0 --tenant 1 --server-id-len 1 --nonce-len 4",
		  "line 2: config add: no config 0 tenant 0 above, and tenants are numbered from 0 without gaps" },
		{ A "config add -u 192.0.2.1:443 --id 0 --server-id-len 1 --nonce-len 4\n"
		  "config add -u 192.0.2.1:443 --id 1 --server-id-len 1 --nonce-len 4\n"
		  "config add -u 192.0.2.1:443 --id 0 --tenant 2 --server-id-len 1 --nonce-len 4",
		  "line 4: config add: no config 0 tenant 1 above, and tenants are numbered from 0 without gaps" },
		{ A "config add -u 192.0.2.1:443 --id 0 --server-id-len 1 --nonce-len 4\n"
		  "config add -u 192.0.2.1:443 --id 0 --tenant 1 --server-id-len 1 --nonce-len 4\n"
		  "config add -u 192.0.2.1:443 --id 0 --tenant 1 --server-id-len 2 --nonce-len 4",
		  "line 4: config add: config 0 tenant 1 is described above already" },
		{ A "config add -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 4\n"
		  "config add -u 192.0.2.1:443 --id 0 --tenant 1 --server-id-len 4 --nonce-len 4\n"
		  "-a -u 192.0.2.1:443 -r 10.0.0.1 --server-id 01* --server-id 01020304 --server-id 01020304* --server-id 0102\n"
		  "-a -u 192.0.2.1:443 -r 10.0.0.2 --server-id 010203",
		  "line 5: server ID 0:010203: 3 octets, config 0 has server IDs of 2" },
		{ A "config add -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 4\n"
		  "-a -u 192.0.2.1:443 -r 10.0.0.1 --server-id 01* --server-id 0102*\n"
		  "-a -u 192.0.2.1:443 -r 10.0.0.2 --server-id 010203*",
		  "line 4: server ID 0:010203*: 3 octets, config 0 has server IDs of 2" },
		{ A "-a -u 192.0.2.1:443 -r 10.0.0.1 --server-id 01* --server-id 01\n"
		  "-a -u 192.0.2.1:443 -r 10.0.0.2 --server-id 01*",
		  "line 3: server ID 0:01*: 10.0.0.1:443 has it already" },
		{ A "set -u 192.0.2.1:443 --tuple-timeout 5\nset -u 192.0.2.1:443 --tuple-max 5",
		  "line 3: set: there is such a line above already" },
		{ A "set -u 192.0.2.1:443 --dcid-timeout 5",
		  "line 2: --dcid-timeout: only with a --dcid-max above 0" },
		{ A "set -u 192.0.2.2:443 --tuple-max 5",
		  "line 2: set: no -A line for service 192.0.2.2:443 above" },
		{ "-A -u 192.0.2.1:443 -s mh\nset -u 192.0.2.1:443 --tuple-max 5",
		  "line 2: set: service 192.0.2.1:443 has scheduler mh, not quic" },
		{ A "bogus", "line 2: bogus: no such command (quiclbadm help)" },
		{ A "-L", "line 2: -L: only -A, -a, set, config add, server-id add and express add describe a state" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char wanted[256];

		fake_reset();
		run_with(cases[i].input, "-R");
		snprintf(wanted, sizeof(wanted), "Error: %s.\n",
			 cases[i].sentence);
		assert_string_equal(ran_err, wanted);
		assert_int_equal(ran_status, EXIT_REFUSED);
		assert_int_equal(fake.calls, 0);
	}
#undef A
#undef B
}

static void restore_zero_octet(void **state)
{
	char text[] = "-A -u 192.0.2.1:443\n-A\0 -u 192.0.2.2:443\n";
	struct state wanted;

	(void)state;
	assert_int_equal(state_file_parse(text, sizeof(text) - 1, 0,
					  &wanted),
			 EXIT_REFUSED);
	state_destroy(&wanted);
}

/* ^C and ^Z wait for the end of a transaction. */
static void signals_are_held(void **state)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGTSTP, SIGTTOU };
	sigset_t held;
	size_t i;

	(void)state;
	kernel_hold_signals(true);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &held), 0);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_int_equal(sigismember(&held, numbers[i]), 1);
	kernel_hold_signals(false);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &held), 0);
	assert_int_equal(sigismember(&held, SIGTSTP), 0);
}

/* Says for longer than a second that 2 of 3 changes are done. */
static void long_command(void)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		progress("changes", 2, 3);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec * 1000 + now.tv_nsec / 1000000 <
		 start.tv_sec * 1000 + start.tv_nsec / 1000000 + 1100);
}

/* On a terminal, after a second, and gone when an error is said. */
static void progress_of_long_commands(void **state)
{
	static const char wanted[] =
		"\r\033[Kchanges: 2 of 3\r\033[KError: done.\r\n";
	int saved = dup(STDERR_FILENO), master, slave;
	char text[256] = "";
	size_t len = 0;

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	fflush(stderr);
	dup2(slave, STDERR_FILENO);
	progress("changes", 1, 3);
	long_command();
	refuse("done");
	progress("changes", 1, 3);
	progress_end();
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	/* the kernel passes it on bit by bit, to its end if the other side is closed */
	close(slave);
	while (len < sizeof(text) - 1) {
		ssize_t part = read(master, text + len, sizeof(text) - 1 - len);

		if (part <= 0)
			break;
		len += (size_t)part;
	}
	assert_string_equal(text, wanted);
	close(saved);
	close(master);
}

/* Into a file nothing is written. */
static void progress_in_a_file(void **state)
{
	int saved = dup(STDERR_FILENO);
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	long_command();
	progress_end();
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	assert_int_equal(ftell(file), 0);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints),
		cmocka_unit_test(server_ids),
		cmocka_unit_test(config_limits),
		cmocka_unit_test(sentences_of_readers),
		cmocka_unit_test(accepted_spellings),
		cmocka_unit_test(legality_matrix),
		cmocka_unit_test(usage_is_the_table),
		cmocka_unit_test(key_only_from_input),
		cmocka_unit_test(key_in_pieces),
		cmocka_unit_test(key_elsewhere),
		cmocka_unit_test(control_characters),
		cmocka_unit_test(help_in_input),
		cmocka_unit_test(signals_are_held),
		cmocka_unit_test(progress_of_long_commands),
		cmocka_unit_test(progress_in_a_file),
		cmocka_unit_test(input_of_ipvsadm),
		cmocka_unit_test(restorable_commands),
		cmocka_unit_test(keys),
		cmocka_unit_test(key_digits),
		cmocka_unit_test(key_files),
		cmocka_unit_test(words_of_a_line),
		cmocka_unit_test(restore_validation),
		cmocka_unit_test(restore_zero_octet),
	};

	/* an error is plain on a terminal, too */
	setenv("TERM", "dumb", 1);
	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
