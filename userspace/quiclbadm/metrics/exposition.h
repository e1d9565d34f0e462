/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Metrics as text, in two formats: OpenMetrics 1.0, and Prometheus's older text format
 * 0.0.4, which node_exporter's textfile collector and "promtool check metrics" read.
 */
#ifndef _QUICLBADM_METRICS_EXPOSITION_H
#define _QUICLBADM_METRICS_EXPOSITION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum exposition_format {
	EXPOSITION_OPENMETRICS,
	EXPOSITION_PROMETHEUS,
};

enum metric_type {
	METRIC_GAUGE,
	METRIC_COUNTER,			/* its samples end in _total */
	METRIC_INFO,			/* its samples end in _info, and are 1 */
};

struct metric {
	const char *name;		/* without these endings */
	enum metric_type type;
	const char *unit;		/* which the name ends in, or NULL */
	const char *help;
};

struct exposition {
	FILE *out;
	enum exposition_format format;
	const struct metric *metric;	/* whose samples are written */
	bool labelled;			/* the sample has a label already */
};

/* What HTTP calls the format. */
const char *exposition_media_type(enum exposition_format format);

/* All samples of a metric follow the one call of metric_begin(). */
void metric_begin(struct exposition *to, const struct metric *metric);

/* A sample: its labels between sample_begin() and the value that ends it. */
void sample_begin(struct exposition *to);
/* @value may be any octets: it is escaped, and made UTF-8. */
void sample_label(struct exposition *to, const char *name, const char *value);
void sample_label_number(struct exposition *to, const char *name, uint64_t value);
void sample_value(struct exposition *to, uint64_t value);
void sample_seconds(struct exposition *to, uint64_t milliseconds);
void sample_infinity(struct exposition *to);

/* Without this line OpenMetrics is cut off. */
void exposition_end(struct exposition *to);

#endif /* _QUICLBADM_METRICS_EXPOSITION_H */
