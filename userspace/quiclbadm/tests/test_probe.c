// SPDX-License-Identifier: GPL-2.0-only
/* What a probe sends, and which answers it takes for Version Negotiation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "capture.h"
#include "common/err.h"
#include "doctor/probe.h"

enum {
	SIZE = 1200,
	DCID = 6,			/* offsets; both CIDs have 8 octets */
	SCID = DCID + 9,
	VERSIONS = SCID + 8,
	ANSWER = VERSIONS + 8,		/* two versions */
};

static struct probe probe = {
	.dcid = { 0xe1, 2, 3, 4, 5, 6, 7, 8 },
	.scid = { 11, 12, 13, 14, 15, 16, 17, 99 },
};

static uint8_t question[SIZE], answer[ANSWER];

/* As a server answers the second try. */
static void set_up(void)
{
	probe_put_quic(&probe, 1, question, SIZE);
	memset(answer, 0, sizeof(answer));
	answer[0] = 0x80;
	answer[5] = 8;
	memcpy(answer + DCID, question + SCID, 8);
	answer[14] = 8;
	memcpy(answer + SCID, question + DCID, 8);
	answer[VERSIONS + 3] = 1;
	memcpy(answer + VERSIONS + 4, "\x6b\x33\x43\xcf", 4);
}

static bool taken(size_t len)
{
	unsigned int try = 77;
	bool is = probe_read_answer(&probe, answer, len, &try);

	assert_int_equal(try, is ? 1 : try);
	return is;
}

/* RFC 9000 section 15: 0x?a?a?a?a is reserved to make servers negotiate. */
static void question_is_unknown(void **state)
{
	size_t i;

	(void)state;
	set_up();
	assert_int_equal(question[0] & 0xc0, 0xc0);
	for (i = 1; i < 5; i++)
		assert_int_equal(question[i] & 0x0f, 0x0a);
	assert_int_equal(question[5], 8);
	assert_memory_equal(question + DCID, probe.dcid, 8);
	assert_int_equal(question[14], 8);
	assert_memory_equal(question + SCID, probe.scid, 7);
	assert_int_equal(question[SCID + 7], 1);
	/* as a real server knows it */
	assert_true(probe_is_question(question, SIZE));
	for (i = 0; i < 7; i++) {
		assert_false(probe_is_question(question, i));
		question[i] ^= 0x80;
		assert_false(probe_is_question(question, SIZE));
		question[i] ^= 0x80;
	}
}

static void right_answer(void **state)
{
	(void)state;
	set_up();
	assert_true(taken(ANSWER));
	assert_int_equal(probe.version_count, 2);
	assert_int_equal(probe.versions[0], 1);
	assert_int_equal(probe.versions[1], 0x6b3343cf);
	/* the other bits of the first octet may be anything */
	answer[0] = 0xff;
	assert_true(taken(ANSWER));
	assert_true(taken(ANSWER - 4));
}

/* Each octet up to the versions counts; without a version it says nothing. */
static void wrong_answers(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < VERSIONS; i++) {
		set_up();
		answer[i] ^= 0x80;
		assert_false(taken(ANSWER));
	}
	set_up();
	for (i = 0; i < ANSWER; i++)
		if (i != ANSWER - 4)
			assert_false(taken(i));
	/* a try that was never made */
	answer[DCID + 7] = PROBE_TRIES;
	assert_false(taken(ANSWER));
}

/* It comes back as it went, from a reflector or a server with an echo. */
static void echo(void **state)
{
	unsigned int try;

	(void)state;
	set_up();
	assert_false(probe_read_answer(&probe, question, SIZE, &try));
}

/* What is asked of a host that answers no large datagram. */
static void small_packet(uint16_t af, uint8_t request, uint8_t reply, size_t ip_len)
{
	struct probe small = probe;
	uint8_t packet[256], *icmp = packet + ip_len;
	size_t len, i;

	small.echo = true;
	small.vip.af = af;
	small.from.af = af;
	small.from.port = 0x1234;
	small.fwd.forward = IP_VS_CONN_F_TUNNEL;
	len = probe_put_packet(&small, 2, packet, 56);
	assert_int_equal(len, ip_len + 8 + 56);
	assert_int_equal(icmp[0], request);
	assert_memory_equal(icmp + 4, "\x12\x34\0\2", 4);
	/* its own request is no reply, and a shorter one is none either */
	assert_false(probe_is_echo_reply(&small, icmp, 64));
	icmp[0] = reply;
	assert_true(probe_is_echo_reply(&small, icmp, 64));
	for (i = 0; i < 16; i++)
		assert_false(probe_is_echo_reply(&small, icmp, i));
	/* another program's */
	icmp[5] ^= 1;
	assert_false(probe_is_echo_reply(&small, icmp, 64));
	icmp[5] ^= 1;
	icmp[8] ^= 1;
	assert_false(probe_is_echo_reply(&small, icmp, 64));
}

static void small_packets(void **state)
{
	(void)state;
	small_packet(AF_INET, 8, 0, 20);
	small_packet(AF_INET6, 128, 129, 40);
}

static void many_versions(void **state)
{
	static uint8_t many[VERSIONS + 4 * 100];
	unsigned int try;

	(void)state;
	set_up();
	memcpy(many, answer, sizeof(answer));
	assert_true(probe_read_answer(&probe, many, sizeof(many), &try));
	assert_int_equal(probe.version_count, PROBE_VERSIONS_MAX);
}

static void command_line(void **state)
{
	(void)state;
	says(EXIT_USAGE,
	     "--size 22: not a number from 23 to 9000",
	     "probe -u 192.0.2.1 -r 10.0.0.1 --size 22");
	says(EXIT_USAGE,
	     "--timeout 0: not a number from 1 to 60000",
	     "probe -u 192.0.2.1 -r 10.0.0.1 --timeout 0");
	says(EXIT_USAGE,
	     "--timeout: the value is missing",
	     "probe -u 192.0.2.1 -r 10.0.0.1 --timeout");
	run("probe -u 224.0.0.1 -r 10.0.0.1");
	assert_int_equal(ran_status, EXIT_USAGE);
	run("probe -u 192.0.2.1 -r 224.0.0.1");
	assert_int_equal(ran_status, EXIT_USAGE);
	says(EXIT_USAGE,
	     "-f: a probe goes to one address and port of the service (-u VIP:PORT)",
	     "probe -f 5 -r 10.0.0.1");
	says(EXIT_USAGE,
	     "--tun-port: missing, --tun-type gue needs it",
	     "probe -u 192.0.2.1 -r 10.0.0.1 -i --tun-type gue");
	says(EXIT_USAGE,
	     "probe [2001:db8::2]:443: an IPv6 server with direct routing cannot be asked, IPVS would take the datagram for a client's",
	     "probe -u [2001:db8::1]:443 -r 2001:db8::2 -g");
	says(EXIT_USAGE,
	     "--from 2001:db8::3: not of the VIP's family",
	     "probe -u 192.0.2.1 -r 10.0.0.1 --from 2001:db8::3");
	says(EXIT_USAGE,
	     "--from 192.0.2.99: no address of this host, and answers go there",
	     "probe -u 192.0.2.1 -r 10.0.0.1 --from 192.0.2.99");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(question_is_unknown),
		cmocka_unit_test(right_answer),
		cmocka_unit_test(wrong_answers),
		cmocka_unit_test(echo),
		cmocka_unit_test(small_packets),
		cmocka_unit_test(many_versions),
		cmocka_unit_test(command_line),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
