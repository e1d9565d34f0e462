/* SPDX-License-Identifier: GPL-2.0-only */
/* The tracepoints of ip_vs_quic, as lines of "trace". */
#ifndef _QUICLBADM_DIAG_MODULE_EVENT_H
#define _QUICLBADM_DIAG_MODULE_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <event-parse.h>

struct trace_line;

/* Fills in @line, but for its time.  Return: false for another network namespace's. */
bool module_event_read(struct tep_event *event, struct tep_record *record,
		       uint32_t netns, struct trace_line *line);

#endif /* _QUICLBADM_DIAG_MODULE_EVENT_H */
