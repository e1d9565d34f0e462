// SPDX-License-Identifier: GPL-2.0-only
/* What "doctor" makes of rulesets as nft prints them, and how it reports. */
#include "capture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor/report.h"
#include "firewall/firewall.h"

#define BASE(hook, policy) \
	"{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"c\",\"type\":\"filter\",\"hook\":\"" hook "\",\"prio\":0,\"policy\":\"" policy "\"}}"
#define CHAIN(name) \
	",{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"" name "\"}}"
#define RULE_IN(chain, ...) \
	",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"" chain "\",\"expr\":[" __VA_ARGS__ "]}}"
#define RULE(...) RULE_IN("c", __VA_ARGS__)
#define RULESET(...) "{\"nftables\":[{\"metainfo\":{\"json_schema_version\":1}}," __VA_ARGS__ "]}"
#define MATCH(op, left, right) \
	"{\"match\":{\"op\":\"" op "\",\"left\":" left ",\"right\":" right "}}"
#define META(key) "{\"meta\":{\"key\":\"" key "\"}}"
#define FIELD(protocol, field) \
	"{\"payload\":{\"protocol\":\"" protocol "\",\"field\":\"" field "\"}}"
#define CT "{\"ct\":{\"key\":\"state\"}}"
#define COUNTER "{\"counter\":{\"packets\":0,\"bytes\":0}},"
#define DROP "{\"drop\":null}"
#define ACCEPT "{\"accept\":null}"
#define XT(type, name) "{\"xt\":{\"type\":\"" type "\",\"name\":\"" name "\"}}"

/* The packets that the rules are tried with. */
enum { IPIP, VIP4, VIP6, ANSWER };

static void fill(int which, struct fw_packet *p)
{
	memset(p, 0, sizeof(*p));
	p->af = which == VIP6 ? AF_INET6 : AF_INET;
	p->protocol = which == IPIP ? IPPROTO_IPIP : IPPROTO_UDP;
	p->in = which == IPIP ? "eth0" : which == ANSWER ? NULL : "tunl0";
	p->out = which == ANSWER ? "eth0" : NULL;
	p->ct_state = which == ANSWER ? CT_ESTABLISHED : CT_NEW;
	if (which == IPIP)
		return;
	p->dst.af = p->af;
	p->dst.port = 443;
	inet_pton(p->af, which == VIP6 ? "2001:db8::1" : "192.0.2.1",
		  p->dst.addr);
	if (which != ANSWER)
		return;
	p->src = p->dst;
	memset(&p->dst, 0, sizeof(p->dst));
}

static const struct {
	int packet;
	enum firewall_verdict verdict;
	bool policy;
	const char *ruleset;
} cases[] = {
	{ IPIP, FIREWALL_PASSES, false, RULESET(BASE("input", "accept")) },
	{ IPIP, FIREWALL_DROPS, true, RULESET(BASE("input", "drop")) },
	/* another hook */
	{ IPIP, FIREWALL_PASSES, false, RULESET(BASE("forward", "drop")) },
	{ IPIP, FIREWALL_DROPS, false,
	  RULESET(BASE("input", "accept")
		  RULE(MATCH("==", META("l4proto"), "4") "," COUNTER DROP)) },
	{ IPIP, FIREWALL_DROPS, false,
	  RULESET(BASE("input", "accept")
		  RULE(MATCH("==", FIELD("ip", "protocol"), "4") "," DROP)) },
	{ VIP4, FIREWALL_PASSES, false,
	  RULESET(BASE("input", "accept")
		  RULE(MATCH("==", META("l4proto"), "4") "," DROP)) },
	{ IPIP, FIREWALL_PASSES, false,
	  RULESET(BASE("input", "drop")
		  RULE(MATCH("==", META("l4proto"), "{\"set\":[4,41]}") "," ACCEPT)) },
	{ IPIP, FIREWALL_DROPS, true,
	  RULESET(BASE("input", "drop")
		  RULE(MATCH("!=", META("l4proto"), "4") "," ACCEPT)) },
	/* addresses */
	{ VIP4, FIREWALL_DROPS, false,
	  RULESET(BASE("input", "accept")
		  RULE(MATCH("==", FIELD("ip", "daddr"), "{\"prefix\":{\"addr\":\"192.0.2.0\",\"len\":25}}") "," DROP)) },
	{ VIP4, FIREWALL_PASSES, false,
	  RULESET(BASE("input", "accept")
		  RULE(MATCH("==", FIELD("ip", "daddr"), "{\"prefix\":{\"addr\":\"192.0.2.128\",\"len\":25}}") "," DROP)) },
	{ VIP4, FIREWALL_DROPS, false,
	  RULESET(BASE("input", "accept")
		  RULE(MATCH("==", FIELD("ip", "daddr"), "{\"range\":[\"192.0.2.0\",\"192.0.2.9\"]}") "," DROP)) },
	{ VIP6, FIREWALL_PASSES, false,
	  RULESET(BASE("input", "accept")
		  RULE(MATCH("==", FIELD("ip", "daddr"), "\"192.0.2.1\"") "," DROP)) },
	{ VIP6, FIREWALL_DROPS, false,
	  RULESET(BASE("input", "accept")
		  RULE(MATCH("==", FIELD("ip6", "daddr"), "\"2001:db8::1\"") "," DROP)) },
	/* from whom is not known */
	{ VIP4, FIREWALL_UNKNOWN, false,
	  RULESET(BASE("input", "accept")
		  RULE(MATCH("==", FIELD("ip", "saddr"), "\"198.51.100.7\"") "," DROP)) },
	{ VIP4, FIREWALL_UNKNOWN, true,
	  RULESET(BASE("input", "drop")
		  RULE(MATCH("==", FIELD("ip", "saddr"), "\"198.51.100.7\"") "," ACCEPT)) },
	{ VIP4, FIREWALL_UNKNOWN, false,
	  RULESET(BASE("input", "accept")
		  RULE(MATCH("!=", FIELD("ip", "saddr"), "\"198.51.100.7\"") "," DROP)) },
	/* ports and devices */
	{ VIP4, FIREWALL_PASSES, false,
	  RULESET(BASE("input", "drop")
		  RULE(MATCH("==", META("iifname"), "\"tun*\"") ","
		       MATCH("==", FIELD("udp", "dport"), "{\"range\":[440,450]}") "," ACCEPT)) },
	{ VIP4, FIREWALL_DROPS, true,
	  RULESET(BASE("input", "drop")
		  RULE(MATCH("==", META("iifname"), "\"eth0\"") "," ACCEPT)
		  RULE(MATCH("==", FIELD("tcp", "dport"), "443") "," ACCEPT)) },
	{ ANSWER, FIREWALL_DROPS, false,
	  RULESET(BASE("input", "accept")
		  RULE(MATCH("==", META("oifname"), "\"eth0\"") ","
		       MATCH("==", FIELD("udp", "sport"), "443") "," DROP)) },
	/* states */
	{ VIP4, FIREWALL_PASSES, false,
	  RULESET(BASE("input", "accept")
		  RULE(MATCH("in", CT, "1") "," DROP)) },
	{ VIP4, FIREWALL_PASSES, false,
	  RULESET(BASE("input", "drop")
		  RULE(MATCH("in", CT, "[2,8]") "," ACCEPT)) },
	{ VIP4, FIREWALL_DROPS, true,
	  RULESET(BASE("input", "drop")
		  RULE(MATCH("in", CT, "[2,4]") "," ACCEPT)) },
	{ VIP4, FIREWALL_DROPS, false,
	  RULESET(BASE("input", "accept")
		  RULE("{\"vmap\":{\"key\":" CT ",\"data\":{\"set\":[[2," ACCEPT "],[8," DROP "]]}}}")) },
	/* chains */
	{ VIP4, FIREWALL_DROPS, false,
	  RULESET(BASE("input", "accept") CHAIN("x")
		  RULE("{\"jump\":{\"target\":\"x\"}}")
		  RULE_IN("x", DROP)) },
	{ VIP4, FIREWALL_PASSES, false,
	  RULESET(BASE("input", "accept") CHAIN("x")
		  RULE("{\"jump\":{\"target\":\"x\"}}")
		  RULE_IN("x", MATCH("==", META("nfproto"), "2") ",{\"return\":null}")
		  RULE_IN("x", DROP)) },
	{ VIP4, FIREWALL_PASSES, false,
	  RULESET(BASE("input", "accept") CHAIN("x")
		  RULE("{\"goto\":{\"target\":\"x\"}}")
		  RULE(DROP)
		  RULE_IN("x", MATCH("==", META("l4proto"), "6") "," DROP)) },
	/* a chain that calls itself ends */
	{ VIP4, FIREWALL_PASSES, false,
	  RULESET(BASE("input", "accept") CHAIN("x")
		  RULE("{\"jump\":{\"target\":\"x\"}}")
		  RULE_IN("x", "{\"jump\":{\"target\":\"x\"}}")) },
	/* sets with names */
	{ VIP4, FIREWALL_DROPS, false,
	  RULESET(BASE("input", "accept")
		  ",{\"set\":{\"family\":\"inet\",\"name\":\"bad\",\"table\":\"t\",\"elem\":[\"10.0.0.1\",{\"elem\":{\"val\":\"192.0.2.1\",\"timeout\":9}}]}}"
		  RULE(MATCH("==", FIELD("ip", "daddr"), "\"@bad\"") "," DROP)) },
	/* what cannot be known */
	{ VIP4, FIREWALL_UNKNOWN, false,
	  RULESET(BASE("input", "accept")
		  RULE("{\"limit\":{\"rate\":5,\"per\":\"second\"}}," DROP)) },
	{ VIP4, FIREWALL_UNKNOWN, false,
	  RULESET(BASE("input", "accept")
		  RULE(XT("match", "conntrack") "," DROP)) },
	{ VIP4, FIREWALL_PASSES, false,
	  RULESET(BASE("input", "accept")
		  RULE("{\"limit\":{\"rate\":5,\"per\":\"second\"}}," ACCEPT)) },
	/* iptables-nft */
	{ VIP4, FIREWALL_DROPS, false,
	  RULESET(BASE("input", "accept")
		  RULE(MATCH("==", META("l4proto"), "17") "," XT("match", "comment") "," COUNTER XT("target", "REJECT"))) },
	{ VIP4, FIREWALL_DROPS, false,
	  RULESET(BASE("input", "accept")
		  RULE("{\"reject\":{\"type\":\"icmp\",\"expr\":3}}")) },
};

static void verdicts(void **state)
{
	struct fw_packet packet;
	struct firewall fw;
	struct fw_stop stop = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(firewall_parse(&fw, cases[i].ruleset));
		fill(cases[i].packet, &packet);
		memset(&stop, 0, sizeof(stop));
		if (firewall_try(&fw, "input", &packet, &stop) !=
		    cases[i].verdict)
			fail_msg("%s: not %d", cases[i].ruleset,
				 cases[i].verdict);
		if (cases[i].verdict != FIREWALL_PASSES) {
			assert_int_equal(stop.policy, cases[i].policy);
			assert_string_equal(stop.family, "inet");
			assert_string_equal(stop.table, "t");
			assert_string_equal(stop.chain, "c");
		}
		firewall_destroy(&fw);
	}
}

/* Each of 15 chains jumps three times to the next: 3^15 ways. */
static void many_ways(void **state)
{
	static const char jump[] = RULE_IN("c%u", "{\"jump\":{\"target\":\"c%u\"}}");
	char text[16384] = "{\"nftables\":[" BASE("input", "accept") RULE("{\"jump\":{\"target\":\"c0\"}}");
	struct fw_packet packet;
	struct firewall fw;
	struct fw_stop stop = { 0 };
	unsigned int i, j;
	size_t len;

	(void)state;
	for (i = 0; i < 15; i++)
		for (j = 0; j < 3; j++) {
			len = strlen(text);
			snprintf(text + len, sizeof(text) - len, jump, i, i + 1);
		}
	strcat(text, "]}");
	assert_true(firewall_parse(&fw, text));
	fill(VIP4, &packet);
	assert_int_equal(firewall_try(&fw, "input", &packet, &stop), FIREWALL_UNKNOWN);
	firewall_destroy(&fw);
}

/* Each of many rules asks for a set that stands behind all of them. */
static void many_sets(void **state)
{
	static const char rule[] = RULE(MATCH("==", FIELD("ip", "daddr"), "\"@s\"") "," DROP);
	enum { RULES = 4000 };
	char *text = malloc(RULES * sizeof(rule) + 1000);
	struct fw_packet packet;
	struct firewall fw;
	struct fw_stop stop = { 0 };
	size_t i, len;

	(void)state;
	len = (size_t)sprintf(text, "{\"nftables\":[" BASE("input", "accept"));
	for (i = 0; i < RULES; i++)
		len += (size_t)sprintf(text + len, "%s", rule);
	sprintf(text + len, ",{\"set\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"s\",\"elem\":[]}}]}");
	assert_true(firewall_parse(&fw, text));
	free(text);
	fill(VIP4, &packet);
	assert_int_equal(firewall_try(&fw, "input", &packet, &stop), FIREWALL_UNKNOWN);
	firewall_destroy(&fw);
}

static void no_ruleset(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "{\"nftables\":1}" };
	struct firewall fw;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_false(firewall_parse(&fw, texts[i]));
		firewall_destroy(&fw);
	}
}

/* What report_print() prints; the caller frees it. */
static char *printed(const struct report *report, enum report_format format, int status)
{
	const int out = dup(STDOUT_FILENO);
	char *text = calloc(1, 1 << 22);
	FILE *file = tmpfile();

	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	assert_int_equal(report_print(report, format), status);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	rewind(file);
	fread(text, 1, (1 << 22) - 1, file);
	fclose(file);
	return text;
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; (text = strchr(text, '\n')); text++)
		lines++;
	return lines;
}

/* 1,500 services with four real servers each, of which something is to be said. */
static void fill_report(struct report *report)
{
	struct endpoint server = { .af = AF_INET, .port = 443 };
	struct service_id id = { .protocol = IPPROTO_UDP };
	unsigned int i, j;

	memset(report, 0, sizeof(*report));
	id.vip = server;
	for (i = 0; i < 1500; i++) {
		id.vip.addr[2] = (uint8_t)(i >> 8);
		id.vip.addr[3] = (uint8_t)i;
		report_about(report, &id, NULL);
		report_add(report, CHECK_OK, "vip", "%u is an address of this host", i);
		report_add(report, CHECK_ADVICE, "conntrack", "flows of %u", i);
		report_fix(report, "fix %u", i);
		for (j = 0; j < 4; j++) {
			server.addr[3] = (uint8_t)j;
			report_about(report, &id, &server);
			report_add(report, CHECK_FAULT, "mtu", "server %u of %u", j, i);
			report_fix(report, "fix %u of %u", j, i);
		}
	}
	report_note_vrf(report, "red");
	report_note_vrf(report, "blue");
	report_note_vrf(report, "red");
	report_place(report, "lb");
}

/* A screen says it all; what is worst comes first. */
static void many_services(void **state)
{
	struct report report;
	char *text;

	(void)state;
	fill_report(&report);
	text = printed(&report, REPORT_FINDINGS, 1);
	assert_in_range(count_lines(text), 1, 24);
	assert_int_equal(strncmp(text, "fault    mtu ", 13), 0);
	assert_non_null(strstr(text, "fault    mtu         and 5995 more of this kind (-v)\n"));
	assert_non_null(strstr(text, "advice   conntrack   and 1495 more of this kind (-v)\n"));
	assert_non_null(strstr(text, "looked at: network namespace lb, VRF red, blue\n"
				     "1501 ok, 1500 advice, 0 unknown, 6000 faults\n"));
	free(text);
	text = printed(&report, REPORT_VERBOSE, 1);
	assert_int_equal(count_lines(text), 1500 * (1 + 2 + 4 * 2) + 2);
	assert_null(strstr(text, "looked at"));
	assert_non_null(strstr(text, "ok       place       network namespace lb, VRF red, blue\n"));
	free(text);
	report_destroy(&report);
}

/* A real server that many services have is spoken of once. */
static void one_server(void **state)
{
	struct service_id id = { .protocol = IPPROTO_UDP, .vip = { .af = AF_INET, .port = 443 } };
	struct report report = { 0 };
	unsigned int i;
	char *text;

	(void)state;
	for (i = 0; i < 100; i++) {
		id.vip.addr[3] = (uint8_t)i;
		report_about(&report, &id, NULL);
		report_add(&report, CHECK_FAULT, "mtu", "10.0.0.12 is reached with 1200");
		report_fix(&report, "a command");
		report_add(&report, CHECK_FAULT, "mtu", "10.0.0.13, of %u", i / 50);
	}
	text = printed(&report, REPORT_FINDINGS, 1);
	assert_string_equal(text,
			    "fault    mtu         10.0.0.12 is reached with 1200\n"
			    "                     fix: a command\n"
			    "                     the same of 99 other services\n"
			    "fault    mtu         10.0.0.13, of 0\n"
			    "                     the same of 49 other services\n"
			    "fault    mtu         10.0.0.13, of 1\n"
			    "                     the same of 49 other services\n"
			    "0 ok, 0 advice, 0 unknown, 200 faults\n");
	free(text);
	report_destroy(&report);
}

/* What was seen of one real server says nothing of another one. */
static void seen_of_one(void **state)
{
	struct endpoint one = { .af = AF_INET, .addr = { 10, 0, 0, 1 }, .port = 443 };
	struct endpoint two = { .af = AF_INET, .addr = { 10, 0, 0, 2 }, .port = 443 };
	struct service_id id = { .protocol = IPPROTO_UDP, .vip = { .af = AF_INET, .port = 443 } };
	struct report report = { 0 };

	(void)state;
	report_about(&report, &id, NULL);
	report_add(&report, CHECK_FAULT, "vip", "of none");
	report_about(&report, &id, &one);
	report_add(&report, CHECK_FAULT, "probe", "of one");
	report_about(&report, &id, &two);
	report_add(&report, CHECK_FAULT, "probe", "of two");
	assert_true(report_confirm(&report, "dropped"));
	assert_string_equal(report.checks[0].seen, "dropped");
	assert_null(report.checks[1].seen);
	assert_string_equal(report.checks[2].seen, "dropped");
	report_about(&report, &id, NULL);
	assert_true(report_confirm(&report, "dropped before"));
	assert_string_equal(report.checks[1].seen, "dropped before");
	report_destroy(&report);
}

static void usage(void **state)
{
	(void)state;
	says(2, "--role x: neither director nor server", "doctor --role x");
	says(2, "--client 192.0.2.7:1: an address without a port",
	     "doctor --client 192.0.2.7:1");
	says(2, "-f: only with a service that is here; a real server does not see the director's marks, hence -u",
	     "doctor --role server -f 5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(many_ways),
		cmocka_unit_test(many_sets),
		cmocka_unit_test(no_ruleset),
		cmocka_unit_test(many_services),
		cmocka_unit_test(one_server),
		cmocka_unit_test(seen_of_one),
		cmocka_unit_test(usage),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
