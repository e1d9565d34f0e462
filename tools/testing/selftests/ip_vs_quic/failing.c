// SPDX-License-Identifier: GPL-2.0-only
#include "failing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

/* --- one task -------------------------------------------------------------- */

static int nth = -1;

void fail_nth(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (nth < 0)
		nth = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth < 0 || pwrite(nth, text, len, 0) != len)
		die("/proc/self/fail-nth: %s", strerror(errno));
}

unsigned int left_to_fail(void)
{
	char text[16] = "";

	if (pread(nth, text, sizeof(text) - 1, 0) < 0)
		die("/proc/self/fail-nth: %s", strerror(errno));
	return strtoul(text, NULL, 10);
}

void forget_task(void)
{
	if (nth >= 0)
		close(nth);
	nth = -1;
}

/* --- all tasks --------------------------------------------------------------- */

static int open_attribute(const char *name, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s", name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

static void set(const char *name, const char *value)
{
	int fd = open_attribute(name, O_WRONLY);

	if (write(fd, value, strlen(value)) < 0)
		die("%s: %s", name, strerror(errno));
	close(fd);
}

static unsigned long get(const char *name)
{
	int fd = open_attribute(name, O_RDONLY);
	char text[32] = "";

	if (read(fd, text, sizeof(text) - 1) < 0)
		die("%s: %s", name, strerror(errno));
	close(fd);
	return strtoul(text, NULL, 10);
}

/* Nothing else of this task may fail: opening a file allocates. */
static int mine = -1;

static void fail_mine(const char *value)
{
	if (mine >= 0 && pwrite(mine, value, 1, 0) != 1)
		die("/proc/self/make-it-fail: %s", strerror(errno));
}

void fail_after(unsigned int octets)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", octets);
	set("failslab/space", text);
	set("failslab/times", "1");
	set("failslab/probability", "100");
	fail_mine("1");
}

bool stop_failing(unsigned int octets, unsigned int *before)
{
	fail_mine("0");
	set("failslab/probability", "0");
	*before = octets - get("failslab/space");
	return !get("failslab/times");
}

void fail_atomic(void)
{
	if (mine >= 0)
		close(mine);
	mine = -1;
	set("failslab/task-filter", "N");
	set("failslab/ignore-gfp-wait", "Y");
}

void fail_own(void)
{
	mine = open("/proc/self/make-it-fail", O_WRONLY | O_CLOEXEC);
	if (mine < 0)
		die("/proc/self/make-it-fail: %s", strerror(errno));
	set("failslab/task-filter", "Y");
	set("failslab/ignore-gfp-wait", "N");
}

void deny_pages(unsigned int order)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", order);
	set("fail_page_alloc/min-order", text);
	set("fail_page_alloc/ignore-gfp-wait", "N");
	set("fail_page_alloc/task-filter", "Y");
	set("fail_page_alloc/times", "-1");
	set("fail_page_alloc/probability", "100");
}

void allow_pages(void)
{
	set("fail_page_alloc/probability", "0");
}

/* --- where it failed --------------------------------------------------------- */

static int kmsg = -1;

void log_open(void)
{
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		die("/dev/kmsg: %s", strerror(errno));
}

/* Reports that do not panic: lockdep's and RCU's, and that debug objects are not tracked now. */
static void check_record(const char *text)
{
	if (strstr(text, "WARNING: ") || strstr(text, "BUG: ") || strstr(text, "INFO: trying to register") ||
	    strstr(text, "ODEBUG: Out of memory"))
		die("the kernel reports: %s", text);
}

static bool in_passing;

bool failed_in_passing(void)
{
	return in_passing;
}

/* Each record of a stack is one function, the innermost first. */
struct stack {
	bool looked_for;
	char inner[128];
};

/* The kernel's debugging code, which allocates on other code's allocations, and may fail to. */
static bool debugs(const char *function)
{
	bool stock = !strncmp(function, "debug_object", 12);

	in_passing |= stock;
	return stock || !strncmp(function, "kmemleak", 8);
}

/* Returns whether the module's site is this one. */
static bool add_function(struct stack *stack, const char *text, const char *allocator)
{
	bool ours = strstr(text, " [ip_vs_quic");
	bool called = !allocator || !strncmp(stack->inner, allocator, strlen(allocator));
	char function[128];

	if (!stack->looked_for || text[0] != ' ' || strstr(text, "? ") || sscanf(text, " %127[^/]", function) != 1)
		return false;
	if (debugs(function))
		stack->looked_for = false;
	memcpy(stack->inner, function, sizeof(function));
	if (!ours || !stack->looked_for)
		return false;
	stack->looked_for = false;
	printf("site %s\n", function);
	return called;
}

static unsigned int kmsg_sites(const char *allocator)
{
	struct stack stack = {};
	unsigned int sites = 0;
	char record[8192];
	char *text, *end;
	ssize_t n;

	while ((n = read(kmsg, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			die("the kernel says more than there is room for");
		record[n] = '\0';
		text = strchr(record, ';');
		if (!text)
			continue;
		end = strchr(++text, '\n');
		if (end)
			*end = '\0';
		check_record(text);
		if (strstr(text, "FAULT_INJECTION: forcing"))
			stack.looked_for = true;
		sites += add_function(&stack, text, allocator);
	}
	return sites;
}

/* --- what the log is not told ------------------------------------------------ */

static const char *const allocations[] = { "kmalloc", "kmalloc_node", "kmem_cache_alloc", "kmem_cache_alloc_node" };
static int trace = -1;

static void set_tracing(const char *name, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/tracing/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0 || (write(fd, value, strlen(value)) < 0 && errno != EEXIST))
		die("%s: %s", path, strerror(errno));
	close(fd);
}

/* Some kernels have two of these events, some all four. */
static void set_triggers(const char *value)
{
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(allocations) / sizeof(allocations[0]); i++) {
		snprintf(name, sizeof(name), "events/kmem/%s/trigger", allocations[i]);
		set_tracing(name, value);
	}
}

void trace_open(void)
{
	set_tracing("options/sym-offset", "1");
	set_triggers("stacktrace if ptr == 0");
	trace = open("/sys/kernel/tracing/trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (trace < 0)
		die("trace_pipe: %s", strerror(errno));
}

void trace_close(void)
{
	set_triggers("!stacktrace if ptr == 0");
	set_tracing("options/sym-offset", "0");
	close(trace);
	trace = -1;
}

/* A read ends with the end of a stack. */
static unsigned int trace_sites(const char *allocator)
{
	struct stack stack = {};
	unsigned int sites = 0;
	char text[16384];
	char *line, *next;
	ssize_t n;

	while (trace >= 0 && (n = read(trace, text, sizeof(text) - 1)) > 0) {
		text[n] = '\0';
		for (line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
			if (strstr(line, "<stack trace>"))
				stack.looked_for = true;
			else if (!strncmp(line, " => ", 4))
				sites += add_function(&stack, line + 3, allocator);
		}
	}
	return sites;
}

unsigned int log_sites(const char *allocator)
{
	unsigned int sites;

	in_passing = false;
	sites = kmsg_sites(allocator);
	return sites + trace_sites(allocator);
}
