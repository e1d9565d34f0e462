// SPDX-License-Identifier: GPL-2.0-only
/*
 * A rotation's plan, as a function of what a service has; and the command, against the model
 * of the kernel.
 */
#include "capture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "fake.h"
#include "kernel/kernel.h"
#include "kernel/lock.h"
#include "kernel/run_dir.h"
#include "model/rotation.h"

#define KEY "8f95f09245765f80256934e50c66207f"
#define NEW_KEY "00112233445566778899aabbccddeeff"
#define SVC "192.0.2.1:443"

enum { FIRST_KEY = 0x11111111 };

/* --- the plan --------------------------------------------------------------- */

struct sample {
	struct service svc;
	struct mapping maps[16];
	struct rotation_wish wish;
	struct rotation rotation;
	char why[ROTATION_TEXT];
};

static struct endpoint ep(const char *addr)
{
	struct endpoint ep = { .af = AF_INET, .port = 443 };

	assert_int_equal(inet_pton(AF_INET, addr, ep.addr), 1);
	return ep;
}

/* Config @id has the key 0x11111111 + @id, and was seen @age ms ago; -1: never. */
static struct config *add_config(struct sample *p, uint8_t id, int age)
{
	struct config *config = &p->svc.configs[p->svc.config_count++];

	config->id = id;
	config->server_id_len = 2;
	config->nonce_len = 6;
	config->keyed = true;
	config->fingerprint = FIRST_KEY + id;
	config->seen = age >= 0;
	config->last_seen = age >= 0 ? (uint64_t)age : 0;
	config->datagrams = age >= 0 ? 12 : 0;
	return config;
}

static void add_map(struct sample *p, uint8_t config_id, uint8_t value, const char *server)
{
	struct mapping *map = &p->maps[p->svc.map_count++];

	map->config_id = config_id;
	map->sid.len = 2;
	map->sid.octets[1] = value;
	map->server = ep(server);
	service_sort(&p->svc);
}

/* Config @id of two real servers, seen just now. */
static struct sample *sample(uint8_t id)
{
	struct sample *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->svc.maps = p->maps;
	p->wish.old_id = ROTATION_NO_ID;
	p->wish.new_id = ROTATION_NO_ID;
	p->wish.unseen = 60;
	p->wish.uptime = 10000;
	add_config(p, id, 0);
	add_map(p, id, 1, "10.0.0.11");
	add_map(p, id, 2, "10.0.0.12");
	return p;
}

/* The same with the next config, and the same server IDs. */
static struct sample *both(uint8_t old, uint8_t new, int old_age, int new_age)
{
	struct sample *p = sample(old);

	p->svc.config_count = 0;
	add_config(p, old, old_age);
	add_config(p, new, new_age);
	add_map(p, new, 1, "10.0.0.11");
	add_map(p, new, 2, "10.0.0.12");
	return p;
}

/* Frees @p.  @next: the first step that is not done */
static void finds(struct sample *p, unsigned int old, unsigned int new, unsigned int next)
{
	if (!rotation_find(&p->svc, &p->wish, &p->rotation, p->why))
		fail_msg("%s", p->why);
	assert_int_equal(p->rotation.old_id, old);
	assert_int_equal(p->rotation.new_id, new);
	assert_int_equal(rotation_next(&p->rotation), next);
	free(p);
}

static void refuses(struct sample *p, const char *why)
{
	assert_false(rotation_find(&p->svc, &p->wish, &p->rotation, p->why));
	assert_string_equal(p->why, why);
	free(p);
}

/* The next in the circle that has neither a config nor server IDs, and never 7. */
static void free_ids(void **state)
{
	struct sample *p;
	uint8_t id;

	(void)state;
	for (id = 0; id < 7; id++)
		finds(sample(id), id, (id + 1) % 7, 1);
	p = sample(5);
	add_map(p, 6, 1, "10.0.0.11");
	finds(p, 5, 0, 1);
	p = sample(5);
	p->wish.new_id = 3;
	finds(p, 5, 3, 1);
	p = sample(0);
	for (id = 1; id < 7; id++)
		add_map(p, id, 1, "10.0.0.11");
	refuses(p, "every config ID without a config has server IDs; --id N takes these, or delete them (server-id del)");
	p = sample(0);
	for (id = 1; id < 7; id++)
		add_config(p, id, 0);
	p->wish.old_id = 2;
	refuses(p, "all seven config IDs are taken; delete a config that is not seen any more (config del)");
}

static void which_configs(void **state)
{
	struct sample *p;

	(void)state;
	/* of two, the one that the other leads to, around the circle as well */
	finds(both(0, 1, 0, -1), 0, 1, 2);
	finds(both(6, 0, 0, -1), 6, 0, 2);
	refuses(both(0, 3, 0, -1), "it has configs 0,3; --old N says which one is to be replaced, and --id N which one is the new one");
	p = both(0, 3, 0, -1);
	p->wish.old_id = 3;
	finds(p, 3, 0, 5);
	p = both(0, 3, 0, -1);
	p->wish.new_id = 3;
	finds(p, 0, 3, 2);
	/* 1 and 2 could not be taken */
	p = both(0, 3, 0, -1);
	add_map(p, 1, 1, "10.0.0.11");
	add_map(p, 2, 1, "10.0.0.11");
	finds(p, 0, 3, 2);
	/* the key tells, also against the circle */
	p = both(0, 1, -1, 0);
	p->wish.has_key = true;
	p->wish.fingerprint = FIRST_KEY;
	finds(p, 1, 0, 2);
	p = both(0, 1, 0, 0);
	add_config(p, 5, 0);
	refuses(p, "it has configs 0,1,5; --old N says which one is to be replaced, and --id N which one is the new one");
	p = both(0, 1, 0, 0);
	add_config(p, 5, 0);
	p->wish.new_id = 1;
	refuses(p, "it has configs 0,5 beside config 1; --old N says which one is to be replaced");
	/* a third key, while the second is on its way */
	p = both(0, 1, 0, 0);
	p->wish.has_key = true;
	p->wish.fingerprint = 5;
	refuses(p, "it has configs 0,1; --old N says which one is to be replaced, and --id N which one is the new one");
	p = both(0, 1, 0, 0);
	p->wish.has_key = true;
	p->wish.fingerprint = 5;
	p->wish.old_id = 1;
	finds(p, 1, 2, 1);
}

static void no_rotation(void **state)
{
	struct sample *p = sample(0);

	(void)state;
	p->svc.config_count = 0;
	refuses(p, "it has no config to be replaced (config add)");
	p = sample(0);
	add_config(p, 0, 0)->tenant = 1;
	refuses(p, "config 0 has tenants, whose keys are added and deleted one by one (config add)");
	p = sample(0);
	p->wish.has_key = true;
	p->wish.fingerprint = FIRST_KEY;
	p->wish.new_id = 1;
	refuses(p, "config 0 has this key, 11111111; a rotation needs another one (genkey)");
	p = both(0, 1, 0, 0);
	p->wish.has_key = true;
	p->wish.fingerprint = 5;
	p->wish.new_id = 1;
	refuses(p, "config 1 is there already, with another key than the one given, whose fingerprint is 00000005");
	p = both(0, 1, 0, 0);
	p->wish.new_id = 1;
	p->wish.old_id = 1;
	refuses(p, "config 1 would be replaced by itself; a rotation needs another key (genkey)");
	p = sample(0);
	p->wish.new_id = 1;
	p->wish.old_id = 3;
	refuses(p, "there is no config 3");
}

/* Which of the steps may be done, as a number with a digit for each. */
static unsigned int may(const struct sample *p, bool force)
{
	unsigned int step, all = 0;

	for (step = ROTATION_ADD; step <= ROTATION_STEPS; step++)
		all = 10 * all + (rotation_blocked(&p->rotation, step, force) ? 0 : step);
	return all;
}

static void allows(struct sample *p, unsigned int wanted, unsigned int with_force)
{
	assert_true(rotation_find(&p->svc, &p->wish, &p->rotation, p->why));
	assert_int_equal(may(p, false), wanted);
	assert_int_equal(may(p, true), with_force);
	free(p);
}

static void order_of_steps(void **state)
{
	struct sample *p;

	(void)state;
	allows(sample(0), 10000, 10000);
	allows(both(0, 1, 0, -1), 12000, 12345);
	/* unseen for long enough, and still nothing of the new one */
	allows(both(0, 1, 60000, -1), 12000, 12345);
	allows(both(0, 1, 0, 0), 12300, 12345);
	allows(both(0, 1, 59999, 0), 12300, 12345);
	allows(both(0, 1, 60000, 0), 12345, 12345);
	/* never seen since the machine is up */
	p = both(0, 1, -1, 0);
	p->wish.uptime = 59;
	allows(p, 12300, 12345);
	p = both(0, 1, -1, 0);
	p->wish.uptime = 60;
	allows(p, 12345, 12345);
	/* a real server came, or lacks the ID for another reason: all waits for it */
	p = both(0, 1, 60000, 0);
	add_map(p, 0, 3, "10.0.0.13");
	allows(p, 10000, 10000);
}

/* A share of random connection IDs names a server, and does not show that servers mint. */
static void chance(void **state)
{
	struct sample *p;

	(void)state;
	/* 2 of 65536 */
	p = both(0, 1, 0, 0);
	p->svc.configs[1].datagrams = 1;
	p->svc.configs[1].misses = 8000;
	finds(p, 0, 1, 4);
	p = both(0, 1, 0, 0);
	p->svc.configs[1].datagrams = 1;
	p->svc.configs[1].misses = 8192;
	finds(p, 0, 1, 2);
	p = both(0, 1, 0, 0);
	p->svc.configs[1].datagrams = 100;
	p->svc.configs[1].misses = 8192;
	finds(p, 0, 1, 4);
}

/* A real server in the pool, which got so many datagrams by config 1. */
static void add_dest(struct sample *p, const char *addr, uint32_t weight, uint64_t datagrams)
{
	struct dest dest = { .server = ep(addr), .weight = weight };

	dest.datagrams[1] = datagrams;
	service_add_dest(&p->svc, &dest);
	service_sort(&p->svc);
	p->svc.counts_servers = true;
}

static struct sample *two_servers(uint64_t first, uint64_t second)
{
	struct sample *p = both(0, 1, 0, 0);

	/* not in the order of the addresses */
	add_dest(p, "10.0.0.12", 1, second);
	add_dest(p, "10.0.0.11", 1, first);
	return p;
}

static void waits(struct sample *p, const char *missing)
{
	assert_true(rotation_find(&p->svc, &p->wish, &p->rotation, p->why));
	assert_string_equal(p->rotation.missing[ROTATION_MINTED], missing);
	assert_int_equal(p->rotation.done[ROTATION_MINTED], !*missing);
	free(p->svc.dests);
	free(p);
}

/* Each real server that gets new connections has to use the new config. */
static void each_server(void **state)
{
	struct sample *p;

	(void)state;
	waits(two_servers(1, 1), "");
	waits(two_servers(0, 12), "real server 10.0.0.11:443 makes no connection IDs of config 1 yet: 0 datagrams");
	waits(two_servers(12, 0), "real server 10.0.0.12:443 makes no connection IDs of config 1 yet: 0 datagrams");
	waits(two_servers(0, 0), "real server 10.0.0.11:443 makes no connection IDs of config 1 yet: 0 datagrams, nor does 1 other");
	/* one without weight gets no new connections; one without a server ID cannot */
	p = two_servers(12, 0);
	service_find_dest(&p->svc, &p->maps[p->svc.map_count - 1].server)->weight = 0;
	waits(p, "");
	p = two_servers(12, 12);
	add_dest(p, "10.0.0.13", 1, 0);
	waits(p, "");
	/* one that is not in the pool */
	p = two_servers(12, 12);
	add_map(p, 0, 3, "10.0.0.13");
	add_map(p, 1, 3, "10.0.0.13");
	waits(p, "");
	/* one of 65536 is its, and it gets 4 times what that explains */
	p = two_servers(12, 1);
	p->svc.configs[1].misses = 16000;
	waits(p, "");
	p = two_servers(12, 1);
	p->svc.configs[1].misses = 16384;
	waits(p, "real server 10.0.0.12:443 makes no connection IDs of config 1 yet: 1 datagrams, which are no more than clients' random connection IDs");
	/* a module that does not count them */
	p = two_servers(0, 0);
	p->svc.counts_servers = false;
	waits(p, "");
}

static void finished(void **state)
{
	struct sample *p = sample(1);

	(void)state;
	p->wish.new_id = 1;
	finds(p, ROTATION_NO_ID, 1, ROTATION_STEPS + 1);
	p = sample(1);
	p->wish.new_id = 1;
	p->wish.old_id = 0;
	finds(p, 0, 1, ROTATION_STEPS + 1);
	p = sample(1);
	p->wish.has_key = true;
	p->wish.fingerprint = FIRST_KEY + 1;
	finds(p, ROTATION_NO_ID, 1, ROTATION_STEPS + 1);
}

static void gains(struct sample *p, const struct config *config, const char *wanted)
{
	struct mapping *gain;
	char text[256] = "", sid[SID_STRLEN];
	size_t count, i;

	assert_true(rotation_find(&p->svc, &p->wish, &p->rotation, p->why));
	gain = rotation_gain(&p->rotation, config, &count, p->why);
	for (i = 0; gain && i < count; i++)
		strcat(strcat(text, sid_str(&gain[i], sid)), " ");
	assert_string_equal(gain ? text : p->why, wanted);
	free(gain);
	free(p);
}

static void server_ids(void **state)
{
	struct config config = { .server_id_len = 2, .keyed = true };
	struct sample *p = sample(0);

	(void)state;
	gains(p, &config, "1:0001 1:0002 ");
	/* those that have one of the new config keep it */
	p = sample(0);
	p->wish.new_id = 1;
	add_map(p, 1, 7, "10.0.0.11");
	gains(p, &config, "1:0002 ");
	config.server_id_len = 3;
	gains(sample(0), &config, "the server IDs of config 0 have 2 octets, and config 1 is to have 3; give real server 10.0.0.11:443 one of that length before (server-id add --server-id 1:HEX)");
	config.server_id_len = 2;
	p = sample(0);
	p->svc.configs[0].keyed = false;
	gains(p, &config, "the server IDs of config 0, which has no key, must not be those of config 1, which has one; give real server 10.0.0.11:443 another one before (server-id add --server-id 1:HEX)");
}

/* --- the command ------------------------------------------------------------ */

static char key_path[160];

static int begin(void **state)
{
	(void)state;
	fake_reset();
	use_own_run_dir();
	temp_file("old", KEY, 0600);
	snprintf(key_path, sizeof(key_path), "%s", temp_file("new", NEW_KEY, 0600));
	done("-A -u " SVC);
	run_with(KEY, "config add -u " SVC " --id 0 --server-id-len 2 --nonce-len 6 --check-length --key-file -");
	done("-a -u " SVC " -r 10.0.0.1 -i --server-id 0a01");
	done("-a -u " SVC " -r 10.0.0.2 -i --server-id 0a02");
	done("server-id add -u " SVC " -r 10.0.0.3 --absent --server-id 0a03");
	return 0;
}

/* "rotate" with the new key's file and @rest */
static const char *with_key(const char *rest)
{
	static char line[320];

	snprintf(line, sizeof(line), "rotate -u " SVC " --key-file %s %s", key_path, rest);
	return line;
}

static void seen(unsigned int id, uint64_t age)
{
	struct config *config = service_find_config(fake.state.services[0], id, 0);
	size_t i;

	config->seen = true;
	config->last_seen = age;
	config->datagrams = 5;
	for (i = 0; i < fake.state.services[0]->dest_count; i++)
		fake.state.services[0]->dests[i].datagrams[id] = 5;
}

static void add_is_whole(void **state)
{
	char wanted[512], *text;

	(void)state;
	done(with_key("--step 1"));
	assert_null(strstr(ran_out, NEW_KEY));
	assert_non_null(strstr(ran_out, " 2  next "));
	snprintf(wanted, sizeof(wanted),
		 "192.0.2.1:443 quic 0 0 ffffffff \n"
		 " config 0 2 6 1 " KEY " - check-length\n"
		 " config 1 2 6 1 " NEW_KEY " %s check-length\n"
		 " 10.0.0.1:443 2 1 0 0 0 0 0\n"
		 " 10.0.0.2:443 2 1 0 0 0 0 0\n"
		 " 0:0a01 10.0.0.1:443\n"
		 " 1:0a01 10.0.0.1:443\n"
		 " 0:0a02 10.0.0.2:443\n"
		 " 1:0a02 10.0.0.2:443\n"
		 " 0:0a03 10.0.0.3:443\n"
		 " 1:0a03 10.0.0.3:443\n", key_path);
	text = fake_text();
	assert_string_equal(text, wanted);
	free(text);
	/* again, also without the key: nothing is changed */
	fake.changes = 0;
	done(with_key("--step 1"));
	done("rotate -u " SVC " --step 1");
	assert_int_equal(fake.changes, 0);
	/* a real server that came meanwhile, by one request */
	done("-a -u " SVC " -r 10.0.0.4 -i --server-id 0a04");
	fake.changes = 0;
	done("rotate -u " SVC " --step 1");
	assert_int_equal(fake.changes, 1);
	done("server-id list");
	assert_non_null(strstr(ran_out, " 1:0a04 "));
}

static void add_is_refused(void **state)
{
	char *before = fake_text(), *after;

	(void)state;
	says(1, "step 1 of " SVC ": the new key is missing (--key-file)",
	     "rotate -u " SVC " --step 1");
	says(2, "rotate: server ID and nonce of 21 octets together are more than 19",
	     with_key("--step 1 --server-id-len 15"));
	says(1, "config 1 of " SVC ": the server IDs of config 0 have 2 octets, and config 1 is to have 3; give real server 10.0.0.1:443 one of that length before (server-id add --server-id 1:HEX)",
	     with_key("--step 1 --server-id-len 3"));
	says(1, "service 192.0.2.9:443: no such service", "rotate -u 192.0.2.9:443");
	fake.changes = 0;
	fake.fail_at = 1;
	fake.sentence = "no";
	says(1, "config 1 of " SVC ": no", with_key("--step 1"));
	fake.fail_at = 0;
	after = fake_text();
	assert_string_equal(before, after);
	free(before);
	free(after);
	says(2, "--force: only with --step 5", with_key("--step 1 --force"));
	says(2, "--server-id-len, --nonce-len, --check-length: only with --key-file",
	     "rotate -u " SVC " --nonce-len 5");
	says(2, "-j: not with --step 2; without --step it prints the real servers as well",
	     "rotate -u " SVC " --step 2 -j");
	says(2, "--step 6: not a number from 1 to 5", "rotate -u " SVC " --step 6");
	says(2, "--old 7: not a number from 0 to 6", "rotate -u " SVC " --old 7");
}

static void steps(void **state)
{
	(void)state;
	says(1, "step 5 of " SVC ": step 1 is not done, there is no config 1",
	     "rotate -u " SVC " --step 5");
	done(with_key("--step 1"));
	done("rotate -u " SVC " --step 2");
	assert_non_null(strstr(ran_out, "Give the real servers config 1: server ID of 2 octets, nonce of 6, four-pass, key with fingerprint "));
	assert_non_null(strstr(ran_out, " 0 datagrams  quiclbadm trace -u " SVC " --server-id '1:0a02' --count 1\n"));
	seen(0, 4000);
	says(1, "step 3 of " SVC " is not done: config 1 was seen never: 0 datagrams",
	     "rotate -u " SVC " --step 3");
	says(1, "step 5 of " SVC ": step 3 is not done, config 1 was seen never: 0 datagrams",
	     "rotate -u " SVC " --step 5");
	seen(1, 0);
	fake.state.services[0]->dests[1].datagrams[1] = 0;
	says(1, "step 5 of " SVC ": step 3 is not done, real server 10.0.0.2:443 makes no connection IDs of config 1 yet: 0 datagrams",
	     "rotate -u " SVC " --step 5");
	done("rotate -u " SVC " -j");
	assert_non_null(strstr(ran_out, "\"datagrams\": 0"));
	fake.old_module = true;
	done("rotate -u " SVC " --step 3");
	done("rotate -u " SVC " -j");
	assert_null(strstr(ran_out, "\"datagrams\""));
	fake.old_module = false;
	seen(1, 0);
	done("rotate -u " SVC " --step 3");
	says(1, "step 4 of " SVC " is not done: config 0 was seen 4s ago (5 datagrams), and 600 s without any are needed",
	     "rotate -u " SVC " --step 4");
	says(1, "step 5 of " SVC ": step 4 is not done, config 0 was seen 4s ago (5 datagrams), and 5 s without any are needed",
	     "rotate -u " SVC " --step 5 --unseen 5");
	fake.changes = 0;
	done("rotate -u " SVC " --step 4 --unseen 4");
	done("rotate -u " SVC " -j");
	assert_non_null(strstr(ran_out, "\"next_step\": 4,"));
	assert_non_null(strstr(ran_out, "\"missing\": \"config 0 was seen 4s ago (5 datagrams), and 600 s without any are needed\""));
	assert_int_equal(fake.changes, 0);
	done("rotate -u " SVC " --step 5 --unseen 4");
	assert_int_equal(fake.changes, 1);
	assert_non_null(strstr(ran_out, " 5  done "));
	done("server-id list");
	assert_null(strstr(ran_out, " 0:"));
	/* by name it is done, else it would be the next one */
	done("rotate -u " SVC " --id 1 --step 5");
	done(with_key("--step 5"));
	assert_int_equal(fake.changes, 1);
	says(1, "step 5 of " SVC ": step 1 is not done, there is no config 2",
	     "rotate -u " SVC " --step 5");
}

static void force(void **state)
{
	(void)state;
	says(1, "step 5 of " SVC ": step 1 is not done, there is no config 1",
	     "rotate -u " SVC " --step 5 --force");
	done(with_key("--step 1"));
	run("rotate -u " SVC " --step 5 --force");
	assert_string_equal(ran_err, "Warning: step 5 of " SVC ": by --force, though step 3 is not done: config 1 was seen never: 0 datagrams; what has a connection ID of config 0 is no longer routed by it.\n");
	assert_int_equal(ran_status, 0);
	assert_int_equal(fake.state.services[0]->config_count, 1);
}

static void plaintext_to_keyed(void **state)
{
	(void)state;
	done("-C");
	done("-A -u " SVC);
	done("config add -u " SVC " --id 0 --server-id-len 2 --nonce-len 6");
	done("-a -u " SVC " -r 10.0.0.1 -i --server-id 0a01");
	says(1, "config 1 of " SVC ": the server IDs of config 0, which has no key, must not be those of config 1, which has one; give real server 10.0.0.1:443 another one before (server-id add --server-id 1:HEX)",
	     with_key("--step 1"));
	done("server-id add -u " SVC " -r 10.0.0.1 --server-id 1:0b01");
	done(with_key("--id 1 --step 1"));
	done("server-id list");
	assert_null(strstr(ran_out, "1:0a01"));
}

/* Who reads takes the lock with others, who changes takes it alone. */
static void one_at_a_time(void **state)
{
	char path[RUN_PATH_MAX];
	int fd;

	(void)state;
	if (geteuid())
		skip();
	lock_patience = 0;
	fd = open(run_path("lock", path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_SH), 0);
	done(with_key(""));
	fake.changes = 0;
	run(with_key("--step 1"));
	assert_int_equal(ran_status, 1);
	assert_non_null(strstr(ran_err, "Error: lock "));
	assert_int_equal(fake.changes, 0);
	close(fd);
}

#define PURE(name) cmocka_unit_test(name)
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, model_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PURE(free_ids),
		PURE(which_configs),
		PURE(no_rotation),
		PURE(order_of_steps),
		PURE(chance),
		PURE(each_server),
		PURE(finished),
		PURE(server_ids),
		TEST(add_is_whole),
		TEST(add_is_refused),
		TEST(steps),
		TEST(force),
		TEST(plaintext_to_keyed),
		TEST(one_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
