// SPDX-License-Identifier: GPL-2.0-only
#include "log.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static FILE *out;

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

void log_open(const char *path)
{
	out = path ? fopen(path, "ae") : stdout;
	if (!out)
		refuse(EXIT_REFUSED, path, "%s", strerror(errno));
}

void log_close(void)
{
	if (out && out != stdout)
		fclose(out);
	out = NULL;
}

void log_event(const char *event, const char *format, ...)
{
	char date[sizeof("2026-01-01T00:00:00")];
	struct timespec now;
	struct tm utc;
	va_list args;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
	fprintf(out, "%s time=%s.%03ldZ ", event, date, now.tv_nsec / 1000000);
	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
	fputc('\n', out);
	fflush(out);
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
