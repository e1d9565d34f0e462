// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

void die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

unsigned long number(const char *s, int base, unsigned long max)
{
	unsigned long v;
	char *end;

	errno = 0;
	v = strtoul(s, &end, base);
	if (errno || !*s || *end || v > max)
		die("bad number: %s", s);
	return v;
}

size_t unhex(uint8_t *to, size_t room, const char *s)
{
	size_t len = strlen(s) / 2;
	unsigned int octet;
	size_t i;

	if (strlen(s) % 2 || len > room)
		die("bad hex: %s", s);
	for (i = 0; i < len; i++) {
		if (sscanf(s + 2 * i, "%2x", &octet) != 1)
			die("bad hex: %s", s);
		to[i] = octet;
	}
	return len;
}

void enter_netns(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die("namespace %s: %s", name, strerror(errno));
	close(fd);
}

void go_to_background(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid) {
		printf("%d\n", pid);
		exit(0);
	}
	fclose(stdin);
	fclose(stdout);
}

uint64_t kernel_function(const char *name)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	char line[512], found[256];
	uint64_t address;

	if (!symbols)
		die("/proc/kallsyms: %s", strerror(errno));
	while (fgets(line, sizeof(line), symbols))
		if (sscanf(line, "%" SCNx64 " %*c %255s", &address, found) == 2 &&
		    !strcmp(found, name)) {
			fclose(symbols);
			return address;
		}
	die("the kernel has no function %s()", name);
}

uint32_t add_up(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *octets = data;

	for (; len > 1; octets += 2, len -= 2)
		sum += octets[0] << 8 | octets[1];
	if (len)
		sum += octets[0] << 8;
	return sum;
}

uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}
