// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/path_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "doctor/passage.h"
#include "system/proc.h"
#include "tracing/reasons.h"

void path_tell(char *text, const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, PATH_TEXT_MAX - len, format, args);
	va_end(args);
}

static void tell_sent(const struct journey_step *step, char *text)
{
	char src[ENDPOINT_STRLEN], dst[ENDPOINT_STRLEN];

	if (step->tunnel == TUNNEL_NONE)
		path_tell(text, ", was sent on by %s", step->device);
	else
		path_tell(text, ", was sent on by %s (%s %s > %s)", step->device,
			  packet_tunnel_name(step->tunnel),
			  doctor_addr_str(&step->outer_src, src),
			  doctor_addr_str(&step->outer_dst, dst));
}

static void tell_step(const struct journey *journey, const struct journey_step *step, bool first,
		      char *text)
{
	char owner[64];

	switch (step->step) {
	case STEP_RECEIVED:
		path_tell(text, !first ? ", came out of %s" :
			  journey->barred ? "it went through %s" : "it arrived by %s",
			  step->device);
		break;
	case STEP_QUEUED:
		proc_socket_owner(step->socket, owner, sizeof(owner));
		path_tell(text, ", was given to %s", owner);
		break;
	case STEP_SENT:
		tell_sent(step, text);
		break;
	default:
		break;
	}
}

bool path_tell_way(const struct journey *journey, char *text)
{
	bool first = true;
	size_t i;

	for (i = 0; i < journey->count; i++) {
		const struct journey_step *step = &journey->steps[i];

		/* what comes first is its arrival */
		if (step->answer || (first && step->step != STEP_RECEIVED))
			continue;
		tell_step(journey, step, first, text);
		first = false;
	}
	return !first;
}

void path_tell_drop(const struct journey *journey, const struct journey_step *drop, char *text)
{
	const struct reason *reason = reason_find(drop->reason, drop->function);
	char dst[ENDPOINT_STRLEN];

	path_tell(text, "dropped%s%s (%s%s%s): %s", *drop->device ? " at " : "",
		  drop->device, drop->reason, *drop->function ? " in " : "",
		  drop->function, reason->cause);
	if (!drop->answer && !endpoint_eq(&drop->dst, &journey->probe.vip))
		path_tell(text, "; a rule had translated its destination to %s (dnat, redirect)",
			  endpoint_str(&drop->dst, dst));
}

void path_dropped(struct report *report, struct firewall *fw,
		  const struct journey *journey, const struct journey_step *drop, char *text)
{
	struct passage passage;

	path_tell_drop(journey, drop, text);
	if (!strcmp(drop->reason, "NETFILTER_DROP")) {
		passage_of_drop(journey, drop, &passage);
		if (passage_explain(report, fw, &passage, text))
			return;
		if (fw->legacy)
			path_tell(text, "; there are rules of iptables-legacy, which are not looked at (iptables-legacy-save shows them)");
	}
	path_fault(report, text);
}

void path_fault(struct report *report, const char *seen)
{
	if (!report_confirm(report, seen))
		report_add(report, CHECK_FAULT, "path", "%s", seen);
}

void path_unknown(struct report *report, const struct journey *journey)
{
	report_add(report, CHECK_UNKNOWN, "path",
		   "no datagram can be made to arrive by %s: %s", journey->in->name,
		   journey->error ? strerror(journey->error) :
		   journey->missed ? "too much else happens here" :
		   "the kernel does not show it");
}

void path_unseen(struct report *report, const char *why)
{
	report_add(report, CHECK_UNKNOWN, "path",
		   "no datagram can be followed here, because %s, so what is said is what rules and settings let expect",
		   why);
}
