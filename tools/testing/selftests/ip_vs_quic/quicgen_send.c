// SPDX-License-Identifier: GPL-2.0-only
/* Sends datagrams, and matches answers to them by their digest. */
#include <errno.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "quicgen.h"
#include "tool.h"

enum { RESULTS_MAX = 16384 };

struct pending {
	struct sock *sock;
	u64 digest;
	size_t len;
	unsigned int result;		/* index of the first result of the name */
	u64 deadline;			/* ms, monotonic clock */
};

struct result {
	char name[NAME_MAX_LEN + 1];
	char server[NAME_MAX_LEN + 1];
	unsigned long count;
};

static const struct sending *opt;
static struct pending *pendings;
static unsigned int pending_count;
static struct result results[RESULTS_MAX];
static unsigned int result_count;
static unsigned long unexpected, timed_out;

static u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static unsigned int find_result(const char *name, const char *server)
{
	unsigned int i;

	for (i = 0; i < result_count; i++)
		if (!strcmp(results[i].name, name) &&
		    !strcmp(results[i].server, server))
			return i;
	if (result_count == RESULTS_MAX)
		die("too many names");
	strcpy(results[result_count].name, name);
	snprintf(results[result_count].server, NAME_MAX_LEN + 1, "%s", server);
	return result_count++;
}

static void settle(unsigned int i, const char *server)
{
	struct pending *p = &pendings[i];

	results[find_result(results[p->result].name, server)].count++;
	p->sock->pending--;
	memmove(p, p + 1, (--pending_count - i) * sizeof(*p));
}

/* Oldest first: equal datagrams from one socket are interchangeable. */
static bool settle_answer(struct sock *sock, const char *answer)
{
	unsigned long long sum;
	char server[NAME_MAX_LEN + 1];
	unsigned int i;
	size_t len;

	if (sscanf(answer, "quicgen %31s %llx %zu", server, &sum, &len) != 3)
		return false;
	for (i = 0; i < pending_count; i++) {
		if (pendings[i].sock == sock && pendings[i].len == len &&
		    pendings[i].digest == sum) {
			settle(i, server);
			return true;
		}
	}
	return false;
}

static void settle_error(struct sock *sock)
{
	unsigned int i;

	for (i = 0; i < pending_count; i++) {
		if (pendings[i].sock == sock) {
			settle(i, "refused");
			return;
		}
	}
}

static void read_answers(struct sock *sock)
{
	char buf[128];
	ssize_t n;

	for (;;) {
		n = recv(sock->fd, buf, sizeof(buf) - 1, 0);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			settle_error(sock);
			continue;
		}
		buf[n] = '\0';
		if (!settle_answer(sock, buf))
			unexpected++;
	}
}

static void wait_answers(void)
{
	u64 now = now_ms();

	poll_socks(pendings[0].deadline > now ? pendings[0].deadline - now : 0, read_answers);
	now = now_ms();
	for (; pending_count && pendings[0].deadline <= now; timed_out++)
		settle(0, "none");
}

/* @datagram is kept until there are enough of them. */
static ssize_t send_or_gather(int fd, const u8 *datagram, size_t len)
{
	static u8 gathered[65536];
	static unsigned int count;
	int gso = len;

	if (opt->segments == 1)
		return send(fd, datagram, len, 0);
	if ((count + 1) * len > sizeof(gathered))
		die("more than a datagram can hold");
	memcpy(gathered + count++ * len, datagram, len);
	if (count < opt->segments)
		return len;
	count = 0;
	if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &gso, sizeof(gso)))
		die("UDP_SEGMENT: %s", strerror(errno));
	return send(fd, gathered, opt->segments * len, 0);
}

static void send_one(const struct spec *spec)
{
	u8 datagram[DATAGRAM_MAX + 512];
	struct pending *p;
	struct sock *sock;
	size_t len;

	while (pending_count >= opt->window)
		wait_answers();
	len = build(spec, datagram);
	sock = get_sock(spec);
	p = &pendings[pending_count++];
	p->sock = sock;
	p->digest = digest(datagram, len);
	p->len = len;
	p->result = find_result(spec->name, "none");
	p->deadline = now_ms() + opt->timeout_ms;
	sock->pending++;
	/* a pending ICMP error is reported by send() too: that datagram did not go */
	while (send_or_gather(sock->fd, datagram, len) < 0) {
		if (errno != ECONNREFUSED && errno != EHOSTUNREACH) {
			settle(pending_count - 1,
			       errno == EMSGSIZE ? "toobig" : "error");
			return;
		}
		settle_error(sock);
		if (!pending_count || pendings[pending_count - 1].sock != sock)
			return;
	}
}

static void send_line(const struct spec *defaults, char *line)
{
	static struct spec spec;
	char *word, *save;
	unsigned int i;

	spec = *defaults;
	for (word = strtok_r(line, " \t\n", &save); word;
	     word = strtok_r(NULL, " \t\n", &save))
		apply_word(&spec, word);
	if (spec.from.sa.sa_family != spec.to.sa.sa_family || !spec.to.in.sin_port)
		die("from= and to= are needed, of one family");
	for (i = 0; i < spec.count && !stop; i++) {
		send_one(&spec);
		walk(&spec);
	}
}

static int by_name_and_server(const void *a, const void *b)
{
	const struct result *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->server, y->server);
}

static void report(void)
{
	unsigned int i;

	qsort(results, result_count, sizeof(*results), by_name_and_server);
	for (i = 0; i < result_count; i++)
		if (results[i].count)
			printf("%s %s %lu\n", results[i].name, results[i].server,
			       results[i].count);
}

int run_lines(const struct sending *options, const struct spec *defaults, char **lines, size_t count, bool flood)
{
	char *line;
	size_t i;

	opt = options;
	pendings = calloc(opt->window + 1, sizeof(*pendings));
	if (!pendings)
		die("out of memory");
	do {
		for (i = 0; i < count && !stop; i++) {
			line = strdup(lines[i]);
			if (!line)
				die("out of memory");
			send_line(defaults, line);
			free(line);
		}
	} while (flood && !stop);
	while (pending_count)
		wait_answers();
	report();
	/* an answer can also be late */
	if (unexpected > timed_out) {
		fprintf(stderr, "quicgen: %lu answers to nothing that was sent\n",
			unexpected);
		return 1;
	}
	return 0;
}
