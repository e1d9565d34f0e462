// SPDX-License-Identifier: GPL-2.0-only
/* What "trace" makes of drops, without a kernel that drops anything. */
#include "capture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracing/reasons.h"
#include "tracing/tracer.h"
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
		cmocka_unit_test(causes),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
