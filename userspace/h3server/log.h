/* SPDX-License-Identifier: GPL-2.0-only */
/* The access log, and the one phrasing of every refusal. */
#ifndef H3SERVER_LOG_H
#define H3SERVER_LOG_H

#include <stdint.h>
#include <stdnoreturn.h>
#include <sys/socket.h>

enum exit_status {
	EXIT_REFUSED	= 1,	/* cannot do it: a file, an address, a library */
	EXIT_USAGE	= 2,	/* the command line makes no sense */
};

/* Longest "[v6%scope]:port" with its NUL. */
#define ADDRESS_LEN	72

/* Prints "Error: WHAT: WHY" and exits. */
noreturn void refuse(enum exit_status status, const char *what,
		     const char *why, ...) __attribute__((format(printf, 3, 4)));

/* NULL is standard output. */
void log_open(const char *path);
void log_close(void);

/* "EVENT time=... FORMATTED"; one line.  Does not wait for a reader. */
void log_event(const char *event, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What log_flush() is to be called for when it can be written to, or -1. */
int log_wait_fd(void);

/* Writes what the reader takes now. */
void log_flush(void);

/* @text is ADDRESS_LEN long; returns it. */
char *format_address(char *text, const struct sockaddr *address,
		     socklen_t len);

/* @text is 2 * @len + 1 long; returns it. */
char *format_hex(char *text, const uint8_t *octets, size_t len);

/* Makes what a client sent safe inside double quotes on one line; returns @out. */
char *format_quoted(char *out, size_t size, const char *text);

#endif
