// SPDX-License-Identifier: GPL-2.0-only
/* What "doctor" sends into a real server, and what it says of what became of that. */
#include "capture.h"

#include <errno.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/asking.h"
#include "doctor/journey.h"
#include "doctor/packet_build.h"
#include "doctor/passage.h"
#include "doctor/realserver_path.h"
#include "doctor/service_path.h"
#include "model/packet.h"

static void address(struct endpoint *ep, const char *text, uint16_t port)
{
	memset(ep, 0, sizeof(*ep));
	ep->af = strchr(text, ':') ? AF_INET6 : AF_INET;
	ep->port = port;
	assert_int_equal(inet_pton(ep->af, text, ep->addr), 1);
}

/* --- frames ---------------------------------------------------------------- */

struct way {
	uint32_t forward;
	uint8_t type;
	uint16_t flags;
	bool vip6;
	bool outer6;
	enum tunnel tunnel;
};

static void prepare(struct journey *journey, const struct way *way)
{
	memset(journey, 0, sizeof(*journey));
	address(&journey->probe.vip, way->vip6 ? "2001:db8::443" : "192.0.2.1", 443);
	address(&journey->probe.from, way->vip6 ? "2001:db8:9::1" : "203.0.113.1", 20001);
	address(&journey->probe.fwd.server, way->outer6 ? "fd00::12" : "10.0.0.12", 0);
	address(&journey->outer_source, way->outer6 ? "fd00::1" : "10.0.0.1", 0);
	journey->probe.fwd.forward = way->forward;
	journey->probe.fwd.tun_type = way->type;
	journey->probe.fwd.tun_flags = way->flags;
	journey->probe.fwd.tun_port = 6080;
}

/* RFC 1071: a sum with its checksum in it is all ones; of UDP with its pseudo header. */
static void udp_checksum_is_right(const uint8_t *ip, size_t len, bool may_be_none)
{
	bool v6 = *ip >> 4 == 6;
	size_t at = v6 ? 40 : 20, alen = v6 ? 16 : 4;
	uint8_t data[2 * 16 + 4 + 2048] = { 0 };
	uint16_t udp = (uint16_t)(len - at), length = htons(udp);

	if (may_be_none && !ip[at + 6] && !ip[at + 7])
		return;
	memcpy(data, ip + (v6 ? 8 : 12), 2 * alen);
	data[2 * alen + 1] = IPPROTO_UDP;
	memcpy(data + 2 * alen + 2, &length, 2);
	memcpy(data + 2 * alen + 4, ip + at, udp);
	assert_int_equal(packet_checksum(data, 2 * alen + 4 + udp), 0);
}

static void frames(void **state)
{
	static const struct way ways[] = {
		{ IP_VS_CONN_F_DROUTE, 0, 0, false, false, TUNNEL_NONE },
		{ IP_VS_CONN_F_DROUTE, 0, 0, true, true, TUNNEL_NONE },
		{ IP_VS_CONN_F_TUNNEL, IP_VS_CONN_F_TUNNEL_TYPE_IPIP, 0, false, false, TUNNEL_IPIP },
		{ IP_VS_CONN_F_TUNNEL, IP_VS_CONN_F_TUNNEL_TYPE_IPIP, 0, true, true, TUNNEL_IPIP },
		{ IP_VS_CONN_F_TUNNEL, IP_VS_CONN_F_TUNNEL_TYPE_IPIP, 0, true, false, TUNNEL_IPIP },
		{ IP_VS_CONN_F_TUNNEL, IP_VS_CONN_F_TUNNEL_TYPE_IPIP, 0, false, true, TUNNEL_IPIP },
		{ IP_VS_CONN_F_TUNNEL, IP_VS_CONN_F_TUNNEL_TYPE_GRE, 0, false, false, TUNNEL_GRE },
		{ IP_VS_CONN_F_TUNNEL, IP_VS_CONN_F_TUNNEL_TYPE_GRE, IP_VS_TUNNEL_ENCAP_FLAG_CSUM, true, true, TUNNEL_GRE },
		{ IP_VS_CONN_F_TUNNEL, IP_VS_CONN_F_TUNNEL_TYPE_GUE, 0, false, false, TUNNEL_GUE },
		{ IP_VS_CONN_F_TUNNEL, IP_VS_CONN_F_TUNNEL_TYPE_GUE, IP_VS_TUNNEL_ENCAP_FLAG_CSUM, true, true, TUNNEL_GUE },
	};
	static const uint8_t mac[6] = { 2, 4, 6, 8, 10, 12 };
	uint8_t frame[QUIC_MIN + PROBE_HEADERS_MAX];
	struct journey journey;
	struct packet p;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		bool outer6 = ways[i].tunnel ? ways[i].outer6 : ways[i].vip6;

		prepare(&journey, &ways[i]);
		len = journey_put_frame(&journey, mac, frame, QUIC_MIN);
		assert_memory_equal(frame, mac, sizeof(mac));
		assert_int_equal(frame[12] << 8 | frame[13], outer6 ? 0x86dd : 0x0800);
		assert_true(packet_parse(frame + 14, len - 14, &p));
		assert_int_equal(p.tunnel, ways[i].tunnel);
		assert_true(p.is_udp && p.len == QUIC_MIN && p.view == QUIC_MIN);
		assert_true(endpoint_eq(&p.src, &journey.probe.from));
		assert_true(endpoint_eq(&p.dst, &journey.probe.vip));
		/* nothing behind it */
		assert_ptr_equal(p.payload + QUIC_MIN, frame + len);
		udp_checksum_is_right(frame + 14 + p.at, len - 14 - p.at, false);
		if (ways[i].tunnel == TUNNEL_NONE)
			continue;
		assert_true(endpoint_addr_eq(&p.outer_src, &journey.outer_source));
		assert_true(endpoint_addr_eq(&p.outer_dst, &journey.probe.fwd.server));
		if (!outer6)
			assert_int_equal(packet_checksum(frame + 14, 20), 0);
		if (ways[i].tunnel == TUNNEL_GUE) {
			assert_int_equal(p.outer_dst.port, 6080);
			udp_checksum_is_right(frame + 14, len - 14, !ways[i].flags);
		}
	}
}

/* As small as an acknowledgement: a short header with the connection ID, RFC 8999 section 5.2. */
static void short_frame(void **state)
{
	static const struct way way = { IP_VS_CONN_F_DROUTE, 0, 0, false, false, TUNNEL_NONE };
	uint8_t frame[QUIC_ACK + PROBE_HEADERS_MAX];
	struct journey journey;
	struct packet p;
	size_t len;

	(void)state;
	prepare(&journey, &way);
	journey.probe.is_short = true;
	memset(journey.probe.dcid, 0xe5, PROBE_CID_LEN);
	len = journey_put_frame(&journey, (const uint8_t[6]){ 0 }, frame, QUIC_ACK);
	assert_true(packet_parse(frame + 14, len - 14, &p));
	assert_int_equal(p.len, QUIC_ACK);
	assert_int_equal(*p.payload, 0x40);
	assert_memory_equal(p.payload + 1, journey.probe.dcid, PROBE_CID_LEN);
	assert_false(probe_is_question(p.payload, p.view));
	udp_checksum_is_right(frame + 14, len - 14, false);
}

/* --- who has an address ------------------------------------------------------ */

static void asks(void **state)
{
	uint8_t frame[ASKING_FRAME_MAX];
	struct endpoint v4, v6;
	uint8_t data[40 + ASKING_FRAME_MAX] = { 0 };
	size_t len;

	(void)state;
	address(&v4, "192.0.2.1", 443);
	len = asking_put_frame(&v4, frame);
	assert_int_equal(len, 14 + 28);
	assert_int_equal(frame[0] & frame[5], 0xff);
	/* a request, of no sender's address */
	assert_memory_equal(frame + 12, "\x08\x06\0\x01\x08\0\x06\x04\0\x01", 10);
	assert_memory_equal(frame + 28, "\0\0\0\0", 4);
	assert_memory_equal(frame + 38, v4.addr, 4);
	assert_false(asking_is_answer(&v4, frame, len));
	address(&v6, "2001:db8::1234:5678", 443);
	len = asking_put_frame(&v6, frame);
	assert_int_equal(len, 14 + 40 + 24);
	assert_memory_equal(frame, "\x33\x33\xff\x34\x56\x78", 6);
	/* RFC 8200 section 8.1: addresses, length, next header */
	memcpy(data, frame + 14 + 8, 32);
	data[35] = 24;
	data[39] = IPPROTO_ICMPV6;
	memcpy(data + 40, frame + 14 + 40, 24);
	assert_int_equal(packet_checksum(data, 64), 0);
	assert_false(asking_is_answer(&v6, frame, len));
}

static void answers(void **state)
{
	uint8_t frame[ASKING_FRAME_MAX];
	struct endpoint v4, v6, other;
	size_t len, i;

	(void)state;
	address(&v4, "192.0.2.1", 443);
	address(&other, "192.0.2.2", 443);
	len = asking_put_frame(&v4, frame);
	frame[21] = 2;
	memcpy(frame + 28, v4.addr, 4);
	assert_true(asking_is_answer(&v4, frame, len));
	assert_false(asking_is_answer(&other, frame, len));
	for (i = 0; i < len; i++)
		assert_false(asking_is_answer(&v4, frame, i));
	address(&v6, "2001:db8::1234:5678", 443);
	address(&other, "2001:db8::1234:5679", 443);
	len = asking_put_frame(&v6, frame);
	frame[54] = 136;
	assert_true(asking_is_answer(&v6, frame, len));
	assert_false(asking_is_answer(&other, frame, len));
	assert_false(asking_is_answer(&v4, frame, len));
	for (i = 0; i < len; i++)
		assert_false(asking_is_answer(&v6, frame, i));
}

/* --- verdicts -------------------------------------------------------------- */

static struct journey journey;
static struct report report;
static struct firewall no_rules = { .is_read = true };
static struct link lo = { .index = 1, .name = "lo" };
static struct link eth0 = { .index = 2, .name = "eth0" }, tunl0 = { .index = 3, .name = "tunl0" };

static struct journey_step *seen(enum step step, bool answer, const char *device)
{
	struct journey_step *s = &journey.steps[journey.count++];

	memset(s, 0, sizeof(*s));
	s->step = step;
	s->answer = answer;
	snprintf(s->device, sizeof(s->device), "%s", device);
	s->src = answer ? journey.probe.vip : journey.probe.from;
	s->dst = answer ? journey.probe.from : journey.probe.vip;
	return s;
}

static int begin(void **state)
{
	static const struct way way = {
		IP_VS_CONN_F_TUNNEL, IP_VS_CONN_F_TUNNEL_TYPE_IPIP, 0, false, false, TUNNEL_IPIP
	};

	(void)state;
	prepare(&journey, &way);
	journey.in = &eth0;
	/* of a check before it, and three of its own */
	memset(&report, 0, sizeof(report));
	report_add(&report, CHECK_FAULT, "tunnel", "another VIP's");
	report_about(&report, &(struct service_id){ .protocol = IPPROTO_UDP, .vip = journey.probe.vip }, NULL);
	report_add(&report, CHECK_FAULT, "gue", "predicted");
	report_add(&report, CHECK_UNKNOWN, "socket", "predicted");
	report_add(&report, CHECK_FAULT, "arp", "not about the path");
	return 0;
}

static int end(void **state)
{
	(void)state;
	report_destroy(&report);
	return 0;
}

static void nothing_predicted(void)
{
	report.checks[1].level = CHECK_OK;
	report.checks[3].level = CHECK_OK;
}

static void judge(void)
{
	struct realserver rs = {
		.report = &report, .fw = &no_rules, .uplink = &eth0, .tunnel = &tunl0, .vip = journey.probe.vip,
	};

	realserver_judge_path(&rs, &journey);
}

/* The checks' names with their levels, and of the last one the evidence. */
static void found(const char *checks, const char *evidence)
{
	static const char levels[] = "oauf";
	char text[256] = "";
	size_t i;

	for (i = 0; i < report.count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%c:%s",
			 i ? " " : "", levels[report.checks[i].level], report.checks[i].name);
	assert_string_equal(text, checks);
	assert_string_equal(report.checks[report.count - 1].evidence, evidence);
}

static void arrives(void)
{
	seen(STEP_RECEIVED, false, "eth0")->tunnel = TUNNEL_IPIP;
	seen(STEP_RECEIVED, false, "tunl0");
}

static void answered(void **state)
{
	(void)state;
	arrives();
	seen(STEP_QUEUED, false, "tunl0");
	seen(STEP_SENT, true, "eth0");
	judge();
	/* predictions are taken back, but not those of before and of other things */
	found("f:tunnel f:arp o:path",
	      "it arrived by eth0, came out of tunl0, was given to a socket, and its answer left by eth0 with the VIP as source");
}

static void dropped(void **state)
{
	struct journey_step *step;

	(void)state;
	arrives();
	step = seen(STEP_DROPPED, false, "tunl0");
	strcpy(step->reason, "NETFILTER_DROP");
	judge();
	found("f:tunnel f:gue u:socket f:arp", "not about the path");
	assert_null(report.checks[0].seen);
	assert_string_equal(report.checks[1].seen,
			    "it arrived by eth0, came out of tunl0 and was dropped at tunl0 (NETFILTER_DROP): a rule or policy of nftables or iptables dropped it");
}

static void dropped_unpredicted(void **state)
{
	struct journey_step *step;

	(void)state;
	end(state);
	report_add(&report, CHECK_OK, "socket", "predicted");
	arrives();
	step = seen(STEP_DROPPED, false, "tunl0");
	strcpy(step->reason, "IP_RPFILTER");
	judge();
	found("o:socket f:path",
	      "it arrived by eth0, came out of tunl0 and was dropped at tunl0 (IP_RPFILTER): source validation (rp_filter) found no route back through the device it came by");
}

static void answer_dropped(void **state)
{
	struct journey_step *step;

	(void)state;
	nothing_predicted();
	arrives();
	seen(STEP_QUEUED, false, "tunl0");
	step = seen(STEP_DROPPED, true, "");
	strcpy(step->reason, "NETFILTER_DROP");
	judge();
	found("f:tunnel o:gue u:socket o:arp f:path",
	      "it arrived by eth0, came out of tunl0, was given to a socket, and its answer was dropped (NETFILTER_DROP): a rule or policy of nftables or iptables dropped it");
}

static void no_answer(void **state)
{
	(void)state;
	arrives();
	seen(STEP_QUEUED, false, "tunl0");
	judge();
	found("f:tunnel f:gue u:socket f:arp u:path",
	      "it arrived by eth0, came out of tunl0, was given to a socket, and no answer left; a QUIC server answers an unknown version, if the next hop towards the client is there");
}

static void answered_into_tunnel(void **state)
{
	(void)state;
	nothing_predicted();
	arrives();
	seen(STEP_QUEUED, false, "tunl0");
	seen(STEP_SENT, true, "tunl0");
	seen(STEP_SENT, true, "eth0")->tunnel = TUNNEL_IPIP;
	judge();
	found("f:tunnel o:gue u:socket o:arp f:path",
	      "it arrived by eth0, came out of tunl0, was given to a socket, but its answer went back into the tunnel (tunl0): the server answers by the device that the datagram came by; bind it to the VIP");
}

static void translated(void **state)
{
	(void)state;
	nothing_predicted();
	arrives();
	seen(STEP_QUEUED, false, "tunl0");
	address(&seen(STEP_SENT, true, "eth0")->src, "10.0.0.12", 443);
	judge();
	found("f:tunnel o:gue u:socket o:arp f:path",
	      "it arrived by eth0, came out of tunl0, was given to a socket, but its answer left by eth0 with the source 10.0.0.12:443, which is not the VIP, so the client does not take it: a rule translates it (masquerade, snat), or the server is not bound to the VIP");
}

static void dropped_translated(void **state)
{
	struct journey_step *step;

	(void)state;
	end(state);
	seen(STEP_RECEIVED, false, "eth0");
	step = seen(STEP_DROPPED, false, "eth0");
	strcpy(step->reason, "NO_SOCKET");
	address(&step->dst, "10.0.0.12", 8443);
	judge();
	found("f:path", "it arrived by eth0 and was dropped at eth0 (NO_SOCKET): no socket is bound to its destination; a rule had translated its destination to 10.0.0.12:8443 (dnat, redirect)");
}

/* In memory, the tunnel's headers are still in front of what has come out. */
static void misled(void **state)
{
	static const enum tunnel kinds[] = { TUNNEL_IPIP, TUNNEL_GUE };
	size_t i;

	for (i = 0; i < 2; i++) {
		begin(state);
		nothing_predicted();
		arrives();
		seen(STEP_QUEUED, false, "tunl0")->tunnel = kinds[i];
		seen(STEP_SENT, true, "eth0");
		judge();
		assert_string_equal(report.checks[report.count - 1].name, "path");
		assert_int_equal(report.checks[report.count - 1].level, CHECK_OK);
		end(state);
	}
	begin(state);
	nothing_predicted();
	seen(STEP_RECEIVED, false, "eth0")->tunnel = TUNNEL_GUE;
	seen(STEP_QUEUED, false, "eth0")->tunnel = TUNNEL_GUE;
	judge();
	found("f:tunnel o:gue u:socket o:arp f:path",
	      "it arrived by eth0, was given to a socket, still in the tunnel's packet: the port is that program's, and not the tunnel's");
}

static void vanished(void **state)
{
	(void)state;
	nothing_predicted();
	arrives();
	judge();
	found("f:tunnel o:gue u:socket o:arp f:path",
	      "it arrived by eth0, came out of tunl0, and no socket got it");
}

static void sent_on(void **state)
{
	(void)state;
	nothing_predicted();
	arrives();
	seen(STEP_SENT, false, "eth1");
	judge();
	found("f:tunnel o:gue u:socket o:arp f:path",
	      "it arrived by eth0, came out of tunl0, was sent on by eth1; it should have gone to a socket here");
}

/* A container's server, whose answers come by here again. */
static void published(void **state)
{
	(void)state;
	arrives();
	address(&seen(STEP_SENT, false, "docker0")->dst, "172.17.0.2", 8443);
	address(&seen(STEP_RECEIVED, true, "docker0")->src, "172.17.0.2", 8443);
	seen(STEP_SENT, true, "eth0");
	judge();
	found("f:tunnel f:arp o:path",
	      "it arrived by eth0, came out of tunl0, was sent on by docker0, and its answer left by eth0 with the VIP as source");
}

/* What was seen stands, whatever else was missed. */
static void published_and_missed(void **state)
{
	journey.missed = true;
	published(state);
}

static void not_sent(void **state)
{
	(void)state;
	journey.error = EPERM;
	judge();
	found("f:tunnel f:gue u:socket f:arp u:path",
	      "no datagram can be made to arrive by eth0: Operation not permitted");
	journey.error = 0;
	journey.missed = true;
	judge();
	found("f:tunnel f:gue u:socket f:arp u:path u:path",
	      "no datagram can be made to arrive by eth0: too much else happens here");
}

/* BPF may not be used: what is behind lo was seen, and nothing of eth0. */
static void through_lo(void **state)
{
	(void)state;
	report_add(&report, CHECK_FAULT, "rp_filter", "of eth0");
	journey.barred = EPERM;
	journey.in = &lo;
	seen(STEP_RECEIVED, false, "lo")->tunnel = TUNNEL_IPIP;
	seen(STEP_RECEIVED, false, "tunl0");
	seen(STEP_QUEUED, false, "tunl0");
	seen(STEP_SENT, true, "eth0");
	judge();
	found("f:tunnel f:arp f:rp_filter u:arrival o:path",
	      "it went through lo, came out of tunl0, was given to a socket, and its answer left by eth0 with the VIP as source");
	assert_non_null(strstr(report.checks[3].evidence, "what eth0 does with what arrives was not seen"));
}

/* What rules make of it there is nothing that the director's packets meet; a missing tunnel is. */
static void dropped_at_lo(void **state)
{
	static const char *const reasons[] = { "NETFILTER_DROP", "IP_NOPROTO" };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		begin(state);
		nothing_predicted();
		journey.barred = EPERM;
		journey.in = &lo;
		seen(STEP_RECEIVED, false, "lo")->tunnel = TUNNEL_IPIP;
		strcpy(seen(STEP_DROPPED, false, "lo")->reason, reasons[i]);
		judge();
		assert_string_equal(report.checks[report.count - 1].name, "path");
		assert_int_equal(report.checks[report.count - 1].level, i ? CHECK_FAULT : CHECK_UNKNOWN);
		end(state);
	}
}

/* --- a director's -------------------------------------------------------------- */

static struct dest dests[2];
static struct service service = { .dests = dests, .dest_count = 2, .sched = "quic" };

static struct address addresses[1];
static struct host host = { .addresses = addresses };

static int begin_director(void **state)
{
	begin(state);
	end(state);
	address(&addresses[0].ep, "10.0.0.11", 0);
	host.address_count = 0;
	service.id.protocol = IPPROTO_UDP;
	service.id.vip = journey.probe.vip;
	memset(dests, 0, sizeof(dests));
	address(&dests[0].server, "10.0.0.11", 0);
	address(&dests[1].server, "10.0.0.12", 0);
	dests[0].forward = IP_VS_CONN_F_TUNNEL;
	dests[1].forward = IP_VS_CONN_F_TUNNEL;
	report_about(&report, &service.id, NULL);
	report_add(&report, CHECK_FAULT, "vip", "predicted");
	report_about(&report, &service.id, &dests[0].server);
	report_add(&report, CHECK_FAULT, "route", "predicted");
	report_about(&report, &service.id, &dests[1].server);
	report_add(&report, CHECK_FAULT, "route", "predicted");
	report_about(&report, &service.id, NULL);
	seen(STEP_RECEIVED, false, "eth0");
	return 0;
}

static struct journey_step *sent_to(const char *source, const char *server)
{
	struct journey_step *step = seen(STEP_SENT, false, "eth1");

	step->tunnel = TUNNEL_IPIP;
	address(&step->outer_src, source, 0);
	address(&step->outer_dst, server, 0);
	return step;
}

static void judge_director(void)
{
	const struct service_subject s = { .report = &report, .fw = &no_rules, .svc = &service, .host = &host, .name = "192.0.2.1:443" };

	service_judge_path(&s, &journey);
}

static void forwarded(void **state)
{
	(void)state;
	sent_to("10.0.0.1", "10.0.0.12");
	judge_director();
	/* another server's stays */
	found("f:route o:path", "192.0.2.1:443: it arrived by eth0, was sent on by eth1 (ipip 10.0.0.1 > 10.0.0.12)");
	assert_true(endpoint_eq(&report.checks[0].server, &dests[0].server));
}

static void forwarded_elsewhere(void **state)
{
	(void)state;
	end(state);
	sent_to("10.0.0.1", "10.0.0.13");
	judge_director();
	found("f:path", "192.0.2.1:443: it arrived by eth0, was sent on by eth1 (ipip 10.0.0.1 > 10.0.0.13), which is no real server's way: IPVS did not take it");
}

/* Not IPVS's, as no real server is on this link. */
static void routed(void **state)
{
	(void)state;
	seen(STEP_SENT, false, "eth1");
	judge_director();
	assert_string_equal(report.checks[0].seen, "192.0.2.1:443: it arrived by eth0, was sent on by eth1, which is no real server's way: IPVS did not take it");
	/* and with direct routing it is */
	dests[1].forward = IP_VS_CONN_F_DROUTE;
	judge_director();
	found("f:route f:route o:path", "192.0.2.1:443: it arrived by eth0, was sent on by eth1");
}

static void vip_as_source(void **state)
{
	(void)state;
	end(state);
	sent_to("192.0.2.1", "10.0.0.12");
	judge_director();
	found("f:path", "192.0.2.1:443: it arrived by eth0, was sent on by eth1 (ipip 192.0.2.1 > 10.0.0.12); that packet has the VIP as its source, which is the real server's address as well, so it is dropped there as forged: use --source4 or --source6, or have another address first on eth1");
}

static void kept_here(void **state)
{
	(void)state;
	end(state);
	seen(STEP_QUEUED, false, "eth0");
	judge_director();
	found("f:path", "192.0.2.1:443: it arrived by eth0, was given to a socket on this host, and not sent to a real server: a rule redirects it (dnat, redirect), or another namespace's service was meant");
	/* one of its servers is here */
	host.address_count = 1;
	report_about(&report, &service.id, NULL);
	judge_director();
	found("f:path o:path", "192.0.2.1:443: it arrived by eth0, was given to a socket");
}

static void dropped_here(void **state)
{
	(void)state;
	end(state);
	strcpy(seen(STEP_DROPPED, false, "eth0")->reason, "NETFILTER_DROP");
	judge_director();
	found("f:path", "192.0.2.1:443: it arrived by eth0 and was dropped at eth0 (NETFILTER_DROP): a rule or policy of nftables or iptables dropped it");
}

/* --- what dropped it --------------------------------------------------------------- */

#define RULESET(policy, rules) "{\"nftables\":[" \
	"{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"c\",\"type\":\"filter\",\"hook\":\"input\",\"prio\":0,\"policy\":\"" policy "\"}}" \
	rules "]}"
#define ONLY_FROM(field, address) \
	",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"c\",\"expr\":[" \
	"{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"ip\",\"field\":\"" field "\"}},\"right\":\"" address "\"}}," \
	"{\"accept\":null}]}}"

/* Return: whether a rule is named, which then is the last check. */
static bool explains(const char *rules, bool tunnel, bool invented)
{
	struct journey_step drop = { .step = STEP_DROPPED, .device = "tunl0" };
	struct passage passage;
	struct firewall fw;
	bool found;

	drop.src = journey.probe.from;
	drop.dst = journey.probe.vip;
	if (tunnel) {
		drop.tunnel = TUNNEL_IPIP;
		address(&drop.outer_src, "10.0.0.13", 0);
		address(&drop.outer_dst, "10.0.0.12", 0);
	}
	journey.client_is_invented = invented;
	journey.outer_is_invented = invented;
	assert_true(firewall_parse(&fw, rules));
	passage_of_drop(&journey, &drop, &passage);
	found = passage_explain(&report, &fw, &passage, "dropped");
	firewall_destroy(&fw);
	return found;
}

static const struct check *last(void)
{
	return &report.checks[report.count - 1];
}

static void named_rule(void **state)
{
	(void)state;
	assert_false(explains(RULESET("accept", ""), false, true));
	assert_true(explains(RULESET("drop", ""), false, true));
	assert_string_equal(last()->evidence, "dropped; it is the policy of nftables' inet t c");
	assert_string_equal(last()->fix, "nft insert rule inet t c ip daddr 192.0.2.1 udp dport 443 accept");
	assert_true(explains(RULESET("drop", ""), true, true));
	assert_string_equal(last()->fix, "nft insert rule inet t c meta l4proto 4 accept");
	assert_int_equal(last()->level, CHECK_FAULT);
}

/* The host need not take what an address sends that the doctor has made up. */
static void named_source(void **state)
{
	static const char clients[] = RULESET("drop", ONLY_FROM("saddr", "198.51.100.9"));
	static const char director[] = RULESET("drop", ONLY_FROM("saddr", "10.0.0.1"));

	(void)state;
	assert_true(explains(clients, false, true));
	assert_int_equal(last()->level, CHECK_UNKNOWN);
	assert_null(last()->fix);
	assert_true(explains(director, true, true));
	assert_int_equal(last()->level, CHECK_UNKNOWN);
	/* who has been named by the user is to pass */
	assert_true(explains(clients, false, false));
	assert_int_equal(last()->level, CHECK_FAULT);
	assert_true(explains(director, true, false));
	assert_int_equal(last()->level, CHECK_FAULT);
	/* and a rule about something else is the same for all */
	assert_true(explains(RULESET("drop", ONLY_FROM("daddr", "10.0.0.1")), true, true));
	assert_int_equal(last()->level, CHECK_FAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames),
		cmocka_unit_test(short_frame),
		cmocka_unit_test(asks),
		cmocka_unit_test(answers),
		cmocka_unit_test_setup_teardown(answered, begin, end),
		cmocka_unit_test_setup_teardown(dropped, begin, end),
		cmocka_unit_test_setup_teardown(dropped_unpredicted, begin, end),
		cmocka_unit_test_setup_teardown(answer_dropped, begin, end),
		cmocka_unit_test_setup_teardown(no_answer, begin, end),
		cmocka_unit_test_setup_teardown(answered_into_tunnel, begin, end),
		cmocka_unit_test_setup_teardown(translated, begin, end),
		cmocka_unit_test_setup_teardown(dropped_translated, begin, end),
		cmocka_unit_test_teardown(misled, end),
		cmocka_unit_test_setup_teardown(vanished, begin, end),
		cmocka_unit_test_setup_teardown(sent_on, begin, end),
		cmocka_unit_test_setup_teardown(published, begin, end),
		cmocka_unit_test_setup_teardown(published_and_missed, begin, end),
		cmocka_unit_test_setup_teardown(not_sent, begin, end),
		cmocka_unit_test_setup_teardown(through_lo, begin, end),
		cmocka_unit_test(dropped_at_lo),
		cmocka_unit_test_setup_teardown(forwarded, begin_director, end),
		cmocka_unit_test_setup_teardown(forwarded_elsewhere, begin_director, end),
		cmocka_unit_test_setup_teardown(routed, begin_director, end),
		cmocka_unit_test_setup_teardown(vip_as_source, begin_director, end),
		cmocka_unit_test_setup_teardown(kept_here, begin_director, end),
		cmocka_unit_test_setup_teardown(dropped_here, begin_director, end),
		cmocka_unit_test_setup_teardown(named_rule, begin, end),
		cmocka_unit_test_setup_teardown(named_source, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
