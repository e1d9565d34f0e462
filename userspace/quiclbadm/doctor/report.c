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

enum {
	KIND_MAX = 5,		/* findings of a kind, unless all are wanted */
};

#define PLACE "place"

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

	/* room for twice as many when their number is a power of 2 */
	if (!(report->count & (report->count - 1)))
		report->checks = xreallocarray(report->checks, 2 * report->count + 1,
					       sizeof(*check));
	check = &report->checks[report->count++];
	check->level = level;
	check->name = name;
	check->service = report->service;
	check->server = report->server;
	check->fix = NULL;
	check->seen = NULL;
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

void report_note_vrf(struct report *report, const char *name)
{
	size_t i;

	for (i = 0; i < REPORT_VRFS - 1 && report->vrfs[i]; i++)
		if (!strcmp(report->vrfs[i], name))
			return;
	if (i < REPORT_VRFS - 1)
		report->vrfs[i] = name;
}

void report_place(struct report *report, const char *netns)
{
	char vrfs[REPORT_VRFS * 20] = "";
	size_t len = 0, i;

	for (i = 0; report->vrfs[i]; i++)
		len += (size_t)snprintf(vrfs + len, sizeof(vrfs) - len, "%s%s",
					i ? ", " : ", VRF ", report->vrfs[i]);
	report_about(report, NULL, NULL);
	report_add(report, CHECK_OK, PLACE, "network namespace %s%s", netns, vrfs);
}

static bool is_about(const struct report *report, const struct check *check)
{
	return service_id_eq(&check->service, &report->service);
}

/* Of another real server than the one that is examined. */
static bool is_of_another(const struct report *report, const struct check *check)
{
	return check->server.af && report->server.af &&
	       !endpoint_eq(&check->server, &report->server);
}

/* A VIP that may be another director's on purpose is advice. */
static bool is_standby(const struct check *check)
{
	return check->level == CHECK_ADVICE && !strcmp(check->name, "vip");
}

bool report_confirm(struct report *report, const char *seen)
{
	bool found = false;
	size_t i;

	for (i = 0; i < report->count; i++) {
		struct check *check = &report->checks[i];

		if (!is_about(report, check) || is_of_another(report, check) ||
		    (check->level != CHECK_FAULT && !is_standby(check)))
			continue;
		free(check->seen);
		check->seen = xstrdup(seen);
		found = true;
	}
	return found;
}

static void free_check(struct check *check)
{
	free(check->evidence);
	free(check->seen);
	free(check->fix);
}

static bool is_refuted(const struct report *report, const struct check *check,
		       const char *const *names)
{
	if ((check->level != CHECK_FAULT && check->level != CHECK_UNKNOWN) ||
	    !is_about(report, check) ||
	    (check->server.af && !endpoint_eq(&check->server, &report->server)))
		return false;
	while (*names && strcmp(*names, check->name))
		names++;
	return *names;
}

void report_refute(struct report *report, const char *const *names)
{
	size_t i, kept = 0;

	for (i = 0; i < report->count; i++) {
		if (is_refuted(report, &report->checks[i], names))
			free_check(&report->checks[i]);
		else
			report->checks[kept++] = report->checks[i];
	}
	report->count = kept;
}

void report_destroy(struct report *report)
{
	size_t i;

	for (i = 0; i < report->count; i++)
		free_check(&report->checks[i]);
	free(report->checks);
	memset(report, 0, sizeof(*report));
}

/* @others: services of which the same is to be said */
static void print_check(const struct check *check, size_t others)
{
	printf("%s%-7s%s  %-10s  ", paint(stdout, level_paints[check->level]),
	       level_names[check->level], paint_end(stdout), check->name);
	print_printable(stdout, check->evidence);
	if (check->seen) {
		printf("\n%-7s  %-10s  seen: ", "", "");
		print_printable(stdout, check->seen);
	}
	if (check->fix) {
		printf("\n%-7s  %-10s  fix: ", "", "");
		print_printable(stdout, check->fix);
	}
	if (others)
		printf("\n%-7s  %-10s  the same of %zu other services", "", "", others);
	putchar('\n');
}

static bool is_kind(const struct check *check, const struct check *kind)
{
	return check->level == kind->level && !strcmp(check->name, kind->name);
}

/* How many checks before the @end'th one say the very same. */
static size_t count_same(const struct report *report, const struct check *check, size_t end)
{
	size_t count = 0, i;

	for (i = 0; i < end; i++)
		count += is_kind(&report->checks[i], check) &&
			 !strcmp(report->checks[i].evidence, check->evidence);
	return count;
}

/* How many different checks of a kind are before the @end'th one, up to @limit. */
static size_t count_kind(const struct report *report, const struct check *kind, size_t end,
			 size_t limit)
{
	size_t count = 0, i;

	for (i = 0; i < end && count < limit; i++)
		count += is_kind(&report->checks[i], kind) &&
			 !count_same(report, &report->checks[i], i);
	return count;
}

static void print_level(const struct report *report, enum check_level level, bool all)
{
	size_t i, before, more;

	for (i = 0; i < report->count; i++) {
		const struct check *check = &report->checks[i];

		if (check->level != level || (!all && count_same(report, check, i)))
			continue;
		before = all ? 0 : count_kind(report, check, i, KIND_MAX + 1);
		if (before < KIND_MAX) {
			print_check(check, all ? 0 :
				    count_same(report, check, report->count) - 1);
		} else if (before == KIND_MAX) {
			more = count_kind(report, check, report->count, SIZE_MAX) - KIND_MAX;
			printf("%-7s  %-10s  and %zu more of this kind (-v)\n",
			       level_names[level], check->name, more);
		}
	}
}

/* What is not there may be in another namespace, so that is said without -v as well. */
static void print_place(const struct report *report)
{
	const struct check *last = report->count ? &report->checks[report->count - 1] : NULL;

	if (!last || strcmp(last->name, PLACE))
		return;
	printf("looked at: ");
	print_printable(stdout, last->evidence);
	putchar('\n');
}

static void print_text(const struct report *report, const size_t *counts, bool verbose)
{
	enum check_level level = CHECK_LEVELS;

	while (level > (verbose ? CHECK_OK : CHECK_ADVICE))
		print_level(report, --level, verbose);
	if (!verbose)
		print_place(report);
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
		if (check->seen)
			set_text(object, "seen", check->seen);
		if (check->fix)
			set_text(object, "fix", check->fix);
		append(array, object);
	}
	dump(array);
}

int report_print(const struct report *report, enum report_format format)
{
	size_t counts[CHECK_LEVELS] = { 0 }, i;

	for (i = 0; i < report->count; i++)
		counts[report->checks[i].level]++;
	if (format == REPORT_JSON)
		print_json(report);
	else
		print_text(report, counts, format == REPORT_VERBOSE);
	return counts[CHECK_FAULT] ? EXIT_REFUSED : EXIT_DONE;
}
