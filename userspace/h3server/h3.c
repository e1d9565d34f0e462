// SPDX-License-Identifier: GPL-2.0-only
/*
 * A response body is read from its file in chunks that live until the client has
 * acknowledged them, at most STREAM_WINDOW octets of a stream and CONN_WINDOW of a
 * connection at a time: memory depends on what is under way, not on the size of files,
 * the number of requests or speed of clients.
 * (A mapped file would be simpler, but one truncated meanwhile kills the process.)
 */
#include "h3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "log.h"

#define CHUNK_SIZE	(16 * 1024)
#define STREAM_WINDOW	(1024 * 1024)
#define CONN_WINDOW	(4 * STREAM_WINDOW)
#define METHOD_MAX	16
#define TARGET_MAX	2048

struct h3 {
	nghttp3_conn *http;
	ngtcp2_conn *quic;
	const struct site *site;
	struct request *requests;
	size_t held;		/* octets in all chunks */
	bool broken;		/* some request is: see h3_reset_broken() */
};

struct chunk {
	struct chunk *next;
	uint64_t end;		/* offset in the body behind the last octet */
	size_t len;
	uint8_t octets[CHUNK_SIZE];
};

struct request {
	struct h3 *h3;
	struct request *next;
	int64_t stream_id;
	char method[METHOD_MAX];	/* cut to fit: no known one is longer */
	char target[TARGET_MAX];
	bool target_too_long;
	int status;
	struct file file;		/* fd is -1 without a body */
	struct chunk *first, *last;	/* not acknowledged yet */
	uint64_t read;			/* octets of the body given to QUIC */
	uint64_t acknowledged;
	bool waiting;			/* for acknowledgements, see read_body() */
	bool broken;			/* to be reset */
};

static void log_request(const struct request *request)
{
	const ngtcp2_path *path = ngtcp2_conn_get_path(request->h3->quic);
	char method[4 * METHOD_MAX], target[4 * TARGET_MAX], peer[ADDRESS_LEN];

	log_event("request",
		  "peer=%s server=%s method=%s path=\"%s\" status=%d bytes=%llu",
		  format_address(peer, path->remote.addr, path->remote.addrlen),
		  request->h3->site->name,
		  format_quoted(method, sizeof(method), request->method),
		  format_quoted(target, sizeof(target), request->target),
		  request->status, (unsigned long long)request->read);
}

static struct request *request_new(struct h3 *h3, int64_t stream_id)
{
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->h3 = h3;
	request->stream_id = stream_id;
	request->file.fd = -1;
	request->next = h3->requests;
	h3->requests = request;
	return request;
}

/* Frees the chunks that lie wholly before offset @end. */
static void release_chunks(struct request *request, uint64_t end)
{
	while (request->first && request->first->end <= end) {
		struct chunk *chunk = request->first;

		request->first = chunk->next;
		if (!request->first)
			request->last = NULL;
		request->h3->held -= chunk->len;
		free(chunk);
	}
}

static void request_free(struct request *request)
{
	struct request **link = &request->h3->requests;

	log_request(request);
	while (*link != request)
		link = &(*link)->next;
	*link = request->next;
	release_chunks(request, UINT64_MAX);
	if (request->file.fd >= 0)
		close(request->file.fd);
	free(request);
}

/* Return: the next chunk of the body, or NULL when it cannot be had. */
static struct chunk *read_chunk(struct request *request)
{
	uint64_t left = request->file.size - request->read;
	size_t want = left < CHUNK_SIZE ? left : CHUNK_SIZE;
	struct chunk *chunk = malloc(sizeof(*chunk));

	if (!chunk)
		return NULL;
	if (pread(request->file.fd, chunk->octets, want, request->read) !=
	    (ssize_t)want) {
		free(chunk);
		return NULL;
	}
	request->read += want;
	chunk->end = request->read;
	chunk->len = want;
	chunk->next = NULL;
	request->h3->held += want;
	if (request->last)
		request->last->next = chunk;
	else
		request->first = chunk;
	request->last = chunk;
	return chunk;
}

static bool has_room(const struct request *request)
{
	return request->read - request->acknowledged < STREAM_WINDOW &&
	       request->h3->held < CONN_WINDOW;
}

/* Lets those go on that waited for room. */
static int resume(struct h3 *h3)
{
	struct request *request;
	int err = 0;

	for (request = h3->requests; request && !err; request = request->next) {
		if (!request->waiting || !has_room(request))
			continue;
		request->waiting = false;
		err = nghttp3_conn_resume_stream(h3->http, request->stream_id);
	}
	return err;
}

static nghttp3_ssize read_body(nghttp3_conn *http, int64_t stream_id,
			       nghttp3_vec *vec, size_t room, uint32_t *flags,
			       void *user, void *stream_user)
{
	struct request *request = stream_user;
	uint64_t start = request->read;
	struct chunk *chunk;

	(void)http, (void)stream_id, (void)room, (void)user;
	if (!has_room(request)) {
		request->waiting = true;
		return NGHTTP3_ERR_WOULDBLOCK;
	}
	chunk = read_chunk(request);
	if (!chunk) {
		request->broken = true;
		request->h3->broken = true;
		return NGHTTP3_ERR_WOULDBLOCK;
	}
	if (request->read == request->file.size)
		*flags |= NGHTTP3_DATA_FLAG_EOF;
	vec[0].base = chunk->octets;
	vec[0].len = request->read - start;
	return 1;
}

static int on_acknowledged(nghttp3_conn *http, int64_t stream_id, uint64_t len,
			   void *user, void *stream_user)
{
	struct request *request = stream_user;

	(void)http, (void)stream_id;
	request->acknowledged += len;
	release_chunks(request, request->acknowledged);
	return resume(user);
}

static int on_begin_headers(nghttp3_conn *http, int64_t stream_id, void *user,
			    void *stream_user)
{
	struct request *request = request_new(user, stream_id);

	(void)stream_user;
	if (!request)
		return NGHTTP3_ERR_CALLBACK_FAILURE;
	return nghttp3_conn_set_stream_user_data(http, stream_id, request);
}

/* Return: false when @value had to be cut. */
static bool copy_value(char *copy, size_t size, nghttp3_rcbuf *value)
{
	nghttp3_vec vec = nghttp3_rcbuf_get_buf(value);

	snprintf(copy, size, "%.*s", (int)(vec.len < size ? vec.len : size),
		 (const char *)vec.base);
	return vec.len < size;
}

static int on_header(nghttp3_conn *http, int64_t stream_id, int32_t token,
		     nghttp3_rcbuf *name, nghttp3_rcbuf *value, uint8_t flags,
		     void *user, void *stream_user)
{
	struct request *request = stream_user;

	(void)http, (void)stream_id, (void)name, (void)flags, (void)user;
	if (token == NGHTTP3_QPACK_TOKEN__METHOD)
		copy_value(request->method, sizeof(request->method), value);
	else if (token == NGHTTP3_QPACK_TOKEN__PATH)
		request->target_too_long =
			!copy_value(request->target, sizeof(request->target),
				    value);
	return 0;
}

static int choose_status(struct request *request)
{
	int status;

	if (strcmp(request->method, "GET") && strcmp(request->method, "HEAD"))
		return 405;
	if (request->target_too_long)
		return 414;
	status = file_open(&request->file, request->h3->site->root,
			   request->target);
	return status ? status : 200;
}

static nghttp3_nv header(const char *name, const char *value)
{
	return (nghttp3_nv){
		.name = (uint8_t *)name, .namelen = strlen(name),
		.value = (uint8_t *)value, .valuelen = strlen(value),
	};
}

static int respond(nghttp3_conn *http, int64_t stream_id,
		   struct request *request)
{
	static const nghttp3_data_reader body = { .read_data = read_body };
	char status[12], length[24];
	nghttp3_nv headers[6];
	bool has_body;
	size_t n = 0;

	request->status = choose_status(request);
	has_body = request->file.size && !strcmp(request->method, "GET");
	snprintf(status, sizeof(status), "%d", request->status);
	snprintf(length, sizeof(length), "%llu",
		 (unsigned long long)request->file.size);
	headers[n++] = header(":status", status);
	headers[n++] = header("server", "quiclb-h3server");
	headers[n++] = header("x-served-by", request->h3->site->name);
	headers[n++] = header("content-length", length);
	if (request->status == 200)
		headers[n++] = header("content-type", request->file.type);
	if (request->status == 405)
		headers[n++] = header("allow", "GET, HEAD");
	return nghttp3_conn_submit_response(http, stream_id, headers, n,
					    has_body ? &body : NULL);
}

/* Answers before the request's body, if it has one: that is only thrown away. */
static int on_end_headers(nghttp3_conn *http, int64_t stream_id, int fin,
			  void *user, void *stream_user)
{
	(void)fin, (void)user;
	return respond(http, stream_id, stream_user);
}

static int on_consumed(nghttp3_conn *http, int64_t stream_id, size_t len,
		       void *user, void *stream_user)
{
	struct h3 *h3 = user;

	(void)http, (void)stream_user;
	ngtcp2_conn_extend_max_stream_offset(h3->quic, stream_id, len);
	ngtcp2_conn_extend_max_offset(h3->quic, len);
	return 0;
}

static int on_request_body(nghttp3_conn *http, int64_t stream_id,
			   const uint8_t *data, size_t len, void *user,
			   void *stream_user)
{
	(void)data;
	return on_consumed(http, stream_id, len, user, stream_user);
}

static int on_stop_sending(nghttp3_conn *http, int64_t stream_id,
			   uint64_t error_code, void *user, void *stream_user)
{
	struct h3 *h3 = user;

	(void)http, (void)stream_user;
	return ngtcp2_conn_shutdown_stream_read(h3->quic, 0, stream_id,
						error_code);
}

static int on_reset_stream(nghttp3_conn *http, int64_t stream_id,
			   uint64_t error_code, void *user, void *stream_user)
{
	struct h3 *h3 = user;

	(void)http, (void)stream_user;
	return ngtcp2_conn_shutdown_stream_write(h3->quic, 0, stream_id,
						 error_code);
}

static int on_stream_close(nghttp3_conn *http, int64_t stream_id,
			   uint64_t error_code, void *user, void *stream_user)
{
	(void)http, (void)stream_id, (void)error_code;
	if (stream_user)
		request_free(stream_user);
	return resume(user);
}

/* The three streams that every HTTP/3 endpoint opens (RFC 9114 section 6.2). */
static int open_streams(struct h3 *h3)
{
	int64_t control, encoder, decoder;
	int err;

	if (ngtcp2_conn_open_uni_stream(h3->quic, &control, NULL) ||
	    ngtcp2_conn_open_uni_stream(h3->quic, &encoder, NULL) ||
	    ngtcp2_conn_open_uni_stream(h3->quic, &decoder, NULL))
		return NGHTTP3_ERR_H3_STREAM_CREATION_ERROR;
	err = nghttp3_conn_bind_control_stream(h3->http, control);
	if (err)
		return err;
	return nghttp3_conn_bind_qpack_streams(h3->http, encoder, decoder);
}

int h3_new(struct h3 **created, const struct site *site, ngtcp2_conn *quic)
{
	static const nghttp3_callbacks callbacks = {
		.acked_stream_data = on_acknowledged,
		.stream_close = on_stream_close,
		.recv_data = on_request_body,
		.deferred_consume = on_consumed,
		.begin_headers = on_begin_headers,
		.recv_header = on_header,
		.end_headers = on_end_headers,
		.stop_sending = on_stop_sending,
		.reset_stream = on_reset_stream,
	};
	struct h3 *h3 = calloc(1, sizeof(*h3));
	nghttp3_settings settings;
	int err;

	if (!h3)
		return NGHTTP3_ERR_NOMEM;
	h3->quic = quic;
	h3->site = site;
	nghttp3_settings_default(&settings);
	err = nghttp3_conn_server_new(&h3->http, &callbacks, &settings, NULL,
				      h3);
	if (!err)
		err = open_streams(h3);
	if (err) {
		h3_free(h3);
		return err;
	}
	*created = h3;
	return 0;
}

void h3_free(struct h3 *h3)
{
	if (!h3)
		return;
	nghttp3_conn_del(h3->http);
	/* which takes it off the list */
	while (h3->requests)
		request_free(h3->requests); /* NOLINT(clang-analyzer-unix.Malloc) */
	free(h3);
}

nghttp3_ssize h3_receive(struct h3 *h3, int64_t stream_id, const uint8_t *data,
			 size_t len, bool fin)
{
	return nghttp3_conn_read_stream(h3->http, stream_id, data, len, fin);
}

int h3_acknowledged(struct h3 *h3, int64_t stream_id, uint64_t len)
{
	return nghttp3_conn_add_ack_offset(h3->http, stream_id, len);
}

int h3_unblocked(struct h3 *h3, int64_t stream_id)
{
	return nghttp3_conn_unblock_stream(h3->http, stream_id);
}

int h3_peer_stopped(struct h3 *h3, int64_t stream_id)
{
	return nghttp3_conn_shutdown_stream_read(h3->http, stream_id);
}

int h3_stream_closed(struct h3 *h3, int64_t stream_id, uint64_t error_code)
{
	int err = nghttp3_conn_close_stream(h3->http, stream_id, error_code);

	/* A stream on which nothing arrived is unknown to libnghttp3. */
	return err == NGHTTP3_ERR_STREAM_NOT_FOUND ? 0 : err;
}

int h3_announce_end(struct h3 *h3)
{
	return nghttp3_conn_submit_shutdown_notice(h3->http);
}

int h3_go_away(struct h3 *h3)
{
	return nghttp3_conn_shutdown(h3->http);
}

bool h3_is_idle(const struct h3 *h3)
{
	return !h3->requests;
}

void h3_max_streams(struct h3 *h3, uint64_t max_streams)
{
	nghttp3_conn_set_max_client_streams_bidi(h3->http, max_streams);
}

nghttp3_ssize h3_next(struct h3 *h3, int64_t *stream_id, int *fin,
		      ngtcp2_vec *vec, size_t room)
{
	nghttp3_vec found[16];
	nghttp3_ssize n;

	if (room > sizeof(found) / sizeof(*found))
		room = sizeof(found) / sizeof(*found);
	n = nghttp3_conn_writev_stream(h3->http, stream_id, fin, found, room);
	for (nghttp3_ssize i = 0; i < n; i++) {
		vec[i].base = found[i].base;
		vec[i].len = found[i].len;
	}
	return n;
}

int h3_sent(struct h3 *h3, int64_t stream_id, size_t len)
{
	return nghttp3_conn_add_write_offset(h3->http, stream_id, len);
}

void h3_blocked(struct h3 *h3, int64_t stream_id)
{
	nghttp3_conn_block_stream(h3->http, stream_id);
}

void h3_shut(struct h3 *h3, int64_t stream_id)
{
	nghttp3_conn_shutdown_stream_write(h3->http, stream_id);
}

/*
 * The file shrank or cannot be read any more, and content-length was sent: the
 * only honest end is a reset stream.
 */
bool h3_reset_broken(struct h3 *h3)
{
	struct request *request;
	bool any = h3->broken;

	h3->broken = false;
	for (request = any ? h3->requests : NULL; request;
	     request = request->next) {
		if (request->broken)
			ngtcp2_conn_shutdown_stream_write(h3->quic, 0,
							  request->stream_id,
							  NGHTTP3_H3_INTERNAL_ERROR);
		request->broken = false;
	}
	return any;
}
