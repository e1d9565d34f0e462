// SPDX-License-Identifier: GPL-2.0-only
/*
 * The datagram is a QUIC long header of a version that is reserved to be unknown: every
 * server answers it with Version Negotiation (RFC 9000 section 6), none makes a
 * connection of it.  The answer has the VIP as source, which may be an address of
 * this host, too.  The kernel drops such packets as martians, so a packet socket receives
 * them, with a filter: it takes nothing of the clients' traffic.
 */
#include "doctor/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>

#include "common/clock.h"
#include "common/progress.h"
#include "common/err.h"
#include "model/packet.h"

enum {
	PACKET_MAX = 2048,
	FILTER_MAX = 16,
	OTHER_FILES = 64,	/* that the program may have open besides */
};

/* --- sockets ------------------------------------------------------------------ */

static void add_step(struct sock_fprog *prog, uint16_t code, uint32_t k, uint8_t yes,
		     uint8_t no)
{
	prog->filter[prog->len++] = (struct sock_filter){ code, yes, no, k };
}

/* UDP and ICMP to the address that answers go to; offsets are from the IP header. */
static void make_filter(struct sock_fprog *prog, const struct endpoint *to)
{
	bool v6 = to->af == AF_INET6;
	uint8_t words = v6 ? 4 : 1, i;
	uint32_t word;

	add_step(prog, BPF_LD | BPF_B | BPF_ABS, v6 ? 6 : 9, 0, 0);
	add_step(prog, BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 1, 0);
	add_step(prog, BPF_JMP | BPF_JEQ | BPF_K,
		 v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, 0, (uint8_t)(2 * words + 1));
	for (i = 0; i < words; i++) {
		memcpy(&word, to->addr + 4 * i, sizeof(word));
		add_step(prog, BPF_LD | BPF_W | BPF_ABS, (v6 ? 24 : 16) + 4u * i, 0, 0);
		add_step(prog, BPF_JMP | BPF_JEQ | BPF_K, ntohl(word), 0,
			 (uint8_t)(2 * (words - i - 1) + 1));
	}
	add_step(prog, BPF_RET | BPF_K, UINT32_MAX, 0, 0);
	add_step(prog, BPF_RET | BPF_K, 0, 0, 0);
}

/* Without a protocol it receives nothing until the filter is there. */
static int open_watch(const struct endpoint *from)
{
	uint16_t protocol = htons(from->af == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP);
	struct sockaddr_ll sa = { .sll_family = AF_PACKET, .sll_protocol = protocol };
	struct sock_filter steps[FILTER_MAX];
	struct sock_fprog prog = { .filter = steps };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	make_filter(&prog, from);
	if (!setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) &&
	    !bind(fd, (void *)&sa, sizeof(sa)))
		return fd;
	close(fd);
	return -1;
}

/*
 * The port is the probe's own as long as it takes, and with a socket there the kernel
 * does not answer the server by an ICMP error.
 */
static int open_port(struct probe *probe)
{
	bool v6 = probe->from.af == AF_INET6;
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} addr;
	socklen_t len = v6 ? sizeof(addr.v6) : sizeof(addr.v4);

	memset(&addr, 0, sizeof(addr));
	addr.sa.sa_family = probe->from.af;
	if (v6)
		memcpy(&addr.v6.sin6_addr, probe->from.addr, 16);
	else
		memcpy(&addr.v4.sin_addr, probe->from.addr, 4);
	probe->socket = socket(probe->from.af, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (probe->socket < 0 || bind(probe->socket, &addr.sa, len) ||
	    getsockname(probe->socket, &addr.sa, &len))
		return -1;
	probe->from.port = ntohs(v6 ? addr.v6.sin6_port : addr.v4.sin_port);
	return 0;
}

static void allow_files(size_t count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) ||
	    limit.rlim_cur >= count + OTHER_FILES)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int prepare(struct probe *probe, const struct endpoint *from)
{
	probe->from = *from;
	probe->result = PROBE_SILENT;
	probe->version_count = 0;
	return probe_choose_cids(probe) ? open_port(probe) : -1;
}

/* --- answers ------------------------------------------------------------------- */

bool probe_read_answer(struct probe *probe, const uint8_t *data, size_t len,
		       unsigned int *try)
{
	const size_t cids = 7 + 2 * PROBE_CID_LEN;
	uint32_t version;
	size_t at;

	/* the server's version is 0; both CIDs are ours, exchanged; versions follow */
	if (len < cids + 4 || (len - cids) % 4 || !(data[0] & 0x80) ||
	    memcmp(data + 1, "\0\0\0\0", 4) || data[5] != PROBE_CID_LEN ||
	    memcmp(data + 6, probe->scid, PROBE_CID_LEN - 1) ||
	    data[6 + PROBE_CID_LEN] != PROBE_CID_LEN ||
	    memcmp(data + 7 + PROBE_CID_LEN, probe->dcid, PROBE_CID_LEN))
		return false;
	*try = data[5 + PROBE_CID_LEN];
	if (*try >= PROBE_TRIES)
		return false;
	probe->version_count = 0;
	for (at = cids; at < len && probe->version_count < PROBE_VERSIONS_MAX; at += 4) {
		memcpy(&version, data + at, sizeof(version));
		probe->versions[probe->version_count++] = ntohl(version);
	}
	return true;
}

/* An ICMP message, from its header on; NULL for another packet. */
static const uint8_t *find_icmp(const uint8_t *data, size_t len, const struct packet *p)
{
	size_t header = p->src.af == AF_INET6 ? sizeof(struct ip6_hdr) :
						sizeof(struct iphdr);

	if ((p->protocol != IPPROTO_ICMP && p->protocol != IPPROTO_ICMPV6) ||
	    p->at + header + 8 > len)
		return NULL;
	return data + p->at + header;
}

/* Of an ICMP error "port unreachable", the packet it quotes. */
static bool open_error(const uint8_t *data, size_t len, struct packet *p)
{
	const uint8_t *icmp = find_icmp(data, len, p);

	if (!icmp)
		return false;
	if (p->protocol == IPPROTO_ICMP ?
	    icmp[0] != ICMP_DEST_UNREACH || icmp[1] != ICMP_PORT_UNREACH :
	    icmp[0] != ICMP6_DST_UNREACH || icmp[1] != ICMP6_DST_UNREACH_NOPORT)
		return false;
	return packet_parse(icmp + 8, len - (size_t)(icmp + 8 - data), p);
}

/* Where answers come from: masqueraded servers have an address of their own. */
static const struct endpoint *peer_of(const struct probe *probe)
{
	return probe->fwd.forward == IP_VS_CONN_F_MASQ ? &probe->fwd.server :
							 &probe->vip;
}

static void take_answer(struct probe *probe, const struct packet *p)
{
	unsigned int try;

	if (!probe_read_answer(probe, p->payload, p->view, &try)) {
		probe->result = PROBE_WRONG;
		return;
	}
	probe->latency_us = clock_us() - probe->sent_us[try];
	probe->result = PROBE_ALIVE;
}

static void take_echo(struct probe *probes, size_t count, const uint8_t *icmp, size_t len,
		      const struct packet *p)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (probes[i].echo && endpoint_addr_eq(&p->src, &probes[i].vip) &&
		    endpoint_addr_eq(&p->dst, &probes[i].from) &&
		    probe_is_echo_reply(&probes[i], icmp, len))
			probes[i].result = PROBE_ALIVE;
}

static void on_packet(struct probe *probes, size_t count, const uint8_t *data,
		      size_t len)
{
	enum probe_result refusal = PROBE_SILENT;
	const uint8_t *icmp;
	struct packet p;
	size_t i;

	if (!packet_parse(data, len, &p))
		return;
	icmp = find_icmp(data, len, &p);
	if (icmp)
		take_echo(probes, count, icmp, len - (size_t)(icmp - data), &p);
	if (open_error(data, len, &p)) {
		struct endpoint src = p.src;

		/* it quotes what we sent */
		p.src = p.dst;
		p.dst = src;
		refusal = p.tunnel == TUNNEL_NONE ? PROBE_REFUSED : PROBE_NO_TUNNEL;
	}
	for (i = 0; p.is_udp && i < count; i++) {
		struct probe *probe = &probes[i];

		if (probe->result == PROBE_ALIVE || !endpoint_eq(&p.src, peer_of(probe)) ||
		    !endpoint_eq(&p.dst, &probe->from))
			continue;
		if (refusal != PROBE_SILENT)
			probe->result = refusal;
		else
			take_answer(probe, &p);
	}
}

/* What is wrong may be another host's: the server's own may still come. */
static bool is_waiting(const struct probe *probe)
{
	return probe->result == PROBE_SILENT || probe->result == PROBE_WRONG;
}

static bool any_waiting(const struct probe *probes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (is_waiting(&probes[i]))
			return true;
	return false;
}

static void watch(int fd, struct probe *probes, size_t count, uint64_t end)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	uint8_t data[PACKET_MAX];
	uint64_t now;
	ssize_t len;

	while (any_waiting(probes, count) && (now = clock_us()) < end) {
		if (poll(&pollfd, 1, (int)((end - now + 999) / 1000)) <= 0)
			continue;
		len = recv(fd, data, sizeof(data), MSG_DONTWAIT);
		if (len > 0)
			on_packet(probes, count, data, (size_t)len);
	}
}

/* --- run ------------------------------------------------------------------------ */

static void send_all(struct probe *probes, size_t count, unsigned int try)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!is_waiting(&probes[i]))
			continue;
		probes[i].sent_us[try] = clock_us();
		probes[i].error = probe_send(&probes[i], try);
		if (probes[i].error)
			probes[i].result = PROBE_UNSENT;
	}
}

static void try_all(int fd, struct probe *probes, size_t count,
		    const struct probe_params *params)
{
	uint64_t begin = clock_us();
	unsigned int try;

	for (try = 0; try < PROBE_TRIES && any_waiting(probes, count); try++) {
		progress("rounds of probes", try, PROBE_TRIES);
		send_all(probes, count, try);
		watch(fd, probes, count, begin + UINT64_C(1000) *
		      params->timeout_ms * (try + 1) / PROBE_TRIES);
	}
	progress_end();
}

int probe_run(struct probe *probes, size_t count, const struct probe_params *params)
{
	int fd, err = 0;
	size_t i;

	fd = open_watch(&params->from);
	if (fd < 0)
		return refuse("probe: answers cannot be watched for: %s", errno == EPERM ?
			      "only root (CAP_NET_RAW) may do this" : strerror(errno));
	allow_files(count);
	for (i = 0; i < count; i++)
		probes[i].socket = -1;
	for (i = 0; !err && i < count; i++)
		if (prepare(&probes[i], &params->from))
			err = refuse("probe: no port for answers: %s", strerror(errno));
	if (!err)
		try_all(fd, probes, count, params);
	for (i = 0; i < count; i++)
		if (probes[i].socket >= 0)
			close(probes[i].socket);
	close(fd);
	return err;
}

/* The address that the kernel would send from to @to; no packet is sent. */
static bool source_towards(const struct endpoint *to, struct endpoint *source)
{
	struct sockaddr_storage sa = { .ss_family = to->af };
	struct sockaddr_in6 *sin6 = (void *)&sa;
	struct sockaddr_in *sin = (void *)&sa;
	bool v6 = to->af == AF_INET6;
	socklen_t len = v6 ? sizeof(*sin6) : sizeof(*sin);
	int fd = socket(to->af, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found;

	memcpy(v6 ? (void *)&sin6->sin6_addr : (void *)&sin->sin_addr, to->addr,
	       v6 ? 16 : 4);
	/* of sin and sin6 alike */
	sin->sin_port = htons(9);
	found = fd >= 0 && !connect(fd, (void *)&sa, len) &&
		!getsockname(fd, (void *)&sa, &len);
	if (fd >= 0)
		close(fd);
	memset(source, 0, sizeof(*source));
	source->af = to->af;
	memcpy(source->addr, v6 ? (void *)&sin6->sin6_addr : (void *)&sin->sin_addr,
	       v6 ? 16 : 4);
	return found;
}

int probe_find_source(const struct probe *probe, struct endpoint *from)
{
	char server[ENDPOINT_STRLEN];
	struct endpoint to = probe->fwd.server;

	endpoint_str(&to, server);
	if (to.af != probe->vip.af)
		doctor_some_client(probe->vip.af, &to);
	if (!source_towards(&to, from))
		return bad_usage("probe %s: no route for answers: %s (--from ADDRESS)",
				 server, strerror(errno));
	if (!endpoint_addr_eq(from, &probe->vip))
		return 0;
	return bad_usage("probe %s: of this host's addresses the kernel chose the VIP, where answers would be lost (--from ADDRESS)",
			 server);
}
