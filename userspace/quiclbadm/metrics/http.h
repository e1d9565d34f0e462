/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One request of HTTP/1 on a socket that a service manager has accepted, and its
 * answer; RFC 9110 and 9112.  The connection ends with the answer.
 */
#ifndef _QUICLBADM_METRICS_HTTP_H
#define _QUICLBADM_METRICS_HTTP_H

#include <stdbool.h>
#include <stddef.h>

enum http_limits {
	HTTP_REQUEST_MAX = 8192,	/* octets of request line and header */
	HTTP_REQUEST_SECONDS = 5,	/* for all of them */
	HTTP_ANSWER_SECONDS = 20,	/* for the client to take the answer */
};

struct http_request {
	bool head;			/* HEAD: an answer without a body */
	bool openmetrics;		/* the client takes that format */
};

struct http_answer {
	int status;
	const char *media_type;
	const char *body;
	size_t len;
};

/*
 * Reads the request from @fd.
 * Return: 200 for GET or HEAD of /metrics; another status to answer with; 0 if the
 * client went away without a word, as some checks of a port do.
 */
int http_read(int fd, struct http_request *request);

/* Writes the answer to @fd, and waits until a client that was refused has read it. */
void http_write(int fd, const struct http_request *request,
		const struct http_answer *answer);

/* A sentence for the people who see an answer of another status than 200. */
const char *http_sentence(int status);

#endif /* _QUICLBADM_METRICS_HTTP_H */
