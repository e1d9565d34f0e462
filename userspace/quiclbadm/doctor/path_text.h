/* SPDX-License-Identifier: GPL-2.0-only */
/* A datagram's way, as it was seen, in words. */
#ifndef _QUICLBADM_DOCTOR_PATH_TEXT_H
#define _QUICLBADM_DOCTOR_PATH_TEXT_H

#include "common/err.h"
#include "doctor/journey.h"
#include "doctor/report.h"
#include "firewall/firewall.h"

enum {
	PATH_TEXT_MAX = 1024,		/* octets; what is longer is cut */
};

/* Adds to @text, of PATH_TEXT_MAX. */
void path_tell(char *text, const char *format, ...) __printf(2, 3);

/*
 * Adds "it arrived by eth0, came out of tunl0, was given to pid 812 (nginx)".
 * Return: false when it was not seen at all.
 */
bool path_tell_way(const struct journey *journey, char *text);

/* Adds "dropped at tunl0 (IP_RPFILTER): why". */
void path_tell_drop(const struct journey *journey, const struct journey_step *drop, char *text);

/*
 * @text, and where and why the kernel dropped the datagram or its answer: by the rule that
 * is the cause, where it is one.
 */
void path_dropped(struct report *report, struct firewall *fw,
		  const struct journey *journey, const struct journey_step *drop, char *text);

/* The faults found of what is examined are confirmed; where there are none, it is one. */
void path_fault(struct report *report, const char *seen);

/* Why a datagram was not seen to arrive at all: it is not known then what would become of it. */
void path_unknown(struct report *report, const struct journey *journey);

/* ... and that none was sent, because of @why, half a sentence. */
void path_unseen(struct report *report, const char *why);

#endif /* _QUICLBADM_DOCTOR_PATH_TEXT_H */
