// SPDX-License-Identifier: GPL-2.0-only
#include "metrics/http.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATH "/metrics"
#define OPENMETRICS "application/openmetrics-text"

enum {
	DRAIN_MAX = 1 << 16,		/* octets that are read and dropped */
};

static const struct {
	int status;
	const char *reason;
	const char *sentence;
} statuses[] = {
	{ 200, "OK", "" },
	{ 400, "Bad Request", "This is no request of HTTP/1, or it is too long.\n" },
	{ 404, "Not Found", "There is only " PATH ".\n" },
	{ 405, "Method Not Allowed", "There is only GET and HEAD.\n" },
	{ 408, "Request Timeout", "The request took too long.\n" },
	{ 503, "Service Unavailable", "The kernel did not tell; the log of quiclbadm says why.\n" },
};

static const char *reason_of(int status, const char **sentence)
{
	size_t i;

	for (i = 0; statuses[i].status != status; i++)
		;
	*sentence = statuses[i].sentence;
	return statuses[i].reason;
}

const char *http_sentence(int status)
{
	const char *sentence;

	reason_of(status, &sentence);
	return sentence;
}

/* --- time --- */

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Return: false when the time is up. */
static bool await(int fd, short event, long long deadline)
{
	struct pollfd wanted = { .fd = fd, .events = event };
	long long left;
	int ready;

	do {
		left = deadline - now_ms();
		ready = left > 0 ? poll(&wanted, 1, (int)left) : 0;
	} while (ready < 0 && errno == EINTR);
	return ready > 0;
}

/* --- the request --- */

/* Behind the empty line that ends the header, or NULL. */
static const char *header_end(const char *text)
{
	const char *crlf = strstr(text, "\r\n\r\n");

	return crlf ? crlf + 4 : strstr(text, "\n\n") ? strstr(text, "\n\n") + 2 :
							NULL;
}

/* Return: 200: all of it is in @text. */
static int receive(int fd, char *text, size_t size)
{
	const long long deadline = now_ms() + HTTP_REQUEST_SECONDS * 1000LL;
	size_t len = 0;
	ssize_t part;

	do {
		if (len == size - 1)
			return 400;
		if (!await(fd, POLLIN, deadline))
			return len ? 408 : 0;
		part = read(fd, text + len, size - 1 - len);
		if (part < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (part <= 0)
			return len ? 400 : 0;
		if (memchr(text + len, '\0', (size_t)part))
			return 400;
		len += (size_t)part;
		text[len] = '\0';
	} while (!header_end(text));
	return 200;
}

/* Ends the line at @text; returns the next one. */
static char *cut_line(char *text)
{
	char *end = strchr(text, '\n');

	if (!end)
		return text + strlen(text);
	*end = '\0';
	if (end > text && end[-1] == '\r')
		end[-1] = '\0';
	return end + 1;
}

/* "/metrics", also behind "http://host" and before "?query" */
static bool is_metrics(const char *target)
{
	if (!strncasecmp(target, "http://", 7))
		target = strchr(target + 7, '/');
	return target && !strncmp(target, PATH, strlen(PATH)) &&
	       strchr("?", target[strlen(PATH)]);
}

/* METHOD SP TARGET SP VERSION */
static int read_request_line(char *line, struct http_request *request, bool *needs_host)
{
	char *target = strchr(line, ' ');
	char *version = target ? strchr(target + 1, ' ') : NULL;

	if (!version || target == line || version == target + 1)
		return 400;
	*target++ = '\0';
	*version++ = '\0';
	if (strcmp(version, "HTTP/1.1") && strcmp(version, "HTTP/1.0"))
		return 400;
	*needs_host = version[7] == '1';
	request->head = !strcmp(line, "HEAD");
	if (!is_metrics(target))
		return 404;
	return request->head || !strcmp(line, "GET") ? 200 : 405;
}

/* "q=0" and "q=0.000" are refusals; other versions of the format are not ours. */
static bool takes(const char *parameters)
{
	const char *quality = strcasestr(parameters, "q=");
	const char *version = strcasestr(parameters, "version=");

	if (quality && strtod(quality + 2, NULL) <= 0)
		return false;
	return !version || !strncmp(version + 8, "1.0.0", 5) ||
	       !strncmp(version + 8, "0.0.1", 5);
}

/* Cuts the value of Accept at its commas. */
static bool takes_openmetrics(char *accept)
{
	char *range;

	while ((range = strsep(&accept, ","))) {
		range += strspn(range, " \t");
		if (!strncasecmp(range, OPENMETRICS, strlen(OPENMETRICS)) &&
		    strchr("; \t", range[strlen(OPENMETRICS)]) &&
		    takes(range + strlen(OPENMETRICS)))
			return true;
	}
	return false;
}

/* Return: is there the field "Host"? */
static bool read_fields(char *text, struct http_request *request)
{
	bool host = false;
	char *next;

	for (; *text && *text != '\r' && *text != '\n'; text = next) {
		next = cut_line(text);
		if (!strncasecmp(text, "Host:", 5))
			host = true;
		else if (!strncasecmp(text, "Accept:", 7) &&
			 takes_openmetrics(text + 7))
			request->openmetrics = true;
	}
	return host;
}

int http_read(int fd, struct http_request *request)
{
	static char text[HTTP_REQUEST_MAX + 1];
	bool needs_host = false;
	char *fields;
	int status;

	memset(request, 0, sizeof(*request));
	status = receive(fd, text, sizeof(text));
	if (status != 200)
		return status;
	fields = cut_line(text);
	status = read_request_line(text, request, &needs_host);
	/* RFC 9112, 3.2: a request of HTTP/1.1 without it is malformed */
	if (!read_fields(fields, request) && needs_host)
		return 400;
	return status;
}

/* --- the answer --- */

/* A socket must not block for longer than the deadline; a pipe may. */
static ssize_t write_part(int fd, const char *text, size_t len)
{
	ssize_t part = send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	return part < 0 && errno == ENOTSOCK ? write(fd, text, len) : part;
}

static bool write_all(int fd, const char *text, size_t len, long long deadline)
{
	ssize_t part;

	while (len) {
		if (!await(fd, POLLOUT, deadline))
			return false;
		part = write_part(fd, text, len);
		if (part < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (part < 0)
			return false;
		text += part;
		len -= (size_t)part;
	}
	return true;
}

/*
 * Closing a socket with something unread resets the connection, and the client may
 * lose the answer with it; RFC 9112, 9.6.
 */
static void drain(int fd, long long deadline)
{
	size_t dropped = 0;
	char buf[4096];
	ssize_t part;

	if (shutdown(fd, SHUT_WR))
		return;
	while (dropped < DRAIN_MAX && await(fd, POLLIN, deadline)) {
		part = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (part <= 0)
			return;
		dropped += (size_t)part;
	}
}

void http_write(int fd, const struct http_request *request,
		const struct http_answer *answer)
{
	const long long deadline = now_ms() + HTTP_ANSWER_SECONDS * 1000LL;
	const char *sentence;
	char header[512];
	int len;

	len = snprintf(header, sizeof(header),
		       "HTTP/1.1 %d %s\r\n"
		       "Content-Type: %s\r\n"
		       "Content-Length: %zu\r\n"
		       "%s"
		       "Cache-Control: no-store\r\n"
		       "X-Content-Type-Options: nosniff\r\n"
		       "Connection: close\r\n"
		       "\r\n",
		       answer->status, reason_of(answer->status, &sentence),
		       answer->media_type, answer->len,
		       answer->status == 405 ? "Allow: GET, HEAD\r\n" : "");
	if (write_all(fd, header, (size_t)len, deadline) &&
	    (request->head || write_all(fd, answer->body, answer->len, deadline)) &&
	    answer->status != 200)
		drain(fd, now_ms() + 1000);
}
