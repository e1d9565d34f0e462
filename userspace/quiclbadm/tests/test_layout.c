// SPDX-License-Identifier: GPL-2.0-only
/* Layouts: in text and by name, in all commands, in what is derived from configs. */
#include "capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/service_configs.h"
#include "fake.h"
#include "model/density.h"
#include "model/layout.h"
#include "model/rotation.h"

#define SVC "192.0.2.1:443"
#define RIVAL "get connection IDs with the same first octet"

static struct qlb_layout read_good(const char *text)
{
	struct qlb_layout layout;
	const char *why = layout_read(text, &layout);

	if (why)
		fail_msg("%s: %s", text, why);
	assert_int_equal(qlb_layout_check(&layout), QLB_LAYOUT_OK);
	return layout;
}

/* --- text ------------------------------------------------------------------ */

static void texts(void **state)
{
	static const struct {
		const char *text, *form, *name;
	} cases[] = {
		{ "katran-v1", "2:16:40/c0", "katran-v1" },
		{ "katran-v2@8", "8:24:80/c0@8", "katran-v2@8" },
		{ "8:32:c0/c0", "8:32:c0/c0", "katran-v3" },
		{ "8:32:C0/c0@12", "8:32:c0/c0@12", "katran-v3@12" },
		{ "msquic", "8:32", "msquic" },
		{ "nginx", "0:64@20", "nginx" },
		{ "nginx@12", "0:64@12", "nginx@12" },
		{ "0:64", "0:64", "0:64" },
		{ "last16@8", "48:16@8", "last16@8" },
		{ "-16:16@20", "144:16@20", "last16@20" },
		{ "-160:8@20", "0:8@20", "0:8@20" },
		{ "0:8:0000/0000", "0:8", "0:8" },
		{ "0:8:00ff0000/00ff0000", "0:8:00ff/00ff", "0:8:00ff/00ff" },
		{ "0:120@20", "0:120@20", "0:120@20" },
	};
	char form[LAYOUT_STRLEN], name[LAYOUT_STRLEN];
	struct qlb_layout layout, again;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		layout = read_good(cases[i].text);
		assert_string_equal(layout_str(&layout, form), cases[i].form);
		assert_string_equal(layout_name(&layout, name), cases[i].name);
		again = read_good(form);
		assert_memory_equal(&again, &layout, sizeof(layout));
		again = read_good(name);
		assert_memory_equal(&again, &layout, sizeof(layout));
	}
}

static void presets(void **state)
{
	const struct layout_preset *preset;
	char text[LAYOUT_STRLEN];
	struct qlb_layout layout;

	(void)state;
	for (preset = layout_presets; preset->name; preset++) {
		snprintf(text, sizeof(text), "%s@20", preset->name);
		layout = read_good(text);
		assert_int_equal(layout.cid_len, 20);
		assert_string_equal(layout_name(&layout, text),
				    strcmp(preset->name, "nginx") ? text : "nginx");
	}
}

static void longest_text(void **state)
{
	char text[LAYOUT_STRLEN];
	struct qlb_layout layout = { .bit_offset = 200, .bits = 120, .cid_len = 20 };

	(void)state;
	memset(layout.mask, 0xff, sizeof(layout.mask));
	layout_str(&layout, text);
	assert_int_equal(strlen(text), strlen("200:120:/@20") + 80);
}

static void bad_texts(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "neither a layout's name" }, { "katran", "neither a layout's name" },
		{ "katran-v12", "neither a layout's name" }, { ":8", "neither a layout's name" },
		{ "8", "neither a layout's name" }, { "8:", "neither a layout's name" },
		{ "+8:8", "neither a layout's name" }, { "8:0x8", "something follows" },
		{ "256:8", "neither a layout's name" }, { "0008:8", "neither a layout's name" },
		{ "8:256", "neither a layout's name" }, { "8:0", "1 to 120 bits" },
		{ "0:121", "1 to 120 bits" }, { "153:8", "ends behind" }, { "1:8@1", "ends behind" },
		{ "0:8@", "@LEN" }, { "0:8@0", "@LEN" }, { "0:8@21", "@LEN" }, { "0:8@8x", "@LEN" },
		{ "0:8@8@9", "@LEN" }, { "nginx@", "@LEN" }, { "0:8x", "something follows" },
		{ "-8:8", "needs the connection IDs' length" }, { "last16", "needs the connection IDs' length" },
		{ "-72:8@8", "in front of" }, { "-8:9@8", "ends behind" }, { "last16@1", "in front of" },
		{ "8:8:", "VALUE/MASK" }, { "8:8:40", "VALUE/MASK" }, { "8:8:4/c0", "VALUE/MASK" },
		{ "8:8:40/c", "equally many" }, { "8:8:40/", "equally many" }, { "8:8:/c0", "VALUE/MASK" },
		{ "8:8:4000/c0", "equally many" }, { "8:8:xx/c0", "VALUE/MASK" },
		{ "8:8:40/c0c0", "equally many" }, { "8:8:20/c0", "fixed bits are in" },
		{ "8:8:0001/0001", "fixed bits are in" }, { "0:8:000001/000001@2", "fixed bits are in" },
		{ "8:8:000000000000000000000000000000000000000001/000000000000000000000000000000000000000001",
		  "VALUE/MASK" },
	};
	struct qlb_layout layout;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		why = layout_read(cases[i].text, &layout);
		if (!why || !strstr(why, cases[i].why))
			fail_msg("%s: %s", cases[i].text, why ? why : "good");
	}
}

/* --- commands -------------------------------------------------------------- */

static void add_and_list(void **state)
{
	(void)state;
	done("-A -u " SVC);
	done("config add -u " SVC " --layout katran-v1");
	done("config add -u " SVC " --id 5 --layout katran-v2");
	done("config add -u " SVC " --id 0 --server-id-len 2 --nonce-len 6");
	done("-a -u " SVC " -r 10.0.0.1 --server-id 2:beef");
	state_is(SVC " quic 0 0 ffffffff \n"
		 " config 0 2 6 0 00000000000000000000000000000000 -\n"
		 " config 2 2 0 0 00000000000000000000000000000000 - layout 2:16:40/c0\n"
		 " config 5 3 0 0 00000000000000000000000000000000 - layout 8:24:80/c0\n"
		 " 10.0.0.1:443 3 1 0 0 0 0 0\n"
		 " 2:beef 10.0.0.1:443\n");
	done("config list");
	assert_non_null(strstr(ran_out, " Algorithm   Check  Layout     "));
	assert_non_null(strstr(ran_out, " layout      -      katran-v1  "));
	assert_non_null(strstr(ran_out, " plaintext   -      -          "));
	done("config list -j");
	assert_non_null(strstr(ran_out, "\"algorithm\": \"layout\""));
	assert_non_null(strstr(ran_out, "\"name\": \"katran-v1\",\n      \"text\": \"2:16:40/c0\",\n      \"bit_offset\": 2,\n      \"bits\": 16,\n      \"cid_len\": 0,\n      \"mask\": \"c000000000000000000000000000000000000000\",\n      \"value\": \"4000000000000000000000000000000000000000\""));
	done("-L");
	assert_non_null(strstr(ran_out, "quic configs 0,2,5 layout katran-v1,katran-v2 density 0%,0.0015%,0%\n"));
	done("metrics");
	assert_non_null(strstr(ran_out, ",algorithm=\"layout\",server_id_len=\"2\",nonce_len=\"0\",layout=\"katran-v1\"} 1\n"));
}

static void options(void **state)
{
	(void)state;
	done("-A -u " SVC);
	says(2, "config add: --id is missing", "config add -u " SVC);
	says(2, "config add: --server-id-len is missing", "config add -u " SVC " --id 0");
	says(2, "config add: --nonce-len is missing", "config add -u " SVC " --id 0 --server-id-len 2");
	says(2, "encode: --id is missing", "encode --server-id 01 --nonce-len 4");
	says(2, "--nonce-len: not with --layout, which says all there is to say",
	     "config add -u " SVC " --layout msquic --nonce-len 4");
	says(2, "--check-length: not with --layout, which says all there is to say",
	     "config add -u " SVC " --layout msquic --check-length");
	says(2, "--tenant: not with --layout, which says all there is to say",
	     "config add -u " SVC " --layout msquic --tenant 0");
	says(2, "-u: not with --layout, which says all there is to say",
	     "decode -u " SVC " --layout msquic 00112233445566");
	says(2, "--id 4: no connection ID of the layout begins with these three bits; the lowest of its own is 2",
	     "config add -u " SVC " --id 4 --layout katran-v1");
	says(2, "--layout: all its connection IDs begin with 0b111, and no config has that as its ID",
	     "config add -u " SVC " --layout 8:8:e0/e0");
	says(2, "--layout: rotate does not take it", "rotate -u " SVC " --layout msquic");
}

static void rivals(void **state)
{
	(void)state;
	done("-A -u " SVC);
	done("config add -u " SVC " --layout katran-v1");
	done("-a -u " SVC " -r 10.0.0.1 --server-id 2:beef");
	says(1, "config 2 of " SVC ": it exists already (config replace changes it)",
	     "config add -u " SVC " --layout katran-v1");
	run("config add -u " SVC " --id 3 --server-id-len 2 --nonce-len 4");
	assert_int_equal(ran_status, 1);
	says(1, "config 2 of " SVC ": server ID 2:beef has more bits than the layout of config 2",
	     "config replace -u " SVC " --layout 2:9:40/c0");
	says(1, "server IDs of 10.0.0.1:443 in " SVC ": server ID 2:01 has 1 octet, and config 2 server IDs of 2",
	     "server-id add -u " SVC " -r 10.0.0.1 --server-id 2:01");
}

static void restores(void **state)
{
	(void)state;
	done("-A -u " SVC);
	done("config add -u " SVC " --layout last16@8");
	done("-a -u " SVC " -r 10.0.0.1 --server-id 0a01");
	done("-S");
	assert_string_equal(ran_out, "-A -u " SVC " -s quic\n"
			    "config add -u " SVC " --id 0 --layout 48:16@8\n"
			    "-a -u " SVC " -r 10.0.0.1:443 -g -w 1 --server-id 0:0a01\n");
	run_with("-A -u " SVC "\nconfig add -u " SVC " --layout katran-v1\n"
		 "config add -u " SVC " --id 3 --server-id-len 2 --nonce-len 4\n", "-R");
	assert_int_equal(ran_status, 1);
	assert_string_equal(ran_err, "Error: line 3: config add: a layout and config 2 above would " RIVAL ".\n");
	run_with("-A -u " SVC "\nconfig add -u " SVC " --layout 4:12\n"
		 "-a -u " SVC " -r 10.0.0.1 --server-id 0:1abc\n", "-R");
	assert_string_equal(ran_err, "Error: line 3: server ID 0:1abc: it has more bits than the layout of config 0.\n");
	run_with("-A -u " SVC "\nconfig add -u " SVC " --layout 4:12\n"
		 "-a -u " SVC " -r 10.0.0.1 --server-id 0:0abc\n", "-R");
	assert_int_equal(ran_status, 0);
	says(1, "config 0 of " SVC ": a layout, and the draft's YANG has no word for connection IDs that are not QUIC-LB's; -S without --yang saves it",
	     "-S --yang");
	run("server-config -u " SVC " -r 10.0.0.1");
	assert_int_equal(ran_status, 1);
	assert_non_null(strstr(ran_err, "Error: service " SVC ": it has layouts only, and servers that make such connection IDs need nothing of QUIC-LB.\n"));
}

static void servers(void **state)
{
	(void)state;
	done("-A -u " SVC);
	done("config add -u " SVC " --layout katran-v1");
	done("config add -u " SVC " --id 0 --server-id-len 2 --nonce-len 6");
	done("-a -u " SVC " -r 10.0.0.1 --server-id 2:1234 --server-id 0:0a01");
	run("server-config -u " SVC " -r 10.0.0.1");
	assert_string_equal(ran_out, "0:0a01:6\n");
	assert_non_null(strstr(ran_err, "config 2: the server makes connection IDs of layout katran-v1 by itself; its server ID there is 1234, which is 4660"));
	run("rotate -u " SVC " --old 2");
	assert_int_equal(ran_status, 1);
	assert_non_null(strstr(ran_err, "config 2 is a layout, which has no key"));
}

static void codec(void **state)
{
	(void)state;
	done("decode --layout katran-v1 6fbbd1a2b3c4d5e6");
	assert_string_equal(ran_out, "config     2\nserver-id  beef\n");
	run("decode --layout katran-v1 afbbd1a2b3c4d5e6");
	assert_int_equal(ran_status, 1);
	assert_string_equal(ran_out, "outcome    unroutable-config\nwhy        no config has the CID's config ID or layout\n");
	run("decode --layout katran-v1 efbbd1a2b3c4d5e6");
	assert_non_null(strstr(ran_out, "unroutable-reserved"));
	run("decode --layout 8:8:00005a/0000ff 001122");
	assert_non_null(strstr(ran_out, "unroutable-config"));
	run("decode --layout katran-v1 6fbb");
	assert_non_null(strstr(ran_out, "unroutable-short"));
	run("decode --layout last16@8 ff00112233440a01aa");
	assert_non_null(strstr(ran_out, "unroutable-length"));
	done("encode --layout -16:16@8 --server-id 0a01 -j");
	assert_int_equal(strlen(ran_out), strlen("{\n  \"cid\": \"0123456789abcdef\"\n}\n"));
	assert_non_null(strstr(ran_out, "0a01\"\n}\n"));
	/* eight octets where the layout leaves it open, more if it has to */
	done("encode --layout msquic --server-id 0a000001");
	assert_int_equal(strlen(ran_out), 2 * 8 + 1);
	assert_memory_equal(ran_out + 2, "0a000001", 8);
	done("encode --layout 80:8 --server-id 01");
	assert_int_equal(strlen(ran_out), 2 * 11 + 1);
	says(2, "--server-id: more than the 12 bits that the layout has",
	     "encode --layout 4:12 --server-id 1abc");
	says(2, "--server-id: 1 octets, config 0 has server IDs of 2", "encode --layout 4:12 --server-id 01");
	done("-A -u " SVC);
	done("config add -u " SVC " --layout katran-v1");
	done("encode -u " SVC " --id 2 --server-id beef");
	assert_int_equal(strlen(ran_out), 2 * 8 + 1);
	says(2, "--nonce: not for a layout, which has neither a nonce nor a length",
	     "encode -u " SVC " --id 2 --server-id beef --nonce 01020304");
}

/* "explain" offline decides as the module does. */
static void explained(void **state)
{
	static const struct {
		const char *datagram, *says;
	} cases[] = {
		{ "40ff00112233440a01", "short dcid=ff00112233440a01 config=0 server-id=0a01 routed server=10.0.0.1:443" },
		{ "40ff00112233440a02aabb", "short dcid=ff00112233440a02 config=0 server-id=0a02 unroutable-server-id" },
		{ "40ff0011", "short dcid=ff0011 config=0 unroutable-short" },
		{ "c00000000108ff00112233440a0100", "long version=0x1 dcid=ff00112233440a01 config=0 server-id=0a01 routed" },
		{ "c00000000109ff00112233440a01aa00", "long version=0x1 dcid=ff00112233440a01aa config=0 server-id=0a01 unroutable-length" },
		{ "c00000000106ff001122334400", "long version=0x1 dcid=ff0011223344 config=0 unroutable-short" },
	};
	char line[512];
	const char *saved;
	size_t i;

	(void)state;
	saved = temp_file("saved", "-A -u " SVC "\nconfig add -u " SVC " --layout last16@8\n"
			  "-a -u " SVC " -r 10.0.0.1 --server-id 0:0a01\n", 0600);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), "explain --saved %s %s", saved, cases[i].datagram);
		run(line);
		if (!strstr(ran_out, cases[i].says))
			fail_msg("%s: %s", cases[i].datagram, ran_out);
	}
	saved = temp_file("fixed", "-A -u " SVC "\nconfig add -u " SVC " --layout katran-v1\n"
			  "config add -u " SVC " --id 1 --server-id-len 2 --nonce-len 4\n"
			  "-a -u " SVC " -r 10.0.0.1 --server-id 2:beef --server-id 1:beef\n", 0600);
	snprintf(line, sizeof(line), "explain --saved %s 406fbbd1a2b3c4d5e6", saved);
	run(line);
	assert_non_null(strstr(ran_out, "config=2 server-id=beef routed"));
	snprintf(line, sizeof(line), "explain --saved %s 4020beef01020304", saved);
	run(line);
	assert_non_null(strstr(ran_out, "config=1 server-id=beef routed"));
	snprintf(line, sizeof(line), "explain --saved %s 40afbbd1a2b3c4d5e6", saved);
	run(line);
	assert_non_null(strstr(ran_out, "dcid=afbbd1a2b3c4d5e6 unroutable-config"));
	assert_null(strstr(ran_out, "config="));
	/* another fixed bit than those of the first octet's config ID */
	saved = temp_file("later", "-A -u " SVC "\nconfig add -u " SVC " --layout 8:8:00005a/0000ff\n"
			  "-a -u " SVC " -r 10.0.0.1 --server-id 0:11\n", 0600);
	snprintf(line, sizeof(line), "explain --saved %s 4000115b", saved);
	run(line);
	assert_non_null(strstr(ran_out, "dcid=00115b unroutable-config"));
	snprintf(line, sizeof(line), "explain --saved %s 4000115a", saved);
	run(line);
	assert_non_null(strstr(ran_out, "server-id=11 routed"));
}

/* --- what is derived from configs -------------------------------------------- */

static struct service *with_layout(const char *text)
{
	struct service *svc = calloc(1, sizeof(*svc));
	struct config config = { .layout = read_good(text) };

	assert_non_null(svc);
	strcpy(svc->sched, "quic");
	config.id = (uint8_t)qlb_layout_id(&config.layout);
	config.server_id_len = (uint8_t)qlb_layout_sid_len(&config.layout);
	config.seen = true;
	service_add_config(svc, &config);
	svc->outcome_count = OUTCOMES_MAX;
	return svc;
}

static double density_of(const char *text, const char *sid)
{
	struct service *svc = with_layout(text);
	struct mapping map = { .config_id = svc->configs[0].id };
	size_t len = strlen(sid) / 2, i;
	unsigned int octet;
	double density;

	for (i = 0; i < len; i++) {
		sscanf(sid + 2 * i, "%2x", &octet);
		map.sid.octets[i] = (uint8_t)octet;
	}
	map.sid.len = (uint8_t)len;
	map.prefix = strchr(sid, '*') != NULL;
	service_add_mapping(svc, &map);
	density = config_density(svc, &svc->configs[0]);
	free(svc->maps);
	free(svc);
	return density;
}

static void densities(void **state)
{
	(void)state;
	assert_true(density_of("0:16", "beef") == 1.0 / 65536);
	assert_true(density_of("4:12", "0abc") == 1.0 / 4096);
	assert_true(density_of("4:1", "01") == 1.0 / 2);
	assert_true(density_of("4:12", "0a*") == 1.0 / 16);
	/* among those whose three high bits are a layout's, which the version has two of */
	assert_true(density_of("katran-v1", "beef") == 1.0 / 65536);
	assert_true(density_of("8:8:10/10", "01") == 1.0 / 512);
	assert_true(density_of("8:8:0000ff/0000ff", "01") == 1.0 / 65536);
}

static bool has_fault(struct service *svc)
{
	struct report report = { 0 };
	struct service_subject s = { .svc = svc, .report = &report };
	bool fault = false;
	size_t i;

	strcpy(s.name, SVC);
	strcpy(s.option, "-u " SVC);
	service_check_configs(&s);
	for (i = 0; i < report.count; i++)
		fault |= report.checks[i].level == CHECK_FAULT;
	report_destroy(&report);
	return fault;
}

/* Clients' random connection IDs miss a layout at the begin of each connection. */
static void doctor(void **state)
{
	struct service *svc = with_layout("msquic");
	struct config plain = { .server_id_len = 2, .nonce_len = 4, .seen = true };

	(void)state;
	svc->configs[0].datagrams = 1000;
	svc->configs[0].misses = 900;
	assert_false(has_fault(svc));
	svc->configs[0].misses = 1100;
	assert_true(has_fault(svc));
	free(svc);
	/*
	 * Where a layout gets 0b111, its misses are the noise of the others: 40 each of two,
	 * as of the IDs 1 to 5, which are no config's.
	 */
	svc = with_layout("katran-v3");
	svc->configs[0].datagrams = 1000;
	svc->configs[0].misses = 80;
	svc->outcomes[IP_VS_QUIC_NO_CONFIG] = 5 * 40;
	service_add_config(svc, &plain);
	svc->configs[0].misses = 4 * (40 + 16);
	assert_false(has_fault(svc));
	svc->configs[0].misses++;
	assert_true(has_fault(svc));
	svc->configs[0].misses = 0;
	svc->outcomes[IP_VS_QUIC_NO_CONFIG] = 4 * 4 * (40 + 16);
	assert_false(has_fault(svc));
	svc->outcomes[IP_VS_QUIC_NO_CONFIG] = 4 * 5 * (40 + 16) + 1;
	assert_true(has_fault(svc));
	free(svc);
}

/* A rotation beside a layout does not take its first octets. */
static void rotation(void **state)
{
	struct service *svc = with_layout("katran-v1");
	struct config keyed = { .id = 1, .server_id_len = 2, .nonce_len = 6, .keyed = true };
	struct rotation_wish wish = { .old_id = 1, .new_id = ROTATION_NO_ID };
	char why[ROTATION_TEXT];
	struct rotation r;

	(void)state;
	service_add_config(svc, &keyed);
	wish.has_key = true;
	wish.fingerprint = 7;
	assert_true(rotation_find(svc, &wish, &r, why));
	assert_int_equal(r.new_id, 4);
	wish.old_id = 2;
	wish.new_id = 4;
	assert_false(rotation_find(svc, &wish, &r, why));
	assert_non_null(strstr(why, "config 2 is a layout"));
	free(svc);
}

int main(void)
{
#define MODEL(test) cmocka_unit_test_setup_teardown(test, model_begin, model_end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(presets),
		cmocka_unit_test(longest_text),
		cmocka_unit_test(bad_texts),
		MODEL(add_and_list),
		MODEL(options),
		MODEL(rivals),
		MODEL(restores),
		MODEL(servers),
		MODEL(codec),
		MODEL(explained),
		cmocka_unit_test(densities),
		cmocka_unit_test(doctor),
		cmocka_unit_test(rotation),
	};

	return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
