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

/* As many as --count asked for were shown. */
bool watch_is_done(const struct watch *watch);

#endif /* _QUICLBADM_DIAG_WATCH_H */
