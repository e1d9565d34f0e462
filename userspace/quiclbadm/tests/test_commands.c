// SPDX-License-Identifier: GPL-2.0-only
/* The commands against the model of the kernel in fake.c. */
#include "capture.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/tool.h"
#include "common/xalloc.h"
#include "fake.h"
#include "kernel/ipvs.h"
#include "kernel/kernel.h"
#include "kernel/lock.h"
#include "kernel/module.h"
#include "kernel/quic.h"
#include "kernel/run_dir.h"
#include "model/secret.h"
#include "system/conns.h"

#define KEY "8f95f09245765f80256934e50c66207f"
#define OTHER_KEY "00112233445566778899aabbccddeeff"
#define SVC "192.0.2.1:443"

static void services(void **state)
{
	(void)state;
	done("-A -u " SVC);
	done("-A -u [2001:db8::1]:443 -o");
	done("-A -f 5 -6 -s mh -b mh-port,flag-3");
	done("-A -u 192.0.2.1:444 -s rr -p -M 255.255.255.0 --pe sip");
	state_is("192.0.2.1:443 quic 0 0 ffffffff \n"
		 "192.0.2.1:444 rr 1 300 ffffff sip\n"
		 "[2001:db8::1]:443 quic 4 0 80 \n"
		 "fwmark 5 (IPv6) mh 30 0 80 \n");
	says(1, "service " SVC ": it exists already", "-A -u " SVC);
	says(1, "service 192.0.2.1:445: scheduler bogus is not found (modprobe ip_vs_bogus)",
	     "-A -u 192.0.2.1:445 -s bogus");
	says(1, "service 192.0.2.1:445: scheduler wlc is not found (modprobe ip_vs_wlc)",
	     "-A -u 192.0.2.1:445 -s wlc");
	says(1, "service 192.0.2.1:445: scheduler wlc or persistence engine sip is not found (modprobe -a ip_vs_wlc ip_vs_pe_sip)",
	     "-A -u 192.0.2.1:445 -s wlc -p --pe sip");
	says(1, "service 192.0.2.1:445: there is no scheduler QUIC (quic?)",
	     "-A -u 192.0.2.1:445 -s QUIC");
	says(1, "service 192.0.2.1:445: there is no scheduler qiuc (quic?)",
	     "-A -u 192.0.2.1:445 -s qiuc");
	says(1, "service 192.0.2.1:445: there is no scheduler Maglev (mh?)",
	     "-A -u 192.0.2.1:445 -s Maglev");
	says(1, "service " SVC ": there is no scheduler maglev (mh?)",
	     "-E -u " SVC " -s maglev");
	/* the scheduler stays, the flags are as given */
	done("-E -u 192.0.2.1:444 -o");
	done("-E -f 5 -6 -s quic");
	says(2, "-E: scheduler quic takes neither -p nor -b", "-E -u " SVC " -p");
	says(1, "service 192.0.2.9:443: no such service", "-E -u 192.0.2.9:443");
	done("-D -u " SVC);
	says(1, "service " SVC ": no such service", "-D -u " SVC);
	state_is("192.0.2.1:444 rr 4 0 ffffffff \n"
		 "[2001:db8::1]:443 quic 4 0 80 \n"
		 "fwmark 5 (IPv6) quic 0 0 80 \n");
	done("-Z");
	done("-Z -f 5 -6");
	says(1, "service fwmark 5: no such service", "-Z -f 5");
	/* one that is not ours has no counters of ours */
	done("-Z -u 192.0.2.1:444");
	done("-C");
	state_is("");
	done("-A -u 192.0.2.1:444 -s rr");
	done("-L --stats");
	assert_null(strstr(ran_out, "Outcome"));
	done("-C");
}

static void real_servers(void **state)
{
	(void)state;
	done("-A -u " SVC);
	done("-a -u " SVC " -r 10.0.0.1 -i -w 2 --server-id 0:0a01 --server-id 1:0b01");
	done("-a -u " SVC " -r 10.0.0.2 -i --tun-type gue --tun-port 6080 --tun-csum -x 9 -y 3");
	done("-a -u " SVC " -r 10.0.0.3:8443 -m");
	done("-a -u " SVC " -r [fd00::1] -i --server-id 0a03");
	/* refused by IPVS after the server ID is there: taken back */
	says(1, "real server 10.0.0.1:443 of " SVC ": the service has it already",
	     "-a -u " SVC " -r 10.0.0.1 -i --server-id 0a09 --server-id 0a01");
	/* refused by our family: IPVS is not asked */
	says(1, "real server 10.0.0.4:443 of " SVC ": server ID 0:0a01 belongs to 10.0.0.1:443",
	     "-a -u " SVC " -r 10.0.0.4 -i --server-id 0a08 --server-id 0a01");
	says(1, "service 192.0.2.9:443: no such service",
	     "-a -u 192.0.2.9:443 -r 10.0.0.4 --server-id 0a08");
	says(1, "real server 10.0.0.4:443 of 192.0.2.9:443: no such service",
	     "-a -u 192.0.2.9:443 -r 10.0.0.4");
	state_is("192.0.2.1:443 quic 0 0 ffffffff \n"
		 " 10.0.0.1:443 2 2 0 0 0 0 0\n"
		 " 10.0.0.2:443 2 1 9 3 1 6080 1\n"
		 " 10.0.0.3:8443 0 1 0 0 0 0 0\n"
		 " [fd00::1]:443 2 1 0 0 0 0 0\n"
		 " 0:0a01 10.0.0.1:443\n"
		 " 1:0b01 10.0.0.1:443\n"
		 " 0:0a03 [fd00::1]:443\n");

	/* -e: what is not named stays; --server-id is the whole set */
	done("-e -u " SVC " -r 10.0.0.1 -w 0");
	done("-e -u " SVC " -r 10.0.0.2 -w 5 --server-id 0a07");
	done("-e -u " SVC " -r 10.0.0.1 -x 1 --server-id 1:0b01 --server-id 2:0c");
	done("-e -u " SVC " -r [fd00::1] -w 3");
	says(1, "real server 10.0.0.9:443 of " SVC ": the service has no such real server",
	     "-e -u " SVC " -r 10.0.0.9 -w 1 --server-id 0a10");
	says(1, "real server 10.0.0.1:443 of " SVC ": server ID 0:0a03 belongs to [fd00::1]:443",
	     "-e -u " SVC " -r 10.0.0.1 -w 9 --server-id 0a03");
	/* -d: with its server IDs, unless they are to be kept */
	done("-d -u " SVC " -r 10.0.0.1");
	done("-d -u " SVC " -r [fd00::1] --keep-server-ids");
	says(1, "real server 10.0.0.1:443 of " SVC ": the service has no such real server",
	     "-d -u " SVC " -r 10.0.0.1");
	/* it is no longer in the pool, though it has server IDs */
	says(1, "real server [fd00::1]:443 of " SVC ": the service has no such real server",
	     "-d -u " SVC " -r [fd00::1]");
	state_is("192.0.2.1:443 quic 0 0 ffffffff \n"
		 " 10.0.0.2:443 2 5 9 3 1 6080 1\n"
		 " 10.0.0.3:8443 0 1 0 0 0 0 0\n"
		 " 0:0a07 10.0.0.2:443\n"
		 " 0:0a03 [fd00::1]:443\n");

	run("-a -u " SVC " -r 10.0.0.5:8443 -i");
	assert_string_equal(ran_err, "Warning: -r 10.0.0.5:8443: port 8443 stays unused, -g and -i leave the service's in the datagram.\n");
	assert_int_equal(ran_status, 0);
	done("-A -f 7");
	done("-a -f 7 -r 10.0.0.1 -i");
	done("-a -f 7 -r 10.0.0.1:99 -i");
}

static void configs(void **state)
{
	char line[256], wanted[512];
	const char *path = temp_file("key", KEY, 0600);

	(void)state;
	done("-A -u " SVC);
	done("-A -u 192.0.2.2:443 -s mh");
	done("config add -u " SVC " --id 3 --server-id-len 2 --nonce-len 6");
	snprintf(line, sizeof(line),
		 "config add -u " SVC " --id 0 --server-id-len 3 --nonce-len 13 --key-file %s",
		 path);
	done(line);
	says(1, "config 3 of " SVC ": it exists already (config replace changes it)",
	     "config add -u " SVC " --id 3 --server-id-len 2 --nonce-len 6");
	says(1, "config 1 of 192.0.2.2:443: not found",
	     "config add -u 192.0.2.2:443 --id 1 --server-id-len 2 --nonce-len 6");
	says(1, "config 5 of " SVC ": not found", "config del -u " SVC " --id 5");
	run_with(OTHER_KEY, "config replace -u " SVC " --id 3 --server-id-len 1 --nonce-len 4 --key-file -");
	assert_int_equal(ran_status, 0);
	snprintf(wanted, sizeof(wanted),
		 "192.0.2.1:443 quic 0 0 ffffffff \n"
		 " config 0 3 13 1 " KEY " %s\n"
		 " config 3 1 4 1 " OTHER_KEY " -\n"
		 "192.0.2.2:443 mh 0 0 ffffffff \n", path);
	state_is(wanted);

	done("config list");
	assert_null(strstr(ran_out, KEY));
	assert_non_null(strstr(ran_out, "single-pass"));
	assert_non_null(strstr(ran_out, "four-pass"));
	assert_non_null(strstr(ran_out, path));
	done("config list -j");
	assert_null(strstr(ran_out, KEY));
	assert_non_null(strstr(ran_out, "\"key_fingerprint\": "));

	done("config del -u " SVC " --id 0");
	done("config del -u " SVC " --id 3");
	done("config list -u " SVC);
	assert_null(strstr(ran_out, SVC));
}

/* "Is it safe to retire config 0?" */
static void config_usage(void **state)
{
	static const struct {
		uint64_t ago;		/* ms */
		const char *text;
	} ages[] = {
		{ 0, " 0s ago " }, { 999, " 0s ago " }, { 3000, " 3s ago " },
		{ 119999, " 119s ago " }, { 120000, " 2m ago " },
		{ 7199999, " 119m ago " }, { 7200000, " 2h ago " },
		{ 172799999, " 47h ago " }, { 172800000, " 2d ago " },
		{ UINT64_MAX, " 213503982334d ago " },
	};
	struct config *config;
	size_t i;

	(void)state;
	done("-A -u " SVC);
	done("config add -u " SVC " --id 0 --server-id-len 2 --nonce-len 6");
	done("config add -u " SVC " --id 1 --server-id-len 2 --nonce-len 6 --check-length");
	config = &fake.state.services[0]->configs[0];
	for (i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
		config->seen = true;
		config->last_seen = ages[i].ago;
		done("config list");
		assert_non_null(strstr(ran_out, ages[i].text));
	}
	config->datagrams = 12345678901;
	config->misses = 17;
	config->last_seen = 3456;
	done("config list");
	assert_string_equal(ran_out,
		"Service                      ID Tenant ServerIDLen NonceLen Algorithm   Check  Layout         Datagrams  LastSeen       Misses Fingerprint KeySource\n"
		"192.0.2.1:443                 0      0           2        6 plaintext   -      -            12345678901    3s ago           17 -           -\n"
		"192.0.2.1:443                 1      0           2        6 plaintext   length -                      0     never            0 -           -\n");
	done("config list -j");
	assert_non_null(strstr(ran_out, "\"check_length\": false"));
	assert_non_null(strstr(ran_out, "\"check_length\": true"));
	assert_non_null(strstr(ran_out, "\"datagrams\": 12345678901"));
	assert_non_null(strstr(ran_out, "\"last_seen_ms\": 3456"));
	assert_non_null(strstr(ran_out, "\"last_seen_ms\": null"));
	assert_non_null(strstr(ran_out, "\"misses\": 17"));
	assert_non_null(strstr(ran_out, "\"tenant\": 0"));
}

/* The director's list and a server's key file, compared. */
static void fingerprints(void **state)
{
	const char *path = temp_file("key", KEY, 0600);
	char line[256], fingerprint[16];

	(void)state;
	snprintf(line, sizeof(line), "fingerprint %s", path);
	done(line);
	assert_int_equal(strspn(ran_out, "0123456789abcdef"), 8);
	assert_string_equal(ran_out + 8, "\n");
	snprintf(fingerprint, sizeof(fingerprint), " %.8s ", ran_out);
	run_with(KEY "\n", "fingerprint");
	assert_memory_equal(ran_out, fingerprint + 1, 8);
	run_with(KEY "\n", "fingerprint -");
	assert_memory_equal(ran_out, fingerprint + 1, 8);
	done("-A -u " SVC);
	snprintf(line, sizeof(line),
		 "config add -u " SVC " --id 0 --server-id-len 3 --nonce-len 4 --key-file %s", path);
	done(line);
	done("config list");
	assert_non_null(strstr(ran_out, fingerprint));
	snprintf(line, sizeof(line), "fingerprint -j %s", path);
	done(line);
	fingerprint[9] = '\0';
	assert_non_null(strstr(ran_out, "\"key_fingerprint\": \""));
	assert_non_null(strstr(ran_out, fingerprint + 1));
	says(1, "key file /nowhere: No such file or directory", "fingerprint /nowhere");
	run_with("12", "fingerprint");
	assert_string_equal(ran_err, "Error: key file (standard input): 2 hex digits, and a key has 32.\n");
	assert_string_equal(ran_out, "");
}

static void config_del_asks(void **state)
{
#define DEL "config del -u " SVC " --id 0"
#define ADD "config add -u " SVC " --server-id-len 2 --nonce-len 6 --id "
	struct config *config;

	(void)state;
	done("-A -u " SVC);
	done("-A -u 192.0.2.2:443 -s mh");
	done(ADD "0");
	config = &fake.state.services[0]->configs[0];
	config->seen = true;
	config->last_seen = 59999;
	fake.changes = 0;
	says(1, "config 0 of " SVC ": seen 59s ago, so connections still use it (--force deletes it all the same)",
	     DEL);
	config->last_seen = 3000;
	says(1, "config 0 of " SVC ": seen 3s ago, so connections still use it (--force deletes it all the same)",
	     DEL " --seen-within 4");
	assert_int_equal(fake.changes, 0);
	says(2, "--seen-within: not with --force, which does not check",
	     DEL " --seen-within 4 --force");
	done(DEL " --seen-within 3");
	done(ADD "0");
	config->seen = true;
	config->last_seen = 60000;
	done(DEL);
	done(ADD "0");
	config->seen = true;
	done(DEL " --seen-within 0");
	done(ADD "0");
	config->seen = true;
	done(DEL " --force");
	done(ADD "0");
	/* never seen */
	done(DEL);
	says(1, "config 0 of " SVC ": not found", DEL);
	says(1, "config 0 of " SVC ": not found", DEL " --force");
	says(1, "service 192.0.2.2:443: its scheduler is mh, not quic",
	     "config del -u 192.0.2.2:443 --id 0");
	/* each tenant for itself */
	done(ADD "0");
	done(ADD "0 --tenant 1");
	config->seen = true;
	done(DEL " --tenant 1");
	done(ADD "0 --tenant 1");
	config->seen = false;
	config[1].seen = true;
	says(1, "config 0 tenant 1 of " SVC ": seen 0s ago, so connections still use it (--force deletes it all the same)",
	     DEL " --tenant 1");
	done(DEL " --tenant 1 --force");
	done(DEL " --force");
#undef DEL
}

/* Metrics of another director, which saw config 0 @age ago. */
static char *metrics_file(const char *age, const char *uptime)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "# HELP quiclb_uptime_seconds up\n# TYPE quiclb_uptime_seconds gauge\n"
		 "quiclb_uptime_seconds%s\n"
		 "quiclb_service_configs{service=\"" SVC "\"} 1\n"
		 "quiclb_config_last_seen_age_seconds_of_somebody_else 1 2 3\n"
		 "quiclb_config_last_seen_age_seconds{service=\"192.0.2.2:443\",config=\"0\",tenant=\"0\"} 1\n"
		 "quiclb_config_last_seen_age_seconds{instance=\"a\\\"},b\",service=\"" SVC "\",config=\"0\",tenant=\"0\"} %s\n"
		 "quiclb_config_last_seen_age_seconds{service=\"" SVC "\",config=\"1\",tenant=\"0\"} 2\n"
		 "node_load1 0.5\n# EOF\n", uptime, age);
	return xstrdup(temp_file("metrics", text, 0600));
}

/* A program in the place of curl has what is in @path. */
static void seen_by_url(const char *path)
{
	static const char line[] = "config del -u " SVC " --id 0 --seen-by https://d2.example/metrics";
	const char *directories = tool_directories;
	char *curl = xstrdup(temp_file("curl", "", 0700)), *metrics;
	FILE *out = fopen(curl, "w");

	assert_non_null(out);
	fprintf(out, "#!/bin/sh\n[ \"$*\" = \"-fsS --max-time 10 -- https://d2.example/metrics\" ] || exit 9\ncat %s || exit 22\n",
		path);
	fclose(out);
	tool_directories = "/nonexistent";
	says(1, "https://d2.example/metrics: curl, which would get it, is not installed", line);
	*strrchr(curl, '/') = '\0';
	tool_directories = curl;
	unlink(path);
	says(1, "https://d2.example/metrics: curl could not get it (status 22)", line);
	metrics = metrics_file("0.5", " 99");
	says(1, "config 0 of " SVC ": seen 0s ago by https://d2.example/metrics, so connections still use it (--force deletes it all the same)",
	     line);
	tool_directories = directories;
	free(curl);
	free(metrics);
}

static void seen_by_another(void **state)
{
	static const struct {
		const char *age;
		bool refused;
	} cases[] = {
		{ "59.999", true }, { "60", false }, { "+Inf", false }, { "0", true },
		{ "1e3", false }, { "3.5 1700000000", true },
	};
	char line[256], wanted[256], *path;
	struct timespec old[2] = { { 0 } };
	struct config *config;
	size_t i;

	(void)state;
	done("-A -u " SVC);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		path = metrics_file(cases[i].age, "{instance=\"a\"} 99");
		done(ADD "0");
		config = &fake.state.services[0]->configs[0];
		config->seen = true;
		config->last_seen = 100000;
		snprintf(line, sizeof(line), "config del -u " SVC " --id 0 --seen-by %s", path);
		run(line);
		assert_int_equal(ran_status, cases[i].refused);
		if (cases[i].refused) {
			assert_non_null(strstr(ran_err, "Error: config 0 of " SVC ": seen "));
			snprintf(wanted, sizeof(wanted), " ago by %s, so connections still use it", path);
			assert_non_null(strstr(ran_err, wanted));
			done("config del -u " SVC " --id 0");
		}
		free(path);
	}
	/* what cannot be read tells nothing, and nothing is deleted */
	done(ADD "0");
	path = metrics_file("+Inf", " 99");
	snprintf(line, sizeof(line), "config del -u " SVC " --id 0 --seen-by /nowhere --seen-by %s", path);
	says(1, "/nowhere: No such file or directory", line);
	free(path);
	path = metrics_file("x", " 99");
	snprintf(line, sizeof(line), "config del -u " SVC " --id 0 --seen-by %s", path);
	snprintf(wanted, sizeof(wanted), "%s: line 7 is no sample of a metric", path);
	says(1, wanted, line);
	free(path);
	path = metrics_file("7", "_ago 99");
	snprintf(wanted, sizeof(wanted), "%s: it does not tell since when that director is up (quiclb_uptime_seconds)", path);
	says(1, wanted, line);
	free(path);
	path = xstrdup(temp_file("metrics", "node_load1 0.5\n", 0600));
	snprintf(wanted, sizeof(wanted), "%s: it has no metrics of service " SVC " (quiclb_service_configs)", path);
	says(1, wanted, line);
	free(path);
	path = metrics_file("+Inf", " 99");
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	run(line);
	assert_int_equal(ran_status, 1);
	assert_non_null(strstr(ran_err, " s old, and may be 120: it does not say what was seen since.\n"));
	seen_by_url(path);
	says(2, "--seen-by: not with --force, which does not check",
	     "config del -u " SVC " --id 0 --force --seen-by x");
	done("config del -u " SVC " --id 0");
	free(path);
#undef ADD
}

static void tenants(void **state)
{
	const char *path = temp_file("key", KEY, 0600);
	char line[256];

	(void)state;
	done("-A -u " SVC);
	fake.sentence = "A config's tenants must be numbered from 0 without gaps";
	says(1, "config 0 tenant 1 of " SVC ": A config's tenants must be numbered from 0 without gaps",
	     "config add -u " SVC " --id 0 --tenant 1 --server-id-len 2 --nonce-len 6");
	done("-C");
	done("-A -u " SVC);
	done("config add -u " SVC " --id 0 --server-id-len 2 --nonce-len 6");
	snprintf(line, sizeof(line),
		 "config add -u " SVC " --id 0 --tenant 1 --server-id-len 3 --nonce-len 4 --check-length --key-file %s",
		 path);
	done(line);
	fake.sentence = NULL;
	says(1, "config 0 tenant 1 of " SVC ": it exists already (config replace changes it)",
	     line);
	fake.sentence = "A config's tenants must be numbered from 0 without gaps";
	says(1, "config 0 of " SVC ": A config's tenants must be numbered from 0 without gaps",
	     "config del -u " SVC " --id 0");
	done("config list");
	assert_non_null(strstr(ran_out, " 0      1           3        4 four-pass   length "));
	says(1, "server IDs of 10.0.0.1:443 in " SVC ": server ID 0:01 has 1 octet, and config 0 server IDs of 2, 3",
	     "server-id add -u " SVC " -r 10.0.0.1 --absent --server-id 01");
	/* any tenant's length is one for the config ID */
	done("server-id add -u " SVC " -r 10.0.0.1 --absent --server-id 0102 --server-id ed793a");

	/* a CID made for a director that checks lengths has one */
	done("encode -u " SVC " --id 0 --tenant 1 --server-id ed793a --nonce ee080dbf");
	assert_string_equal(ran_out, "0720b1d07b359d3c\n");
	says(1, "config 0 tenant 2 of " SVC ": not found",
	     "encode -u " SVC " --id 0 --tenant 2 --server-id ed793a");
	says(2, "--tenant: only with -u or -f",
	     "encode --id 0 --tenant 1 --server-id ed793a --nonce-len 4");
	temp_file("key", OTHER_KEY, 0600);
	run("encode -u " SVC " --id 0 --tenant 1 --server-id ed793a");
	assert_int_equal(strncmp(ran_err, "Error: config 0 tenant 1: ", 26), 0);

	done("decode -u " SVC " 000001");
	assert_string_equal(ran_out, "outcome    routed\nconfig     0\n");
	done("decode -u " SVC " 000201");
	assert_string_equal(ran_out, "outcome    routed\nconfig     0\ntenant     2\n");
	done("decode -u " SVC " -j 000001");
	assert_non_null(strstr(ran_out, "\"tenant\": 0"));
	done("config del -u " SVC " --id 0 --tenant 1");
	done("config del -u " SVC " --id 0");
}

static void prefixes(void **state)
{
	(void)state;
	done("-A -u " SVC);
	done("config add -u " SVC " --id 0 --server-id-len 2 --nonce-len 6");
	done("-a -u " SVC " -r 10.0.0.1 --server-id 0a* --server-id 1:0a --server-id 1:0a*");
	done("server-id add -u " SVC " -r 10.0.0.2 --absent --server-id 0a01 --server-id 0b02*");
	says(1, "server IDs of 10.0.0.2:443 in " SVC ": server ID 0:0a* belongs to 10.0.0.1:443",
	     "server-id add -u " SVC " -r 10.0.0.2 --absent --server-id 0a*");
	says(1, "server IDs of 10.0.0.2:443 in " SVC ": server ID 0:0a0102* has 3 octets, and config 0 server IDs of 2",
	     "server-id add -u " SVC " -r 10.0.0.2 --absent --server-id 0a0102*");
	says(1, "server IDs of 10.0.0.2:443 in " SVC ": server ID 0:0d has 1 octet, and config 0 server IDs of 2",
	     "server-id add -u " SVC " -r 10.0.0.2 --absent --server-id 0d* --server-id 0d");
	state_is("192.0.2.1:443 quic 0 0 ffffffff \n"
		 " config 0 2 6 0 00000000000000000000000000000000 -\n"
		 " 10.0.0.1:443 3 1 0 0 0 0 0\n"
		 " 0:0a* 10.0.0.1:443\n"
		 " 1:0a 10.0.0.1:443\n"
		 " 1:0a* 10.0.0.1:443\n"
		 " 0:0a01 10.0.0.2:443\n"
		 " 0:0b02* 10.0.0.2:443\n");
	done("-L -n");
	assert_non_null(strstr(ran_out, " 0:0a*,1:0a,1:0a*\n"));
	done("server-id list");
	assert_non_null(strstr(ran_out, " 0:0b02*   "));
	done("server-id list -j -u " SVC " -r 10.0.0.2");
	assert_non_null(strstr(ran_out, "\"server_id\": \"0b02\",\n    \"prefix\": true,"));
	assert_non_null(strstr(ran_out, "\"server_id\": \"0a01\",\n    \"prefix\": false,"));
	done("-L -j");
	assert_non_null(strstr(ran_out, "\"prefix\": true"));
	/* the star is part of the name */
	says(1, "server IDs of " SVC ": there is no server ID 0:0b02",
	     "server-id del -u " SVC " --server-id 0b02");
	done("server-id del -u " SVC " --server-id 1:0a");
	done("-e -u " SVC " -r 10.0.0.1 --server-id 1:0a* --server-id 0c*");
	state_is("192.0.2.1:443 quic 0 0 ffffffff \n"
		 " config 0 2 6 0 00000000000000000000000000000000 -\n"
		 " 10.0.0.1:443 3 1 0 0 0 0 0\n"
		 " 0:0c* 10.0.0.1:443\n"
		 " 1:0a* 10.0.0.1:443\n"
		 " 0:0a01 10.0.0.2:443\n"
		 " 0:0b02* 10.0.0.2:443\n");
}

static void service_settings(void **state)
{
	(void)state;
	done("-A -u " SVC);
	done("-L -n -u " SVC);
	assert_non_null(strstr(ran_out, SVC " quic no-config\n"));
	done("set -u " SVC " --tuple-timeout 30 --dcid-max 1000");
	done("set -u " SVC " --tuple-max 0");
	state_is("192.0.2.1:443 quic 0 0 ffffffff \n"
		 " tuple-timeout 30\n tuple-max 0\n dcid-max 1000\n");
	done("-L -n -u " SVC);
	assert_non_null(strstr(ran_out, SVC " quic no-config tuple-timeout 30 tuple-max 0 dcid-max 1000\n"));
	done("set -u " SVC " --dcid-timeout 5");
	done("-L -j");
	assert_non_null(strstr(ran_out,
		"\"settings\": {\n"
		"        \"tuple_timeout\": 30,\n"
		"        \"tuple_max\": 0,\n"
		"        \"table_bits\": 16,\n"
		"        \"dcid_max\": 1000,\n"
		"        \"dcid_timeout\": 5\n"));
	done("-S");
	assert_string_equal(ran_out,
		"-A -u 192.0.2.1:443 -s quic\n"
		"set -u 192.0.2.1:443 --tuple-timeout 30 --tuple-max 0 --dcid-max 1000 --dcid-timeout 5\n");
	/* off: its timeout is not told and does not matter */
	done("set -u " SVC " --dcid-max 0");
	done("-L -j");
	assert_null(strstr(ran_out, "dcid_timeout"));
	done("-S");
	assert_string_equal(ran_out,
		"-A -u 192.0.2.1:443 -s quic\n"
		"set -u 192.0.2.1:443 --tuple-timeout 30 --tuple-max 0\n");
	done("set -u " SVC " --table-bits 12");
	done("-L -n -u " SVC);
	assert_non_null(strstr(ran_out, " tuple-max 0 table-bits 12\n"));
	done("-S");
	assert_non_null(strstr(ran_out, " --tuple-max 0 --table-bits 12\n"));
	done("set -u " SVC " --table-bits 16");
	fake.changes = 0;
	run_with("-A -u 192.0.2.1:443\nset -u " SVC " --tuple-max 0 --tuple-timeout 30", "-R");
	assert_string_equal(ran_err, "");
	assert_int_equal(fake.changes, 0);
	says(1, "settings of 192.0.2.9:443: not found",
	     "set -u 192.0.2.9:443 --tuple-max 1");
	fake.sentence = "The table of unroutable CIDs is off and has no timeout";
	run("set -u " SVC " --dcid-timeout 5");
	assert_string_equal(ran_err, "Error: settings of " SVC ": The table of unroutable CIDs is off and has no timeout.\n");
	assert_int_equal(ran_status, 1);
}

static void tunnel_sources(void **state)
{
	(void)state;
	done("-A -u " SVC);
	done("set -u " SVC " --source4 10.99.0.0/16");
	done("set -u " SVC " --source6 fd99::/64 --tuple-max 7");
	state_is("192.0.2.1:443 quic 0 0 ffffffff \n"
		 " tuple-max 7\n source4 10.99.0.0/16\n source6 fd99::/64\n");
	done("-L -u " SVC);
	assert_non_null(strstr(ran_out, SVC " quic no-config tuple-max 7 source4 10.99.0.0/16 source6 fd99::/64\n"));
	done("-L -j");
	assert_non_null(strstr(ran_out, "\"source4\": \"10.99.0.0/16\""));
	done("-S");
	assert_string_equal(ran_out,
		"-A -u 192.0.2.1:443 -s quic\n"
		"set -u 192.0.2.1:443 --tuple-max 7 --source4 10.99.0.0/16 --source6 fd99::/64\n");
	fake.changes = 0;
	run_with("-A -u " SVC "\nset -u " SVC " --tuple-max 7 --source4 10.99.0.0/16 --source6 fd99::/64", "-R");
	assert_string_equal(ran_err, "");
	assert_int_equal(fake.changes, 0);
	run_with("-A -u " SVC "\nset -u " SVC " --tuple-max 7 --source6 fd99::/64", "-R");
	assert_string_equal(ran_err, "");
	done("set -u " SVC " --source6 none");
	state_is("192.0.2.1:443 quic 0 0 ffffffff \n tuple-max 7\n");
	says(2, "--source4 10.99.0.0: neither none nor an IPv4 prefix of 8 to 32 bits (ADDRESS/BITS)",
	     "set -u " SVC " --source4 10.99.0.0");
	says(2, "--source4 10.0.0.0/7: neither none nor an IPv4 prefix of 8 to 32 bits (ADDRESS/BITS)",
	     "set -u " SVC " --source4 10.0.0.0/7");
	says(2, "--source4 fd99::/64: neither none nor an IPv4 prefix of 8 to 32 bits (ADDRESS/BITS)",
	     "set -u " SVC " --source4 fd99::/64");
	says(2, "--source6 fd99::/48: neither none nor an IPv6 prefix of 64 to 128 bits (ADDRESS/BITS)",
	     "set -u " SVC " --source6 fd99::/48");
	says(2, "--source6 fd99::1/64: bits are set beyond the prefix",
	     "set -u " SVC " --source6 fd99::1/64");
}

static void express(void **state)
{
	char line[64];

	(void)state;
	done("express list");
	assert_int_equal(strncmp(ran_out, "Device  ", 8), 0);
	assert_null(strchr(strchr(ran_out, '\n') + 1, '\n'));
	done("express add eth1");
	done("express add eth0");
	state_is("express eth0\nexpress eth1\n");
	says(1, "express path of eth0: it exists already", "express add eth0");
	says(1, "express path of nowhere: No such device", "express add nowhere");
	says(1, "express path of eth2: not found", "express del eth2");
	says(2, "express add: the device is missing", "express add");
	says(2, "express add device-of-16-chr: a device has a name of 1 to 15 characters",
	     "express add device-of-16-chr");
	says(2, "eth1: not an option", "express add eth0 eth1");
	fake.sentence = "The device has the express path already";
	says(1, "express path of eth0: The device has the express path already",
	     "express add eth0");
	fake.sentence = NULL;

	done("express list");
	assert_non_null(strstr(ran_out, "\neth0             ingress           34 "));
	done("express list -j");
	assert_non_null(strstr(ran_out, "\"device\": \"eth1\""));
	assert_non_null(strstr(ran_out, "\"mode\": \"ingress\""));
	assert_non_null(strstr(ran_out, "\"taken\": 34"));
	snprintf(line, sizeof(line), "\"outcome-%d\": 0",
		 IP_VS_QUIC_EXPRESS_OUTCOME_COUNT);
	assert_non_null(strstr(ran_out, line));
	done("-L");
	assert_non_null(strstr(ran_out, "\nEXP  eth0\nEXP  eth1\n"));
	done("-L --stats");
	assert_non_null(strstr(ran_out, "EXP  eth1\n     taken                                    34\n"));
	done("-L --rate");
	assert_null(strstr(ran_out, "EXP"));
	done("-L -j");
	assert_non_null(strstr(ran_out, "\"express\": ["));
	done("-A -u " SVC);
	done("-L -u " SVC);
	assert_null(strstr(ran_out, "EXP"));

	/* a device's name may be anything but a slash and white space */
	done("express add a\x1b[1m\x07");
	done("-L");
	assert_non_null(strstr(ran_out, "\nEXP  a\\x1b[1m\\x07\n"));
	done("express list");
	assert_non_null(strstr(ran_out, "\na\\x1b[1m\\x07 "));
	done("express del a\x1b[1m\x07");

	/* restoring adds and never removes */
	done("-D -u " SVC);
	done("-S");
	assert_string_equal(ran_out, "express add eth0\nexpress add eth1\n");
	fake.changes = 0;
	run_with("express add eth0\nexpress add eth2", "-R");
	assert_string_equal(ran_err, "");
	assert_int_equal(fake.changes, 1);
	state_is("express eth0\nexpress eth1\nexpress eth2\n");
	run_with("express add eth3\nexpress add eth3", "-R");
	assert_string_equal(ran_err, "Error: line 2: express add: device eth3 is named above already.\n");
	run_with("-A -u " SVC "\nexpress add eth3\nexpress add nowhere", "-R");
	/* a device that is not there yet does not undo the rest */
	assert_string_equal(ran_err, "Warning: express path of nowhere: there is no such device; it gets the express path when it appears (express take).\n");
	assert_int_equal(ran_status, 0);
	state_is(SVC " quic 0 0 ffffffff \nexpress eth0\nexpress eth1\nexpress eth2\nexpress eth3\n");
	/* nor is it missed when something else does */
	fake.changes = 0;
	fake.fail_at = 3;
	run_with("-A -u 192.0.2.2:443\nexpress add nowhere\nexpress add eth4", "-R");
	fake.fail_at = 0;
	assert_int_equal(ran_status, 1);
	assert_null(strstr(ran_err, "restored"));
	state_is(SVC " quic 0 0 ffffffff \nexpress eth0\nexpress eth1\nexpress eth2\nexpress eth3\n");
	done("-D -u " SVC);
	done("express del nowhere");
	done("express del eth0");
	state_is("express eth1\nexpress eth2\nexpress eth3\n");

	/* without the module there are none, and it is not loaded to say so */
	fake.no_module = true;
	done("-L");
	assert_null(strstr(ran_out, "EXP"));
	says(1, "kernel: the ip_vs_quic module is not loaded (modprobe ip_vs_quic)",
	     "express add eth0");
}

static void server_id_words(void **state)
{
	(void)state;
	done("-A -u " SVC);
	done("-a -u " SVC " -r 10.0.0.1");
	done("server-id add -u " SVC " -r 10.0.0.1 --server-id 01 --server-id 6:02");
	says(1, "server IDs of 10.0.0.2:443 in " SVC ": not found",
	     "server-id add -u " SVC " -r 10.0.0.2 --server-id 03");
	done("server-id add -u " SVC " -r 10.0.0.2 --absent --server-id 03 --server-id 04");
	says(1, "server IDs of 10.0.0.2:443 in " SVC ": server ID 0:01 belongs to 10.0.0.1:443",
	     "server-id add -u " SVC " -r 10.0.0.2 --absent --server-id 05 --server-id 01");
	done("server-id list");
	assert_non_null(strstr(ran_out, "absent"));
	done("server-id list -u " SVC " -r 10.0.0.1 -j");
	assert_null(strstr(ran_out, "10.0.0.2"));
	says(2, "server-id del: neither -r nor --server-id is given",
	     "server-id del -u " SVC);
	says(1, "server IDs of " SVC ": there is no server ID 0:09",
	     "server-id del -u " SVC " --server-id 09");
	says(1, "server IDs of " SVC ": server ID 0:03 belongs to 10.0.0.2:443",
	     "server-id del -u " SVC " -r 10.0.0.1 --server-id 03");
	/* what the kernel says stays, where no server ID is to blame */
	fake.sentence = "The service has no such real server";
	says(1, "server IDs of 10.0.0.2:443 in " SVC ": The service has no such real server",
	     "server-id add -u " SVC " -r 10.0.0.2 --server-id 07");
	fake.sentence = NULL;
	done("server-id del -u " SVC " -r 10.0.0.2 --server-id 03");
	done("server-id del -u " SVC " --server-id 6:02");
	state_is("192.0.2.1:443 quic 0 0 ffffffff \n"
		 " 10.0.0.1:443 3 1 0 0 0 0 0\n"
		 " 0:01 10.0.0.1:443\n"
		 " 0:04 10.0.0.2:443\n");
	done("server-id del -u " SVC " -r 10.0.0.2");
	done("-L -u " SVC);
	assert_null(strstr(ran_out, "Absent"));
}

static void lists(void **state)
{
	static const char *const outcomes[] = {
#define X(symbol, name, meaning) "     " name " ",
		IP_VS_QUIC_OUTCOMES(X)
#undef X
	};
	char line[64];
	char *row;
	size_t i;

	(void)state;
	done("-A -u " SVC);
	done("-a -u " SVC " -r 10.0.0.1 -i --server-id 0a01 --server-id 1:0b");
	done("server-id add -u " SVC " -r 10.0.0.2 --absent --server-id 0a02");
	done("-L -n");
	assert_string_equal(ran_out,
		"IP Virtual Server version 1.2.1 (size=4096)\n"
		"Prot LocalAddress:Port Scheduler Flags\n"
		"  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn  ServerID\n"
		"UDP  192.0.2.1:443 quic no-config\n"
		"  -> 10.0.0.1:443                 Tunnel  1      0          0          0:0a01,1:0b\n"
		"  -> 10.0.0.2:443                 Absent  -      -          -          0:0a02\n");
	done("-e -u " SVC " -r 10.0.0.1 -w 0");
	done("-L");
	assert_non_null(strstr(ran_out, "Tunnel  0      0          0          0:0a01,1:0b draining\n"));
	fake.state.services[0]->dests[0].inactive = 3;
	done("-L");
	assert_non_null(strstr(ran_out, "Tunnel  0      0          3          0:0a01,1:0b tuples 3 draining\n"));
	done("-E -u " SVC " -s rr");
	done("-L");
	assert_non_null(strstr(ran_out, "Tunnel  0      0          3         \n"));
	done("-D -u " SVC);
	done("-A -u " SVC);
	done("-a -u " SVC " -r 10.0.0.1 -i --server-id 0a01 --server-id 1:0b");
	done("server-id add -u " SVC " -r 10.0.0.2 --absent --server-id 0a02");
	done("-L -n --stats");
	/* those that happened, and all on demand */
	assert_non_null(strstr(ran_out, "Port\n     Outcome                           Datagrams  (of now; IPVS sums the numbers above only every 2 seconds)\nUDP "));
	assert_string_equal(strstr(ran_out, "     routed "), "     routed                                   12\n");
	done("-L -n --stats --all");
	/* numbers of two ages do not stand side by side without a word */
	assert_non_null(strstr(ran_out, "Port\n     Outcome                           Datagrams  (of now; IPVS sums the numbers above only every 2 seconds)\nUDP "));
	/* every outcome by name, one that is not known by number */
	for (i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		assert_non_null(strstr(ran_out, outcomes[i]));
	assert_non_null(strstr(ran_out, "     routed                                   12\n"));
	snprintf(line, sizeof(line), "     outcome-%d ", IP_VS_QUIC_OUTCOME_COUNT);
	assert_non_null(strstr(ran_out, line));
	/* each name and its number in columns */
	for (row = strstr(ran_out, "     routed"); *row; row = strchr(row, '\n') + 1)
		assert_int_equal(strcspn(row, "\n"), 48);
	done("-L --rate");
	done("-L --thresholds");
	done("-L --tun-info");
	assert_non_null(strstr(ran_out, "ipip"));
	fake.state.services[0]->dests[0].persistent = 7;
	done("-L --persistent-conn");
	assert_string_equal(ran_out,
		"IP Virtual Server version 1.2.1 (size=4096)\n"
		"Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn\n"
		"  -> RemoteAddress:Port\n"
		"UDP  192.0.2.1:443 quic no-config\n"
		"  -> 10.0.0.1:443                 1         7           0          0         \n");
	says(2, "--all: only with --stats, or where server IDs are listed", "-L --rate --all");
	done("-L -j");
	assert_non_null(strstr(ran_out, "\"unroutable-server-id\": 0"));
	says(2, "--exact: only with --stats or --rate", "-L --exact");
	says(1, "service 192.0.2.9:443: no such service", "-L -u 192.0.2.9:443");

	/* without our module the other services are still listed */
	fake.no_module = true;
	says(1, "kernel: the ip_vs_quic module is not loaded (modprobe ip_vs_quic)",
	     "-L");
	done("-C --all");
	done("-A -u " SVC " -s rr");
	done("-L");
	fake.not_root = true;
	says(1, "kernel: only root (CAP_NET_ADMIN) may do this", "-L");
}

/* What IPVS has besides services. */
static void ipvs_lists(void **state)
{
	static const struct {
		const char *line;
		const char *read;		/* NULL: refused */
	} conns[] = {
		{ "UDP C6336407 D431 C0000201 01BB 0A00000B 01BB UDP             299\n",
		  "UDP 198.51.100.7:54321 192.0.2.1:443 10.0.0.11:443 UDP 299" },
		{ "UDP 2001:0db8:0000:0000:0000:0000:0000:0007 D431 2001:0db8:000f:0000:0000:0000:0000:0001 01BB 0A00000B 01BB UDP              59 sip x\n",
		  "UDP [2001:db8::7]:54321 [2001:db8:f::1]:443 10.0.0.11:443 UDP 59" },
		{ "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n",
		  NULL },
		{ "UDP C6336407 D431 C0000201 01BB 0A00000B\n", NULL },
		{ "UDP 63364 D431 C0000201 01BB 0A00000B 01BB UDP 299\n", NULL },
		{ "", NULL },
	};
	char a[ENDPOINT_STRLEN], b[ENDPOINT_STRLEN], c[ENDPOINT_STRLEN], text[256];
	struct conn conn;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(conns) / sizeof(conns[0]); i++) {
		assert_int_equal(conn_read(conns[i].line, &conn), !!conns[i].read);
		if (!conns[i].read)
			continue;
		snprintf(text, sizeof(text), "%s %s %s %s %s %u", conn.protocol,
			 endpoint_str(&conn.client, a), endpoint_str(&conn.vip, b),
			 endpoint_str(&conn.server, c), conn.state, conn.expires);
		assert_string_equal(text, conns[i].read);
	}
	/* this machine may have no IPVS, whose connections come last */
	done("-A -u " SVC);
	run("-L -c");
	assert_non_null(strstr(ran_out, "UDP 00:59  TUPLE       198.51.100.7:54321 "));
	assert_non_null(strstr(ran_out, "UDP 00:59  ROUTED      198.51.100.7:54322 "));
	assert_null(strstr(strstr(ran_out, "ROUTED") + 1, "ROUTED"));
	done("-L --timeout");
	assert_string_equal(ran_out, "Timeout (tcp tcpfin udp): 900 120 300\n");
	done("-L --timeout -j");
	assert_non_null(strstr(ran_out, "\"tcp_fin_s\": 120"));
	done("-L --daemon");
	assert_string_equal(ran_out, "master sync daemon (mcast=eth0, syncid=7)\n"
				     "backup sync daemon (mcast=a\\x1b, syncid=0)\n");
	done("-L --daemon -j");
	assert_non_null(strstr(ran_out, "\"state\": \"backup\""));
	says(2, "--timeout and --daemon: of IPVS as a whole, not of a service",
	     "-L --daemon -u " SVC);
	fake.not_root = true;
	says(1, "kernel: only root (CAP_NET_ADMIN) may do this", "-L --timeout");
	says(1, "kernel: only root (CAP_NET_ADMIN) may do this", "-L --daemon");
	says(1, "kernel: only root (CAP_NET_ADMIN) may do this", "-L -c");
}

/* The columns of the row that begins with @name begin where those of the title do. */
static void columns(const char *title, const char *name)
{
	const char *line = strstr(ran_out, title), *row = strstr(ran_out, name);
	size_t at;

	assert_non_null(line);
	assert_non_null(row);
	for (at = strlen(title); line[at] && line[at] != '\n'; at++)
		if (line[at - 1] == ' ' && line[at] != ' ')
			assert_true(row[at - 1] == ' ' && row[at] != ' ');
}

static void wide_lists(void **state)
{
	static const char *const views[] = {
		"--stats", "--stats --exact", "--rate", "--rate --exact",
		"--thresholds", "--tun-info", "--persistent-conn",
	};
#define VIP6 "[2001:db8:1111:2222:3333:4444:5555:6666]:65535"
#define RS6 "[fd00:aaaa:bbbb:cccc:dddd:eeee:ffff:1111]:65535"
	char line[64];
	size_t i, len;

	(void)state;
	done("-A -u " VIP6);
	done("config add -u " VIP6 " --id 0 --server-id-len 2 --nonce-len 6");
	done("config add -u " VIP6 " --id 0 --tenant 1 --server-id-len 2 --nonce-len 6");
	done("-a -u " VIP6 " -r " RS6 " -i --server-id 0a01");
	done("-A -u " SVC);
	done("config add -u " SVC " --id 3 --server-id-len 2 --nonce-len 6");
	done("-a -u " SVC " -r 10.0.0.1 -i --server-id 3:0a02");
	done("server-id add -u " SVC " -r 10.0.0.2 --absent --server-id 3:0a03");
	fake.state.services[0]->dests[0].counters[COUNT_INBYTES] = 1234567890123;
	for (i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		snprintf(line, sizeof(line), "-L %s", views[i]);
		done(line);
		len = strcspn(strstr(ran_out, "Prot"), "\n");
		if (i >= 4) {
			columns("Prot LocalAddress:Port", "  -> " RS6);
			columns("Prot LocalAddress:Port", "  -> 10.0.0.1");
			continue;
		}
		/* numbers end where their titles do */
		assert_int_equal(strcspn(strstr(ran_out, "  -> " RS6), "\n"), len);
		assert_int_equal(strcspn(strstr(ran_out, "  -> 10."), "\n"), len);
	}
	done("-L");
	assert_non_null(strstr(ran_out, "UDP  " VIP6 " quic configs 0,0/1 density 0.0015%,0.0015%\n"));
	assert_non_null(strstr(ran_out, "UDP  " SVC " quic config 3 density 0.0031%\n"));
	columns("  -> RemoteAddress:Port", "  -> " RS6);
	columns("  -> RemoteAddress:Port", "  -> 10.0.0.1");
	columns("  -> RemoteAddress:Port", "  -> 10.0.0.2");
	done("config list");
	assert_int_equal(strstr(ran_out, "plaintext") - strstr(ran_out, SVC),
			 strstr(ran_out, "Algorithm") - ran_out);
	done("server-id list");
	assert_int_equal(strstr(ran_out, "present") - strstr(ran_out, SVC),
			 strstr(ran_out, "Pool") - ran_out);
#undef VIP6
#undef RS6
}

/* A line has as many server IDs as fit. */
static void long_lists(void **state)
{
	char line[64];
	unsigned int i;

	(void)state;
	done("-A -u " SVC);
	done("-a -u " SVC " -r 10.0.0.1 -i");
	for (i = 0; i < 41; i++) {
		snprintf(line, sizeof(line), "server-id add -u " SVC " -r 10.0.0.1 --server-id 0a%02x", i);
		done(line);
	}
	done("-L");
	assert_non_null(strstr(ran_out, " 0:0a00,0:0a01,0:0a02,0:0a03,0:0a04,0:0a05,0:0a06,0:0a07,+33\n"));
	done("-L --all");
	assert_non_null(strstr(ran_out, ",0:0a28\n"));
	done("-A -u 192.0.2.2:443");
	done("-a -u 192.0.2.2:443 -r 10.0.0.1 --server-id 000102030405060708090a0b0c0d0e --server-id 010102030405060708090a0b0c0d0e");
	done("-L");
	assert_non_null(strstr(ran_out, " 0:000102030405060708090a0b0c0d0e,+1\n"));
}

static void kernel_sentences(void **state)
{
	(void)state;
	done("-A -u " SVC);
	fake.sentence = "A server ID's length is not that of its config";
	fake.fail_at = fake.changes + 1;
	says(1, "server IDs of 10.0.0.1:443 in " SVC ": A server ID's length is not that of its config",
	     "server-id add -u " SVC " -r 10.0.0.1 --server-id 01");
}

static void codec(void **state)
{
	char line[256];
	const char *path;

	(void)state;
	/* offline: the kernel is not asked */
	done("decode --id 0 --server-id-len 3 --nonce-len 4 0731441a9c69c275");
	assert_string_equal(ran_out, "config     0\nserver-id  31441a\nnonce      9c69c275\n");
	done("decode --id 0 --server-id-len 3 --nonce-len 4 -j 0731441a9c69c275");
	assert_string_equal(ran_out, "{\n  \"config\": 0,\n  \"server_id\": \"31441a\",\n  \"nonce\": \"9c69c275\"\n}\n");
	run("decode --id 1 --server-id-len 3 --nonce-len 4 0731441a9c69c275");
	assert_string_equal(ran_out, "outcome    unroutable-config\nwhy        no config has the CID's config ID or layout\n");
	assert_int_equal(ran_status, 1);
	run("decode --id 0 --server-id-len 3 --nonce-len 4 0731441a9c69c2");
	assert_int_equal(ran_status, 1);
	assert_non_null(strstr(ran_out, "unroutable-short"));
	run("decode --id 0 --server-id-len 3 --nonce-len 4 e731441a9c69c275");
	assert_int_equal(ran_status, 1);
	assert_non_null(strstr(ran_out, "unroutable-reserved"));
	says(2, "decode 0: an odd number of hex digits", "decode --id 0 --server-id-len 3 --nonce-len 4 0");
	says(2, "decode zz: not hexadecimal", "decode -u " SVC " zz");
	says(2, "decode: either -u or -f, or a config by --id, --server-id-len and --nonce-len, or --layout",
	     "decode --id 0 00");
	says(2, "decode: the service in the kernel has the config's lengths and key",
	     "decode -u " SVC " --id 0 00");
	says(2, "--key-file: not with -u or -f", "decode -u " SVC " --key-file k 00");
	says(2, "encode: -u, -f, --nonce-len or --layout is missing", "encode --id 0 --server-id 01");
	says(2, "encode: the service in the kernel has the config's lengths",
	     "encode -u " SVC " --id 0 --server-id 01 --nonce-len 4");
	says(2, "--server-id: 1 octets, config 0 has server IDs of 2",
	     "encode --id 0 --server-id 01 --server-id-len 2 --nonce-len 4");
	says(2, "--nonce: 4 octets, config 0 has nonces of 5",
	     "encode --id 0 --server-id 01 --nonce-len 5 --nonce 01020304");
	says(2, "encode: server ID and nonce of 20 octets together are more than 19",
	     "encode --id 0 --server-id 0102030405060708090a --nonce-len 10");
	done("encode --id 6 --server-id 6:0102 --nonce 01020304 --self-len -j");
	assert_string_equal(ran_out, "{\n  \"cid\": \"c6010201020304\"\n}\n");
	done("genkey");
	assert_int_equal(strlen(ran_out), KEY_HEX_LEN + 1);
	done("help");
	done("version");
	assert_int_equal(fake.calls, 0);

	/* online: lengths from the kernel, the key from its file */
	path = temp_file("key", KEY, 0600);
	done("-A -u " SVC);
	snprintf(line, sizeof(line), "config add -u " SVC " --id 0 --server-id-len 3 --nonce-len 4 --key-file %s", path);
	done(line);
	done("encode -u " SVC " --id 0 --server-id ed793a --nonce ee080dbf --self-len");
	assert_string_equal(ran_out, "0720b1d07b359d3c\n");
	says(1, "config 1 of " SVC ": not found", "encode -u " SVC " --id 1 --server-id ed793a");
	temp_file("key", OTHER_KEY, 0600);
	run("encode -u " SVC " --id 0 --server-id ed793a");
	assert_int_equal(ran_status, 1);
	assert_non_null(strstr(ran_err, "holds another key than the kernel"));
	path = temp_file("key2", KEY, 0600);
	snprintf(line, sizeof(line), "encode -u " SVC " --id 0 --server-id ed793a --nonce ee080dbf --self-len --key-file %s", path);
	done(line);
	assert_string_equal(ran_out, "0720b1d07b359d3c\n");
	done("decode -u " SVC " 0011");
	run("decode -u " SVC " 00");
	assert_string_equal(ran_out, "outcome    outcome-40\nwhy        \n");
	assert_int_equal(ran_status, 1);
}

/* Nonces and, without --self-len, the five low bits are new every time. */
static void random_parts(void **state)
{
	char first[64];
	bool octet_differs = false, nonce_differs = false;
	int i;

	(void)state;
	done("encode --id 1 --server-id 0102 --nonce-len 8");
	snprintf(first, sizeof(first), "%s", ran_out);
	assert_int_equal(strlen(first), 2 * 11 + 1);
	for (i = 0; i < 64; i++) {
		done("encode --id 1 --server-id 0102 --nonce-len 8");
		octet_differs |= memcmp(first, ran_out, 2);
		nonce_differs |= strcmp(first + 6, ran_out + 6);
		assert_memory_equal(ran_out + 2, "0102", 4);
		/* 0b001xxxxx */
		assert_true(*ran_out == '2' || *ran_out == '3');
	}
	assert_true(octet_differs && nonce_differs);
}

/* A state with one of everything; %s is a key file. */
static const char everything[] =
	"-A -u 192.0.2.1:443 -s quic\n"
	"set -u 192.0.2.1:443 --tuple-timeout 30 --tuple-max 1 --dcid-max 1000 --dcid-timeout 86400\n"
	"config add -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 6\n"
	"config add -u 192.0.2.1:443 --id 4 --server-id-len 1 --nonce-len 15 --key-file %1$s --key-fingerprint 170780a6\n"
	"config add -u 192.0.2.1:443 --id 4 --tenant 1 --server-id-len 3 --nonce-len 15 --check-length --key-file %1$s --key-fingerprint 170780a6\n"
	"config add -u 192.0.2.1:443 --id 4 --tenant 2 --server-id-len 3 --nonce-len 15\n"
	"-a -u 192.0.2.1:443 -r 10.0.0.1:443 -i -w 1 --server-id 0:0a01 --server-id 4:01 --server-id 4:01* --server-id 4:010203*\n"
	"-a -u 192.0.2.1:443 -r 10.0.0.2:443 -i --tun-type gue --tun-port 6080 --tun-remcsum -w 0 -x 7 -y 3 --server-id 0:0a02\n"
	"-a -u 192.0.2.1:443 -r 10.0.0.3:443 -i --tun-type gre -w 1\n"
	"server-id add -u 192.0.2.1:443 -r 10.0.0.4:443 --absent --server-id 0:0a04 --server-id 5:01020304\n"
	"-A -u [2001:db8::1]:443 -s quic -o\n"
	"-a -u [2001:db8::1]:443 -r 10.0.0.1:443 -i -w 65535\n"
	"-a -u [2001:db8::1]:443 -r [fd00::1]:8443 -m -w 1\n"
	"-A -u [2001:db8::1]:444 -s mh -p 60 -M 64 -b flag-1,flag-2\n"
	"-A -f 5 -s quic\n"
	"-a -f 5 -r 10.0.0.1:0 -g -w 1\n"
	"-A -f 5 -6 -s rr -p 300\n";

static char *fill_in(const char *format, const char *path)
{
	char *text = NULL;

	assert_true(asprintf(&text, format, path) > 0);
	return text;
}

static void restore(const char *text)
{
	/* nothing at all would be refused */
	run_with(*text ? text : "\n", "-R");
	assert_string_equal(ran_err, "");
	assert_int_equal(ran_status, 0);
}

static void save_is_restore(void **state)
{
	char *text = fill_in(everything, temp_file("key", KEY, 0600));
	char *before;

	(void)state;
	restore(text);
	done("-S");
	assert_string_equal(ran_out, text);
	before = fake_text();

	/* the same again: nothing is changed, nothing at all is asked for */
	fake.changes = 0;
	restore(text);
	assert_int_equal(fake.changes, 0);
	/* with the keys in it as well */
	done("-S --keys");
	assert_non_null(strstr(ran_out, " --key " KEY "\n"));
	free(text);
	text = xstrdup(ran_out);
	restore(text);
	assert_int_equal(fake.changes, 0);

	done("-C");
	restore(text);
	state_is(before);
	free(text);
	free(before);
}

/* In any order of making. */
static void save_is_sorted(void **state)
{
	(void)state;
	restore("-A -f 2\n"
		"-A -f 1 -6\n"
		"-A -f 1\n"
		"-A -u [2001:db8::1]:443\n"
		"-A -u 192.0.2.1:444\n"
		"-A -u 192.0.2.1:443\n"
		"-a -u " SVC " -r 10.0.0.2 -i\n"
		"server-id add -u " SVC " -r 10.0.0.9 --absent --server-id 5:01 --server-id 0:ff00 --server-id 0:0a01\n"
		"-a -u " SVC " -r 10.0.0.1:444 -m\n"
		"-a -u " SVC " -r 10.0.0.1 -m --server-id 6:01 --server-id 4:02 --server-id 4:01\n"
		"config add -u " SVC " --id 4 --server-id-len 1 --nonce-len 4\n"
		"config add -u " SVC " --id 0 --server-id-len 2 --nonce-len 4\n");
	done("-S");
	assert_string_equal(ran_out,
		"-A -u 192.0.2.1:443 -s quic\n"
		"config add -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 4\n"
		"config add -u 192.0.2.1:443 --id 4 --server-id-len 1 --nonce-len 4\n"
		"-a -u 192.0.2.1:443 -r 10.0.0.1:443 -m -w 1 --server-id 4:01 --server-id 4:02 --server-id 6:01\n"
		"-a -u 192.0.2.1:443 -r 10.0.0.1:444 -m -w 1\n"
		"-a -u 192.0.2.1:443 -r 10.0.0.2:443 -i -w 1\n"
		"server-id add -u 192.0.2.1:443 -r 10.0.0.9:443 --absent --server-id 0:0a01 --server-id 0:ff00 --server-id 5:01\n"
		"-A -u 192.0.2.1:444 -s quic\n"
		"-A -u [2001:db8::1]:443 -s quic\n"
		"-A -f 1 -s quic\n"
		"-A -f 1 -6 -s quic\n"
		"-A -f 2 -s quic\n");
	/* one after the other, and the kernel has shorter ones first */
	restore("-A -u " SVC "\n-a -u " SVC " -r 10.0.0.1 -i");
	done("server-id add -u " SVC " -r 10.0.0.1 --server-id 0:02");
	done("server-id add -u " SVC " -r 10.0.0.1 --server-id 0:0101");
	done("-L -n -u " SVC);
	assert_non_null(strstr(ran_out, " 0:0101,0:02\n"));
}

static void save_spells_any_path(void **state)
{
	static const char *const names[] = {
		"a b", "a\"b", "a\\b", "a'b", "#a", "a#b", "a\\\"b c", "\xc3\xa4",
	};
	char input[512];
	char *text, *saved;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct config config = {
			.server_id_len = 1, .nonce_len = 4, .keyed = true,
			.have_key = true,
		};
		struct service *svc;

		fake_reset();
		done("-A -u " SVC);
		svc = fake.state.services[0];
		config.key_source = xstrdup(temp_file(names[i], KEY, 0600));
		assert_int_equal(secret_read_key(config.key_source, config.key),
				 0);
		config.fingerprint = secret_fingerprint(config.key);
		service_add_config(svc, &config);
		text = fake_text();
		done("-S");
		saved = xstrdup(ran_out);
		done("-C");
		snprintf(input, sizeof(input), "%s", saved);
		restore(input);
		state_is(text);
		free(saved);
		free(text);
	}
}

static void save_refusals(void **state)
{
	const char *path = temp_file("key", KEY, 0600);
	char line[256], wanted[256];
	struct stat st;

	(void)state;
	done("-A -u " SVC);
	snprintf(line, sizeof(line), "config add -u " SVC " --id 0 --server-id-len 1 --nonce-len 4 --key-file %s", path);
	done(line);
	temp_file("key", OTHER_KEY, 0600);
	snprintf(wanted, sizeof(wanted), "config 0 of " SVC ": %s holds another key now", path);
	says(1, wanted, "-S --keys");
	assert_string_equal(ran_out, "");
	/* the path is still the path */
	done("-S");
	unlink(path);
	run("-S --keys");
	assert_int_equal(ran_status, 1);
	assert_string_equal(ran_out, "");
	assert_int_equal(lstat(path, &st), -1);

	run_with(KEY, "config replace -u " SVC " --id 0 --server-id-len 1 --nonce-len 4 --key-file -");
	run("-S");
	assert_int_equal(ran_status, 0);
	assert_string_equal(ran_err, "Warning: config 0 of " SVC ": its key came from standard input; -R finds it by its fingerprint as long as the kernel has it, not after a restart.\n");
	assert_string_equal(ran_out, "-A -u " SVC " -s quic\n"
			    "config add -u " SVC " --id 0 --server-id-len 1 --nonce-len 4 --key-fingerprint 170780a6\n");
	says(1, "config 0 of " SVC ": its key came from standard input, and there is no file to name",
	     "-S --keys");
}

/* What a file has, for free(). */
static char *content(const char *path)
{
	char *text = xcalloc(1, 1 << 16);
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	assert_true(fread(text, 1, (1 << 16) - 1, in) < (1 << 16) - 1);
	fclose(in);
	return text;
}

static void content_is(const char *path, const char *wanted)
{
	char *text = content(path);

	assert_string_equal(text, wanted);
	free(text);
}

static unsigned int mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode;
}

#define BYPASS "traffic control, nftables' chains at the ingress, captures and queueing disciplines do not see what it forwards"

/* The mode of a device: given, changed, saved, restored, refused. */
static void driver_path(void **state)
{
	char path[RUN_PATH_MAX];

	(void)state;
	run("express add eth0 --mode driver");
	assert_int_equal(ran_status, 0);
	assert_string_equal(ran_err, "Warning: driver path of eth0: " BYPASS ".\n");
	state_is("express eth0 driver\n");
	done("express list");
	assert_non_null(strstr(ran_out, "\neth0             driver            34 "));
	done("express list -j");
	assert_non_null(strstr(ran_out, "\"mode\": \"driver\""));
	assert_non_null(strstr(ran_out, "\"asks\": []"));
	fake.asks = 1 << IP_VS_QUIC_ASK_RP_FILTER | 1 << IP_VS_QUIC_ASK_RULES6;
	done("express list -j");
	assert_non_null(strstr(ran_out, "\"rp-filter\""));
	done("express add eth0 --mode ingress");
	run("express add eth0 --mode driver");
	assert_string_equal(ran_err, "Warning: driver path of eth0: " BYPASS ".\n"
		"Warning: driver path of eth0: rp_filter of the device or of all is on, so IPv4 is left to the express path at the ingress.\n"
		"Warning: driver path of eth0: the namespace has, or has had, routing rules for IPv6, so IPv6 is left to the express path at the ingress.\n");
	fake.asks = 0;
	done("-L");
	assert_non_null(strstr(ran_out, "EXP  eth0 driver\n"));
	done("-S");
	assert_string_equal(ran_out, "express add eth0 --mode driver\n");
	says(1, "express path of eth0: it exists already", "express add eth0");
	says(1, "express path of eth0: it exists already", "express add eth0 --mode auto");
	done("express add eth0 --mode ingress");
	state_is("express eth0\n");
	says(1, "express path of eth0: it exists already", "express add eth0 --mode ingress");
	says(2, "--mode fast: not one of auto, driver and ingress", "express add eth1 --mode fast");

	/* -R makes it what the lines say, in both directions */
	run_with("express add eth0 --mode driver", "-R");
	state_is("express eth0 driver\n");
	fake.changes = 0;
	fake.fail_at = 1;
	run_with("express add eth0\nexpress add eth1", "-R");
	fake.fail_at = 0;
	assert_int_equal(ran_status, 1);
	state_is("express eth0 driver\n");
	run_with("express add eth0", "sync -");
	state_is("express eth0\n");

	/* where it cannot be, nothing is left, or the express path alone */
	fake.no_driver = "no BTF";
	says(1, "driver path of eth0: no BTF", "express add eth0 --mode driver");
	says(1, "driver path of eth1: no BTF", "express add eth1 --mode driver");
	state_is("express eth0\n");
	run("express add eth1 --mode auto");
	assert_int_equal(ran_status, 0);
	assert_string_equal(ran_err, "Warning: driver path of eth1: no BTF.\n");
	run_with("express add eth0\nexpress add eth2 --mode driver", "-R");
	assert_int_equal(ran_status, 0);
	assert_string_equal(ran_err, "Warning: driver path of eth2: no BTF.\n");
	state_is("express eth0\nexpress eth1\nexpress eth2\n");
	fake.no_driver = NULL;
	done("-C");

	/* a device that is missing keeps its mode */
	fake.absent = "late0";
	run_with("express add late0 --mode driver", "-R");
	run_path("awaited", path);
	content_is(path, "late0 driver\n");
	done("-S");
	assert_string_equal(ran_out, "express add late0 --mode driver\n");
	fake.absent = "";
	done("express take");
	state_is("express late0 driver\n");
	done("express del late0");
	state_is("");
}

/* What -R missed is remembered until it is there, or is given up. */
static void devices_are_awaited(void **state)
{
	char path[RUN_PATH_MAX];

	(void)state;
	run_path("awaited", path);
	done("express take");
	assert_int_equal(access(path, F_OK), -1);
	fake.absent = "late0 late1 late2";
	run_with("express add late0\nexpress add late1\nexpress add eth0", "-R");
	assert_int_equal(ran_status, 0);
	content_is(path, "late0\nlate1\n");
	assert_int_equal(mode_of(path), S_IFREG | 0600);
	done("-L");
	assert_non_null(strstr(ran_out, "\nEXP  eth0\nEXP  late0 awaited\nEXP  late1 awaited\n"));
	done("-L -j");
	assert_non_null(strstr(ran_out, "\"awaited\": true"));
	done("-A -u " SVC);
	done("-L -u " SVC);
	assert_null(strstr(ran_out, "EXP"));
	done("-D -u " SVC);
	done("express list");
	assert_non_null(strstr(ran_out, "\nlate0            ingress      awaited\n"));
	/* what is saved is what -R was given */
	done("-S");
	assert_string_equal(ran_out, "express add eth0\nexpress add late0\nexpress add late1\n");

	/* more of them; those of before stay */
	run_with("express add late2", "-R");
	content_is(path, "late0\nlate1\nlate2\n");
	done("express take");
	assert_string_equal(ran_err, "");
	content_is(path, "late0\nlate1\nlate2\n");
	fake.absent = "late1 late2";
	done("express take");
	content_is(path, "late1\nlate2\n");
	state_is("express eth0\nexpress late0\n");

	/* what the kernel refuses stays on the list */
	fake.absent = "";
	fake.changes = 0;
	fake.fail_at = 1;
	run("express take");
	fake.fail_at = 0;
	assert_int_equal(ran_status, 1);
	assert_int_equal(strncmp(ran_err, "Error: express path of late1: ", 30), 0);
	content_is(path, "late1\n");
	done("express add late1");
	assert_int_equal(access(path, F_OK), -1);
	done("express take");

	/* sync knows only its own file; del gives one up */
	fake.absent = "late3 late4";
	run_with("express add late3\nexpress add late4", "-R");
	done("express del late3");
	content_is(path, "late4\n");
	says(1, "express path of late3: No such device", "express del late3");
	run_with("express add eth0", "sync -");
	assert_int_equal(ran_status, 0);
	assert_int_equal(access(path, F_OK), -1);
	state_is("express eth0\n");
	/* a refused -R asks for nothing */
	fake.changes = 0;
	fake.fail_at = 2;
	run_with("express add late3\nexpress add eth1", "-R");
	fake.fail_at = 0;
	assert_int_equal(ran_status, 1);
	assert_int_equal(access(path, F_OK), -1);
	fake.absent = "";
}

/* Files in the directory of temp_file(), also hidden ones. */
static unsigned int file_count(void)
{
	DIR *dir = opendir(temp_dir());
	unsigned int count = 0;

	assert_non_null(dir);
	/* cppcheck-suppress readdirCalled ; one thread */
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void save_to_a_file(void **state)
{
	static const char saved[] = "-A -u " SVC " -s quic\n";
	char *path = xstrdup(temp_file("rules", "old\n", 0640));
	char *link = xstrdup(temp_file("link", "", 0600));
	char line[256], wanted[256];
	unsigned int files;

	(void)state;
	done("-A -u " SVC);
	files = file_count();
	snprintf(line, sizeof(line), "-S %s", path);
	done(line);
	assert_string_equal(ran_out, "");
	content_is(path, saved);
	assert_int_equal(mode_of(path), S_IFREG | 0640);
	/* a new file is for its owner alone */
	unlink(path);
	done(line);
	content_is(path, saved);
	assert_int_equal(mode_of(path), S_IFREG | 0600);
	/* a link stays one */
	temp_file("rules", "old\n", 0604);
	unlink(link);
	assert_int_equal(symlink("rules", link), 0);
	snprintf(line, sizeof(line), "-S %s", link);
	done(line);
	assert_int_equal(mode_of(link), S_IFLNK | 0777);
	content_is(path, saved);
	assert_int_equal(mode_of(path), S_IFREG | 0604);
	snprintf(line, sizeof(line), "-S --keys %s", link);
	snprintf(wanted, sizeof(wanted), "--keys: any user may read %s (chmod 600)", link);
	says(1, wanted, line);
	content_is(path, saved);
	unlink(path);
	snprintf(line, sizeof(line), "-S %s", link);
	snprintf(wanted, sizeof(wanted), "%s: a symbolic link to a file that is not there; make that file or remove the link", link);
	says(1, wanted, line);
	unlink(link);
	assert_int_equal(file_count(), files - 2);

	snprintf(line, sizeof(line), "-S %s", temp_dir());
	snprintf(wanted, sizeof(wanted), "%s: Is a directory", temp_dir());
	says(1, wanted, line);
	says(1, "/nowhere/rules: No such file or directory", "-S /nowhere/rules");
	says(1, "/dev/full: No space left on device", "-S /dev/full");
	done("-S /dev/null");
	done("-S -");
	assert_string_equal(ran_out, saved);
	free(path);
	free(link);
}

/* A refusal leaves the file. */
static void refused_save_keeps_the_file(void **state)
{
	char *path = xstrdup(temp_file("rules", "good\n", 0600));
	unsigned int files = file_count();
	char line[256];
	struct dest *dest;

	(void)state;
	snprintf(line, sizeof(line), "-S %s", path);
	done("-A -u " SVC);
	done("-a -u " SVC " -r 10.0.0.1 -i");
	dest = &fake.state.services[0]->dests[0];
	dest->tun_type = 9;
	says(1, "real server 10.0.0.1:443 of " SVC ": tunnel type 9, which this version of quiclbadm does not know and cannot save",
	     line);
	content_is(path, "good\n");
	dest->tun_type = 0;
	run_with(KEY, "config add -u " SVC " --id 0 --server-id-len 1 --nonce-len 4 --key-file -");
	assert_int_equal(ran_status, 0);
	snprintf(line, sizeof(line), "-S --keys %s", path);
	run(line);
	assert_int_equal(ran_status, 1);
	content_is(path, "good\n");
	fake.not_root = true;
	run(line);
	assert_int_equal(ran_status, 1);
	content_is(path, "good\n");
	assert_int_equal(file_count(), files);
	free(path);
}

static void restore_from_a_file(void **state)
{
	char *path = xstrdup(temp_file("rules", "-A -u " SVC "\n", 0600));
	char line[256], wanted[256];

	(void)state;
	snprintf(line, sizeof(line), "-R %s", path);
	done(line);
	state_is(SVC " quic 0 0 ffffffff \n");
	run_with("-A -u 192.0.2.2:443\n", "-R -");
	assert_int_equal(ran_status, 0);
	state_is(SVC " quic 0 0 ffffffff \n192.0.2.2:443 quic 0 0 ffffffff \n");
	/* what a failed "-S > FILE" leaves is no state */
	temp_file("rules", "", 0600);
	snprintf(wanted, sizeof(wanted), "%s: it is empty; -S writes a line even when there is no service", path);
	says(1, wanted, line);
	says(1, "standard input: it is empty; -S writes a line even when there is no service", "-R");
	says(1, "/nowhere/rules: No such file or directory", "-R /nowhere/rules");
	snprintf(line, sizeof(line), "-R %s", temp_dir());
	snprintf(wanted, sizeof(wanted), "%s: Is a directory", temp_dir());
	says(1, wanted, line);
	/* but this is */
	done("-C");
	done("-S");
	assert_string_equal(ran_out, "# no services\n");
	restore("# no services\n");
	free(path);
}

/* Each mistake is one sentence, and what follows from it none. */
static void check_says_all(void **state)
{
	static const char text[] =
		"# comment\n"
		"-A -u " SVC " -s quic -p\n"
		"config add -u " SVC " --id 0 --server-id-len 99 --nonce-len 4\n"
		"config add -u " SVC " --id 0 --tenant 1 --server-id-len 2 --nonce-len 4\n"
		"-a -u " SVC " -r 10.0.0.1 -i -w x --server-id 01\n"
		"server-id add -u " SVC " -r 10.0.0.1 --server-id 02\n"
		"-A -u 192.0.2.2:443\n"
		"config add -u 192.0.2.2:443 --id 0 --server-id-len 1 --nonce-len 4\n"
		"-a -u 192.0.2.2:443 -r 10.0.0.1 -i --server-id 01\n"
		"-a -u 192.0.2.2:443 -r 10.0.0.2 -i --server-id 01 --server-id 0203\n"
		"server-id add -u 192.0.2.2:443 -r 10.0.0.9 --server-id 09\n"
		"-a -u 192.0.2.3:443 -r 10.0.0.2\n"
		"frob 'nicate\n"
		"-L\n"
		"-A -u 192.0.2.4:443\n"
		"set -u 192.0.2.4:443 --table-bits 99\n"
		"config add -u 192.0.2.4:443 --id 0 --server-id-len 1 --nonce-len 4\n"
		"config add -u 192.0.2.4:443 --id 1 --server-id-len 1 --nonce-len 19\n"
		"-a -u 192.0.2.4:443 -r 10.0.0.1 -i --server-id 0102 --server-id 1:0102\n"
		"-a -u 192.0.2.4:443 -r 10.0.0.1 -i\n"
		"server-id add -u 192.0.2.4:443 -r 10.0.0.9 --server-id 09\n";

	(void)state;
	run_with(text, "-R --check");
	assert_string_equal(ran_err,
		"Error: line 2: -p: scheduler quic keeps a client on its server by connection ID, and persistence would override that.\n"
		"Error: line 3: --server-id-len 99: not a number from 1 to 15.\n"
		"Error: line 5: -w x: not a number from 0 to 2147483647.\n"
		"Error: line 12: -a: no -A line for service 192.0.2.3:443 above.\n"
		"Error: line 13: a quotation does not end.\n"
		"Error: line 14: -L: only -A, -a, set, config add, server-id add and express add describe a state.\n"
		"Error: line 16: --table-bits 99: not a number from 8 to 19.\n"
		"Error: line 18: --nonce-len 19: not a number from 4 to 18.\n"
		"Error: line 20: -a: real server 10.0.0.1:443 is described above already.\n"
		"Error: line 10: server ID 0:01: 10.0.0.1:443 has it already.\n"
		"Error: line 10: server ID 0:0203: 2 octets, config 0 has server IDs of 1.\n"
		"Error: line 11: server ID 0:09: no -a line for real server 10.0.0.9:443, and no --absent.\n"
		"Error: line 19: server ID 0:0102: 2 octets, config 0 has server IDs of 1.\n"
		"Error: line 21: server ID 0:09: no -a line for real server 10.0.0.9:443, and no --absent.\n");
	assert_int_equal(ran_status, 1);
	assert_int_equal(fake.calls, 0);
	/* and -R itself says as much */
	run_with(text, "-R");
	assert_non_null(strstr(ran_err, "line 2: "));
	assert_non_null(strstr(ran_err, "line 14: "));
	assert_int_equal(fake.calls, 0);
}

/* It needs neither the kernel nor, with a warning, the right to read keys. */
static void check_needs_no_kernel(void **state)
{
	const char *path = temp_file("key", "no key", 0600);
	char text[256], wanted[256];

	(void)state;
	snprintf(text, sizeof(text), "\xef\xbb\xbf-A -u " SVC "\nconfig add -u " SVC " --id 0 --server-id-len 1 --nonce-len 4 --key-file %s\n", path);
	run_with(text, "-R --check");
	assert_int_equal(strncmp(ran_err, "Error: line 2: key file ", 24), 0);
	temp_file("key", KEY, 0600);
	fake.no_module = true;
	fake.not_root = true;
	run_with(text, "-R --check -");
	assert_string_equal(ran_err, "");
	assert_int_equal(ran_status, 0);
	assert_int_equal(fake.calls, 0);
	chmod(path, 0);
	run_with(text, "-R --check");
	snprintf(wanted, sizeof(wanted), "Warning: line 2: key file %s: Permission denied, so the key in it is not checked.\n", path);
	assert_string_equal(ran_err, geteuid() ? wanted : "");
	assert_int_equal(ran_status, 0);
}

/* Another process at work, for all that flock() can tell. */
static int hold_lock(int operation)
{
	int fd = run_open("lock", O_RDWR | O_CREAT);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, "4711 (-R)", 9, 0), 9);
	assert_int_equal(flock(fd, operation), 0);
	return fd;
}

static void changes_wait(void **state)
{
	static const char *const lines[] = {
		"-A -u 192.0.2.2:443", "-E -u " SVC, "-D -u " SVC, "-C",
		"set -u " SVC " --tuple-max 1", "-a -u " SVC " -r 10.0.0.1",
		"-e -u " SVC " -r 10.0.0.1", "-d -u " SVC " -r 10.0.0.1",
		"config add -u " SVC " --id 0 --server-id-len 1 --nonce-len 4",
		"config replace -u " SVC " --id 0 --server-id-len 1 --nonce-len 4",
		"config del -u " SVC " --id 0",
		"server-id add -u " SVC " -r 10.0.0.1 --server-id 01",
		"server-id del -u " SVC " -r 10.0.0.1", "express add eth0",
		"express del eth0", "express take", "-R", "-S",
	};
	char sentence[512], path[RUN_PATH_MAX];
	size_t i;
	int fd;

	(void)state;
	done("-A -u " SVC);
	lock_patience = 0;
	fd = hold_lock(LOCK_EX);
	snprintf(sentence, sizeof(sentence),
		 "Error: lock %s: quiclbadm with process ID 4711 (-R) has not ended its change for 0 seconds; wait for it or end it, then try again.\n",
		 run_path("lock", path));
	fake.calls = 0;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		run_with("-A -u 192.0.2.2:443\n", lines[i]);
		assert_string_equal(ran_err, sentence);
		assert_int_equal(ran_status, 1);
	}
	assert_int_equal(fake.calls, 0);
	/* what only looks, or only checks, does not wait */
	done("-L -n");
	done("config list");
	run_with("-A -u 192.0.2.2:443\n", "-R --check");
	assert_int_equal(ran_status, 0);
	close(fd);
	/* those who read do not wait for each other */
	fd = hold_lock(LOCK_SH);
	done("-S");
	run("-A -u 192.0.2.2:443");
	assert_int_equal(ran_status, 1);
	close(fd);
	done("-A -u 192.0.2.2:443");
	lock_patience = 30;
}

/* The end of the other lets it go on. */
static void lock_is_handed_over(void **state)
{
	int ready[2], fd, status;
	char octet;
	pid_t pid;

	(void)state;
	done("-A -u " SVC);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		fd = hold_lock(LOCK_EX);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		usleep(300000);
		close(fd);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &octet, 1), 1);
	done("-D -u " SVC);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ready[0]);
	close(ready[1]);
}

/* What another user may have prepared is not used. */
static void lock_is_ours(void **state)
{
	const char *target = temp_file("target", "kept", 0600);
	char path[RUN_PATH_MAX], sentence[512];

	(void)state;
	done("-A -u " SVC);
	assert_int_equal(chmod(run_dir, 0777), 0);
	snprintf(sentence, sizeof(sentence), "lock: users other than root may write to %s, so it is not trusted; remove it", run_dir);
	says(1, sentence, "-D -u " SVC);
	assert_int_equal(chmod(run_dir, 0700), 0);
	run_path("lock", path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(target, path), 0);
	snprintf(sentence, sizeof(sentence), "lock %s: Too many levels of symbolic links; remove it", path);
	says(1, sentence, "-D -u " SVC);
	content_is(target, "kept");
	assert_int_equal(unlink(path), 0);
	done("-D -u " SVC);
	assert_int_equal(mode_of(path), S_IFREG | 0600);
	assert_int_equal(mode_of(run_dir), S_IFDIR | 0700);
}

#define SYNCED \
	"-A -u " SVC " -s quic\n" \
	"config add -u " SVC " --id 0 --server-id-len 1 --nonce-len 4\n" \
	"-a -u " SVC " -r 10.0.0.1:443 -i -w 1 --server-id 0:01\n" \
	"express add eth0\n"

/* These and no others of ours; what both have is not asked for again. */
static void sync_removes_the_rest(void **state)
{
	char *path = xstrdup(temp_file("rules", SYNCED, 0600)), *before;
	char key[256], line[256];

	(void)state;
	snprintf(line, sizeof(line), "sync %s", path);
	restore(SYNCED);
	done("-A -u 192.0.2.53:53 -s rr");
	before = fake_text();
	fake.changes = 0;
	done(line);
	assert_int_equal(fake.changes, 0);

	done("-A -u 192.0.2.8:443");
	done("-a -u 192.0.2.8:443 -r 10.0.0.1 -i -w 3 --server-id 0:01");
	snprintf(key, sizeof(key), "config add -u 192.0.2.8:443 --id 0 --server-id-len 1 --nonce-len 4 --key-file %s", temp_file("key", KEY, 0600));
	done(key);
	done("-A -f 3");
	done("express add eth1");
	done("-e -u " SVC " -r 10.0.0.1 -w 7");
	/* one request for each difference */
	fake.changes = 0;
	done(line);
	assert_int_equal(fake.changes, 4);
	state_is(before);
	fake.changes = 0;
	done(line);
	assert_int_equal(fake.changes, 0);
	says(2, "sync: the file is missing", "sync");
	free(before);
	free(path);
}

/* Services that were deleted come back with all that belongs to them. */
static void sync_is_a_transaction(void **state)
{
	char *path = xstrdup(temp_file("rules", SYNCED, 0600)), *before;
	char key[256], line[256];
	unsigned int n;

	(void)state;
	snprintf(key, sizeof(key), "config add -u 192.0.2.8:443 --id 0 --server-id-len 1 --nonce-len 4 --key-file %s", temp_file("key", KEY, 0600));
	snprintf(line, sizeof(line), "sync %s", path);
	done("-A -u 192.0.2.8:443");
	done("-a -u 192.0.2.8:443 -r 10.0.0.1 -i -w 3 --server-id 0:01");
	done(key);
	done("server-id add -u 192.0.2.8:443 -r 10.0.0.7 --absent --server-id 0:07");
	done("-A -u 192.0.2.9:443");
	done("express add eth1");
	before = fake_text();
	for (n = 1;; n++) {
		fake.changes = 0;
		fake.fail_at = n;
		run(line);
		fake.fail_at = 0;
		if (!ran_status)
			break;
		assert_null(strstr(ran_err, "Warning"));
		state_is(before);
	}
	/* service, batch, server, configs, two devices, two services */
	assert_int_equal(n, 9);
	free(before);
	free(path);
}

/* -C deletes what -L lists. */
static void clear_asks_for_all(void **state)
{
	(void)state;
	done("-A -u " SVC);
	done("-A -f 3 -s rr");
	fake.changes = 0;
	done("-C");
	assert_int_equal(fake.changes, 2);
	state_is("");
	done("-A -u " SVC);
	fake.changes = 0;
	done("-C --all");
	assert_int_equal(fake.changes, 1);
	state_is("");
}

/* What is configured and nothing else; also what -R could not read. */
static void saved_as_json(void **state)
{
	(void)state;
	fake.absent = "late0";
	run_with("-A -u " SVC " -s quic\n"
		 "set -u " SVC " --tuple-max 7\n"
		 "config add -u " SVC " --id 2 --server-id-len 2 --nonce-len 6\n"
		 "-a -u " SVC " -r 10.0.0.1:443 -i --tun-type gue --tun-port 6080 -w 3 -x 9 --server-id 2:0a01\n"
		 "server-id add -u " SVC " -r 10.0.0.2:443 --absent --server-id 2:0a02\n"
		 "express add late0\n", "-R");
	assert_int_equal(ran_status, 0);
	done("-S -j");
	assert_non_null(strstr(ran_out, "\"tuple_max\": 7"));
	assert_non_null(strstr(ran_out, "\"algorithm\": \"plaintext\""));
	assert_non_null(strstr(ran_out, "\"tunnel_port\": 6080"));
	assert_non_null(strstr(ran_out, "\"upper_threshold\": 9"));
	assert_non_null(strstr(ran_out, "\"server_id\": \"0a02\""));
	assert_non_null(strstr(ran_out, "\"device\": \"late0\""));
	assert_null(strstr(ran_out, "stats"));
	assert_null(strstr(ran_out, "outcome"));
	assert_null(strstr(ran_out, "datagrams"));
	assert_null(strstr(ran_out, "held"));
	assert_null(strstr(ran_out, "tunnel_flags"));
	says(2, "-j: not with --yang, which is JSON already", "-S --yang -j");
	says(2, "--keys: not with -j, which nothing reads keys from", "-S -j --keys");
	says(2, "-u: only with --yang, -S saves all services", "-S -j -u " SVC);
	/* a key without a file */
	fake.state.services[0]->configs[0].keyed = true;
	fake.state.services[0]->configs[0].fingerprint = 0xfed0;
	run("-S --keys");
	assert_int_equal(ran_status, 1);
	done("-S -j");
	assert_non_null(strstr(ran_out, "\"key_fingerprint\": \"0000fed0\""));
	done("express del late0");
	done("-C");
}

/* Devices, and those that are awaited, are listed as well. */
static void clear_ends_express(void **state)
{
	static const char *const lines[] = { "-C", "-C --all" };
	char path[RUN_PATH_MAX];
	unsigned int i;

	(void)state;
	run_path("awaited", path);
	for (i = 0; i < 2; i++) {
		fake.absent = "late0";
		run_with("-A -u " SVC "\nexpress add eth0\nexpress add late0", "-R");
		assert_int_equal(ran_status, 0);
		content_is(path, "late0\n");
		done(lines[i]);
		state_is("");
		assert_int_equal(access(path, F_OK), -1);
		done("-S");
		assert_string_equal(ran_out, "# no services\n");
	}
	/* as one: the device is not left without its path */
	run_with("-A -u " SVC "\nexpress add eth0", "-R");
	fake.changes = 0;
	fake.fail_at = 2;
	run("-C");
	fake.fail_at = 0;
	assert_int_equal(ran_status, 1);
	state_is(SVC " quic 0 0 ffffffff \nexpress eth0\n");
	done("-C");
}

#define CHECKED \
	"-A -u " SVC " -s quic\n" \
	"-a -u " SVC " -r 10.0.0.1:443 -i -w 3 --server-id 0:01\n" \
	"-a -u " SVC " -r 10.0.0.2:443 -i -w 0 --server-id 0:02\n" \
	"-a -u " SVC " -r 10.0.0.3:443 -i -w 5 --server-id 0:03\n" \
	"-a -u " SVC " -r 10.0.0.4:443 -i -w 5 --server-id 0:04\n"

/* What a health checker does, past quiclbadm. */
static void checker_acts(void)
{
	const struct service_id *id = &fake.state.services[0]->id;
	struct dest dest = fake.state.services[0]->dests[0];

	dest.weight = 0;
	assert_int_equal(ipvs_put_dest(IPVS_CMD_SET_DEST, id, &dest), 0);
	dest = fake.state.services[0]->dests[2];
	assert_int_equal(ipvs_put_dest(IPVS_CMD_DEL_DEST, id, &dest), 0);
}

static unsigned int weight_of(const char *server)
{
	const struct service *svc = fake.state.services[0];
	char text[ENDPOINT_STRLEN];
	size_t i;

	for (i = 0; i < svc->dest_count; i++)
		if (!strcmp(endpoint_str(&svc->dests[i].server, text), server))
			return svc->dests[i].weight;
	return 99;
}

/* What another program did to a weight stays, until --weights or our own command. */
static void checkers_are_respected(void **state)
{
	static const char warning[] =
		"Warning: real server 10.0.0.1:443 of " SVC ": another program set its weight to 0, and it stays so (--weights).\n"
		"Warning: real server 10.0.0.3:443 of " SVC ": another program took it away, and it stays so (--weights).\n";
	char line[256];
	int again;

	(void)state;
	snprintf(line, sizeof(line), "sync %s", temp_file("rules", CHECKED, 0600));
	restore(CHECKED);
	checker_acts();
	fake.changes = 0;
	for (again = 0; again < 3; again++) {
		run_with(CHECKED, "-R");
		assert_string_equal(ran_err, warning);
		assert_int_equal(ran_status, 0);
		run(line);
		assert_string_equal(ran_err, warning);
	}
	assert_int_equal(fake.changes, 0);
	assert_int_equal(weight_of("10.0.0.1:443"), 0);
	assert_int_equal(weight_of("10.0.0.3:443"), 99);
	done("-L -n");
	assert_non_null(strstr(ran_out, "0:01 held\n"));
	assert_non_null(strstr(ran_out, "0:02 draining\n"));
	assert_non_null(strstr(ran_out, "0:03 held\n"));
	done("-L -j");
	assert_non_null(strstr(ran_out, "\"held\": true"));

	run_with(CHECKED, "-R --weights");
	assert_string_equal(ran_err, "");
	assert_int_equal(weight_of("10.0.0.1:443"), 3);
	assert_int_equal(weight_of("10.0.0.3:443"), 5);
	done("-L -n");
	assert_null(strstr(ran_out, "held"));

	/* what quiclbadm was told itself is no checker's */
	done("-e -u " SVC " -r 10.0.0.1 -w 0");
	done("-d -u " SVC " -r 10.0.0.3");
	done("-L -n");
	assert_null(strstr(ran_out, "held"));
	restore(CHECKED);
	assert_int_equal(weight_of("10.0.0.1:443"), 3);
	assert_int_equal(weight_of("10.0.0.3:443"), 5);
	/* and nothing is held in a service that has gone */
	checker_acts();
	assert_int_equal(ipvs_del_service(&fake.state.services[0]->id), 0);
	restore(CHECKED);
	assert_int_equal(weight_of("10.0.0.1:443"), 3);
	/* nor what the file itself says */
	checker_acts();
	done("-D -u " SVC);
	done("-A -u " SVC);
	done("-a -u " SVC " -r 10.0.0.1 -i -w 0");
	done("-L -n");
	assert_null(strstr(ran_out, "held"));
}

/* The record does not grow without end, and loses nothing. */
static void record_is_compacted(void **state)
{
	char path[RUN_PATH_MAX], *filler;
	struct stat st;
	FILE *out;
	int i;

	(void)state;
	restore(CHECKED);
	filler = xstrdup(run_path("weights", path));
	out = fopen(filler, "a");
	assert_non_null(out);
	for (i = 0; i < 40000; i++)
		fputs("7 10.0.0.4:443 " SVC "\n", out);
	fclose(out);
	checker_acts();
	done("-e -u " SVC " -r 10.0.0.4 -w 6");
	assert_int_equal(stat(filler, &st), 0);
	assert_true(st.st_size < 1000);
	run_with(CHECKED, "-R");
	assert_non_null(strstr(ran_err, "10.0.0.1:443 of " SVC ": another program"));
	assert_non_null(strstr(ran_err, "10.0.0.3:443 of " SVC ": another program"));
	assert_int_equal(weight_of("10.0.0.4:443"), 5);
	free(filler);
}

/* One request, and the configs with their keys are what they were. */
static void server_ids_move(void **state)
{
#define MOVE "server-id move -u " SVC " -r 10.0.0.2 --server-id 01"
	const char *path = temp_file("key", KEY, 0600);
	char line[256], wanted[512];

	(void)state;
	done("-A -u " SVC);
	snprintf(line, sizeof(line), "config add -u " SVC " --id 0 --server-id-len 1 --nonce-len 4 --key-file %s", path);
	done(line);
	done("-a -u " SVC " -r 10.0.0.1 -i --server-id 01 --server-id 02");
	says(1, "real server 10.0.0.2:443 of " SVC ": not in the pool; add it by -a, or give --absent", MOVE);
	done("-a -u " SVC " -r 10.0.0.2 -i");
	says(1, "server ID 0:09 of " SVC ": no server has it; server-id add gives it to one",
	     MOVE " --server-id 09");
	fake.changes = 0;
	fake.fail_at = 1;
	run(MOVE);
	assert_int_equal(ran_status, 1);
	fake.fail_at = 0;
	fake.changes = 0;
	done(MOVE);
	assert_int_equal(fake.changes, 1);
	snprintf(wanted, sizeof(wanted), SVC " quic 0 0 ffffffff \n"
		 " config 0 1 4 1 " KEY " %s\n"
		 " 10.0.0.1:443 2 1 0 0 0 0 0\n"
		 " 10.0.0.2:443 2 1 0 0 0 0 0\n"
		 " 0:02 10.0.0.1:443\n"
		 " 0:01 10.0.0.2:443\n", path);
	state_is(wanted);
	/* it is there already */
	fake.changes = 0;
	done(MOVE);
	assert_int_equal(fake.changes, 0);
	done("server-id move -u " SVC " -r 10.0.0.7 --absent --server-id 02");
	/* the kernel has the keys, whatever is in the file */
	temp_file("key", OTHER_KEY, 0600);
	fake.changes = 0;
	done("server-id move -u " SVC " -r 10.0.0.1 --server-id 01");
	assert_int_equal(fake.changes, 1);
	snprintf(wanted, sizeof(wanted), SVC " quic 0 0 ffffffff \n"
		 " config 0 1 4 1 " KEY " %s\n"
		 " 10.0.0.1:443 2 1 0 0 0 0 0\n"
		 " 10.0.0.2:443 2 1 0 0 0 0 0\n"
		 " 0:01 10.0.0.1:443\n"
		 " 0:02 10.0.0.7:443\n", path);
	state_is(wanted);
#undef MOVE
}

static void restore_is_minimal(void **state)
{
	static const char *const parts[] = {
		"--check-length", "--dcid-timeout 86400", "--tuple-timeout 30",
		"--server-id 4:01*", "-x 7 -y 3",
		"set -u 192.0.2.1:443 --tuple-timeout 30 --tuple-max 1 --dcid-max 1000 --dcid-timeout 86400",
		"config add -u 192.0.2.1:443 --id 4 --tenant 2 --server-id-len 3 --nonce-len 15",
	};
	char *text = fill_in(everything, temp_file("key", KEY, 0600));
	char *changed, *at;
	size_t i;

	(void)state;
	restore(text);
	done("-A -u 192.0.2.99:443");
	/* one weight: one request */
	changed = xstrdup(text);
	at = strstr(changed, "-w 0 -x 7");
	at[3] = '9';
	fake.changes = 0;
	restore(changed);
	assert_int_equal(fake.changes, 1);
	/* nothing but the ID of a config: again one */
	free(changed);
	changed = xstrdup(text);
	at = strstr(changed, "--id 0");
	at[5] = '1';
	restore(text);
	fake.changes = 0;
	restore(changed);
	assert_int_equal(fake.changes, 1);
	done("config list -j -u " SVC);
	assert_null(strstr(ran_out, "\"id\": 0"));
	/* each of what is not there is a difference, too */
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		restore(text);
		free(changed);
		changed = xstrdup(text);
		at = strstr(changed, parts[i]);
		memset(at, ' ', strlen(parts[i]));
		fake.changes = 0;
		restore(changed);
		assert_int_equal(fake.changes, 1);
		fake.changes = 0;
		restore(changed);
		assert_int_equal(fake.changes, 0);
	}
	free(changed);
	changed = xstrdup(text);
	at = strstr(changed, "--id 0");
	at[5] = '1';
	restore(changed);
	/* back again, prefixed and with noise around it */
	free(changed);
	assert_true(asprintf(&changed, "\n# back\n  quiclbadm %s\r\n\n", text) > 0);
	fake.changes = 0;
	restore(changed);
	assert_int_equal(fake.changes, 1);
	/* what is not named is not touched */
	done("-L -u 192.0.2.99:443");
	fake.changes = 0;
	restore("");
	assert_int_equal(fake.changes, 0);
	/* a service without its lines has nothing left */
	restore("-A -u 192.0.2.1:443");
	done("-L -n -u 192.0.2.1:443");
	assert_null(strstr(ran_out, "->  10"));
	assert_null(strstr(ran_out, "10.0.0."));
	done("config list -u 192.0.2.1:443");
	assert_null(strstr(ran_out, "plaintext"));
	free(changed);
	free(text);
}

/* The same path with another key in it is a change. */
static void restore_follows_the_key_file(void **state)
{
	const char *path = temp_file("key", KEY, 0600);
	char input[256], wanted[256];

	(void)state;
	snprintf(input, sizeof(input), "-A -u " SVC "\nconfig add -u " SVC " --id 0 --server-id-len 1 --nonce-len 4 --key-file %s\n", path);
	restore(input);
	temp_file("key", OTHER_KEY, 0600);
	fake.changes = 0;
	restore(input);
	assert_int_equal(fake.changes, 1);
	snprintf(wanted, sizeof(wanted), "192.0.2.1:443 quic 0 0 ffffffff \n config 0 1 4 1 " OTHER_KEY " %s\n", path);
	state_is(wanted);
}

#define CONFIG_LINE "config add -u " SVC " --id 0 --server-id-len 1 --nonce-len 4"

/* A key file that has another key than the one that was saved. */
static void restore_checks_the_fingerprint(void **state)
{
	const char *path = temp_file("key", OTHER_KEY, 0600);
	char input[384], wanted[512];

	(void)state;
	snprintf(input, sizeof(input), "-A -u " SVC "\n" CONFIG_LINE " --key-file %s --key-fingerprint 170780a6\n", path);
	run_with(input, "-R");
	assert_int_equal(ran_status, 1);
	snprintf(wanted, sizeof(wanted), "Error: line 2: %s: it has the key 2d22cc5b, and the line was saved with 170780a6; put that one there, or take this one by --rekey (\"config list\" shows which is in use).\n", path);
	assert_string_equal(ran_err, wanted);
	run_with(input, "-R --check");
	assert_int_equal(ran_status, 1);
	assert_int_equal(fake.changes, 0);
	run_with(input, "-R --rekey");
	assert_int_equal(ran_status, 0);
	snprintf(wanted, sizeof(wanted), "Warning: line 2: %s: it has the key 2d22cc5b now, not 170780a6.\n", path);
	assert_string_equal(ran_err, wanted);
	snprintf(wanted, sizeof(wanted), SVC " quic 0 0 ffffffff \n config 0 1 4 1 " OTHER_KEY " %s\n", path);
	state_is(wanted);
	/* a line of its own, and the same check */
	snprintf(input, sizeof(input), "config replace -u " SVC " --id 0 --server-id-len 1 --nonce-len 4 --key-file %s --key-fingerprint 170780a6", path);
	snprintf(wanted, sizeof(wanted), "%s: it has the key 2d22cc5b, not 170780a6", path);
	says(1, wanted, input);
	input[strlen(input) - 8] = '\0';
	strcat(input, "2d22cc5b");
	done(input);
}

/* The key is in the kernel alone. */
static void restore_by_fingerprint(void **state)
{
	char *saved, *text;

	(void)state;
	done("-A -u " SVC);
	run_with(KEY, CONFIG_LINE " --key-file -");
	run("-S");
	assert_int_equal(ran_status, 0);
	saved = xstrdup(ran_out);
	text = fake_text();
	fake.changes = 0;
	restore(saved);
	assert_int_equal(fake.changes, 0);
	/* another change of the service leaves it, and so does taking that back */
	done("set -u " SVC " --tuple-timeout 5");
	restore(saved);
	state_is(text);
	done("set -u " SVC " --tuple-timeout 5");
	done("-a -u " SVC " -r 10.0.0.1 -i");
	free(text);
	text = fake_text();
	fake.changes = 0;
	fake.fail_at = 2;
	run_with(saved, "-R");
	assert_int_equal(ran_status, 1);
	fake.fail_at = 0;
	state_is(text);
	/* where it is not there is nothing to be had */
	done("config replace -u " SVC " --id 0 --server-id-len 1 --nonce-len 4");
	fake.changes = 0;
	run_with(saved, "-R");
	assert_int_equal(ran_status, 1);
	assert_string_equal(ran_err, "Error: config 0 of " SVC ": its key, fingerprint 170780a6, is not in the kernel, and no file is named; add the config by \"config add --key-file\", or write --key-file into the line.\n");
	done("-C");
	fake.changes = 0;
	run_with(saved, "-R");
	assert_int_equal(ran_status, 1);
	assert_int_equal(fake.changes, 0);
	/* who checks a file need not be where its keys are */
	run_with(saved, "-R --check");
	assert_int_equal(ran_status, 0);
	free(saved);
	free(text);
}

/* A config that connections use neither goes nor changes without a word. */
static void restore_guards_configs_in_use(void **state)
{
	static const struct {
		const char *line;
		const char *change;	/* NULL: nothing that matters */
	} cases[] = {
		{ "", "it would be deleted" },
		{ CONFIG_LINE, "it would have no key" },
		{ CONFIG_LINE " --key " OTHER_KEY, "it would have key 2d22cc5b" },
		{ "config add -u " SVC " --id 0 --server-id-len 2 --nonce-len 4 --key " KEY, "it would have other lengths" },
		{ "config add -u " SVC " --id 1 --server-id-len 1 --nonce-len 4 --key " KEY, "it would be deleted" },
		{ "config add -u " SVC " --id 0 --layout 8:8", "it would have no key" },
		{ CONFIG_LINE " --check-length --key " KEY, NULL },
	};
	char input[256], wanted[512];
	struct config *config;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_reset();
		restore("-A -u " SVC "\n" CONFIG_LINE " --key " KEY);
		config = &fake.state.services[0]->configs[0];
		config->seen = true;
		config->last_seen = 59999;
		snprintf(input, sizeof(input), "-A -u " SVC "\n%s\n", cases[i].line);
		fake.changes = 0;
		run_with(input, "-R");
		assert_int_equal(ran_status, !!cases[i].change);
		assert_int_equal(fake.changes, !cases[i].change);
		if (!cases[i].change)
			continue;
		snprintf(wanted, sizeof(wanted), "Error: config 0 of " SVC ": seen 59s ago with key 170780a6, so connections use it, and %s (--rekey does it all the same).\n", cases[i].change);
		assert_string_equal(ran_err, wanted);
		run_with(input, "sync -");
		assert_int_equal(ran_status, 1);
		assert_string_equal(ran_err, wanted);
		run_with(input, "sync --rekey -");
		assert_int_equal(ran_status, 0);
		snprintf(wanted, sizeof(wanted), "Warning: config 0 of " SVC ": seen 59s ago with key 170780a6; by --rekey %s.\n", cases[i].change);
		assert_string_equal(ran_err, wanted);
		assert_int_equal(fake.changes, 1);
	}
	/* nobody uses it */
	fake_reset();
	restore("-A -u " SVC "\n" CONFIG_LINE " --key " KEY);
	config = &fake.state.services[0]->configs[0];
	config->seen = true;
	config->last_seen = 60000;
	restore("-A -u " SVC);
}

#undef CONFIG_LINE

/* Every mapping twice is once, and a server may say so itself. */
static void restore_says_twice(void **state)
{
	(void)state;
	restore("-A -u 192.0.2.1:443\n"
		"server-id add -u 192.0.2.1:443 -r 10.0.0.1 --server-id 01 --server-id 02\n"
		"-a -u 192.0.2.1:443 -r 10.0.0.1 -i --server-id 02\n");
	state_is("192.0.2.1:443 quic 0 0 ffffffff \n"
		 " 10.0.0.1:443 2 1 0 0 0 0 0\n"
		 " 0:01 10.0.0.1:443\n"
		 " 0:02 10.0.0.1:443\n");
}

/* A random state in -R's words; the same @seed is the same state. */
static char *random_input(unsigned int seed)
{
	static const char *const scheds[] = { "quic", "quic", "quic", "mh", "rr -o" };
	size_t size, svc, id, server, n;
	int settings_given[4];
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	srand(seed);
	for (svc = 1; svc <= 3; svc++) {
		const char *sched = scheds[rand() % 5];
		bool quic = !strcmp(sched, "quic");

		if (rand() % 4 == 0)
			continue;
		fprintf(out, "-A -u 192.0.2.%zu:443 -s %s\n", svc, sched);
		for (n = 0; quic && n < 4; n++)
			settings_given[n] = rand() % 3;
		if (quic && settings_given[0])
			fprintf(out, "set -u 192.0.2.%zu:443 --tuple-timeout %d\n",
				svc, settings_given[0]);
		else if (quic && settings_given[1])
			fprintf(out, "set -u 192.0.2.%zu:443 --dcid-max %d --dcid-timeout %d\n",
				svc, settings_given[1], 1 + settings_given[2]);
		for (id = 0; quic && id < 3; id++)
			for (n = 0; n < 3 && rand() % 2; n++)
				fprintf(out, "config add -u 192.0.2.%zu:443 --id %zu --tenant %zu --server-id-len 1 --nonce-len %d%s%s\n",
					svc, id, n, 4 + rand() % 3,
					rand() % 3 ? "" : " --check-length",
					rand() % 3 ? " --key-file " : "");
		for (server = 1; server <= 4; server++) {
			bool absent = rand() % 3 == 0;

			if (!absent)
				fprintf(out, "-a -u 192.0.2.%zu:443 -r 10.0.0.%zu -i -w %d\n",
					svc, server, rand() % 3);
			if (!quic)
				continue;
			for (n = 0; n < 3; n++)
				if (rand() % 2)
					fprintf(out, "server-id add -u 192.0.2.%zu:443 -r 10.0.0.%zu --absent --server-id %zu:%02zx%s\n",
						svc, server, n, 16 * n + server,
						rand() % 3 ? "" : "*");
		}
	}
	fclose(out);
	return text;
}

/* "--key-file " at a line's end gets one of two files. */
static char *with_keys(char *text, const char *key, const char *other_key)
{
	char *end, *out = NULL, *line = text;
	size_t size;
	FILE *file = open_memstream(&out, &size);

	while ((end = strchr(line, '\n'))) {
		fprintf(file, "%.*s", (int)(end - line), line);
		if (end > line && end[-1] == ' ')
			fputs(rand() % 2 ? key : other_key, file);
		fputc('\n', file);
		line = end + 1;
	}
	fclose(file);
	free(text);
	return out;
}

/* The lines of @from about services that @to does not name. */
static char *only_in(const char *from, const char *to)
{
	char *out = NULL, service[32];
	size_t size;
	FILE *file = open_memstream(&out, &size);
	const char *line, *end;

	for (line = from; (end = strchr(line, '\n')); line = end + 1) {
		sscanf(strstr(line, "-u "), "-u %31s", service);
		if (!strstr(to, service))
			fprintf(file, "%.*s", (int)(end + 1 - line), line);
	}
	fclose(file);
	return out;
}

/*
 * From one random state to another with the n-th change refused, for every n:
 * nothing has changed.  With none refused: it is the other state, and
 * saving it gives it again.
 */
static void restore_is_a_transaction(void **state)
{
	char *key = xstrdup(temp_file("key", KEY, 0600));
	char *other = xstrdup(temp_file("other", OTHER_KEY, 0600));
	unsigned int seed, failed = 0;

	(void)state;
	for (seed = 0; seed < 150; seed++) {
		char *from = with_keys(random_input(2 * seed), key, other);
		char *to = with_keys(random_input(2 * seed + 1), key, other);
		char *before, *saved, *rest;
		unsigned int n, changes;

		fake_reset();
		restore(from);
		before = fake_text();
		for (n = 1;; n++) {
			fake.changes = 0;
			fake.fail_at = n;
			run_with(*to ? to : "\n", "-R");
			changes = fake.changes;
			fake.fail_at = 0;
			if (ran_status == 0)
				break;
			assert_int_equal(ran_status, 1);
			assert_non_null(strstr(ran_err, "Cannot allocate memory"));
			assert_null(strstr(ran_err, "Warning"));
			state_is(before);
			failed++;
		}
		/* it took all the changes that could fail */
		assert_int_equal(changes, n - 1);
		free(before);
		before = fake_text();
		rest = only_in(from, to);
		fake_reset();
		restore(to);
		restore(rest);
		state_is(before);
		free(rest);
		fake.changes = 0;
		restore(to);
		assert_int_equal(fake.changes, 0);
		done("-S");
		saved = xstrdup(ran_out);
		fake_reset();
		restore(saved);
		/* what "to" does not name was there before and is in both */
		state_is(before);
		free(saved);
		free(before);
		free(from);
		free(to);
	}
	/* there was something to it */
	assert_true(failed > 500);
	free(key);
	free(other);
}

/* -a, -e and -d too, with every change of theirs refused in turn. */
static void servers_are_transactions(void **state)
{
	static const char *const lines[] = {
		"-a -u " SVC " -r 10.0.0.3 -i --server-id 03 --server-id 04",
		"-e -u " SVC " -r 10.0.0.1 -w 7 --server-id 02 --server-id 05",
		"-e -u " SVC " -r 10.0.0.2 -w 7",
		"-d -u " SVC " -r 10.0.0.1",
	};
	unsigned int refused = 0, n;
	char *before;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		fake_reset();
		restore("-A -u " SVC "\n"
			"-a -u " SVC " -r 10.0.0.1 -i --server-id 01 --server-id 02\n"
			"-a -u " SVC " -r 10.0.0.2 -i\n");
		before = fake_text();
		for (n = 1;; n++) {
			fake.changes = 0;
			fake.fail_at = n;
			run(lines[i]);
			fake.fail_at = 0;
			if (!ran_status)
				break;
			state_is(before);
			assert_null(strstr(ran_err, "Warning"));
			refused++;
		}
		free(before);
	}
	assert_int_equal(refused, 2 + 3 + 1 + 2);
}

static volatile sig_atomic_t changes_at_signal;

static void on_signal(int number)
{
	(void)number;
	changes_at_signal = (sig_atomic_t)fake.changes;
}

/* A signal has its effect when the transaction is over, not in its midst. */
static void signals_wait(void **state)
{
	(void)state;
	signal(SIGTERM, on_signal);
	fake.terminate = true;
	restore("-A -u " SVC "\n-a -u " SVC " -r 10.0.0.1 -i --server-id 01\n");
	assert_int_equal(fake.changes, 4);
	assert_int_equal(changes_at_signal, 4);
	fake.changes = 0;
	done("-e -u " SVC " -r 10.0.0.1 -w 5 --server-id 02");
	assert_int_equal(fake.changes, 3);
	assert_int_equal(changes_at_signal, 3);
	fake.changes = 0;
	fake.fail_at = 2;
	run("-a -u " SVC " -r 10.0.0.2 -w 5 --server-id 03");
	/* added, refused, taken back */
	assert_int_equal(fake.changes, 3);
	assert_int_equal(changes_at_signal, 3);
	signal(SIGTERM, SIG_DFL);
}

/* The undo of a replaced config whose key is lost says what is lost. */
static void lost_key_is_said(void **state)
{
	(void)state;
	done("-A -u " SVC);
	done("-a -u " SVC " -r 10.0.0.1");
	run_with(KEY, "config add -u " SVC " --id 0 --server-id-len 1 --nonce-len 4 --key-file -");
	assert_int_equal(ran_status, 0);
	fake.changes = 0;
	/* 1: new configs, 2: the real server goes */
	fake.fail_at = 2;
	run_with("-A -u " SVC, "-R");
	assert_int_equal(ran_status, 1);
	assert_non_null(strstr(ran_err, "config 0 of " SVC ": lost, its key can no longer be read"));
	assert_non_null(strstr(ran_err, "Warning: the earlier state is not fully restored"));
}

/* The service with these lines, in a kernel that has nothing else. */
static char *fingerprint_of(const char *lines)
{
	fake_reset();
	restore(lines);
	done("fingerprint -u " SVC);
	assert_int_equal(strlen(ran_out), 13);
	return xstrdup(ran_out);
}

#define MADE "-A -u " SVC "\nconfig add -u " SVC " --id 0 --server-id-len 1 --nonce-len 4\n"

/* What decides where datagrams go is in it, and nothing else is. */
static void service_has_a_fingerprint(void **state)
{
	static const char first[] = MADE
		"-a -u " SVC " -r 10.0.0.1 -i -w 1 --server-id 0:01\n"
		"-a -u " SVC " -r 10.0.0.2 -i -w 3 --server-id 0:02\n";
	static const struct {
		bool same;
		const char *lines;
	} others[] = {
		{ true, MADE
			"-a -u " SVC " -r 10.0.0.2 -g -w 300 --server-id 0:02\n"
			"-a -u " SVC " -r 10.0.0.1 -i -w 100 --server-id 0:01\n"
			"set -u " SVC " --tuple-max 7\n" },
		{ true, MADE
			"-a -u " SVC " -r 10.0.0.1 -i -w 1 --server-id 0:01\n"
			"-a -u " SVC " -r 10.0.0.2 -i -w 3 --server-id 0:02\n"
			"-a -u " SVC " -r 10.0.0.3 -i -w 0\n" },
		{ false, MADE
			"-a -u " SVC " -r 10.0.0.1 -i -w 1 --server-id 0:01\n"
			"-a -u " SVC " -r 10.0.0.2 -i -w 4 --server-id 0:02\n" },
		{ false, MADE
			"-a -u " SVC " -r 10.0.0.1 -i -w 1 --server-id 0:02\n"
			"-a -u " SVC " -r 10.0.0.2 -i -w 3 --server-id 0:01\n" },
		{ false, MADE
			"-a -u " SVC " -r 10.0.0.1 -i -w 1 --server-id 0:01\n"
			"-a -u " SVC " -r 10.0.0.2 -i -w 3 --server-id 0:02\n"
			"server-id add -u " SVC " -r 10.0.0.3 --absent --server-id 0:03\n" },
		{ false, MADE
			"-a -u " SVC " -r 10.0.0.1:8443 -m -w 1 --server-id 0:01\n"
			"-a -u " SVC " -r 10.0.0.2 -i -w 3 --server-id 0:02\n" },
		{ false, MADE
			"-a -u " SVC " -r 10.0.0.1 -i -w 1 --server-id 0:01\n"
			"-a -u " SVC " -r 10.0.0.2 -i -w 3 --server-id 0:02\n"
			"set -u " SVC " --table-bits 17\n" },
		{ false, "-A -u " SVC "\nconfig add -u " SVC " --id 0 --server-id-len 1 --nonce-len 5\n"
			"-a -u " SVC " -r 10.0.0.1 -i -w 1 --server-id 0:01\n"
			"-a -u " SVC " -r 10.0.0.2 -i -w 3 --server-id 0:02\n" },
	};
	char *wanted = fingerprint_of(first), *other;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		other = fingerprint_of(others[i].lines);
		if (!strcmp(other, wanted) != others[i].same)
			fail_msg("service %zu: %s", i, other);
		free(other);
	}
	says(2, "fingerprint: either a key file or a service", "fingerprint -u " SVC " k");
	free(wanted);
}

/* As diff(1): signs, and the status. */
static void diff_is_what_sync_changes(void **state)
{
	char *path = xstrdup(temp_file("rules", SYNCED, 0600));
	char line[256];

	(void)state;
	snprintf(line, sizeof(line), "sync %s", path);
	done(line);
	fake.changes = 0;
	snprintf(line, sizeof(line), "diff %s", path);
	done(line);
	assert_string_equal(ran_out, "");
	done("-A -u 192.0.2.77:443");
	done("-A -f 5 -s rr");
	run(line);
	assert_int_equal(ran_status, 1);
	assert_string_equal(ran_out, "- -A -u 192.0.2.77:443 -s quic\n");
	assert_string_equal(ran_err, "");
	done("-D -u 192.0.2.77:443");
	snprintf(line, sizeof(line), "diff -j %s", path);
	done(line);
	assert_string_equal(ran_out, "{\n  \"only_here\": [],\n  \"only_in_file\": []\n}\n");
	run("diff /no/such/file");
	assert_int_equal(ran_status, 2);
	free(path);
}

/* Those behind it move up, or the kernel would take none of them. */
static void lost_key_of_a_tenant(void **state)
{
	const char *path = temp_file("key", KEY, 0600);
	char line[256], wanted[512];

	(void)state;
	done("-A -u " SVC);
	done("-a -u " SVC " -r 10.0.0.1");
	run_with(OTHER_KEY, "config add -u " SVC " --id 0 --server-id-len 1 --nonce-len 4 --key-file -");
	snprintf(line, sizeof(line), "config add -u " SVC " --id 0 --tenant 1 --server-id-len 2 --nonce-len 4 --key-file %s", path);
	done(line);
	done("config add -u " SVC " --id 0 --tenant 2 --server-id-len 3 --nonce-len 4");
	fake.changes = 0;
	fake.fail_at = 2;
	run_with("-A -u " SVC, "-R");
	assert_int_equal(ran_status, 1);
	assert_non_null(strstr(ran_err, "config 0 of " SVC ": lost, its key can no longer be read"));
	snprintf(wanted, sizeof(wanted),
		 "192.0.2.1:443 quic 0 0 ffffffff \n"
		 " config 0 2 4 1 " KEY " %s\n"
		 " config 0/1 3 4 0 00000000000000000000000000000000 -\n"
		 " 10.0.0.1:443 3 1 0 0 0 0 0\n", path);
	state_is(wanted);
}

static void many_server_ids(void **state)
{
	size_t size, i;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	fputs("-A -u " SVC " -s quic\n", out);
	fputs("-a -u " SVC " -r 10.0.0.1:443 -i -w 1", out);
	for (i = 0; i < 2000; i++)
		fprintf(out, " --server-id 0:%04zx", i);
	fputs("\n", out);
	fclose(out);
	restore(text);
	done("-S");
	assert_string_equal(ran_out, text);
	free(text);
}

/* It always fails; with -q it would not say why. */
static void modprobe_says(const char *directory, const char *words)
{
	char path[64];
	FILE *out;

	snprintf(path, sizeof(path), "%s/modprobe", directory);
	out = fopen(path, "w");
	assert_non_null(out);
	fprintf(out, "#!/bin/sh\n[ \"$1\" != -q ] || exit 1\necho \"modprobe: ERROR: could not insert '$2': %s$MODPROBE_OPTIONS\" >&2\nexit 1\n",
		words);
	fclose(out);
	assert_int_equal(chmod(path, 0700), 0);
	module_load("ip_vs_quic");
	unlink(path);
}

/* Neither the caller's PATH nor anything else of the environment has a part in it. */
static void modprobe_is_the_systems(const char *directory, const char *sentence)
{
	char *path = xstrdup(getenv("PATH"));

	tool_directories = "/nonexistent";
	setenv("PATH", directory, 1);
	modprobe_says(directory, "Key was rejected by service");
	says(1, sentence, "-A -u " SVC " -s bogus");
	setenv("PATH", path, 1);
	free(path);
	tool_directories = directory;
	setenv("MODPROBE_OPTIONS", "Key was rejected by service", 1);
	modprobe_says(directory, "Exec format error");
	says(1, sentence, "-A -u " SVC " -s bogus");
	unsetenv("MODPROBE_OPTIONS");
}

/* What modprobe printed decides, not that it failed. */
static void unsigned_module(void **state)
{
	static const char other[] = "service " SVC ": scheduler bogus is not found (modprobe ip_vs_bogus)";
	static const char sentence[] = "kernel: it takes only signed modules (Secure Boot), and ip_vs_quic has no signature that it trusts: install it by make dkms-install, which signs, and enrol the key by mokutil --import /var/lib/dkms/mok.pub";
	char directory[] = "/tmp/modprobe.XXXXXX";
	const char *directories = tool_directories;

	(void)state;
	assert_non_null(mkdtemp(directory));
	modprobe_is_the_systems(directory, other);
	modprobe_says(directory, "Key was rejected by service");
	says(1, sentence, "-A -u " SVC " -s bogus");
	modprobe_says(directory, "Exec format error");
	says(1, other, "-A -u " SVC " -s bogus");
	modprobe_says(directory, "Required key not available");
	says(1, sentence, "-A -u " SVC " -s bogus");
	done("-A -u 192.0.2.9:443 -s rr");
	fake.no_module = true;
	says(1, sentence, "express add eth0");
	/* so that no other test finds it so */
	modprobe_says(directory, "");
	tool_directories = directories;
	rmdir(directory);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, model_begin, model_end)

/* run() and then: it is done, with just that warning. */
static void warns(const char *sentence, const char *line)
{
	char wanted[1024];

	run(line);
	snprintf(wanted, sizeof(wanted), "Warning: %s.\n", sentence);
	assert_string_equal(ran_err, wanted);
	assert_int_equal(ran_status, 0);
}

#define DENSE " of random connection IDs with its ID name a server, which are those of clients' first datagrams; longer server IDs are better"

/* How many random connection IDs name a server, and what a key does not hide. */
static void server_id_choice(void **state)
{
	const char *path = temp_file("key", KEY, 0600);
	char line[256], text[512];

	(void)state;
	done("-A -u " SVC);
	done("config add -u " SVC " --id 0 --server-id-len 1 --nonce-len 6");
	done("-a -u " SVC " -r 10.0.0.1 -i --server-id 01");
	done("-a -u " SVC " -r 10.0.0.2 -i --server-id 02");
	warns("config 0 of " SVC ": 1.2%" DENSE,
	      "-a -u " SVC " -r 10.0.0.3 -i --server-id 03");
	warns("config 0 of " SVC ": 1.6%" DENSE,
	      "server-id add -u " SVC " -r 10.0.0.3 --server-id 04");
	warns("config 0 of " SVC ": 2%" DENSE,
	      "-e -u " SVC " -r 10.0.0.3 --server-id 03 --server-id 04 --server-id 05 --server-id 05*");
	/* no weight and no ID of another config changes that */
	done("-e -u " SVC " -r 10.0.0.3 -w 2");
	done("config replace -u " SVC " --id 1 --server-id-len 2 --nonce-len 6");
	done("server-id del -u " SVC " -r 10.0.0.3");
	done("server-id add -u " SVC " -r 10.0.0.3 --server-id 1:0102 --server-id 1:0103");
	/* a prefix covers its own octets, and what begins with them */
	warns("config 1 of " SVC ": 1.2%" DENSE,
	      "server-id add -u " SVC " -r 10.0.0.3 --server-id 1:01* --server-id 1:02* --server-id 1:0202* --server-id 1:03* --server-id 1:0300");
	done("-L");
	assert_non_null(strstr(ran_out, " quic configs 0,1 density 0.78%,1.2%\n"));
	done("-L -j");
	assert_non_null(strstr(ran_out, "\"server_id_density\": 0.0078125"));
	done("config list -j");
	assert_non_null(strstr(ran_out, "\"server_id_density\": 0.01171875"));

	done("server-id del -u " SVC " -r 10.0.0.3");
	snprintf(line, sizeof(line),
		 "config add -u " SVC " --id 2 --server-id-len 1 --nonce-len 6 --key-file %s", path);
	done(line);
	done("server-id add -u " SVC " -r 10.0.0.1 --server-id 2:03");
	warns("server ID 02 of " SVC ": config 0 has no key, and config 2, which has one, has the server ID as well (1 in common); the draft demands other ones, or the key is easier to attack (section \"Distinguishing Attacks\")",
	      "server-id add -u " SVC " -r 10.0.0.1 --server-id 2:02");
	snprintf(text, sizeof(text),
		 "-A -u " SVC "\nconfig add -u " SVC " --id 0 --server-id-len 1 --nonce-len 6\n"
		 "-a -u " SVC " -r 10.0.0.1 -i --server-id 01 --server-id 02 --server-id 03\n");
	run_with(text, "-R --check");
	assert_string_equal(ran_err, "Warning: config 0 of " SVC ": 1.2%" DENSE ".\n");
	assert_int_equal(ran_status, 0);
	/* a boot does not repeat what is known */
	run_with(text, "-R");
	assert_string_equal(ran_err, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(services),
		TEST(real_servers),
		TEST(configs),
		TEST(config_usage),
		TEST(fingerprints),
		TEST(config_del_asks),
		TEST(seen_by_another),
		TEST(tenants),
		TEST(prefixes),
		TEST(service_settings),
		TEST(tunnel_sources),
		TEST(express),
		TEST(driver_path),
		TEST(devices_are_awaited),
		TEST(server_id_words),
		TEST(server_id_choice),
		TEST(lists),
		TEST(ipvs_lists),
		TEST(wide_lists),
		TEST(long_lists),
		TEST(kernel_sentences),
		TEST(codec),
		TEST(random_parts),
		TEST(save_is_restore),
		TEST(save_is_sorted),
		TEST(save_spells_any_path),
		TEST(save_refusals),
		TEST(save_to_a_file),
		TEST(refused_save_keeps_the_file),
		TEST(restore_from_a_file),
		TEST(check_says_all),
		TEST(check_needs_no_kernel),
		TEST(changes_wait),
		TEST(lock_is_handed_over),
		TEST(lock_is_ours),
		TEST(sync_removes_the_rest),
		TEST(sync_is_a_transaction),
		TEST(clear_asks_for_all),
		TEST(clear_ends_express),
		TEST(saved_as_json),
		TEST(checkers_are_respected),
		TEST(record_is_compacted),
		TEST(server_ids_move),
		TEST(restore_is_minimal),
		TEST(restore_follows_the_key_file),
		TEST(restore_checks_the_fingerprint),
		TEST(restore_by_fingerprint),
		TEST(restore_guards_configs_in_use),
		TEST(restore_says_twice),
		TEST(restore_is_a_transaction),
		TEST(servers_are_transactions),
		TEST(signals_wait),
		TEST(lost_key_is_said),
		TEST(lost_key_of_a_tenant),
		TEST(service_has_a_fingerprint),
		TEST(diff_is_what_sync_changes),
		TEST(many_server_ids),
		TEST(unsigned_module),
	};

	return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
