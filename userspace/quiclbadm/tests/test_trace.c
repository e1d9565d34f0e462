// SPDX-License-Identifier: GPL-2.0-only
/* What "trace" makes of drops, without a kernel that drops anything. */
#include "capture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracing/reasons.h"
#include "tracing/tracer.h"
#include "diag/datagrams.h"
#include "diag/tally.h"
#include "diag/trace_line.h"
#include "diag/watch.h"
#include "fake.h"

/* 198.51.100.7:5000 to 192.0.2.1:443, short header, CID 00c4605e4504cc4f */
#define INNER "4500002600004000401100" "00" "c6336407" "c0000201" \
	"138801bb00120000" "4000c4605e4504cc4f5c"
#define OUTER "4500003a000040004004" "0000" "0a000001" "0a00000c"

/* @at: where skb->data is in @hex, which the packet begins with */
static void fill(struct packet_event *drop, const char *hex, unsigned int begin,
		 unsigned int ip)
{
	size_t i;

	memset(drop, 0, sizeof(*drop));
	drop->reason = "IP_RPFILTER";
	drop->device = "tunl0";
	drop->has_packet = true;
	drop->len = WINDOW_LEN;
	/* other memory */
	memset(drop->window, 0x45, sizeof(drop->window));
	for (i = 0; i < strlen(hex) / 2; i++)
		assert_int_equal(sscanf(hex + 2 * i, "%2hhx",
					&drop->window[begin + i]), 1);
	drop->begin = begin;
	drop->ip = (int)(begin + ip);
}

/* What is printed of it, without the time; for free(). */
static char *traced(const struct packet_event *drop, const char *options)
{
	struct watch *watch;
	FILE *real = stdout;
	struct args args;
	char line[256], *copy, *rest, *words[16], *text = NULL;
	int count = 0;
	size_t len;

	snprintf(line, sizeof(line), "trace %s", options);
	copy = strdup(line);
	for (words[count] = strtok_r(copy, " ", &rest); words[count];
	     words[count] = strtok_r(NULL, " ", &rest))
		count++;
	assert_int_equal(args_parse(count, words, false, &args), 0);
	watch = watch_new(&args);
	assert_non_null(watch);
	stdout = open_memstream(&text, &len);
	watch_drop(drop, watch);
	watch_print(watch, true);
	fclose(stdout);
	stdout = real;
	watch_free(watch);
	args_destroy(&args);
	free(copy);
	return text;
}

static void is_shown(const struct packet_event *drop, const char *options, bool wanted)
{
	char *text = traced(drop, options);

	if (wanted != !!*text)
		fail_msg("%s: %s", options, text);
	free(text);
}

static void out_of_the_tunnel(void **state)
{
	struct packet_event drop;
	char *text;

	(void)state;
	fill(&drop, OUTER INNER, 100, 20);
	text = traced(&drop, "");
	assert_string_equal(text + strlen("00:00:00.000000 "),
			    "drop IP_RPFILTER tunl0 198.51.100.7:5000 > 192.0.2.1:443 short dcid=00c4605e4504cc4f5c"
			    " in ipip 10.0.0.1 > 10.0.0.12:"
			    " source validation (rp_filter) found no route back through the device it came by; fix:"
			    " sysctl -w net/ipv4/conf/tunl0/rp_filter=0 (the greater of all's and the device's counts;"
			    " quiclbadm doctor says what if all's is not 0)\n");
	free(text);
	/* what is in front of the packet's memory is not its outer header */
	fill(&drop, OUTER INNER, 100, 20);
	drop.begin = 120;
	is_shown(&drop, "", false);
	is_shown(&drop, "-u 192.0.2.1:443", true);
}

static void json(void **state)
{
	struct packet_event drop;
	char *text;

	(void)state;
	fill(&drop, OUTER INNER, 100, 20);
	text = traced(&drop, "-j");
	assert_non_null(strstr(text, "\"event\":\"drop\",\"client\":{\"address\":\"198.51.100.7\",\"port\":5000},\"vip\":{\"address\":\"192.0.2.1\",\"port\":443},"));
	assert_non_null(strstr(text, "\"reason\":\"IP_RPFILTER\",\"device\":\"tunl0\",\"tunnel\":\"ipip\","));
	free(text);
}

static void filters(void **state)
{
	struct packet_event drop;

	(void)state;
	fill(&drop, OUTER INNER, 100, 20);
	is_shown(&drop, "-u 192.0.2.1:443", true);
	is_shown(&drop, "-u 192.0.2.1:444", false);
	is_shown(&drop, "-u 192.0.2.2:443", false);
	is_shown(&drop, "--client 198.51.100.7", true);
	is_shown(&drop, "--client 198.51.100.8", false);
	is_shown(&drop, "--cid 00c4", true);
	is_shown(&drop, "--cid 00c460ff", false);
	is_shown(&drop, "--cid 00c4605e4504cc4f5c00", false);
	/* no service here can decode it */
	is_shown(&drop, "--server-id 0:c4605e", false);
	/* another namespace's */
	drop.has_netns = true;
	is_shown(&drop, "", false);
}

static void what_concerns_no_service(void **state)
{
	struct packet_event drop;

	(void)state;
	/* not in a tunnel, and no VIP of this host */
	fill(&drop, INNER, 60, 0);
	is_shown(&drop, "", false);
	is_shown(&drop, "-u 192.0.2.1:443", true);
	/* an answer has the VIP as its source */
	is_shown(&drop, "-u 198.51.100.7:5000 --client 192.0.2.1", true);
	/* the tunnel's packet itself */
	fill(&drop, OUTER INNER, 60, 0);
	is_shown(&drop, "", true);
	/* what looks like it in front of the packet's memory is not */
	drop.begin++;
	is_shown(&drop, "", false);
	/* the IP header is nowhere */
	drop.ip = 30;
	is_shown(&drop, "", false);
	drop.ip = WINDOW_LEN;
	is_shown(&drop, "", false);
	drop.ip = -5;
	is_shown(&drop, "", false);
	/* the kernel shows no packets: all is shown */
	drop.has_packet = false;
	is_shown(&drop, "", true);
	is_shown(&drop, "-u 192.0.2.1:443", false);
}

static struct endpoint endpoint(const char *address, uint16_t port)
{
	struct endpoint ep = { .af = AF_INET, .port = port };

	assert_int_equal(inet_pton(AF_INET, address, ep.addr), 1);
	return ep;
}

static struct trace_line event(const char *what, uint64_t time, uint16_t port)
{
	return (struct trace_line){
		.time = time, .what = what, .config = -1, .function = "",
		.client = endpoint("198.51.100.7", port),
		.vip = endpoint("192.0.2.1", 443),
	};
}

static struct trace_line outcome_event(const char *what, uint64_t time, uint16_t port,
				       uint32_t outcome)
{
	struct trace_line line = event(what, time, port);

	line.outcomes[line.outcome_count++] = outcome;
	return line;
}

static void take(struct datagrams *datagrams, const struct trace_line *line)
{
	if (!datagrams_merge(datagrams, line))
		datagrams_hold(datagrams, line);
}

/* Of lines that are equal but for the time, what follows it. */
static void printed(struct datagrams *datagrams, uint64_t time, const char *const *wanted)
{
	char *text = NULL, *line, *rest;
	FILE *real = stdout;
	size_t len, i = 0;

	stdout = open_memstream(&text, &len);
	datagrams_print(datagrams, time);
	fclose(stdout);
	stdout = real;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		assert_non_null(wanted[i]);
		assert_string_equal(line + strlen("00:00:00.000000 "), wanted[i]);
		i++;
	}
	assert_null(wanted[i]);
	free(text);
}

static void one_line_per_datagram(void **state)
{
	static const char *const wanted[] = {
		"decision unroutable-reserved, fallback-new 198.51.100.7:1 > 192.0.2.1:443 short dcid=ff11 server=10.0.0.12:443",
		"decision routed 198.51.100.7:2 > 192.0.2.1:443 server=10.0.0.11:443; drop PKT_TOO_BIG:"
		" it is larger than the MTU of the way on, and must not be fragmented; fix:"
		" raise the MTU to the real server by the tunnel's header, or lower what clients and servers send",
		NULL
	};
	struct datagrams *datagrams = datagrams_new();
	struct trace_line line;

	(void)state;
	line = outcome_event("decision", 10, 1, IP_VS_QUIC_RESERVED);
	take(datagrams, &line);
	line = outcome_event("decision", 11, 2, IP_VS_QUIC_ROUTED);
	line.server = endpoint("10.0.0.11", 443);
	take(datagrams, &line);
	line = outcome_event("unroutable", 12, 1, IP_VS_QUIC_RESERVED);
	line.has_form = true;
	trace_line_set_dcid(&line, (const uint8_t *)"\xff\x11", 2);
	take(datagrams, &line);
	line = outcome_event("schedule", 13, 1, IP_VS_QUIC_FALLBACK_NEW);
	line.server = endpoint("10.0.0.12", 443);
	take(datagrams, &line);
	line = event("drop", 14, 2);
	snprintf(line.drop, sizeof(line.drop), "PKT_TOO_BIG");
	line.reason = reason_find(line.drop, "");
	take(datagrams, &line);
	/* the next datagram of the same flow, and one more of the other that is dropped */
	line = outcome_event("decision", 20, 1, IP_VS_QUIC_ROUTED);
	take(datagrams, &line);
	line = event("drop", 21, 2);
	snprintf(line.drop, sizeof(line.drop), "NO_SOCKET");
	line.reason = reason_find(line.drop, "");
	take(datagrams, &line);
	printed(datagrams, 20, wanted);
	assert_false(datagrams_are_printed(datagrams));
	/* a service by mark: the dropped packet has a VIP instead */
	line = outcome_event("decision", 22, 3, IP_VS_QUIC_ROUTED);
	line.fwmark = 7;
	take(datagrams, &line);
	line = event("drop", 23, 3);
	snprintf(line.drop, sizeof(line.drop), "PKT_TOO_BIG");
	line.reason = reason_find(line.drop, "");
	assert_true(datagrams_merge(datagrams, &line));
	datagrams_free(datagrams);
}

/* Lines are held so long only as there is room. */
static void many_datagrams(void **state)
{
	struct datagrams *datagrams = datagrams_new();
	FILE *real = stdout;
	char *text = NULL;
	size_t len, lines = 0, i;

	(void)state;
	stdout = open_memstream(&text, &len);
	for (i = 0; i < 1000; i++) {
		struct trace_line line = outcome_event("decision", i, (uint16_t)(i + 1),
						       IP_VS_QUIC_ROUTED);

		take(datagrams, &line);
	}
	fflush(stdout);
	for (i = 0; i < len; i++)
		lines += text[i] == '\n';
	assert_in_range(lines, 500, 999);
	datagrams_print(datagrams, UINT64_MAX);
	fclose(stdout);
	stdout = real;
	for (i = lines = 0; i < len; i++)
		lines += text[i] == '\n';
	assert_int_equal(lines, 1000);
	assert_true(datagrams_are_printed(datagrams));
	free(text);
	datagrams_free(datagrams);
}

static void sums(void **state)
{
	struct tally tally = { 0 };
	struct trace_line line;
	FILE *real = stderr;
	char *text = NULL;
	struct args args;
	char *words[] = { "trace", "--client", "192.0.2.9", "--follow", "00c4" };
	size_t len;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		line = outcome_event("decision", 1, 1, IP_VS_QUIC_ROUTED);
		tally_add(&tally, &line);
	}
	line = event("drop", 1, 1);
	snprintf(line.drop, sizeof(line.drop), "NO_SOCKET");
	tally_add(&tally, &line);
	for (i = 0; i < 40; i++) {
		snprintf(line.drop, sizeof(line.drop), "REASON_%d", i);
		tally_add(&tally, &line);
	}
	assert_int_equal(args_parse(5, words, false, &args), 0);
	stderr = open_memstream(&text, &len);
	tally_print(&tally);
	fflush(stderr);
	assert_non_null(strstr(text, "Seen: 3 routed, 1 drop NO_SOCKET, 1 drop REASON_0, "));
	assert_non_null(strstr(text, ", 10 drop for other reasons.\n"));
	rewind(stderr);
	tally_hint(&tally, &args);
	tally.others = 5;
	tally.elsewhere = 6;
	tally_hint(&tally, &args);
	fclose(stderr);
	stderr = real;
	assert_non_null(strstr(text, "Nothing so far; no datagram of a service was decided on, and none was dropped"));
	assert_non_null(strstr(text, "Nothing so far; 5 events were not of --client --follow; 6 events were of other network namespaces (-N NETNS watches one).\n"));
	free(text);
	args_destroy(&args);
}

static void causes(void **state)
{
	(void)state;
	assert_non_null(strstr(reason_find("NO_SOCKET", "")->cause, "no socket"));
	assert_non_null(strstr(reason_find("NOT_SPECIFIED", "tunnel4_rcv")->cause, "no tunnel device"));
	assert_non_null(strstr(reason_find("NOT_SPECIFIED", "somewhere")->cause, "gives no reason"));
	assert_non_null(strstr(reason_find("BRAND_NEW", "ip_rcv")->cause, "dropreason-core.h"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(out_of_the_tunnel),
		cmocka_unit_test(json),
		cmocka_unit_test(filters),
		cmocka_unit_test(what_concerns_no_service),
		cmocka_unit_test(one_line_per_datagram),
		cmocka_unit_test(many_datagrams),
		cmocka_unit_test(sums),
		cmocka_unit_test(causes),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
