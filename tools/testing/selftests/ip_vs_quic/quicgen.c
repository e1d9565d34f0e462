// SPDX-License-Identifier: GPL-2.0-only
/*
 * quicgen - QUIC datagrams for the lab, and servers that say who they are.
 *
 *	quicgen serve NAME=NETNS... -- ADDR:PORT...
 *		one process plays every real server: it opens ADDR:PORT (the VIP)
 *		in each namespace, goes to the background once all are bound and
 *		prints its pid.  Each datagram is answered from the VIP with the
 *		server's name and a digest of the datagram.
 *	quicgen send [-n NETNS] [-t MS] [-w N] [-g N] [-c CONFIG]... [WORD...] [-]
 *		sends one line's worth of WORDs, or with "-" a line of WORDs for
 *		each line read, after the words of the command line; then prints
 *		"NAME SERVER COUNT" for each name given by name= and each server
 *		that answered.  SERVER is "none" for what was not answered within
 *		MS milliseconds, and "refused" when an ICMP error came back.
 *		With -g, N datagrams, of one length and one 4-tuple, go to the kernel
 *		in one piece (UDP_SEGMENT).
 *	quicgen flood ...
 *		the same lines over and over until SIGTERM; then prints the same.
 *	quicgen mint -c CONFIG... mint=ID:SERVERID...
 *		only prints the CID in hex.
 *
 * CONFIG is ID:SERVER_ID_LEN:NONCE_LEN[:KEYHEX].  WORDs are in word_table.
 *
 * Sockets are connected: only an answer whose source is the VIP is seen, which
 * is what direct server return has to produce.  A digest rather than a tag
 * within the datagram ties an answer to its datagram, so that empty and truncated
 * datagrams can be followed too.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "qlb.h"
#include "tool.h"

enum {
	DATAGRAM_MAX	= 9216,
	SOCKETS_MAX	= 512,
	LISTENERS_MAX	= 128,
	NAME_MAX_LEN	= 31,
	RESULTS_MAX	= 16384,
	WORDS_MAX	= 32,
	CID_ROOM	= 255,
};

union addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

enum walk { WALK_NONE, WALK_ADDR, WALK_PORT };

/* One line of WORDs. */
struct spec {
	char name[NAME_MAX_LEN + 1];
	union addr from;
	union addr to;
	bool long_form;
	u32 version;
	u8 type;
	bool fixed_bit;
	u8 dcid[CID_ROOM];
	size_t dcid_len;
	u8 scid[CID_ROOM];
	size_t scid_len;
	int dcid_len_octet;		/* -1: the truth */
	int scid_len_octet;
	size_t size;			/* pad up to this */
	size_t cut;			/* and cut down to this */
	bool raw;
	u8 octets[DATAGRAM_MAX];
	size_t octets_len;
	unsigned int count;
	enum walk walk;
};

struct sock {
	int fd;
	union addr from;
	union addr to;
	unsigned int pending;		/* datagrams not answered yet */
	unsigned long used;		/* for eviction */
};

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

static struct qlb_config configs[QLB_CONFIGS_MAX];
static bool have_config[QLB_CONFIGS_MAX];

static struct sock socks[SOCKETS_MAX];
static unsigned int sock_count;
static struct pending *pendings;
static unsigned int pending_count;
static struct result results[RESULTS_MAX];
static unsigned int result_count;

static unsigned int window = 32;
static unsigned int segments = 1;
static unsigned int timeout_ms = 3000;
static unsigned long unexpected, timed_out;
static volatile sig_atomic_t stop;

static u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* FNV-1a: only has to tell the datagrams of one run apart. */
static u64 digest(const u8 *data, size_t len)
{
	u64 h = 0xcbf29ce484222325ULL;

	while (len--)
		h = (h ^ *data++) * 0x100000001b3ULL;
	return h;
}

/* xorshift64*: repeatable from run to run, so that a failure can be repeated. */
static u64 next_random(void)
{
	static u64 state = 0x9e3779b97f4a7c15ULL;

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

static void fill_random(u8 *to, size_t len)
{
	while (len--)
		*to++ = next_random() >> 56;
}

/* --- words ------------------------------------------------------------- */

static void set_address(union addr *addr, const char *s)
{
	char host[64];
	const char *colon = strrchr(s, ':');
	size_t len;

	if (!colon)
		die("address without a port: %s", s);
	memset(addr, 0, sizeof(*addr));
	if (*s == '[') {
		len = colon - s - 2;
		s++;
	} else {
		len = colon - s;
	}
	if (len >= sizeof(host))
		die("bad address: %s", s);
	memcpy(host, s, len);
	host[len] = '\0';
	if (inet_pton(AF_INET, host, &addr->in.sin_addr) == 1) {
		addr->in.sin_family = AF_INET;
		addr->in.sin_port = htons(number(colon + 1, 10, 65535));
	} else if (inet_pton(AF_INET6, host, &addr->in6.sin6_addr) == 1) {
		addr->in6.sin6_family = AF_INET6;
		addr->in6.sin6_port = htons(number(colon + 1, 10, 65535));
	} else {
		die("bad address: %s", host);
	}
}

static socklen_t addr_len(const union addr *addr)
{
	return addr->sa.sa_family == AF_INET ? sizeof(addr->in) :
					       sizeof(addr->in6);
}

static void word_name(struct spec *spec, const char *value)
{
	if (strlen(value) > NAME_MAX_LEN)
		die("name too long: %s", value);
	strcpy(spec->name, value);
}

static void word_from(struct spec *spec, const char *value)
{
	set_address(&spec->from, value);
}

static void word_to(struct spec *spec, const char *value)
{
	set_address(&spec->to, value);
}

static void word_form(struct spec *spec, const char *value)
{
	if (!strcmp(value, "short"))
		spec->long_form = false;
	else if (!strcmp(value, "long"))
		spec->long_form = true;
	else
		die("form is short or long, not %s", value);
}

static void word_version(struct spec *spec, const char *value)
{
	spec->version = number(value, 16, 0xffffffff);
}

static void word_type(struct spec *spec, const char *value)
{
	spec->type = number(value, 10, 3);
}

static void word_fixed(struct spec *spec, const char *value)
{
	spec->fixed_bit = number(value, 10, 1);
}

static void word_dcid(struct spec *spec, const char *value)
{
	spec->dcid_len = unhex(spec->dcid, sizeof(spec->dcid), value);
}

static void word_scid(struct spec *spec, const char *value)
{
	spec->scid_len = unhex(spec->scid, sizeof(spec->scid), value);
}

static void word_dcidlen(struct spec *spec, const char *value)
{
	spec->dcid_len_octet = number(value, 10, 255);
}

static void word_scidlen(struct spec *spec, const char *value)
{
	spec->scid_len_octet = number(value, 10, 255);
}

static void word_size(struct spec *spec, const char *value)
{
	spec->size = number(value, 10, DATAGRAM_MAX);
}

static void word_cut(struct spec *spec, const char *value)
{
	spec->cut = number(value, 10, DATAGRAM_MAX);
}

static void word_raw(struct spec *spec, const char *value)
{
	spec->raw = true;
	spec->octets_len = unhex(spec->octets, sizeof(spec->octets), value);
}

static void word_count(struct spec *spec, const char *value)
{
	spec->count = number(value, 10, 1000000);
}

static void word_walk(struct spec *spec, const char *value)
{
	if (!strcmp(value, "addr"))
		spec->walk = WALK_ADDR;
	else if (!strcmp(value, "port"))
		spec->walk = WALK_PORT;
	else
		die("walk is addr or port, not %s", value);
}

/* ID:SERVERIDHEX, with the config that -c gave. */
static void word_mint(struct spec *spec, const char *value)
{
	struct qlb_server_id sid = { 0 };
	u8 nonce[QLB_NONCE_LEN_MAX];
	unsigned int id;

	id = value[0] - '0';
	if (id > QLB_CONFIG_ID_MAX || value[1] != ':' || !have_config[id])
		die("no such config: %s", value);
	sid.len = unhex(sid.octets, sizeof(sid.octets), value + 2);
	if (sid.len != configs[id].server_id_len)
		die("server ID has the wrong length: %s", value);
	fill_random(nonce, sizeof(nonce));
	spec->dcid_len = qlb_encode(&configs[id], &sid, nonce, next_random(),
				    spec->dcid);
}

/* Octets after the DCID so far. */
static void word_extra(struct spec *spec, const char *value)
{
	spec->dcid_len += unhex(spec->dcid + spec->dcid_len,
				sizeof(spec->dcid) - spec->dcid_len, value);
}

static const struct {
	const char *name;
	void (*set)(struct spec *spec, const char *value);
} word_table[] = {
	{ "name", word_name },		/* for the report */
	{ "from", word_from },		/* ADDR:PORT or [ADDR]:PORT, port 0: any */
	{ "to", word_to },
	{ "form", word_form },		/* short or long */
	{ "version", word_version },	/* hex */
	{ "type", word_type },		/* long packet type, 0..3 */
	{ "fixed", word_fixed },	/* the fixed bit, 0 or 1 */
	{ "dcid", word_dcid },		/* hex */
	{ "scid", word_scid },
	{ "mint", word_mint },		/* a fresh DCID: ID:SERVERIDHEX */
	{ "extra", word_extra },	/* hex, appended to the DCID */
	{ "dcidlen", word_dcidlen },	/* lie about the length */
	{ "scidlen", word_scidlen },
	{ "size", word_size },		/* pad the datagram to at least this */
	{ "cut", word_cut },		/* truncate the datagram to this */
	{ "raw", word_raw },		/* hex of the whole datagram instead */
	{ "count", word_count },	/* so many of them */
	{ "walk", word_walk },		/* from one addr or port higher each */
};

static void apply_word(struct spec *spec, char *word)
{
	char *value = strchr(word, '=');
	size_t i;

	if (!value)
		die("not a word: %s", word);
	*value++ = '\0';
	for (i = 0; i < sizeof(word_table) / sizeof(word_table[0]); i++) {
		if (!strcmp(word, word_table[i].name)) {
			word_table[i].set(spec, value);
			value[-1] = '=';
			return;
		}
	}
	die("unknown word: %s", word);
}

static void spec_default(struct spec *spec)
{
	memset(spec, 0, sizeof(*spec));
	strcpy(spec->name, "-");
	spec->version = 1;
	spec->fixed_bit = true;
	spec->dcid_len_octet = -1;
	spec->scid_len_octet = -1;
	spec->size = 48;
	spec->cut = DATAGRAM_MAX;
	spec->count = 1;
}

static void add_config(char *arg)
{
	unsigned int v[3];
	u8 key[QLB_KEY_LEN];
	char *part, *save;
	int i;

	part = strtok_r(arg, ":", &save);
	for (i = 0; i < 3; i++, part = strtok_r(NULL, ":", &save)) {
		if (!part)
			die("a config is ID:SERVER_ID_LEN:NONCE_LEN[:KEYHEX]");
		v[i] = number(part, 10, 255);
	}
	if (qlb_config_check(v[0], v[1], v[2]) != QLB_OK)
		die("no legal config: %u:%u:%u", v[0], v[1], v[2]);
	if (part && unhex(key, sizeof(key), part) != sizeof(key))
		die("a key has %d octets", QLB_KEY_LEN);
	if (qlb_config_init(&configs[v[0]], v[0], v[1], v[2], false,
			    part ? key : NULL))
		die("cannot expand the key");
	have_config[v[0]] = true;
}

/* --- datagrams --------------------------------------------------------- */

static size_t put_long_header(const struct spec *spec, u8 *to)
{
	u8 *p = to;

	*p++ = 0x80 | (spec->fixed_bit << 6) | (spec->type << 4);
	*p++ = spec->version >> 24;
	*p++ = spec->version >> 16;
	*p++ = spec->version >> 8;
	*p++ = spec->version;
	*p++ = spec->dcid_len_octet < 0 ? (int)spec->dcid_len :
					  spec->dcid_len_octet;
	memcpy(p, spec->dcid, spec->dcid_len);
	p += spec->dcid_len;
	*p++ = spec->scid_len_octet < 0 ? (int)spec->scid_len :
					  spec->scid_len_octet;
	memcpy(p, spec->scid, spec->scid_len);
	p += spec->scid_len;
	return p - to;
}

static size_t build(const struct spec *spec, u8 *to)
{
	size_t len;

	if (spec->raw) {
		memcpy(to, spec->octets, spec->octets_len);
		return spec->octets_len;
	}
	if (spec->long_form) {
		len = put_long_header(spec, to);
	} else {
		to[0] = spec->fixed_bit << 6 | (next_random() >> 59);
		memcpy(to + 1, spec->dcid, spec->dcid_len);
		len = 1 + spec->dcid_len;
	}
	if (len < spec->size) {
		fill_random(to + len, spec->size - len);
		len = spec->size;
	}
	return len < spec->cut ? len : spec->cut;
}

/* Moves the source of the next datagram of a line. */
static void walk(struct spec *spec)
{
	union addr *from = &spec->from;
	u8 *low;

	if (spec->walk == WALK_PORT) {
		/* sin_port and sin6_port share their place */
		from->in.sin_port = htons(ntohs(from->in.sin_port) + 1);
	} else if (spec->walk == WALK_ADDR && from->sa.sa_family == AF_INET) {
		from->in.sin_addr.s_addr =
			htonl(ntohl(from->in.sin_addr.s_addr) + 1);
	} else if (spec->walk == WALK_ADDR) {
		for (low = &from->in6.sin6_addr.s6_addr[15]; !++*low; low--)
			;
	}
}

/* --- namespaces and sockets -------------------------------------------- */

static int bound_socket(const union addr *addr)
{
	int fd, one = 1;

	fd = socket(addr->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* a lab address may be routed to the namespace without being on a device */
	if (addr->sa.sa_family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
	else
		setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof(one));
	if (bind(fd, &addr->sa, addr_len(addr)))
		die("bind: %s", strerror(errno));
	return fd;
}

/* Makes room by closing the longest unused socket that waits for nothing. */
static struct sock *evict_sock(void)
{
	struct sock *oldest = NULL;
	unsigned int i;

	for (i = 0; i < sock_count; i++)
		if (!socks[i].pending && (!oldest || socks[i].used < oldest->used))
			oldest = &socks[i];
	if (!oldest)
		die("window too large");
	close(oldest->fd);
	return oldest;
}

static struct sock *get_sock(const struct spec *spec)
{
	static unsigned long clock;
	struct sock *sock;
	unsigned int i;

	for (i = 0; i < sock_count; i++) {
		sock = &socks[i];
		if (!memcmp(&sock->from, &spec->from, sizeof(sock->from)) &&
		    !memcmp(&sock->to, &spec->to, sizeof(sock->to))) {
			sock->used = ++clock;
			return sock;
		}
	}
	sock = sock_count < SOCKETS_MAX ? &socks[sock_count++] : evict_sock();
	sock->from = spec->from;
	sock->to = spec->to;
	sock->pending = 0;
	sock->used = ++clock;
	sock->fd = bound_socket(&spec->from);
	if (connect(sock->fd, &spec->to.sa, addr_len(&spec->to)))
		die("connect: %s", strerror(errno));
	return sock;
}

/* --- sending and matching answers --------------------------------------- */

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
	static struct pollfd fds[SOCKETS_MAX];
	static struct sock *owner[SOCKETS_MAX];
	u64 now = now_ms();
	nfds_t n = 0, i;
	int timeout;

	for (i = 0; i < sock_count; i++) {
		if (!socks[i].pending)
			continue;
		fds[n].fd = socks[i].fd;
		fds[n].events = POLLIN;
		owner[n++] = &socks[i];
	}
	timeout = pendings[0].deadline > now ? pendings[0].deadline - now : 0;
	if (poll(fds, n, timeout) > 0)
		for (i = 0; i < n; i++)
			if (fds[i].revents)
				read_answers(owner[i]);
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

	if (segments == 1)
		return send(fd, datagram, len, 0);
	if ((count + 1) * len > sizeof(gathered))
		die("more than a datagram can hold");
	memcpy(gathered + count++ * len, datagram, len);
	if (count < segments)
		return len;
	count = 0;
	if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &gso, sizeof(gso)))
		die("UDP_SEGMENT: %s", strerror(errno));
	return send(fd, gathered, segments * len, 0);
}

static void send_one(const struct spec *spec)
{
	u8 datagram[DATAGRAM_MAX + 512];
	struct pending *p;
	struct sock *sock;
	size_t len;

	while (pending_count >= window)
		wait_answers();
	len = build(spec, datagram);
	sock = get_sock(spec);
	p = &pendings[pending_count++];
	p->sock = sock;
	p->digest = digest(datagram, len);
	p->len = len;
	p->result = find_result(spec->name, "none");
	p->deadline = now_ms() + timeout_ms;
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

static char **read_lines(size_t *count)
{
	char **lines = NULL, **more;
	char *line = NULL;
	size_t room = 0;

	*count = 0;
	while (getline(&line, &room, stdin) > 0) {
		more = realloc(lines, (*count + 1) * sizeof(*lines));
		if (!more)
			die("out of memory");
		lines = more;
		lines[*count] = strdup(line);
		if (!lines[*count])
			die("out of memory");
		++*count;
	}
	free(line);
	return lines;
}

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
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

static int run_lines(const struct spec *defaults, char **lines, size_t count,
		     bool flood)
{
	char *line;
	size_t i;

	pendings = calloc(window + 1, sizeof(*pendings));
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

static int cmd_send(int argc, char **argv, bool flood)
{
	static struct spec defaults;
	char empty[] = "", *one[] = { empty };
	char **lines = one;
	size_t count = 1;
	int c;

	spec_default(&defaults);
	while ((c = getopt(argc, argv, "+n:t:w:g:c:")) != -1) {
		switch (c) {
		case 'n':
			enter_netns(optarg);
			break;
		case 't':
			timeout_ms = number(optarg, 10, 600000);
			break;
		case 'w':
			window = number(optarg, 10, SOCKETS_MAX - 1);
			break;
		case 'g':
			segments = number(optarg, 10, 64);
			if (window < segments)
				window = segments;
			break;
		case 'c':
			add_config(optarg);
			break;
		default:
			return 2;
		}
	}
	for (; optind < argc; optind++) {
		if (!strcmp(argv[optind], "-"))
			lines = read_lines(&count);
		else
			apply_word(&defaults, argv[optind]);
	}
	signal(SIGTERM, on_term);
	return run_lines(&defaults, lines, count, flood);
}

static int cmd_mint(int argc, char **argv)
{
	static struct spec spec;
	size_t i;
	int c;

	while ((c = getopt(argc, argv, "+c:")) != -1) {
		if (c != 'c')
			return 2;
		add_config(optarg);
	}
	for (; optind < argc; optind++) {
		apply_word(&spec, argv[optind]);
		for (i = 0; i < spec.dcid_len; i++)
			printf("%02x", spec.dcid[i]);
		putchar('\n');
	}
	return 0;
}

/* --- serving ------------------------------------------------------------ */

static void answer(int fd, const char *name)
{
	static u8 datagram[65536];
	union addr peer;
	socklen_t peer_len;
	char text[128];
	ssize_t n;
	int len;

	for (;;) {
		peer_len = sizeof(peer);
		n = recvfrom(fd, datagram, sizeof(datagram), 0, &peer.sa, &peer_len);
		if (n < 0)
			return;
		len = snprintf(text, sizeof(text), "quicgen %s %llx %zd", name,
			       (unsigned long long)digest(datagram, n), n);
		sendto(fd, text, len, 0, &peer.sa, peer_len);
	}
}

static void serve(struct pollfd *fds, const char **names, nfds_t n)
{
	nfds_t i;

	while (!stop)
		if (poll(fds, n, -1) > 0)
			for (i = 0; i < n; i++)
				if (fds[i].revents)
					answer(fds[i].fd, names[i]);
}

static int cmd_serve(int argc, char **argv)
{
	static struct pollfd fds[LISTENERS_MAX];
	static const char *names[LISTENERS_MAX];
	union addr addr;
	nfds_t n = 0;
	int i, j, first;
	char *netns;

	for (first = 1; first < argc && strcmp(argv[first], "--"); first++)
		;
	for (i = 1; i < first; i++) {
		netns = strchr(argv[i], '=');
		if (!netns || netns - argv[i] > NAME_MAX_LEN)
			die("not NAME=NETNS: %s", argv[i]);
		*netns++ = '\0';
		enter_netns(netns);
		for (j = first + 1; j < argc; j++, n++) {
			if (n == LISTENERS_MAX)
				die("too many sockets");
			set_address(&addr, argv[j]);
			fds[n].fd = bound_socket(&addr);
			fds[n].events = POLLIN;
			names[n] = argv[i];
		}
	}
	if (!n)
		die("nothing to serve");
	/* all are bound: whoever waits for us may start to send */
	go_to_background();
	signal(SIGTERM, on_term);
	serve(fds, names, n);
	return 0;
}

int main(int argc, char **argv)
{
	const char *cmd = argc > 1 ? argv[1] : "";

	argc--;
	argv++;
	if (!strcmp(cmd, "serve"))
		return cmd_serve(argc, argv);
	if (!strcmp(cmd, "send"))
		return cmd_send(argc, argv, false);
	if (!strcmp(cmd, "flood"))
		return cmd_send(argc, argv, true);
	if (!strcmp(cmd, "mint"))
		return cmd_mint(argc, argv);
	fprintf(stderr, "usage: quicgen serve|send|flood|mint ...\n");
	return 2;
}
