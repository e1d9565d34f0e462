// SPDX-License-Identifier: GPL-2.0-only
#include "metrics/seen_by.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/err.h"
#include "common/tool_output.h"
#include "restore/input_file.h"

#define AGE_METRIC "quiclb_config_last_seen_age_seconds"
#define SERVICE_METRIC "quiclb_service_configs"
#define UPTIME_METRIC "quiclb_uptime_seconds"

enum {
	OUTPUT_MAX = 64 << 20,		/* octets */
	GET_MS = 15000,
	LABEL_MAX = 64,			/* octets of a label's value; longer ones are not ours */
};

/* What one source says. */
struct report {
	const char *source;
	struct service *svc;
	char name[SERVICE_STRLEN];	/* of the service */
	uint64_t uptime;		/* s; UINT64_MAX: not there */
	bool has_service;
};

/* The labels of a sample that matter here; empty: not there. */
struct labels {
	char service[LABEL_MAX];
	char config[LABEL_MAX];
	char tenant[LABEL_MAX];
};

/* Moves behind the word @word.  Return: is it there? */
static bool take(const char **at, const char *word)
{
	const size_t len = strlen(word);

	if (strncmp(*at, word, len))
		return false;
	*at += len;
	return true;
}

/* A value in quotes; ours have nothing that is escaped.  @to may be NULL. */
static bool take_value(const char **at, char *to)
{
	size_t len = 0;

	if (!take(at, "\""))
		return false;
	for (; **at && **at != '"'; (*at)++) {
		if (**at == '\\' && (*at)[1])
			(*at)++;
		if (to && len < LABEL_MAX - 1)
			to[len++] = **at;
	}
	if (to)
		to[len] = '\0';
	return take(at, "\"");
}

/* Labels, braces included; other people's scrapes add some. */
static bool take_labels(const char **at, struct labels *labels)
{
	memset(labels, 0, sizeof(*labels));
	if (!take(at, "{"))
		return true;
	while (!take(at, "}")) {
		char *to = NULL;

		if (take(at, "service="))
			to = labels->service;
		else if (take(at, "config="))
			to = labels->config;
		else if (take(at, "tenant="))
			to = labels->tenant;
		else
			*at += strcspn(*at, "=\n");
		if (!to && !take(at, "="))
			return false;
		if (!take_value(at, to))
			return false;
		take(at, ",");
	}
	return true;
}

/* Which config of the service the labels name; NULL: it has none like that. */
static struct config *labelled(struct report *report, const struct labels *labels)
{
	size_t i;

	for (i = 0; i < report->svc->config_count; i++) {
		struct config *config = &report->svc->configs[i];

		if (strtoul(labels->config, NULL, 10) == config->id &&
		    strtoul(labels->tenant, NULL, 10) == config->tenant)
			return config;
	}
	return NULL;
}

static void take_age(struct report *report, const struct labels *labels, double seconds)
{
	struct config *config;

	config = labelled(report, labels);
	/* never: how long that is, the uptime says */
	if (!config || isinf(seconds) ||
	    (config->seen && (double)config->last_seen <= 1000 * seconds))
		return;
	config->seen = true;
	config->last_seen = (uint64_t)(1000 * seconds);
	config->seen_by = report->source;
}

static void take_service(struct report *report, const struct labels *labels, double count)
{
	(void)labels;
	(void)count;
	report->has_service = true;
}

static void take_uptime(struct report *report, const struct labels *labels, double seconds)
{
	(void)labels;
	if (seconds < (double)report->uptime)
		report->uptime = (uint64_t)seconds;
}

static const struct {
	const char *metric;
	bool of_service;		/* the service has to be the one that is asked for */
	void (*sample)(struct report *report, const struct labels *labels, double value);
} readers[] = {
	{ AGE_METRIC, true, take_age },
	{ SERVICE_METRIC, true, take_service },
	{ UPTIME_METRIC, false, take_uptime },
};

/* One line, a sample or not.  Return: is it well-formed, as far as it matters? */
static bool take_line(struct report *report, const char *line)
{
	struct labels labels;
	double value;
	unsigned int i;
	char *end;

	for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (take(&line, readers[i].metric))
			break;
	if (i == sizeof(readers) / sizeof(readers[0]) || (*line != '{' && *line != ' '))
		return true;
	if (!take_labels(&line, &labels))
		return false;
	value = strtod(line, &end);
	if (end == line || isnan(value) || value < 0)
		return false;
	if (!readers[i].of_service || !strcmp(labels.service, report->name))
		readers[i].sample(report, &labels, value);
	return true;
}

static int take_text(struct report *report, char *text)
{
	unsigned int number = 0;
	char *line, *rest;

	for (line = text; line; line = rest) {
		rest = strchr(line, '\n');
		if (rest)
			*rest++ = '\0';
		number++;
		if (!take_line(report, line))
			return refuse("%s: line %u is no sample of a metric", report->source,
				      number);
	}
	if (!report->has_service)
		return refuse("%s: it has no metrics of service %s (" SERVICE_METRIC ")",
			      report->source, report->name);
	if (report->uptime == UINT64_MAX)
		return refuse("%s: it does not tell since when that director is up (" UPTIME_METRIC ")",
			      report->source);
	return 0;
}

static int get_url(struct report *report)
{
	char *argv[] = {
		"curl", "-fsS", "--max-time", "10", "--", (char *)report->source, NULL,
	};
	int status, err;
	char *text = tool_output(argv, OUTPUT_MAX, GET_MS, &status);

	if (status == TOOL_MISSING)
		return refuse("%s: curl, which would get it, is not installed",
			      report->source);
	if (!text)
		return refuse("%s: curl could not get it (status %d)", report->source,
			      status);
	err = take_text(report, text);
	free(text);
	return err;
}

/* What happened since it was written it does not say. */
static int check_file_age(const char *path)
{
	struct stat st;
	time_t age;

	if (!strcmp(path, "-") || stat(path, &st) || !S_ISREG(st.st_mode))
		return 0;
	age = time(NULL) - st.st_mtime;
	if (age <= SEEN_BY_AGE_MAX)
		return 0;
	return refuse("%s: it is %lld s old, and may be %d: it does not say what was seen since",
		      path, (long long)age, SEEN_BY_AGE_MAX);
}

static int read_metrics_file(struct report *report)
{
	struct input_file file;
	int err = check_file_age(report->source);

	if (err)
		return err;
	err = input_file_read(&file, report->source);
	if (!err) {
		file.text[file.len] = '\0';
		err = take_text(report, file.text);
	}
	input_file_wipe(&file);
	return err;
}

static int read_source(const char *source, struct service *svc, uint64_t *uptime)
{
	struct report report = {
		.source = source,
		.svc = svc,
		.uptime = UINT64_MAX,
	};
	int err;

	service_str(&svc->id, report.name);
	if (!strncmp(source, "http://", 7) || !strncmp(source, "https://", 8))
		err = get_url(&report);
	else
		err = read_metrics_file(&report);
	if (!err && report.uptime < *uptime)
		*uptime = report.uptime;
	return err;
}

int seen_by_read(const char *const *sources, size_t count, struct service *svc,
		 uint64_t *uptime)
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < count; i++)
		err = read_source(sources[i], svc, uptime);
	return err;
}
