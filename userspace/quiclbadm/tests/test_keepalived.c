// SPDX-License-Identifier: GPL-2.0-only
/* Which keepalived configurations delete a service of ours, and which are said to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>

#include "capture.h"
#include "doctor/keepalived_check.h"

#define SERVERS "real_server 10.0.0.11 443 {\n weight 1\n inhibit_on_failure\n notify_down /bin/true\n MISC_CHECK {\n misc_path \"/bin/true {\"\n }\n}\n"
#define RECIPE "virtual_server 192.0.2.1 443 {\n protocol UDP\n alpha\n" SERVERS "}\n"

static struct service svc;
static struct keepalived keepalived;
static struct report report;

static void set_vip(const char *address, uint16_t port)
{
	memset(&svc, 0, sizeof(svc));
	svc.id.protocol = IPPROTO_UDP;
	svc.id.vip.af = strchr(address, ':') ? AF_INET6 : AF_INET;
	svc.id.vip.port = port;
	assert_int_equal(inet_pton(svc.id.vip.af, address, svc.id.vip.addr), 1);
}

static void tear_down(void)
{
	report_destroy(&report);
	memset(&report, 0, sizeof(report));
	keepalived_destroy(&keepalived);
	memset(&keepalived, 0, sizeof(keepalived));
}

/* What the doctor says of @config for a keepalived that was started with @arguments. */
static void examine(const char *config, int argc, char **argv)
{
	struct service_subject s = { .svc = &svc, .report = &report };

	tear_down();
	keepalived_arguments(&keepalived, argc, argv);
	keepalived_parse(&keepalived, temp_file("keepalived.conf", config, 0600));
	service_str(&svc.id, s.name);
	doctor_keepalived(&s, &keepalived);
}

static void finds(const char *config, bool keeps, enum check_level level,
		  const char *evidence)
{
	char *argv[] = { "-I" };
	size_t i;

	examine(config, keeps, argv);
	for (i = 0; i < report.count; i++)
		if (report.checks[i].level == level &&
		    strstr(report.checks[i].evidence, evidence))
			return;
	fail_msg("%zu checks, of which none is: %s", report.count, evidence);
}

static void finds_nothing(const char *config)
{
	examine(config, 0, NULL);
	assert_int_equal(report.count, 0);
}

static void recipe(void **state)
{
	(void)state;
	set_vip("192.0.2.1", 443);
	finds(RECIPE, true, CHECK_OK, "keepalived.conf:1: keepalived checks the servers of 192.0.2.1:443");
	assert_int_equal(report.count, 1);
	finds(RECIPE, false, CHECK_FAULT, "it needs --dont-release-ipvs");
	assert_non_null(report.checks[0].fix);
	assert_int_equal(report.count, 1);
}

/* Another service's virtual server is none of ours. */
static void others(void **state)
{
	(void)state;
	set_vip("192.0.2.2", 443);
	finds_nothing(RECIPE);
	set_vip("192.0.2.1", 444);
	finds_nothing(RECIPE);
	set_vip("192.0.2.1", 443);
	finds_nothing("virtual_server 192.0.2.1 443 {\n protocol TCP\n}\n");
	/* TCP is the default */
	finds_nothing("virtual_server 192.0.2.1 443 {\n}\n");
	finds_nothing("! virtual_server 192.0.2.1 443 {\n# protocol UDP\n");
	finds_nothing("");
	set_vip("2001:db8::1", 443);
	finds_nothing(RECIPE);
	finds("virtual_server 2001:db8:0::1 443\n{\nprotocol UDP\n}\n", false, CHECK_FAULT, "");
}

static void marks(void **state)
{
	(void)state;
	set_vip("0.0.0.0", 0);
	svc.id.fwmark = 5;
	finds("virtual_server fwmark 5 {\n}\n", false, CHECK_FAULT, "");
	finds_nothing("virtual_server fwmark 6 {\n}\n");
	finds_nothing("virtual_server 0.0.0.0 0 {\nprotocol UDP\n}\n");
}

static void groups(void **state)
{
	static const char group[] =
		"virtual_server_group G {\n 192.0.2.9 443\n 192.0.2.1-3 443\n 2001:db8::8-1f 443\n fwmark 7\n}\n"
		"virtual_server_group OTHER {\n 192.0.2.5 443\n}\n"
		"virtual_server group G {\n protocol UDP\n}\n";
	static const char *const in[] = { "192.0.2.9", "192.0.2.1", "192.0.2.3", "2001:db8::8", "2001:db8::1f" };
	static const char *const out[] = { "192.0.2.4", "192.0.2.5", "192.0.2.0", "2001:db8::7", "2001:db8::20" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
		set_vip(in[i], 443);
		finds(group, false, CHECK_FAULT, "keepalived.conf:10: ");
	}
	for (i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
		set_vip(out[i], 443);
		finds_nothing(group);
	}
	set_vip("0.0.0.0", 0);
	svc.id.fwmark = 7;
	finds(group, false, CHECK_FAULT, "");
}

static void flush(void **state)
{
	(void)state;
	set_vip("192.0.2.1", 443);
	finds("global_defs {\n lvs_flush\n}\n" RECIPE, true, CHECK_FAULT, "lvs_flush");
	finds("global_defs {\n lvs_flush_on_stop VS\n}\n" RECIPE, true, CHECK_FAULT, "lvs_flush");
	assert_int_equal(report.count, 1);
}

static void advice(void **state)
{
	(void)state;
	set_vip("192.0.2.1", 443);
	finds("virtual_server 192.0.2.1 443 {\n protocol UDP\n alpha\n" SERVERS "real_server 10.0.0.12 443 {\n}\n}\n",
	      true, CHECK_ADVICE, "1 of 2 real servers of 192.0.2.1:443 without inhibit_on_failure");
	finds("virtual_server 192.0.2.1 443 {\n protocol UDP\n" SERVERS "}\n", true, CHECK_ADVICE, "without alpha");
	assert_int_equal(report.count, 1);
	/* the service's is its servers' too */
	finds("virtual_server 192.0.2.1 443 {\n protocol UDP\n alpha\n inhibit_on_failure\n real_server 10.0.0.12 443 {\nnotify_down /bin/true\n}\n}\n",
	      true, CHECK_OK, "");
	finds("virtual_server 192.0.2.1 443 {\n protocol UDP\n alpha\n inhibit_on_failure\n real_server 10.0.0.12 443 {\n}\n" SERVERS "}\n",
	      true, CHECK_ADVICE, "1 of 2 real servers of 192.0.2.1:443 without notify_down");
	assert_int_equal(report.count, 1);
	/* a server may have an alpha of its own */
	finds("virtual_server 192.0.2.1 443 {\n protocol UDP\n inhibit_on_failure\n real_server 10.0.0.12 443 {\nalpha\nnotify_down /bin/true\n}\n}\n",
	      true, CHECK_OK, "");
	finds("virtual_server 192.0.2.1 443 {\n protocol UDP\n alpha\n inhibit_on_failure\n real_server 10.0.0.12 443 {\n inhibit_on_failure no\n}\n}\n",
	      true, CHECK_ADVICE, "1 of 1");
}

/* Servers behind a tunnel need not answer at their own address. */
static void checks(void **state)
{
	static const char udp[] = "virtual_server 192.0.2.1 443 {\n protocol UDP\n alpha\n" SERVERS
		"real_server 10.0.0.12 443 {\n inhibit_on_failure\n notify_down /bin/true\n UDP_CHECK {\n payload 00\n}\n}\n}\n";
	struct dest dests[] = {
		{ .forward = IP_VS_CONN_F_MASQ },
		{ .forward = IP_VS_CONN_F_TUNNEL },
	};

	(void)state;
	set_vip("192.0.2.1", 443);
	finds(udp, true, CHECK_ADVICE, "1 of 2 real servers of 192.0.2.1:443 with UDP_CHECK, which asks a server's own address");
	assert_int_equal(report.count, 1);
	svc.dests = dests;
	svc.dest_count = 2;
	finds(udp, true, CHECK_ADVICE, "1 of 2");
	svc.dest_count = 1;
	finds(udp, true, CHECK_OK, "");
	svc.dests = NULL;
	svc.dest_count = 0;
	/* a statement of the check itself has no such meaning */
	finds("virtual_server 192.0.2.1 443 {\n protocol UDP\n alpha\n real_server 10.0.0.12 443 {\n inhibit_on_failure\n notify_down /bin/true\n MISC_CHECK {\n TCP_CHECK\n}\n}\n}\n",
	      true, CHECK_OK, "");
}

static void variables_and_includes(void **state)
{
	char text[256];

	(void)state;
	set_vip("192.0.2.1", 443);
	finds("$VIP=192.0.2.1\n@director1 virtual_server ${VIP} 443 {\nprotocol UDP\n}\n", false, CHECK_FAULT, ":2:");
	finds("$VIP=192.0.2.7 # old\n$VIP=192.0.2.1 # new\nvirtual_server $VIP 443 { # ours\nprotocol UDP\n}\n", false, CHECK_FAULT, ":3:");
	temp_file("vip-1.inc", "# the first\n" RECIPE, 0600);
	finds("include vip-?.inc\n", false, CHECK_FAULT, "vip-1.inc:2:");
	finds("includer vip-1.inc\n", false, CHECK_FAULT, "vip-1.inc:2:");
	snprintf(text, sizeof(text), "include %s/vip-*.inc\nvirtual_server 192.0.2.8 443 {\n}\n", temp_dir());
	finds(text, false, CHECK_FAULT, "vip-1.inc:2:");
	/* one that includes itself ends */
	temp_file("vip-1.inc", "include vip-1.inc\n", 0600);
	finds_nothing("include vip-1.inc\n");
}

static void arguments(void **state)
{
	static struct {
		char *words[4];
		int count;
		bool keeps;
		const char *file;
	} const rows[] = {
		{ { "-n", "-l" }, 2, false, NULL },
		{ { "-nlI" }, 1, true, NULL },
		{ { "--dont-release-ipvs", "-f", "/x" }, 3, true, "/x" },
		{ { "-lf/x" }, 1, false, "/x" },
		{ { "-If", "/x" }, 2, true, "/x" },
		{ { "--use-file=/x", "-D" }, 2, false, "/x" },
		{ { "--use-file", "/x" }, 2, false, "/x" },
		/* values of others */
		{ { "-pIf", "-iI" }, 2, false, NULL },
		{ { "--pid=-I" }, 1, false, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *file;

		memset(&keepalived, 0, sizeof(keepalived));
		file = keepalived_arguments(&keepalived, rows[i].count, (char **)rows[i].words);
		assert_int_equal(keepalived.keeps, rows[i].keeps);
		if (rows[i].file)
			assert_string_equal(file, rows[i].file);
		else
			assert_null(file);
	}
}

/* Whatever the file is, reading it ends and takes nothing that is not there. */
static void nonsense(void **state)
{
	static const char *const texts[] = {
		"}}}}\nvirtual_server\n", "{{{{{{{{{{{{{{{{{{{{\nreal_server\n", "virtual_server 192.0.2.1\n{\n",
		"virtual_server group\nvirtual_server_group\n{\n192.0.2.1\n}\n", "\"\n", "$\n$=\n$A\n${\n", "@\n@x\n",
		"virtual_server 192.0.2.999 443 {\nprotocol\nreal_server {\n}\n}\n}", "include\ninclude \n",
		"virtual_server_group G {\n1.2.3.4-0 1\n1.2.3.4-99999999999 1\n}\nvirtual_server group G {\nprotocol UDP\n}\n",
	};
	size_t i;

	(void)state;
	set_vip("192.0.2.1", 443);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		examine(texts[i], 0, NULL);
	tear_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recipe),
		cmocka_unit_test(others),
		cmocka_unit_test(marks),
		cmocka_unit_test(groups),
		cmocka_unit_test(flush),
		cmocka_unit_test(advice),
		cmocka_unit_test(checks),
		cmocka_unit_test(variables_and_includes),
		cmocka_unit_test(arguments),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests_name("keepalived", tests, NULL, NULL);
}
