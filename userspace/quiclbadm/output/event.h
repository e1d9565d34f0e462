/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's events, each on a line of its own. */
#ifndef _QUICLBADM_OUTPUT_EVENT_H
#define _QUICLBADM_OUTPUT_EVENT_H

#include <time.h>

#include "kernel/quic_event.h"

/* @when may be NULL: the time is not shown. */
void print_event(const struct event *event, const struct timespec *when);
void print_event_json(const struct event *event, const struct timespec *when);

/* In JSON: events were lost; what is "present" follows. */
void print_lost_json(const struct timespec *when);

#endif /* _QUICLBADM_OUTPUT_EVENT_H */
