// SPDX-License-Identifier: GPL-2.0-only
#include "metrics/exposition.h"

#include <inttypes.h>

#include "common/printable.h"

const char *exposition_media_type(enum exposition_format format)
{
	return format == EXPOSITION_OPENMETRICS ?
	       "application/openmetrics-text; version=1.0.0; charset=utf-8" :
	       "text/plain; version=0.0.4; charset=utf-8";
}

/* The older format has no type "info". */
static const char *type_name(const struct exposition *to)
{
	switch (to->metric->type) {
	case METRIC_COUNTER:
		return "counter";
	case METRIC_INFO:
		return to->format == EXPOSITION_OPENMETRICS ? "info" : "gauge";
	default:
		return "gauge";
	}
}

static const char *ending(const struct metric *metric)
{
	return metric->type == METRIC_COUNTER ? "_total" :
	       metric->type == METRIC_INFO ? "_info" : "";
}

/* The older format calls a metric as its samples. */
void metric_begin(struct exposition *to, const struct metric *metric)
{
	const bool open = to->format == EXPOSITION_OPENMETRICS;
	const char *end = open ? "" : ending(metric);

	to->metric = metric;
	fprintf(to->out, "# HELP %s%s %s.\n", metric->name, end, metric->help);
	fprintf(to->out, "# TYPE %s%s %s\n", metric->name, end, type_name(to));
	if (open && metric->unit)
		fprintf(to->out, "# UNIT %s %s\n", metric->name, metric->unit);
}

void sample_begin(struct exposition *to)
{
	fputs(to->metric->name, to->out);
	fputs(ending(to->metric), to->out);
	to->labelled = false;
}

static void begin_label(struct exposition *to, const char *name)
{
	putc(to->labelled ? ',' : '{', to->out);
	fputs(name, to->out);
	fputs("=\"", to->out);
	to->labelled = true;
}

void sample_label(struct exposition *to, const char *name, const char *value)
{
	begin_label(to, name);
	print_quoted(to->out, value);
	putc('"', to->out);
}

void sample_label_number(struct exposition *to, const char *name, uint64_t value)
{
	begin_label(to, name);
	fprintf(to->out, "%" PRIu64 "\"", value);
}

static void end_labels(struct exposition *to)
{
	fputs(to->labelled ? "} " : " ", to->out);
}

void sample_value(struct exposition *to, uint64_t value)
{
	end_labels(to);
	fprintf(to->out, "%" PRIu64 "\n", value);
}

void sample_seconds(struct exposition *to, uint64_t milliseconds)
{
	end_labels(to);
	fprintf(to->out, "%" PRIu64 ".%03u\n", milliseconds / 1000,
		(unsigned int)(milliseconds % 1000));
}

void sample_infinity(struct exposition *to)
{
	end_labels(to);
	fputs("+Inf\n", to->out);
}

void exposition_end(struct exposition *to)
{
	if (to->format == EXPOSITION_OPENMETRICS)
		fputs("# EOF\n", to->out);
}
