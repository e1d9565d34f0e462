// SPDX-License-Identifier: GPL-2.0-only
/*
 * starve - has traffic and the module's loading run out of memory at every place where they can.
 *
 *	starve datagrams lost|sent CLIENT FROM TO SERVER HEX COUNT ALLOCATOR
 *	starve errors ROUTER TO ALLOCATOR HEX...
 *	starve module FILE
 *
 * An allocation is identified by the octets that were allocated before it.  From the last
 * allocation back to the first each fails once; after each failure the same must succeed without a
 * failure.  Prints how many failures there were, how many of them were in the module's calls of
 * ALLOCATOR (a name or its beginning), and the places in the module.
 *
 *	datagrams	COUNT times HEX to address TO, port 443, from any port of FROM, in one
 *			piece.  With FIRST,HEX the datagram FIRST comes before, which any server
 *			may answer.  The name of the server that answers HEX begins with SERVER.
 *			When the module gets no memory, the datagram is lost, or sent
 *			nevertheless.
 *	errors		pieces of an ICMP error, each of an even length, without its checksum.
 *			When the module gets no memory, no path MTU is lowered, and nothing is
 *			sent on.
 *	module		loads FILE
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/ip_vs_quic.h>

#include "failing.h"
#include "genl.h"
#include "tool.h"

enum {
	PORT		= 443,
	PACKET_MAX	= 256,
	PACKETS_MAX	= 8,
	PATIENCE	= 20000,	/* ms, for an answer that has to come */
	IMPATIENCE	= 300,		/* ms, for an answer that may come */
	CACHE_ORDER	= 4,		/* of contiguous pages for the cache of CIDs */
	/* so many failures in a row outside of the module end the search */
	OTHERS_MAX	= 8,
};

static uint8_t first[PACKET_MAX];
static size_t first_len;
static uint8_t packets[PACKETS_MAX][PACKET_MAX];
static size_t packet_len[PACKETS_MAX];
static unsigned int packet_count;

/* --- datagrams ------------------------------------------------------------- */

union addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static union addr from, to;
static const char *answerer;

static void read_addr(union addr *addr, const char *text, unsigned int port)
{
	if (inet_pton(AF_INET, text, &addr->in.sin_addr) == 1) {
		addr->in.sin_family = AF_INET;
		addr->in.sin_port = htons(port);
	} else if (inet_pton(AF_INET6, text, &addr->in6.sin6_addr) == 1) {
		addr->in6.sin6_family = AF_INET6;
		addr->in6.sin6_port = htons(port);
	} else {
		die("no address: %s", text);
	}
}

static int sock = -1;
static unsigned int answers;

/* The client's addresses are only routed to it, which for IPv6 is not enough to bind. */
static void open_client(void)
{
	int segment = packet_len[0], on = 1;

	sock = socket(to.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || setsockopt(sock, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) ||
	    bind(sock, &from.sa, sizeof(from)) || connect(sock, &to.sa, sizeof(to)) ||
	    (packet_count > 1 && setsockopt(sock, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment))))
		die("client: %s", strerror(errno));
}

static void send_first(void)
{
	const struct timeval timeout = { .tv_usec = IMPATIENCE * 1000 };
	char answer[256];

	if (send(sock, first, first_len, 0) < 0 && errno != ENOBUFS)
		die("send: %s", strerror(errno));
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	if (recv(sock, answer, sizeof(answer), 0) < 0 && errno != EAGAIN)
		die("recv: %s", strerror(errno));
}

/* Each port sends one datagram, so its answers belong to this one. */
static void send_datagrams(void)
{
	uint8_t all[PACKETS_MAX * PACKET_MAX];
	size_t len = 0;
	unsigned int i;

	if (sock >= 0)
		close(sock);
	open_client();
	if (first_len)
		send_first();
	answers = 0;
	for (i = 0; i < packet_count; i++, len += packet_len[0])
		memcpy(all + len, packets[0], packet_len[0]);
	if (send(sock, all, len, 0) < 0 && errno != ENOBUFS)
		die("send: %s", strerror(errno));
}

static unsigned int count_answers(unsigned int patience)
{
	const struct timeval timeout = { .tv_sec = patience / 1000, .tv_usec = patience % 1000 * 1000 };
	char answer[256] = "";

	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	while (answers < packet_count && recv(sock, answer, sizeof(answer) - 1, 0) > 0) {
		if (strncmp(answer, "quicgen ", 8) || strncmp(answer + 8, answerer, strlen(answerer)))
			die("who answers is \"%s\", not %s", answer, answerer);
		answers++;
	}
	return answers;
}

/* --- ICMP errors ----------------------------------------------------------- */

static int router = -1, director = -1;
static uint16_t family;

static void open_namespaces(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	router = open(path, O_RDONLY | O_CLOEXEC);
	director = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (router < 0 || director < 0)
		die("%s: %s", path, strerror(errno));
}

/* A new socket, without old datagrams, in the namespace that it was made in. */
static int open_raw(void)
{
	int fd;

	if (setns(router, CLONE_NEWNET))
		die("setns: %s", strerror(errno));
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	if (fd < 0 || connect(fd, &to.sa, sizeof(to)) || setns(director, CLONE_NEWNET))
		die("socket: %s", strerror(errno));
	return fd;
}

static void add_up_heeded(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *inner;
	uint64_t *heeded = data;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != IP_VS_QUIC_A_STATS)
			continue;
		mnl_attr_for_each_nested(inner, attr)
			if (mnl_attr_get_type(inner) == 1 + IP_VS_QUIC_ICMP_TUNNEL ||
			    mnl_attr_get_type(inner) == 1 + IP_VS_QUIC_ICMP_FALLBACK)
				*heeded += mnl_attr_get_u64(inner);
	}
}

static uint64_t count_heeded(void)
{
	struct mnl_socket *nl = genl_open();
	uint64_t heeded = 0;
	char buf[256];
	int err;

	err = genl_talk(nl, genl_header(buf, family, IP_VS_QUIC_CMD_GET, NLM_F_DUMP), add_up_heeded, &heeded);
	if (err)
		die("dump: %s", strerror(-err));
	mnl_socket_close(nl);
	return heeded;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

static void put_checksum(void)
{
	uint32_t sum = 0;
	uint16_t folded;
	unsigned int i;

	for (i = 0; i < packet_count; i++)
		sum = add_up(sum, packets[i], packet_len[i]);
	folded = htons(fold(sum));
	memcpy(packets[0] + 2, &folded, sizeof(folded));
}

static uint64_t heeded_before;

/* The kernel keeps a packet that is written in pieces non-linear: the second piece is separate. */
static void send_error(void)
{
	int fd = open_raw();
	unsigned int i;

	heeded_before = count_heeded();
	for (i = 0; i < packet_count; i++)
		if (send(fd, packets[i], packet_len[i], i + 1 < packet_count ? MSG_MORE : 0) < 0 && errno != ENOBUFS)
			die("send: %s", strerror(errno));
	close(fd);
}

static unsigned int count_error(unsigned int patience)
{
	uint64_t deadline = now_ms() + patience;

	while (count_heeded() == heeded_before)
		if (now_ms() > deadline)
			return 0;
	return packet_count;
}

static void read_datagram(char *hex)
{
	char *comma = strchr(hex, ',');

	if (comma) {
		*comma = '\0';
		first_len = unhex(first, PACKET_MAX, hex);
		hex = comma + 1;
	}
	packet_len[0] = unhex(packets[0], PACKET_MAX, hex);
}

/* --- trying ---------------------------------------------------------------- */

static void (*send_it)(void);
/* Returns how many answers have come, after at most @patience ms. */
static unsigned int (*count_it)(unsigned int patience);

static void must_come(const char *when)
{
	unsigned int came;

	send_it();
	came = count_it(PATIENCE);
	if (came != packet_count)
		die("%s: %u of %u came", when, came, packet_count);
}

/*
 * If the failure is in the module's call of @allocator, the packet has the required fate.  If other
 * code fails, it may be lost.
 */
static void try_traffic(const char *allocator, bool lost)
{
	unsigned int at = EVERYTHING, failures = 0, hits = 0;

	fail_atomic();
	trace_open();
	must_come("before any failure");
	while (at) {
		unsigned int octets = at, came;
		bool failed, hit;

		fail_after(octets);
		send_it();
		came = count_it(IMPATIENCE);
		failed = stop_failing(octets, &at);
		hit = log_sites(allocator);
		if (hit && !lost)
			came = count_it(PATIENCE);
		if (hit && came != (lost ? 0 : packet_count))
			die("the module had no memory, and %u of %u came", came, packet_count);
		must_come("after a failure");
		failures += failed;
		hits += hit;
	}
	trace_close();
	if (!hits)
		die("of %u failures none was the module's of %s", failures, allocator);
	printf("traffic: %u failures, %u of %s in the module\n", failures, hits, allocator);
}

/* --- the module -------------------------------------------------------------- */

static char *image;
static size_t image_len;

static void read_image(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", path, strerror(errno));
	image = malloc(st.st_size);
	while (image && image_len < (size_t)st.st_size) {
		ssize_t n = read(fd, image + image_len, st.st_size - image_len);

		if (n <= 0)
			die("%s: %s", path, strerror(errno));
		image_len += n;
	}
	close(fd);
}

static int load(void)
{
	return syscall(SYS_init_module, image, image_len, "") ? -errno : 0;
}

/*
 * From the last failure back to the module's first, and somewhat further: earlier allocations are
 * the kernel's.  The cache of CIDs falls back to vmalloc, where it can be refused, when there are
 * not enough contiguous pages.  A module that fails to load is gone when the call returns.
 */
static void try_module(const char *path)
{
	unsigned int at = EVERYTHING, failures = 0, reported = 0, others = 0;

	read_image(path);
	fail_own();
	deny_pages(CACHE_ORDER);
	while (at && others < OTHERS_MAX) {
		unsigned int octets = at;
		bool failed;
		int err;

		fail_after(octets);
		err = load();
		failed = stop_failing(octets, &at);
		others = log_sites(NULL) || !failed ? 0 : others + 1;
		if (err && !failed)
			die("init_module: %s", strerror(-err));
		if (!err && syscall(SYS_delete_module, "ip_vs_quic", 0))
			die("delete_module: %s", strerror(errno));
		failures += failed;
		reported += err < 0;
	}
	allow_pages();
	fail_atomic();
	printf("load module: the last %u failures, %u reported\n", failures, reported);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int i;

	log_open();
	if (!strcmp(what, "module") && argc == 3) {
		try_module(argv[2]);
	} else if (!strcmp(what, "datagrams") && argc == 10) {
		read_addr(&from, argv[4], 0);
		read_addr(&to, argv[5], PORT);
		answerer = argv[6];
		read_datagram(argv[7]);
		packet_count = number(argv[8], 10, PACKETS_MAX);
		enter_netns(argv[3]);
		send_it = send_datagrams;
		count_it = count_answers;
		try_traffic(argv[9], !strcmp(argv[2], "lost"));
	} else if (!strcmp(what, "errors") && argc > 5 && argc - 5 <= PACKETS_MAX) {
		for (i = 5; i < argc; i++)
			packet_len[packet_count++] = unhex(packets[i - 5], PACKET_MAX, argv[i]);
		put_checksum();
		read_addr(&to, argv[3], 0);
		family = genl_family(genl_open());
		open_namespaces(argv[2]);
		send_it = send_error;
		count_it = count_error;
		try_traffic(argv[4], true);
	} else {
		die("usage: starve datagrams lost|sent CLIENT FROM TO SERVER HEX COUNT ALLOCATOR; starve errors ROUTER TO ALLOCATOR HEX...; starve module FILE");
	}
	return 0;
}
