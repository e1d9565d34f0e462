// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include "conn.h"
#include "log.h"
#include "net.h"
#include "steering.h"
#include "tls.h"

/* What is waited for beside the sockets: signals, the timer, the log. */
#define SOURCES		3

/* Datagrams taken from one socket before the connections get their turn. */
#define RECEIVE_BATCH	64

/* Answers outside any connection are small. */
#define ANSWER_MAX	NGTCP2_MAX_UDP_PAYLOAD_SIZE

/*
 * RFC 9000 section 10.3: 21 octets at least; 42 look like any other short packet;
 * and always less than what provoked it, so that two servers cannot play ping-pong.
 */
#define RESET_MIN	(NGTCP2_MIN_STATELESS_RESET_RANDLEN + \
			 NGTCP2_STATELESS_RESET_TOKENLEN)
#define RESET_MAX	42

#define RETRY_VALID	(10 * NGTCP2_SECONDS)

/*
 * A connection in its handshake takes about 125 KiB, and an Initial may be forged.  With so
 * many of clients that have not shown that they receive anything, new ones get a Retry.
 */
#define UNVALIDATED_MAX		64

/* Handshakes of one address and connections whose address may be forged: a part of all. */
#define HANDSHAKE_PART		4

struct server {
	struct conn_env env;
	const struct options *options;
	struct endpoint endpoints[LISTEN_MAX];
	unsigned int n_endpoints;
	struct steering steering;
	int epoll;
	int signals;			/* signalfd(2) */
	int timer;			/* timerfd(2), absolute */
	int log;			/* has room again, or -1 */
	bool under_load;		/* see wants_retry() */
	uint8_t retry_secret[32];
	uint8_t datagram[DATAGRAM_MAX];
};

static const uint32_t versions[] = {
	NGTCP2_PROTO_VER_V1, PROTO_VER_V2,
};

static ngtcp2_tstamp clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NGTCP2_SECONDS + now.tv_nsec;
}

static void send_version_negotiation(const ngtcp2_path *path,
				     const ngtcp2_version_cid *ids)
{
	uint8_t answer[ANSWER_MAX], random;
	ngtcp2_ssize len;

	if (gnutls_rnd(GNUTLS_RND_NONCE, &random, 1))
		return;
	len = ngtcp2_pkt_write_version_negotiation(answer, sizeof(answer),
						   random, ids->scid,
						   ids->scidlen, ids->dcid,
						   ids->dcidlen, versions,
						   sizeof(versions) /
						   sizeof(*versions));
	if (len > 0)
		path_send(path, false, NGTCP2_ECN_NOT_ECT, answer, len);
}

/* A connection we do not know any more: say so, instead of letting it time out. */
static void send_reset(struct server *server, const ngtcp2_path *path,
		       const uint8_t *data, size_t provoked_by)
{
	uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN], random[RESET_MAX];
	size_t want = provoked_by - 1;
	uint8_t answer[RESET_MAX];
	ngtcp2_ssize len;

	if (want < RESET_MIN)
		return;
	if (want > RESET_MAX)
		want = RESET_MAX;
	/* Not for CIDs that no config here has made: their clients know no token of ours. */
	if (cid_reset_token(&server->env.cids, data + 1, provoked_by - 1, token) ||
	    gnutls_rnd(GNUTLS_RND_NONCE, random, sizeof(random)))
		return;
	len = ngtcp2_pkt_write_stateless_reset(answer, want, token, random,
					       want - sizeof(token));
	if (len > 0)
		path_send(path, false, NGTCP2_ECN_NOT_ECT, answer, len);
}

/* Refuses a connection without keeping anything of it. */
static void send_close(const ngtcp2_path *path, const ngtcp2_pkt_hd *initial,
		       uint64_t error_code)
{
	uint8_t answer[ANSWER_MAX];
	ngtcp2_ssize len;

	len = ngtcp2_crypto_write_connection_close(answer, sizeof(answer),
						   initial->version,
						   &initial->scid,
						   &initial->dcid, error_code,
						   NULL, 0);
	if (len > 0)
		path_send(path, false, NGTCP2_ECN_NOT_ECT, answer, len);
}

/*
 * The Retry's CID is what the client's next packet is routed by, so it is minted
 * like all others; nothing is remembered of it but what the token says.
 */
static void send_retry(struct server *server, const ngtcp2_path *path,
		       const ngtcp2_pkt_hd *initial, ngtcp2_tstamp now)
{
	uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN], answer[ANSWER_MAX];
	ngtcp2_ssize token_len, len;
	ngtcp2_cid scid;

	if (cid_mint(&server->env.cids, &scid))
		return;
	token_len = ngtcp2_crypto_generate_retry_token(
		token, server->retry_secret, sizeof(server->retry_secret),
		initial->version, path->remote.addr, path->remote.addrlen, &scid,
		&initial->dcid, now);
	if (token_len < 0)
		return;
	len = ngtcp2_crypto_write_retry(answer, sizeof(answer),
					initial->version, &initial->scid, &scid,
					&initial->dcid, token, token_len);
	if (len > 0)
		path_send(path, false, NGTCP2_ECN_NOT_ECT, answer, len);
}

/* Return: a part of --max-connections, at least 1. */
static unsigned int handshake_limit(const struct server *server)
{
	unsigned int limit = server->options->max_connections / HANDSHAKE_PART;

	return limit ? limit : 1;
}

/* Once begun, until half of them are gone. */
static bool wants_retry(struct server *server)
{
	unsigned int limit = handshake_limit(server), now = server->env.unvalidated;

	if (limit > UNVALIDATED_MAX)
		limit = UNVALIDATED_MAX;
	if (!server->under_load && now >= limit)
		log_event("load", "server=%s unvalidated=%u",
			  server->options->name, now);
	server->under_load = now >= limit || (server->under_load && now > limit / 2);
	return server->options->retry || server->under_load;
}

/* Has one address too many handshakes under way?  Its packets may not be forged. */
static bool is_flooding(const struct server *server, const ngtcp2_path *path)
{
	unsigned int limit = handshake_limit(server), n = 0;
	struct conn *conn;

	if (server->env.handshakes < limit)
		return false;
	for (size_t i = 0; (conn = conn_at(&server->env, i)); i++)
		n += conn_is_handshake_from(conn, path);
	return n >= limit;
}

static bool has_retry_token(const ngtcp2_pkt_hd *initial)
{
	return INITIAL_TOKENLEN(initial) &&
	       INITIAL_TOKEN(initial)[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY;
}

/* Return: whether the token is right; @original is then the client's first DCID. */
static bool is_token_valid(const struct server *server, const ngtcp2_path *path,
			   const ngtcp2_pkt_hd *initial, ngtcp2_tstamp now,
			   ngtcp2_cid *original)
{
	return !ngtcp2_crypto_verify_retry_token(original, INITIAL_TOKEN(initial),
						 INITIAL_TOKENLEN(initial),
						 server->retry_secret,
						 sizeof(server->retry_secret),
						 initial->version,
						 path->remote.addr,
						 path->remote.addrlen,
						 &initial->dcid, RETRY_VALID, now);
}

/*
 * The client's answer to a Retry has to be taken as one also when there is no load any more.
 * Return: true when the connection may begin.  When false, the client has been answered.
 */
static bool may_begin(struct server *server, const ngtcp2_pkt_hd *initial,
		      struct conn_start *start, ngtcp2_cid *original, ngtcp2_tstamp now)
{
	const ngtcp2_path *path = start->path;

	if (server->env.queue.n >= server->options->max_connections) {
		send_close(path, initial, NGTCP2_CONNECTION_REFUSED);
		return false;
	}
	if (!has_retry_token(initial)) {
		if (!wants_retry(server))
			return true;
		send_retry(server, path, initial, now);
		return false;
	}
	if (!is_token_valid(server, path, initial, now, original)) {
		send_close(path, initial, NGTCP2_INVALID_TOKEN);
		return false;
	}
	if (is_flooding(server, path)) {
		send_close(path, initial, NGTCP2_CONNECTION_REFUSED);
		return false;
	}
	start->before_retry = original;
	return true;
}

static struct conn *accept_connection(struct server *server,
				      const ngtcp2_path *path,
				      const uint8_t *data, size_t len,
				      ngtcp2_tstamp now)
{
	struct conn_start start = { .path = path };
	ngtcp2_pkt_hd initial;
	ngtcp2_cid original;

	/* Early data that overtook its Initial is lost; the client repeats it. */
	if (ngtcp2_accept(&initial, data, len))
		return NULL;
	start.initial = &initial;
	if (!may_begin(server, &initial, &start, &original, now))
		return NULL;
	return conn_new(&server->env, &start, now);
}

static bool is_our_version(uint32_t version)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++)
		if (versions[i] == version)
			return true;
	return false;
}

/* A datagram. */
struct arrival {
	const ngtcp2_path *path;
	const ngtcp2_pkt_info *info;
	const uint8_t *data;
	size_t len;
	ngtcp2_tstamp now;
};

static void give(struct conn *conn, const struct arrival *arrival)
{
	conn_receive(conn, arrival->path, arrival->info, arrival->data, arrival->len,
		     arrival->now);
}

static void dispatch_short(struct server *server, const struct arrival *arrival)
{
	struct conn *conn = cidmap_find_short(&server->env.map, arrival->data + 1,
					      arrival->len - 1);

	if (conn)
		give(conn, arrival);
	else
		send_reset(server, arrival->path, arrival->data, arrival->len);
}

static void dispatch_long(struct server *server, const struct arrival *arrival)
{
	ngtcp2_version_cid ids;
	struct conn *conn;
	int err;

	err = ngtcp2_pkt_decode_version_cid(&ids, arrival->data, arrival->len, 0);
	if (err && err != NGTCP2_ERR_VERSION_NEGOTIATION)
		return;
	conn = err ? NULL : cidmap_find(&server->env.map, ids.dcid, ids.dcidlen);
	if (!conn && ids.version && !is_our_version(ids.version)) {
		if (arrival->len >= NGTCP2_MAX_UDP_PAYLOAD_SIZE)
			send_version_negotiation(arrival->path, &ids);
		return;
	}
	if (!conn)
		conn = accept_connection(server, arrival->path, arrival->data,
					 arrival->len, arrival->now);
	if (conn)
		give(conn, arrival);
}

static void receive(struct server *server, struct endpoint *endpoint)
{
	ngtcp2_path_storage path;
	ngtcp2_pkt_info info;
	struct arrival arrival = {
		.path = &path.path, .info = &info, .data = server->datagram,
	};
	ssize_t len;

	for (int i = 0; i < RECEIVE_BATCH; i++) {
		len = endpoint_receive(endpoint, &path, &info, server->datagram,
				       sizeof(server->datagram));
		if (len < 0)
			return;
		arrival.len = len;
		arrival.now = clock_now();
		if (len > 0 && server->datagram[0] & 0x80)
			dispatch_long(server, &arrival);
		else if (len > 0)
			dispatch_short(server, &arrival);
	}
}

/* Also forgets that the timer had expired before. */
static void set_timer(struct server *server, ngtcp2_tstamp when)
{
	struct itimerspec expiry = { 0 };	/* all zero: never */

	if (when != UINT64_MAX) {
		expiry.it_value.tv_sec = when / NGTCP2_SECONDS;
		expiry.it_value.tv_nsec = when % NGTCP2_SECONDS;
	}
	timerfd_settime(server->timer, TFD_TIMER_ABSTIME, &expiry, NULL);
}

/* Clients with CIDs of an earlier config are given others, see connids.c. */
static void reload(struct server *server)
{
	struct cid_source *cids = &server->env.cids;
	const char *error = cid_reload(cids);
	char quoted[4 * QUICLB_ERROR_LEN];

	if (!error)
		error = steering_update(&server->steering, cids);

	if (error)
		log_event("config", "server=%s error=\"%s\"", server->options->name,
			  format_quoted(quoted, sizeof(quoted), error));
	else
		log_event("config", "server=%s generation=%u cid_len=%zu",
			  server->options->name, cids->generation, cid_len(cids));
	conn_wake_all(&server->env, clock_now());
}

/* Those that are there are finished, then the server ends, see server_run(). */
static void leave(struct server *server)
{
	const char *error = steering_drain(&server->steering);
	char quoted[4 * STEER_ERROR_LEN];

	server->env.leaving = true;
	if (error)
		log_event("leave", "server=%s connections=%zu error=\"%s\"", server->options->name,
			  server->env.queue.n, format_quoted(quoted, sizeof(quoted), error));
	else
		log_event("leave", "server=%s connections=%zu", server->options->name,
			  server->env.queue.n);
	conn_wake_all(&server->env, clock_now());
}

/* Return: false when it is time to stop. */
static bool take_signal(struct server *server)
{
	struct signalfd_siginfo info;

	if (read(server->signals, &info, sizeof(info)) != sizeof(info))
		return true;
	switch (info.ssi_signo) {
	case SIGHUP:
		reload(server);
		return true;
	case SIGQUIT:
		leave(server);
		return true;
	default:
		return false;
	}
}

/* Return: false when it is time to stop. */
static bool wait_for_events(struct server *server, ngtcp2_tstamp until)
{
	struct epoll_event events[LISTEN_MAX + SOURCES];
	int n;

	set_timer(server, until);
	n = epoll_wait(server->epoll, events, LISTEN_MAX + SOURCES, -1);
	if (n < 0 && errno != EINTR)
		refuse(EXIT_REFUSED, "epoll", "%s", strerror(errno));
	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr == &server->signals) {
			if (!take_signal(server))
				return false;
		} else if (events[i].data.ptr == &server->log) {
			log_flush();
		} else if (events[i].data.ptr != &server->timer) {
			receive(server, events[i].data.ptr);
		}
	}
	return true;
}

void server_run(struct server *server)
{
	ngtcp2_tstamp until;
	int successor;

	do {
		until = conn_run_due(&server->env, clock_now());
		if (server->env.leaving && !server->env.queue.n) {
			successor = steering_hand_over(&server->steering);
			if (successor >= 0)
				log_event("leave", "server=%s successor=%d",
					  server->options->name, successor);
			return;
		}
	} while (wait_for_events(server, until));
	conn_close_all(&server->env, clock_now());
}

/* @source is what wait_for_events() sees. */
static void watch(struct server *server, int fd, void *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event))
		refuse(EXIT_REFUSED, "epoll", "%s", strerror(errno));
}

/*
 * The signals are blocked here and not earlier: until then, opening a file or reading a key
 * from a pipe may wait, and a signal has to end that.
 */
static void open_events(struct server *server)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	server->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server->signals < 0 || server->timer < 0 || server->epoll < 0)
		refuse(EXIT_REFUSED, "epoll", "%s", strerror(errno));
	watch(server, server->signals, &server->signals, EPOLLIN);
	watch(server, server->timer, &server->timer, EPOLLIN);
	server->log = log_wait_fd();
	if (server->log >= 0)
		watch(server, server->log, &server->log, EPOLLOUT | EPOLLET);
}

/* With --steer, datagrams for this process may arrive as soon as it has joined. */
static void open_endpoints(struct server *server)
{
	const struct options *options = server->options;
	int fds[LISTEN_MAX];

	for (; server->n_endpoints < options->n_listen; server->n_endpoints++) {
		struct endpoint *endpoint = &server->endpoints[server->n_endpoints];

		endpoint_open(endpoint, options->listen[server->n_endpoints],
			      options->steering.group);
		watch(server, endpoint->fd, endpoint, EPOLLIN);
		fds[server->n_endpoints] = endpoint->fd;
	}
	steering_join(&server->steering, fds, server->n_endpoints);
}

struct server *server_new(const struct options *options)
{
	static struct server the_server;	/* a process has but one */
	struct server *server = &the_server;
	struct conn_env *env;

	server->options = options;
	env = &server->env;
	env->verbose = options->verbose;
	env->stall_timeout = options->stall_timeout * NGTCP2_SECONDS;
	env->site.name = options->name;
	env->site.root = open(options->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (env->site.root < 0)
		refuse(EXIT_REFUSED, options->root, "%s", strerror(errno));
	tls_load(&env->tls, options->tls_cert, options->tls_key);
	cid_source_init(&env->cids, &options->cid, options->tls_key);
	steering_open(&server->steering, &options->steering, &env->cids);
	if (gnutls_rnd(GNUTLS_RND_KEY, server->retry_secret,
		       sizeof(server->retry_secret)))
		refuse(EXIT_REFUSED, "random numbers", "not to be had");
	open_events(server);
	open_endpoints(server);
	return server;
}

void server_print_addresses(const struct server *server)
{
	char text[ADDRESS_LEN];

	for (unsigned int i = 0; i < server->n_endpoints; i++) {
		const struct endpoint *endpoint = &server->endpoints[i];

		printf("listening on %s\n",
		       format_address(text, &endpoint->bound.sa,
				      endpoint->bound_len));
	}
}

void server_free(struct server *server)
{
	struct conn *conn;

	while ((conn = conn_at(&server->env, 0)))
		conn_free(conn);
	queue_free(&server->env.queue);
	for (unsigned int i = 0; i < server->n_endpoints; i++)
		endpoint_close(&server->endpoints[i]);
	steering_close(&server->steering);
	close(server->epoll);
	close(server->signals);
	close(server->timer);
	close(server->env.site.root);
	tls_unload(&server->env.tls);
	cid_source_destroy(&server->env.cids);
}
