// SPDX-License-Identifier: GPL-2.0-only
#include "doctor.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "json.h"
#include "proc.h"
#include "xalloc.h"

static const char *const level_names[CHECK_LEVELS] = {
	[CHECK_OK] = "ok",
	[CHECK_ADVICE] = "advice",
	[CHECK_UNKNOWN] = "unknown",
	[CHECK_FAULT] = "fault",
};

static char *format_text(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		no_memory();
	return text;
}

void report_add(struct report *report, enum check_level level, const char *name,
		const char *format, ...)
{
	struct check *check;
	va_list args;

	report->checks = xreallocarray(report->checks, report->count + 1,
				       sizeof(*check));
	check = &report->checks[report->count++];
	check->level = level;
	check->name = name;
	check->fix = NULL;
	va_start(args, format);
	check->evidence = format_text(format, args);
	va_end(args);
}

void report_fix(struct report *report, const char *format, ...)
{
	struct check *check = &report->checks[report->count - 1];
	va_list args;

	free(check->fix);
	va_start(args, format);
	check->fix = format_text(format, args);
	va_end(args);
}

void report_destroy(struct report *report)
{
	size_t i;

	for (i = 0; i < report->count; i++) {
		free(report->checks[i].evidence);
		free(report->checks[i].fix);
	}
	free(report->checks);
	memset(report, 0, sizeof(*report));
}

static void print_text(const struct report *report, const size_t *counts)
{
	size_t i;

	for (i = 0; i < report->count; i++) {
		const struct check *check = &report->checks[i];

		printf("%-7s  %-10s  %s\n", level_names[check->level],
		       check->name, check->evidence);
		if (check->fix)
			printf("%-7s  %-10s  fix: %s\n", "", "", check->fix);
	}
	printf("%zu ok, %zu advice, %zu unknown, %zu faults\n",
	       counts[CHECK_OK], counts[CHECK_ADVICE], counts[CHECK_UNKNOWN],
	       counts[CHECK_FAULT]);
}

static void print_json(const struct report *report)
{
	json_t *array = need(json_array()), *object;
	size_t i;

	for (i = 0; i < report->count; i++) {
		const struct check *check = &report->checks[i];

		object = need(json_object());
		set_text(object, "verdict", level_names[check->level]);
		set_text(object, "check", check->name);
		set_text(object, "evidence", check->evidence);
		if (check->fix)
			set_text(object, "fix", check->fix);
		append(array, object);
	}
	dump(array);
}

int report_print(const struct report *report, bool json)
{
	size_t counts[CHECK_LEVELS] = { 0 }, i;

	for (i = 0; i < report->count; i++)
		counts[report->checks[i].level]++;
	if (json)
		print_json(report);
	else
		print_text(report, counts);
	return counts[CHECK_FAULT] ? EXIT_REFUSED : EXIT_DONE;
}

void doctor_some_client(uint16_t af, struct endpoint *client)
{
	memset(client, 0, sizeof(*client));
	client->af = af;
	inet_pton(af, af == AF_INET6 ? "2600::1" : "4.0.0.1", client->addr);
}

unsigned int doctor_tunnel_len(const struct way *way, uint16_t outer_af)
{
	unsigned int len = outer_af == AF_INET6 ? 40 : 20;

	if (way->forward != IP_VS_CONN_F_TUNNEL)
		return 0;
	switch (way->tun_type) {
	case IP_VS_CONN_F_TUNNEL_TYPE_GRE:
		return len + 4;
	case IP_VS_CONN_F_TUNNEL_TYPE_GUE:
		return len + 8 + 4;
	default:
		return len;
	}
}

char *doctor_addr_str(const struct endpoint *ep, char *buf)
{
	if (!inet_ntop(ep->af, ep->addr, buf, ENDPOINT_STRLEN))
		*buf = '\0';
	return buf;
}

void doctor_tunnel_passage(const struct way *way, uint16_t af,
			   struct passage *passage)
{
	struct fw_packet *packet = &passage->packet;

	passage->what = "the tunnel's packets";
	packet->af = way->server.af;
	packet->dst = way->server;
	packet->ct_state = CT_NEW;
	switch (way->tun_type) {
	case IP_VS_CONN_F_TUNNEL_TYPE_GUE:
		packet->protocol = IPPROTO_UDP;
		packet->dst.port = way->tun_port;
		snprintf(passage->rule, sizeof(passage->rule),
			 "udp dport %u accept", way->tun_port);
		return;
	case IP_VS_CONN_F_TUNNEL_TYPE_GRE:
		packet->protocol = IPPROTO_GRE;
		break;
	default:
		packet->protocol = af == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	}
	snprintf(passage->rule, sizeof(passage->rule), "meta l4proto %u accept",
		 packet->protocol);
}

bool doctor_can_ask(struct report *report, const struct firewall *fw)
{
	if (fw->legacy)
		report_add(report, CHECK_UNKNOWN, "firewall",
			   "there are rules of iptables-legacy, which are not looked at (iptables-legacy-save shows them)");
	if (!fw->rules)
		report_add(report, CHECK_UNKNOWN, "firewall",
			   "nft cannot be asked: it is not installed, or this is not root");
	return fw->rules;
}

void doctor_passage(struct report *report, const struct firewall *fw,
		    const struct passage *passage)
{
	enum firewall_verdict verdict = FIREWALL_PASSES;
	struct fw_stop stop = { 0 };
	unsigned int i;

	for (i = 0; passage->hooks[i] && verdict == FIREWALL_PASSES; i++)
		verdict = firewall_try(fw, passage->hooks[i], &passage->packet,
				       &stop);
	if (verdict == FIREWALL_PASSES)
		return;
	report_add(report, verdict == FIREWALL_DROPS ? CHECK_FAULT :
						       CHECK_UNKNOWN,
		   "firewall", "%s: %s of nftables' %s %s %s %s", passage->what,
		   stop.policy ? "the policy" : "a rule", stop.family,
		   stop.table, stop.chain, verdict == FIREWALL_DROPS ?
		   "drops them (NETFILTER_DROP)" : "may drop them");
	report_fix(report, "nft insert rule %s %s %s %s", stop.family,
		   stop.table, stop.chain, passage->rule);
}

int doctor_conntrack(struct report *report, bool *full)
{
	int count = 0, max = 0;

	*full = false;
	if (!proc_sysctl(&count, "net/netfilter/nf_conntrack_count") ||
	    !proc_sysctl(&max, "net/netfilter/nf_conntrack_max"))
		return -1;
	if (!max || count < max)
		return count;
	*full = true;
	report_add(report, CHECK_FAULT, "conntrack",
		   "its table is full (%d of %d), so new flows are dropped",
		   count, max);
	report_fix(report, "sysctl -w net.netfilter.nf_conntrack_max=%d",
		   2 * max);
	return count;
}
