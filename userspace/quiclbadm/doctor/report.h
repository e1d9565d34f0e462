/* SPDX-License-Identifier: GPL-2.0-only */
/* What "doctor" finds: a verdict, the evidence, and the command that mends it. */
#ifndef _QUICLBADM_DOCTOR_REPORT_H
#define _QUICLBADM_DOCTOR_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "model/model.h"

enum check_level {
	CHECK_OK,
	CHECK_ADVICE,		/* works, and could be better */
	CHECK_UNKNOWN,		/* cannot be told from here */
	CHECK_FAULT,
	CHECK_LEVELS,
};

struct check {
	enum check_level level;
	const char *name;	/* a word: "rp_filter" */
	struct service_id service;	/* with af 0: of the host as a whole */
	struct endpoint server;		/* with af 0: of no real server */
	char *evidence;
	char *seen;		/* what became of a datagram that shows it; NULL: none was sent */
	char *fix;		/* for a shell; NULL: there is no such command */
};

enum {
	REPORT_VRFS = 8,	/* that are named, and room for the NULL */
};

struct report {
	struct check *checks;
	size_t count;
	struct service_id service;	/* what is examined at present, as in a check */
	struct endpoint server;
	const char *vrfs[REPORT_VRFS];	/* whose routes were asked; NULL behind the last one */
};

/* What the checks that are added from now on are about; NULL: nothing of the kind. */
void report_about(struct report *report, const struct service_id *service,
		  const struct endpoint *server);

/* Notes that a VRF's routes were asked.  @name is not copied. */
void report_note_vrf(struct report *report, const char *name);
/* Adds where all of it was looked at; the last check. */
void report_place(struct report *report, const char *netns);

/* Each takes the formats of printf; "" is no fix. */
void report_add(struct report *report, enum check_level level, const char *name,
		const char *format, ...) __printf(4, 5);
/* Of the check that was added last. */
void report_fix(struct report *report, const char *format, ...) __printf(2, 3);

/*
 * What the kernel was seen to do decides what is said of what is examined at present.
 * Adds @seen to each fault of that service, unless it is of another real server, and to
 * advice about its VIP.  Return: whether there is one.
 */
bool report_confirm(struct report *report, const char *seen);
/*
 * Removes the service's checks with one of these names that found a fault, or could not
 * tell, unless they are about another real server.
 */
void report_refute(struct report *report, const char *const *names);

void report_destroy(struct report *report);

enum report_format {
	REPORT_FINDINGS,	/* the worst first, a few of each kind */
	REPORT_VERBOSE,		/* all */
	REPORT_JSON,
};

/* Return: EXIT_DONE, or EXIT_REFUSED when there is a fault. */
int report_print(const struct report *report, enum report_format format);

#endif /* _QUICLBADM_DOCTOR_REPORT_H */
