/* SPDX-License-Identifier: GPL-2.0-only */
/* Which events "trace" shows, and how. */
#ifndef _QUICLBADM_DIAG_WATCH_H
#define _QUICLBADM_DIAG_WATCH_H

#include <event-parse.h>

#include "cli/args.h"

struct packet_event;
struct watch;

/* NULL after a refusal after an error message. */
struct watch *watch_new(const struct args *args);
void watch_free(struct watch *watch);

/* For struct tracer_ops; @arg is the watch. */
void watch_event(struct tep_event *event, struct tep_record *record,
		 uint64_t time, void *arg);
void watch_drop(const struct packet_event *drop, void *arg);
void watch_step(const struct packet_event *step, void *arg);

/* The lines to which nothing can be added any more, or all of them. */
void watch_print(struct watch *watch, bool all);

/* As many as --count asked for were shown. */
bool watch_is_done(const struct watch *watch);

/* To stderr: why nothing was shown so far, if nothing was; and a sum of what was. */
void watch_hint(const struct watch *watch);
void watch_print_tally(const struct watch *watch);

#endif /* _QUICLBADM_DIAG_WATCH_H */
