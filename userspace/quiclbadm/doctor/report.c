// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/color.h"
#include "common/printable.h"
#include "common/xalloc.h"
#include "output/json_build.h"

static const char *const level_names[CHECK_LEVELS] = {
	[CHECK_OK] = "ok",
	[CHECK_ADVICE] = "advice",
	[CHECK_UNKNOWN] = "unknown",
	[CHECK_FAULT] = "fault",
};

static const enum paint level_paints[CHECK_LEVELS] = {
	[CHECK_OK] = PAINT_GOOD,
	[CHECK_ADVICE] = PAINT_ADVICE,
	[CHECK_UNKNOWN] = PAINT_ADVICE,
	[CHECK_FAULT] = PAINT_BAD,
};

static char *format_text(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		no_memory();
	return text;
}

void report_about(struct report *report, const struct service_id *service,
		  const struct endpoint *server)
{
	memset(&report->service, 0, sizeof(report->service));
	memset(&report->server, 0, sizeof(report->server));
	if (service)
		report->service = *service;
	if (server)
		report->server = *server;
}

void report_add(struct report *report, enum check_level level, const char *name,
		const char *format, ...)
{
	struct check *check;
	va_list args;

	report->checks = xreallocarray(report->checks, report->count + 1,
				       sizeof(*check));
	check = &report->checks[report->count++];
	check->level = level;
	check->name = name;
	check->service = report->service;
	check->server = report->server;
	check->fix = NULL;
	va_start(args, format);
	check->evidence = format_text(format, args);
	va_end(args);
}

void report_fix(struct report *report, const char *format, ...)
{
	struct check *check = &report->checks[report->count - 1];
	va_list args;

	free(check->fix);
	va_start(args, format);
	check->fix = format_text(format, args);
	va_end(args);
}

void report_destroy(struct report *report)
{
	size_t i;

	for (i = 0; i < report->count; i++) {
		free(report->checks[i].evidence);
		free(report->checks[i].fix);
	}
	free(report->checks);
	memset(report, 0, sizeof(*report));
}

static void print_text(const struct report *report, const size_t *counts)
{
	size_t i;

	for (i = 0; i < report->count; i++) {
		const struct check *check = &report->checks[i];

		printf("%s%-7s%s  %-10s  ", paint(stdout, level_paints[check->level]),
		       level_names[check->level], paint_end(stdout), check->name);
		print_printable(stdout, check->evidence);
		if (check->fix) {
			printf("\n%-7s  %-10s  fix: ", "", "");
			print_printable(stdout, check->fix);
		}
		putchar('\n');
	}
	printf("%zu ok, %zu advice, %zu unknown, %zu faults\n",
	       counts[CHECK_OK], counts[CHECK_ADVICE], counts[CHECK_UNKNOWN],
	       counts[CHECK_FAULT]);
}

static void print_json(const struct report *report)
{
	json_t *array = need(json_array()), *object;
	size_t i;

	for (i = 0; i < report->count; i++) {
		const struct check *check = &report->checks[i];

		object = need(json_object());
		set_text(object, "verdict", level_names[check->level]);
		set_text(object, "check", check->name);
		if (check->service.vip.af)
			set(object, "service", service_id_json(&check->service));
		if (check->server.af)
			set_nested_endpoint(object, "server", &check->server);
		set_text(object, "evidence", check->evidence);
		if (check->fix)
			set_text(object, "fix", check->fix);
		append(array, object);
	}
	dump(array);
}

int report_print(const struct report *report, bool json)
{
	size_t counts[CHECK_LEVELS] = { 0 }, i;

	for (i = 0; i < report->count; i++)
		counts[report->checks[i].level]++;
	if (json)
		print_json(report);
	else
		print_text(report, counts);
	return counts[CHECK_FAULT] ? EXIT_REFUSED : EXIT_DONE;
}
