// SPDX-License-Identifier: GPL-2.0-only
#include "system/proc.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool proc_sysctl(int *value, const char *format, ...)
{
	char path[256] = "/proc/sys/";
	va_list args;
	FILE *file;
	bool found;

	va_start(args, format);
	vsnprintf(path + strlen(path), sizeof(path) - strlen(path), format,
		  args);
	va_end(args);
	file = fopen(path, "re");
	if (!file)
		return false;
	found = fscanf(file, "%d", value) == 1;
	fclose(file);
	return found;
}

int proc_max_conf(const char *device, const char *name, int *all, int *own)
{
	*all = 0;
	*own = 0;
	proc_sysctl(all, "net/ipv4/conf/all/%s", name);
	proc_sysctl(own, "net/ipv4/conf/%s/%s", device, name);
	return *all > *own ? *all : *own;
}

/* /proc has addresses as words in the machine's order. */
static bool same_or_any(const char *hex, const struct endpoint *ep)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	size_t words = strlen(hex) / 8, i;
	uint32_t word, any = 0;
	uint8_t addr[16];

	for (i = 0; i < words && i < 4; i++) {
		if (sscanf(hex + 8 * i, "%8" SCNx32, &word) != 1)
			return false;
		memcpy(addr + 4 * i, &word, 4);
		any |= word;
	}
	if (!any)
		return true;
	if (ep->af == AF_INET && words == 4)
		return !memcmp(addr, mapped, sizeof(mapped)) &&
		       !memcmp(addr + sizeof(mapped), ep->addr, 4);
	return words == (ep->af == AF_INET6 ? 4 : 1) &&
	       !memcmp(addr, ep->addr, 4 * words);
}

static bool listens_in(const char *path, const struct endpoint *ep)
{
	FILE *file = fopen(path, "re");
	char hex[33], port[5], line[512];
	bool found = false;

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, " %*d: %32[0-9A-Fa-f]:%4s", hex, port) == 2 &&
			strtoul(port, NULL, 16) == ep->port && same_or_any(hex, ep);
	fclose(file);
	return found;
}

/* A wildcard of IPv6 takes IPv4 as well, unless the socket is IPV6_V6ONLY. */
bool proc_listens(const struct endpoint *ep)
{
	if (ep->af == AF_INET && listens_in("/proc/net/udp", ep))
		return true;
	return listens_in("/proc/net/udp6", ep);
}

/* Whether one of the files that a process has open is @link. */
static bool has_open(const char *pid, const char *link)
{
	char path[300], text[64];
	struct dirent *entry;
	bool found = false;
	ssize_t len;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	/* cppcheck-suppress readdirCalled ; one thread */
	while (dir && !found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, entry->d_name);
		len = readlink(path, text, sizeof(text));
		found = len == (ssize_t)strlen(link) && !memcmp(text, link, strlen(link));
	}
	if (dir)
		closedir(dir);
	return found;
}

static void name_process(const char *pid, char *text, size_t size)
{
	char path[300], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = fopen(path, "re");
	if (file && fgets(name, sizeof(name), file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
	snprintf(text, size, "pid %s (%s)", pid, name);
}

void proc_socket_owner(uint64_t inode, char *text, size_t size)
{
	struct dirent *entry;
	bool found = false;
	char link[64];
	DIR *dir = opendir("/proc");

	snprintf(text, size, "a socket");
	snprintf(link, sizeof(link), "socket:[%" PRIu64 "]", inode);
	/* cppcheck-suppress readdirCalled ; one thread */
	while (dir && inode && !found && (entry = readdir(dir))) {
		if (strspn(entry->d_name, "0123456789") != strlen(entry->d_name) ||
		    !has_open(entry->d_name, link))
			continue;
		name_process(entry->d_name, text, size);
		found = true;
	}
	if (dir)
		closedir(dir);
}

bool proc_has(const char *path, const char *beginning)
{
	bool found = false;
	char line[512], full[128];
	FILE *file;

	snprintf(full, sizeof(full), "/proc/%s", path);
	file = fopen(full, "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = !strncmp(line, beginning, strlen(beginning));
	fclose(file);
	return found;
}
