// SPDX-License-Identifier: GPL-2.0-only
/* -S --yang, -R --yang and server-config against the model of the kernel in fake.c. */
#include "capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "fake.h"

#define KEY "8f95f09245765f80256934e50c66207f"
#define YANG_KEY "8f:95:f0:92:45:76:5f:80:25:69:34:e5:0c:66:20:7f"
#define OTHER_KEY "00112233445566778899aabbccddeeff"
#define SVC "192.0.2.1:443"
#define LIST "/ietf-quic-lb-middlebox:quic-lb/cid-configs"

/* The list cid-configs as a document, for free(). */
static char *document(const char *configs)
{
	char *text = NULL;

	assert_true(asprintf(&text, "{ \"ietf-quic-lb-middlebox:quic-lb\": { \"cid-configs\": [ %s ] } }",
			     configs) > 0);
	return text;
}

static void takes(const char *configs, const char *line)
{
	char *text = document(configs);

	run_with(text, line);
	assert_string_equal(ran_err, "");
	assert_int_equal(ran_status, 0);
	assert_string_equal(ran_out, "");
	free(text);
}

/* Each sentence of @wanted has its "Error: " and its full stop. */
static void refuses_text(const char *text, const char *wanted, const char *line)
{
	char *before = fake_text();

	run_with(text, line);
	assert_string_equal(ran_err, wanted);
	assert_int_equal(ran_status, 1);
	state_is(before);
	free(before);
}

static void refuses(const char *configs, const char *wanted, const char *line)
{
	char *text = document(configs);

	refuses_text(text, wanted, line);
	free(text);
}

static char *key_file(const char *name, const char *key)
{
	return xstrdup(temp_file(name, key, 0600));
}

static void do_format(const char *format, const char *path)
{
	char *line = NULL;

	assert_true(asprintf(&line, format, path) > 0);
	done(line);
	free(line);
}

/* Two configs, one with a key, and three real servers, one of them held by a checker. */
static char *make_service(void)
{
	char *key = key_file("key", KEY);

	done("-A -u " SVC);
	done("config add -u " SVC " --id 0 --server-id-len 2 --nonce-len 6");
	do_format("config add -u " SVC " --id 4 --server-id-len 1 --nonce-len 15 --check-length --key-file %s", key);
	done("-a -u " SVC " -r 10.0.0.1 -i --tun-type gue --tun-port 6080 -w 7 --server-id 0:0a01 --server-id 4:01");
	done("-a -u " SVC " -r 10.0.0.2:8443 -m -x 9 --server-id 0:0a02 --server-id 0:0a03");
	done("-a -u " SVC " -r [fd00::3] -i --server-id 4:03");
	done("set -u " SVC " --tuple-max 7");
	return key;
}

static const char saved_format[] =
	"{\n"
	"  \"ietf-quic-lb-middlebox:quic-lb\": {\n"
	"    \"cid-configs\": [\n"
	"      {\n"
	"        \"config-rotation-bits\": 0,\n"
	"        \"server-id-length\": 2,\n"
	"        \"nonce-length\": 6,\n"
	"        \"server-id-mappings\": [\n"
	"          {\n"
	"            \"server-id\": \"0a:01\",\n"
	"            \"server-address\": \"10.0.0.1\"\n"
	"          },\n"
	"          {\n"
	"            \"server-id\": \"0a:02\",\n"
	"            \"server-address\": \"10.0.0.2\"\n"
	"          },\n"
	"          {\n"
	"            \"server-id\": \"0a:03\",\n"
	"            \"server-address\": \"10.0.0.2\"\n"
	"          }\n"
	"        ]\n"
	"      },\n"
	"      {\n"
	"        \"config-rotation-bits\": 4,\n"
	"        \"server-id-length\": 1,\n"
	"%s"
	"        \"nonce-length\": 15,\n"
	"        \"server-id-mappings\": [\n"
	"          {\n"
	"            \"server-id\": \"01\",\n"
	"            \"server-address\": \"10.0.0.1\"\n"
	"          },\n"
	"          {\n"
	"            \"server-id\": \"03\",\n"
	"            \"server-address\": \"fd00::3\"\n"
	"          }\n"
	"        ]\n"
	"      }\n"
	"    ]\n"
	"  }\n"
	"}\n";

static char *saved_with(const char *key)
{
	char *text = NULL;

	assert_true(asprintf(&text, saved_format, key) > 0);
	return text;
}

static void save_is_restore(void **state)
{
	char *key = make_service(), *before = fake_text(), *member = NULL, *text;

	(void)state;
	assert_true(asprintf(&member, "        \"ip-vs-quic-middlebox:key-file\": \"%s\",\n",
			     key) > 0);
	text = saved_with(member);
	done("-S --yang");
	assert_string_equal(ran_out, text);
	/* the same again: nothing is changed */
	fake.changes = 0;
	run_with(text, "-R --yang");
	assert_string_equal(ran_err, "");
	assert_int_equal(fake.changes, 0);
	run_with(text, "-R --yang --check");
	assert_int_equal(ran_status, 0);
	/* what it says comes back, what it does not say has stayed */
	done("config del -u " SVC " --id 4");
	done("server-id del -u " SVC " --server-id 0:0a01 --server-id 4:03");
	do_format("config add -u " SVC " --id 4 --server-id-len 1 --nonce-len 4 --check-length --key-file %s", key);
	run_with(text, "-R --yang -u " SVC);
	assert_string_equal(ran_err, "");
	state_is(before);
	free(text);
	free(member);

	/* with the key in it, the name of its file is kept as well */
	assert_true(asprintf(&member, "        \"cid-key\": \"" YANG_KEY "\",\n"
			     "        \"ip-vs-quic-middlebox:key-file\": \"%s\",\n", key) > 0);
	text = saved_with(member);
	done("-S --yang --keys");
	assert_string_equal(ran_out, text);
	unlink(key);
	fake.changes = 0;
	run_with(text, "-R --yang");
	assert_string_equal(ran_err, "");
	assert_int_equal(fake.changes, 0);
	free(text);
	/* another's document has the key alone */
	text = saved_with("        \"cid-key\": \"" YANG_KEY "\",\n");
	run_with(text, "-R --yang");
	assert_string_equal(ran_err, "");
	assert_int_equal(fake.changes, 0);
	state_is(before);
	free(text);
	free(member);
	free(before);
	free(key);
}

static void save_to_a_file(void **state)
{
	char *key = make_service(), *path = xstrdup(temp_file("yang", "", 0600));
	struct stat st;

	(void)state;
	unlink(path);
	do_format("-S --yang --keys %s", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	done("config del -u " SVC " --id 4");
	do_format("-R --yang --check %s", path);
	do_format("-R --yang %s", path);
	done("-S --yang -");
	assert_non_null(strstr(ran_out, "\"ip-vs-quic-middlebox:key-file\""));
	/* keys go where keys of -S go */
	chmod(path, 0644);
	run("-S --yang --keys /dev/full");
	assert_string_equal(ran_err, "Error: /dev/full: No space left on device.\n");
	free(path);
	free(key);
}

static void save_refusals(void **state)
{
	char *key = make_service(), *wanted = NULL;

	(void)state;
	temp_file("key", OTHER_KEY, 0600);
	assert_true(asprintf(&wanted, "config 4 of " SVC ": %s holds another key now", key) > 0);
	says(1, wanted, "-S --yang --keys");
	assert_string_equal(ran_out, "");
	free(wanted);
	run_with(KEY, "config replace -u " SVC " --id 4 --server-id-len 1 --nonce-len 15 --key-file -");
	says(1, "config 4 of " SVC ": its key came from standard input, and there is no file to name",
	     "-S --yang");
	says(1, "service 192.0.2.9:443: no such service", "-S --yang -u 192.0.2.9:443");
	done("-A -u 192.0.2.2:443");
	says(1, "--yang: 2 services have the scheduler quic, and the draft's YANG does not name a service; say which by -u or -f",
	     "-S --yang");
	run_with("{}", "-R --yang");
	assert_string_equal(ran_err, "Error: /ietf-quic-lb-middlebox:quic-lb: missing.\n");
	takes("", "-R --yang -u 192.0.2.2:443");
	done("-C");
	says(1, "--yang: no service has the scheduler quic (-A)", "-S --yang");
	says(2, "-u: only with --yang, -S saves all services", "-S -u " SVC);
	says(2, "-f: only with --yang, the lines name their services", "-R -f 1");
	says(2, "--absent: only with --yang, else it stands in a line", "-R --absent");
	says(2, "--weights: not with --yang, which has no weights", "-R --yang --weights");
	free(key);
}

/* Tenants, prefixes, server IDs without a config: neither saved nor taken away. */
static void what_yang_cannot_say(void **state)
{
	char *key = make_service(), *before, *text;

	(void)state;
	do_format("config add -u " SVC " --id 4 --tenant 1 --server-id-len 3 --nonce-len 4 --key-file %s", key);
	done("server-id add -u " SVC " -r 10.0.0.1 --server-id 0:0b* --server-id 4:010203 --server-id 6:aa");
	before = fake_text();
	run("-S --yang");
	assert_int_equal(ran_status, 0);
	assert_string_equal(ran_err,
		"Warning: config 4 tenant 1 of " SVC ": left out, the draft's YANG has one config of an ID.\n"
		"Warning: 3 server IDs of " SVC ": left out, the draft's YANG has neither prefixes nor server IDs without a config that they fit.\n");
	text = xstrdup(ran_out);
	fake.changes = 0;
	run_with(text, "-R --yang");
	assert_string_equal(ran_err, "");
	assert_int_equal(fake.changes, 0);
	/* a change elsewhere, and they are still there */
	takes("{ \"config-rotation-bits\": 0, \"server-id-length\": 2, \"nonce-length\": 7 },"
	      "{ \"config-rotation-bits\": 4, \"server-id-length\": 1, \"nonce-length\": 15, \"cid-key\": \"" YANG_KEY "\" }",
	      "-R --yang");
	done("server-id list -u " SVC);
	assert_non_null(strstr(ran_out, " 0:0b* "));
	assert_non_null(strstr(ran_out, " 4:010203 "));
	assert_non_null(strstr(ran_out, " 6:aa "));
	assert_null(strstr(ran_out, " 0:0a01 "));
	run_with(text, "-R --yang");
	assert_string_equal(ran_err, "");
	state_is(before);
	free(before);

	refuses("{ \"config-rotation-bits\": 0, \"server-id-length\": 1, \"nonce-length\": 7 }",
		"Error: config 4 tenant 1 of " SVC ": the document has no config 4, and YANG cannot say that its tenants go; \"config del\" first.\n",
		"-R --yang");
	/* the prefix is as long as these, which is allowed; it does not fit when it is longer */
	done("server-id add -u " SVC " -r 10.0.0.1 --server-id 0:0b0c*");
	refuses("{ \"config-rotation-bits\": 0, \"server-id-length\": 1, \"nonce-length\": 7 },"
		"{ \"config-rotation-bits\": 4, \"server-id-length\": 1, \"nonce-length\": 15, \"cid-key\": \"" YANG_KEY "\" }",
		"Error: server ID 0:0b0c* of " SVC ": YANG cannot name it, and it does not fit the lengths of config 0 in the document; \"server-id del\" first.\n",
		"-R --yang");
	/* the request gives the kernel the tenant's key as well, which is gone */
	unlink(key);
	run_with(text, "-R --yang");
	assert_int_equal(ran_status, 1);
	free(text);
	free(key);
}

static void servers_are_found(void **state)
{
	static const char two[] =
		"{ \"config-rotation-bits\": 0, \"server-id-length\": 1, \"nonce-length\": 4, \"server-id-mappings\": ["
		"{ \"server-id\": \"02\", \"server-address\": \"10.0.0.2\" }, { \"server-id\": \"01\", \"server-address\": \"10.0.0.1\" } ] }";

	(void)state;
	done("-A -u " SVC);
	done("-a -u " SVC " -r 10.0.0.1:8443 -m");
	refuses(two, "Error: " LIST "/0/server-id-mappings/0/server-address: no real server of " SVC " has this address; add it by -a, or give --absent.\n",
		"-R --yang");
	takes(two, "-R --yang --absent");
	state_is("192.0.2.1:443 quic 0 0 ffffffff \n"
		 " config 0 1 4 0 00000000000000000000000000000000 -\n"
		 " 10.0.0.1:8443 0 1 0 0 0 0 0\n"
		 " 0:01 10.0.0.1:8443\n"
		 " 0:02 10.0.0.2:443\n");
	/* one that is absent is known now */
	takes(two, "-R --yang");
	/* two at one address: who has the server ID keeps it, no one else gets one */
	done("-a -u " SVC " -r 10.0.0.1:9443 -m");
	run("-S --yang");
	assert_string_equal(ran_err, "Warning: 1 server IDs of " SVC ": several real servers have the address, and the draft's YANG has no ports.\n");
	takes(two, "-R --yang");
	refuses("{ \"config-rotation-bits\": 0, \"server-id-length\": 1, \"nonce-length\": 4, \"server-id-mappings\": ["
		"{ \"server-id\": \"03\", \"server-address\": \"10.0.0.1\" } ] }",
		"Error: " LIST "/0/server-id-mappings/0/server-address: 2 real servers of " SVC " have this address, and the document has no ports; use server-id add.\n",
		"-R --yang");
	/* by a firewall mark there is no port to guess */
	done("-A -f 5");
	takes(two, "-R --yang --absent -f 5");
	done("server-id list -f 5");
	assert_non_null(strstr(ran_out, " 10.0.0.1:0 "));
	/* without the container there is nothing; an empty one takes all away */
	takes("", "-R --yang -f 5");
	done("config list -f 5 -n");
	assert_null(strstr(ran_out, "plaintext"));
}

/* The document's configs may be in any order; a server ID moves in one request. */
static void moves(void **state)
{
	(void)state;
	done("-A -u " SVC);
	done("-a -u " SVC " -r 10.0.0.1 -i");
	done("-a -u " SVC " -r 10.0.0.2 -i");
	/* without a config YANG had no word for it; now it has */
	done("server-id add -u " SVC " -r 10.0.0.1 --server-id 6:ff");
	takes("{ \"config-rotation-bits\": 6, \"server-id-length\": 1, \"nonce-length\": 4, \"server-id-mappings\": ["
	      "{ \"server-id\": \"Ff\", \"server-address\": \"10.0.0.2\" } ] },"
	      "{ \"config-rotation-bits\": 1, \"server-id-length\": 1, \"nonce-length\": 4, \"server-id-mappings\": ["
	      "{ \"server-id\": \"02\", \"server-address\": \"10.0.0.2\" }, { \"server-id\": \"01\", \"server-address\": \"10.0.0.1\" } ] }",
	      "-R --yang");
	state_is("192.0.2.1:443 quic 0 0 ffffffff \n"
		 " config 1 1 4 0 00000000000000000000000000000000 -\n"
		 " config 6 1 4 0 00000000000000000000000000000000 -\n"
		 " 10.0.0.1:443 2 1 0 0 0 0 0\n"
		 " 10.0.0.2:443 2 1 0 0 0 0 0\n"
		 " 1:01 10.0.0.1:443\n"
		 " 1:02 10.0.0.2:443\n"
		 " 6:ff 10.0.0.2:443\n");
	fake.changes = 0;
	takes("{ \"config-rotation-bits\": 1, \"server-id-length\": 1, \"nonce-length\": 4, \"server-id-mappings\": ["
	      "{ \"server-id\": \"02\", \"server-address\": \"10.0.0.1\" }, { \"server-id\": \"01\", \"server-address\": \"10.0.0.2\" } ] }",
	      "-R --yang");
	assert_int_equal(fake.changes, 1);
	state_is("192.0.2.1:443 quic 0 0 ffffffff \n"
		 " config 1 1 4 0 00000000000000000000000000000000 -\n"
		 " 10.0.0.1:443 2 1 0 0 0 0 0\n"
		 " 10.0.0.2:443 2 1 0 0 0 0 0\n"
		 " 1:02 10.0.0.1:443\n"
		 " 1:01 10.0.0.2:443\n");
	/* a change that the kernel refuses leaves what was */
	fake.fail_at = fake.changes + 1;
	run_with("{ \"ietf-quic-lb-middlebox:quic-lb\": {} }", "-R --yang");
	assert_int_equal(ran_status, 1);
	done("server-id list");
	assert_non_null(strstr(ran_out, " 1:02 "));
}

/* A document whose keys were stripped must not make the CIDs readable. */
static void no_key_is_no_plaintext(void **state)
{
	char *key = make_service();

	(void)state;
	refuses("{ \"config-rotation-bits\": 0, \"server-id-length\": 2, \"nonce-length\": 6 },"
		"{ \"config-rotation-bits\": 4, \"server-id-length\": 1, \"nonce-length\": 15 }",
		"Error: " LIST "/1/cid-key: missing, and config 4 has a key; without one any observer could read server IDs: give the key, or do \"config del\" first.\n",
		"-R --yang");
	free(key);
}

/* All errors of a document at once, each with its place; none has a key in it. */
static void malformed_values(void **state)
{
	(void)state;
	refuses("1,"
		"{ \"config-rotation-bits\": \"0\", \"server-id-length\": 16, \"nonce-length\": 4.5, \"cid-key\": 1, \"server-id-mappings\": {} },"
		"{ \"config-rotation-bits\": 7, \"server-id-length\": -1, \"nonce-length\": true, \"x~/\": 1 },"
		"{}",
		"Error: " LIST "/0: not an object.\n"
		"Error: " LIST "/1/config-rotation-bits: a string, and it has to be a number: without quotation marks.\n"
		"Error: " LIST "/1/server-id-length: 16 is not one of 1 to 15.\n"
		"Error: " LIST "/1/cid-key: not a string.\n"
		"Error: " LIST "/1/nonce-length: not a whole number.\n"
		"Error: " LIST "/1/server-id-mappings: not an array.\n"
		"Error: " LIST "/2/x~0~1: the module has no such node here.\n"
		"Error: " LIST "/2/config-rotation-bits: 7 is not one of 0 to 6.\n"
		"Error: " LIST "/2/server-id-length: -1 is not one of 1 to 15.\n"
		"Error: " LIST "/2/nonce-length: not a whole number.\n"
		"Error: " LIST "/3/config-rotation-bits: missing.\n"
		"Error: " LIST "/3/server-id-length: missing.\n"
		"Error: " LIST "/3/nonce-length: missing.\n",
		"-R --yang --check");
	refuses("{ \"config-rotation-bits\": 1, \"server-id-length\": 15, \"nonce-length\": 5, \"cid-key\": \"" KEY "\" },"
		"{ \"config-rotation-bits\": 1, \"server-id-length\": 1, \"nonce-length\": 5, \"cid-key\": \"8f:95:f0:92:45:76:5f:80:25:69:34:e5:0c:66:20:7g\" },"
		"{ \"config-rotation-bits\": 2, \"server-id-length\": 1, \"nonce-length\": 5, \"cid-key\": \"8f:95:f0:92:45:76:5f:80:25:69:34:e5:0c:66:20-7f\" },"
		"{ \"config-rotation-bits\": 3, \"server-id-length\": 1, \"nonce-length\": 5, \"ip-vs-quic-middlebox:key-file\": \"key\" },"
		"{ \"config-rotation-bits\": 4, \"server-id-length\": 1, \"nonce-length\": 5, \"ip-vs-quic-middlebox:key-file\": \"/nowhere/key\" }",
		"Error: " LIST "/0/server-id-length: together with nonce-length 20 octets, and at most 19 are possible.\n"
		"Error: " LIST "/0/cid-key: 32 characters, and a key has 47: 16 octets of two hex digits with colons between.\n"
		"Error: " LIST "/1/cid-key: key: a key is hex digits and nothing else.\n"
		"Error: " LIST "/1/config-rotation-bits: the list has a config 1 already.\n"
		"Error: " LIST "/2/cid-key: after every two hex digits of a key there has to be a colon.\n"
		"Error: " LIST "/3/ip-vs-quic-middlebox:key-file: not an absolute path.\n"
		"Error: " LIST "/4/ip-vs-quic-middlebox:key-file: key file /nowhere/key: No such file or directory.\n",
		"-R --yang --check");
	refuses("{ \"config-rotation-bits\": 1, \"server-id-length\": 2, \"nonce-length\": 5, \"server-id-mappings\": ["
		"[],"
		"{ \"server-id\": \"0a:01\", \"server-address\": \"10.0.0.1\" },"
		"{ \"server-id\": \"0a:01:02\", \"server-address\": \"10.0.0.x\" },"
		"{ \"server-id\": \"0a01\", \"server-address\": \"fe80::1%eth0\" },"
		"{ \"server-id\": \"\", \"server-address\": \"\" },"
		"{ \"server-id\": \"0A:01\", \"server-address\": \"::1\" },"
		"{ \"server-id\": 1, \"server-port\": 443 } ] }",
		"Error: " LIST "/0/server-id-mappings/0: not an object.\n"
		"Error: " LIST "/0/server-id-mappings/2/server-id: 8 characters, and server IDs of 2 octets have 5 (server-id-length).\n"
		"Error: " LIST "/0/server-id-mappings/2/server-address: neither an IPv4 nor an IPv6 address.\n"
		"Error: " LIST "/0/server-id-mappings/3/server-id: not hex digits with a colon after every two.\n"
		"Error: " LIST "/0/server-id-mappings/3/server-address: an address with a zone, and a real server has an address without one.\n"
		"Error: " LIST "/0/server-id-mappings/4/server-id: 0 characters, and server IDs of 2 octets have 5 (server-id-length).\n"
		"Error: " LIST "/0/server-id-mappings/4/server-address: neither an IPv4 nor an IPv6 address.\n"
		"Error: " LIST "/0/server-id-mappings/6/server-port: the module has no such node here.\n"
		"Error: " LIST "/0/server-id-mappings/6/server-id: not a string.\n"
		"Error: " LIST "/0/server-id-mappings/6/server-address: missing.\n"
		"Error: " LIST "/0/server-id-mappings/5/server-id: the list has this server ID already.\n",
		"-R --yang --check");
}

static void malformed_documents(void **state)
{
	(void)state;
	refuses_text("[]", "Error: /ietf-quic-lb-middlebox:quic-lb: missing, the document is no object.\n",
		     "-R --yang --check");
	refuses_text("{ \"ietf-interfaces:interfaces\": {} }",
		     "Error: /ietf-interfaces:interfaces: the module has no such node here.\n"
		     "Error: /ietf-quic-lb-middlebox:quic-lb: missing.\n", "-R --yang --check");
	refuses_text("{ \"ietf-quic-lb-server:quic-lb\": {} }",
		     "Error: /ietf-quic-lb-server:quic-lb: that is for a server; of a director it is ietf-quic-lb-middlebox:quic-lb.\n",
		     "-R --yang --check");
	refuses_text("{ \"ietf-quic-lb-middlebox:quic-lb\": 1 }",
		     "Error: /ietf-quic-lb-middlebox:quic-lb: not an object.\n", "-R --yang --check");
	refuses_text("{ \"ietf-quic-lb-middlebox:quic-lb\": {}, \"ietf-quic-lb-middlebox:quic-lb\": {} }",
		     "Error: standard input: line 1, column 72: not JSON: duplicate object key.\n", "-R --yang --check");
	refuses_text("-A -u 192.0.2.1:443\n", "Error: standard input: line 1, column 1: not JSON: '[' or '{' expected.\n",
		     "-R --yang --check");
	refuses_text("", "Error: standard input: it is empty; -S writes a line even when there is no service.\n",
		     "-R --yang --check");
	/* the text of the error does not quote the beginning of a key */
	refuses_text("{ \"cid-key\": \"8f:95:f0:92",
		     "Error: standard input: line 1, column 25: not JSON: premature end of input.\n", "-R --yang --check");
}

/* Cut anywhere, a document is refused and changes nothing. */
static void truncation(void **state)
{
	char *key = make_service(), *before = fake_text(), *text, *part;
	size_t len, at;

	(void)state;
	done("-S --yang");
	text = xstrdup(ran_out);
	len = strlen(text);
	/* without the closing brace and the newline behind it */
	for (at = 1; at < len - 1; at += 7) {
		part = xstrdup(text);
		part[at] = '\0';
		run_with(part, "-R --yang");
		assert_int_equal(ran_status, 1);
		free(part);
	}
	state_is(before);
	free(text);
	free(before);
	free(key);
}

static void lines(void **state)
{
	char *key = make_service(), *other = key_file("other", OTHER_KEY);
	char *wanted = NULL;

	(void)state;
	assert_true(asprintf(&wanted, "0:0a01:6\n4:01:15,self-len:%s\n", key) > 0);
	run("server-config -u " SVC " -r 10.0.0.1");
	assert_string_equal(ran_out, wanted);
	free(wanted);
	done("server-config -u " SVC " -r 10.0.0.1 --id 0");
	assert_string_equal(ran_out, "0:0a01:6\n");
	run("server-config -u " SVC " -r 10.0.0.1 --id 4 --key-path /etc/q/4.key");
	assert_string_equal(ran_out, "4:01:15,self-len:/etc/q/4.key\n");
	/* one of several; and a config that the server has none of */
	run("server-config -u " SVC " -r 10.0.0.2:8443");
	assert_int_equal(ran_status, 0);
	assert_string_equal(ran_out, "0:0a02:6\n");
	assert_string_equal(ran_err, "Warning: config 0: the server has 2 server IDs; 0a02 is taken, --server-id takes another.\n"
			    "Warning: config 4: 10.0.0.2:8443 has no server ID for it (server-id add).\n");
	done("server-config -u " SVC " -r 10.0.0.2:8443 --id 0 --server-id 0:0a03");
	assert_string_equal(ran_out, "0:0a03:6\n");
	/* from standard input: the default path */
	run_with(KEY, "config replace -u " SVC " --id 4 --server-id-len 1 --nonce-len 15 --key-file -");
	done("server-config -u " SVC " -r [fd00::3]:443 --id 4");
	assert_string_equal(ran_out, "4:03:15:/etc/quiclb.key\n");
	/* two keys, one path */
	do_format("config add -u " SVC " --id 5 --server-id-len 1 --nonce-len 4 --key-file %s", other);
	done("server-id add -u " SVC " -r 10.0.0.1 --server-id 5:01");
	run("server-config -u " SVC " -r 10.0.0.1 --key-path /etc/quiclb.key");
	assert_int_equal(ran_status, 1);
	assert_string_equal(ran_out, "");
	assert_string_equal(ran_err, "Error: configs 4 and 5 have different keys and one path for them, /etc/quiclb.key; print them one by one, with --id and --key-path.\n");
	run("server-config -u " SVC " -r 10.0.0.1 -j");
	assert_non_null(strstr(ran_out, "\"line\": \"0:0a01:6\""));
	assert_non_null(strstr(ran_out, "\"key_file\": \"/etc/quiclb.key\""));
	assert_non_null(strstr(ran_out, "\"self_len\": false"));
	assert_null(strstr(ran_out, KEY));
	free(other);
	free(key);
}

/* A server that has prefixes only can mint any server ID that is not another's. */
static void lines_of_prefixes(void **state)
{
	(void)state;
	done("-A -u " SVC);
	done("config add -u " SVC " --id 0 --server-id-len 2 --nonce-len 6");
	done("-a -u " SVC " -r 10.0.0.1 -i --server-id 0a*");
	done("-a -u " SVC " -r 10.0.0.2 -i --server-id 0b*");
	done("server-config -u " SVC " -r 10.0.0.1");
	assert_string_equal(ran_out, "0:0a00:6\n");
	done("server-config -u " SVC " -r 10.0.0.1 --server-id 0a55");
	assert_string_equal(ran_out, "0:0a55:6\n");
	done("server-id add -u " SVC " -r 10.0.0.2 --server-id 0a00");
	done("server-config -u " SVC " -r 10.0.0.1");
	assert_string_equal(ran_out, "0:0aff:6\n");
	says(1, "server ID 0:0a00: does not lead to 10.0.0.1:443 in " SVC " (server-id list)",
	     "server-config -u " SVC " -r 10.0.0.1 --server-id 0a00");
	says(1, "server ID 0:0b01: does not lead to 10.0.0.1:443 in " SVC " (server-id list)",
	     "server-config -u " SVC " -r 10.0.0.1 --server-id 0b01");
	says(1, "server ID 0:0a*: does not lead to 10.0.0.1:443 in " SVC " (server-id list)",
	     "server-config -u " SVC " -r 10.0.0.1 --server-id 0a*");
	done("server-id add -u " SVC " -r 10.0.0.2 --server-id 0aff*");
	run("server-config -u " SVC " -r 10.0.0.1");
	assert_int_equal(ran_status, 1);
}

static void lines_refused(void **state)
{
	char *key = make_service();

	(void)state;
	says(1, "real server 10.0.0.9:443 of " SVC ": the service has no such real server",
	     "server-config -u " SVC " -r 10.0.0.9");
	says(1, "service 192.0.2.9:443: no such service", "server-config -u 192.0.2.9:443 -r 10.0.0.9");
	says(2, "server-config: -r is missing", "server-config -u " SVC);
	says(2, "--keys: only with --yang; a line names the file of a key",
	     "server-config -u " SVC " -r 10.0.0.1 --keys");
	says(2, "--key-path key: not an absolute path, and it is the server's",
	     "server-config -u " SVC " -r 10.0.0.1 --key-path key");
	says(1, "--server-id 6:aa: there is no config 6 to print",
	     "server-config -u " SVC " -r 10.0.0.1 --id 0 --server-id 6:aa");
	says(1, "--server-id 0:0a03: a second server ID of config 0, and a line has one",
	     "server-config -u " SVC " -r 10.0.0.2:8443 --id 0 --server-id 0:0a02 --server-id 0:0a03");
	says(1, "real server 10.0.0.1:443 of " SVC ": no server ID for the config that is asked for (server-id add)",
	     "server-config -u " SVC " -r 10.0.0.1 --id 3");
	do_format("config add -u " SVC " --id 4 --tenant 1 --server-id-len 1 --nonce-len 4 --key-file %s", key);
	says(1, "config 4 of " SVC ": it has 2 tenants; --tenant says whose the server is",
	     "server-config -u " SVC " -r 10.0.0.1 --id 4");
	done("server-config -u " SVC " -r 10.0.0.1 --tenant 1 --key-path /k");
	assert_string_equal(ran_out, "4:01:4:/k\n");
	done("config del -u " SVC " --id 4 --tenant 1");
	done("config del -u " SVC " --id 4");
	done("config del -u " SVC " --id 0");
	says(1, "service " SVC ": no config (config add)", "server-config -u " SVC " -r 10.0.0.1");
	free(key);
}

static void yang_of_a_server(void **state)
{
	char *key = make_service();

	(void)state;
	says(1, "--yang: 2 configs, and the draft's module for a server has one; say which by --id",
	     "server-config -u " SVC " -r 10.0.0.1 --yang");
	done("server-config -u " SVC " -r 10.0.0.1 --id 0 --yang");
	assert_string_equal(ran_out,
		"{\n"
		"  \"ietf-quic-lb-server:quic-lb\": {\n"
		"    \"config-id\": 0,\n"
		"    \"server-id-length\": 2,\n"
		"    \"nonce-length\": 6,\n"
		"    \"server-id\": \"0a:01\"\n"
		"  }\n"
		"}\n");
	done("server-config -u " SVC " -r 10.0.0.1 --id 4 --yang --key-path /etc/quiclb.key");
	assert_string_equal(ran_out,
		"{\n"
		"  \"ietf-quic-lb-server:quic-lb\": {\n"
		"    \"config-id\": 4,\n"
		"    \"first-octet-encodes-cid-length\": true,\n"
		"    \"server-id-length\": 1,\n"
		"    \"nonce-length\": 15,\n"
		"    \"ip-vs-quic-server:key-file\": \"/etc/quiclb.key\",\n"
		"    \"server-id\": \"01\"\n"
		"  }\n"
		"}\n");
	done("server-config -u " SVC " -r 10.0.0.1 --id 4 --yang --keys");
	assert_non_null(strstr(ran_out, "    \"cid-key\": \"" YANG_KEY "\",\n"));
	temp_file("key", OTHER_KEY, 0600);
	run("server-config -u " SVC " -r 10.0.0.1 --id 4 --yang --keys");
	assert_int_equal(ran_status, 1);
	assert_string_equal(ran_out, "");
	free(key);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, model_begin, model_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(save_is_restore),
		TEST(save_to_a_file),
		TEST(save_refusals),
		TEST(what_yang_cannot_say),
		TEST(servers_are_found),
		TEST(moves),
		TEST(no_key_is_no_plaintext),
		TEST(malformed_values),
		TEST(malformed_documents),
		TEST(truncation),
		TEST(lines),
		TEST(lines_of_prefixes),
		TEST(lines_refused),
		TEST(yang_of_a_server),
	};

	return cmocka_run_group_tests_name("yang", tests, NULL, NULL);
}
