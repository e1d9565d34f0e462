// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines wait in memory while the reader of a pipe or terminal does not take them, and are
 * lost when there is no room for more: the server does not wait for its log.
 */
#define _GNU_SOURCE
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The longest line is that of a request: its path has at most 8 KiB, see h3.c. */
#define LINE_MAX_LEN	(10 * 1024)

/* Waits for the reader; some hundred lines. */
#define PENDING_MAX	(128 * 1024)

/* At the end of the process. */
#define CLOSE_WAIT	1000	/* ms */

static struct {
	int fd;
	bool has_reader;	/* who may be slow: a pipe, a socket, a terminal */
	bool is_shared;		/* it cannot be made non-blocking for this process alone */
	size_t len;		/* of what waits in @text */
	unsigned long lost;	/* lines that are not reported yet */
	char text[PENDING_MAX];
} out = { .fd = -1 };

noreturn void refuse(enum exit_status status, const char *what,
		     const char *why, ...)
{
	va_list args;

	fprintf(stderr, "Error: %s: ", what);
	va_start(args, why);
	vfprintf(stderr, why, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

/*
 * O_NONBLOCK belongs to the open file, which other processes have too: so it is opened once
 * more.  A socket cannot be opened like that.
 */
static void make_nonblocking(void)
{
	char name[32];
	int again;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", out.fd);
	again = open(name, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	out.is_shared = again < 0;
	if (again >= 0)
		out.fd = again;
}

void log_open(const char *path)
{
	struct stat st;

	out.fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) :
		 STDOUT_FILENO;
	if (out.fd < 0 || fstat(out.fd, &st))
		refuse(EXIT_REFUSED, path ? path : "standard output", "%s",
		       strerror(errno));
	out.has_reader = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(out.fd);
	if (out.has_reader)
		make_nonblocking();
}

int log_wait_fd(void)
{
	return out.has_reader ? out.fd : -1;
}

static bool is_writable(int timeout)
{
	struct pollfd pollfd = { .fd = out.fd, .events = POLLOUT };

	return poll(&pollfd, 1, timeout) == 1;
}

/*
 * Up to PIPE_BUF octets, a pipe that can be written to takes without waiting; that others
 * write to it at the same moment is not excluded when it is shared.
 */
static ssize_t write_some(void)
{
	size_t len = out.len;

	if (out.is_shared && !is_writable(0)) {
		errno = EAGAIN;
		return -1;
	}
	if (out.is_shared && len > PIPE_BUF)
		len = PIPE_BUF;
	return write(out.fd, out.text, len);
}

static unsigned long count_lines(void)
{
	unsigned long n = 0;

	for (size_t i = 0; i < out.len; i++)
		n += out.text[i] == '\n';
	return n;
}

static void flush(void)
{
	ssize_t done;

	while (out.len) {
		done = write_some();
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && errno == EAGAIN)
			return;
		if (done <= 0) {	/* no reader, a full disk */
			out.lost += count_lines();
			out.len = 0;
			return;
		}
		out.len -= done;
		memmove(out.text, out.text + done, out.len);
	}
}

static bool append(const char *line, size_t len)
{
	if (len > sizeof(out.text) - out.len)
		return false;
	memcpy(out.text + out.len, line, len);
	out.len += len;
	return true;
}

/* Return: the length of "EVENT time=... FORMATTED\n". */
static size_t compose(char *line, const char *event, const char *format, va_list args)
{
	char date[sizeof("2026-01-01T00:00:00")];
	struct timespec now;
	struct tm utc;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
	n = snprintf(line, LINE_MAX_LEN, "%s time=%s.%03ldZ ", event, date,
		     now.tv_nsec / 1000000);
	n += vsnprintf(line + n, LINE_MAX_LEN - n, format, args);
	if (n > LINE_MAX_LEN - 1)
		n = LINE_MAX_LEN - 1;
	line[n++] = '\n';
	return n;
}

/* The line, or nothing but its number. */
static void put_line(const char *event, const char *format, va_list args)
{
	static char line[LINE_MAX_LEN];
	size_t len = compose(line, event, format, args);

	if (out.lost || !append(line, len))
		out.lost++;
}

static void put_lost(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void put_lost(const char *format, ...)
{
	va_list args;

	out.lost = 0;
	va_start(args, format);
	put_line("lost", format, args);
	va_end(args);
}

/* Lines are lost, once one is, until there is room for many. */
static void report_lost(void)
{
	if (out.lost && out.len < sizeof(out.text) / 2)
		put_lost("lines=%lu", out.lost);
}

void log_flush(void)
{
	flush();
	report_lost();
	flush();
}

void log_event(const char *event, const char *format, ...)
{
	va_list args;

	report_lost();
	va_start(args, format);
	put_line(event, format, args);
	va_end(args);
	flush();
}

/* What the reader does not take in time is lost. */
void log_close(void)
{
	log_flush();
	while (out.len && out.has_reader && is_writable(CLOSE_WAIT))
		log_flush();
	if (out.fd != STDOUT_FILENO)
		close(out.fd);
	out.fd = -1;
}

char *format_address(char *text, const struct sockaddr *address, socklen_t len)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getnameinfo(address, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV | NI_DGRAM))
		snprintf(text, ADDRESS_LEN, "?");
	else
		snprintf(text, ADDRESS_LEN,
			 strchr(host, ':') ? "[%.60s]:%.5s" : "%.60s:%.5s",
			 host, port);
	return text;
}

char *format_hex(char *text, const uint8_t *octets, size_t len)
{
	text[0] = '\0';
	for (size_t i = 0; i < len; i++)
		sprintf(text + 2 * i, "%02x", octets[i]);
	return text;
}

char *format_quoted(char *quoted, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text && n + sizeof("\\xff") <= size; text++) {
		unsigned char c = *text;

		if (c < ' ' || c > '~' || c == '"' || c == '\\')
			n += sprintf(quoted + n, "\\x%02x", c);
		else
			quoted[n++] = c;
	}
	quoted[n] = '\0';
	return quoted;
}
