// SPDX-License-Identifier: GPL-2.0-only
/*
 * keepalived deletes its services when it stops, and makes them anew when it starts,
 * by a scheduler of its list; configs and server IDs are gone.
 */
#include "doctor/keepalived_check.h"

#include <stdio.h>

#define RULES "/etc/quiclbadm.rules"

/* What is in the way of keeping the service: each line is one reason, the worst first. */
static void tell_losses(const struct service_subject *s, const struct keepalived *k,
			const struct keepalived_service *its, const char *at)
{
	const char *when = k->pid ? "it stops" : "it is started and stops";

	if (k->flushes) {
		report_add(s->report, CHECK_FAULT, "keepalived",
			   "%s: lvs_flush or lvs_flush_on_stop, with which keepalived deletes all services, %s with its configs and server IDs too: remove the line",
			   at, s->name);
		return;
	}
	report_add(s->report, CHECK_FAULT, "keepalived",
		   "%s:%u: keepalived has %s as its own, and when %s it deletes the service with its configs and server IDs: it needs --dont-release-ipvs",
		   its->file, its->line, s->name, when);
	/* the old one still deletes it */
	report_fix(s->report, k->pid ?
		   "quiclbadm -S " RULES " && printf 'DAEMON_ARGS=\"--dont-release-ipvs\"\\n' >>/etc/default/keepalived && systemctl restart keepalived && quiclbadm -R --weights " RULES :
		   "printf 'DAEMON_ARGS=\"--dont-release-ipvs\"\\n' >>/etc/default/keepalived");
}

static bool is_alpha(const struct keepalived_service *its)
{
	return its->alpha || (its->servers && its->alphas == its->servers);
}

/* A masqueraded server has its own address, and what asks that asks right. */
static bool asks_elsewhere(const struct service_subject *s,
			   const struct keepalived_service *its)
{
	size_t i;

	for (i = 0; i < s->svc->dest_count; i++)
		if (s->svc->dests[i].forward != IP_VS_CONN_F_MASQ)
			break;
	return its->elsewhere && (!i || i < s->svc->dest_count);
}

static void tell_advice(const struct service_subject *s,
			const struct keepalived_service *its)
{
	if (its->removed)
		report_add(s->report, CHECK_ADVICE, "keepalived",
			   "%s:%u: %zu of %zu real servers of %s without inhibit_on_failure: one that fails a check leaves the pool, and its connections too, where weight 0 would let them end",
			   its->file, its->line, its->removed, its->servers, s->name);
	if (!is_alpha(its))
		report_add(s->report, CHECK_ADVICE, "keepalived",
			   "%s:%u: %s without alpha: a server that recovers while keepalived does not run stays at weight 0",
			   its->file, its->line, s->name);
	else if (its->silent)
		report_add(s->report, CHECK_ADVICE, "keepalived",
			   "%s:%u: %zu of %zu real servers of %s without notify_down: with alpha, one that fails while keepalived does not run keeps its weight",
			   its->file, its->line, its->silent, its->servers, s->name);
	if (asks_elsewhere(s, its))
		report_add(s->report, CHECK_ADVICE, "keepalived",
			   "%s:%u: %zu of %zu real servers of %s with %s, which asks a server's own address: one that listens on the service's address alone is taken out; MISC_CHECK with quiclbadm probe asks as clients do",
			   its->file, its->line, its->elsewhere, its->servers, s->name,
			   its->check);
}

void doctor_keepalived(const struct service_subject *s, const struct keepalived *k)
{
	size_t i;

	for (i = 0; i < k->count; i++) {
		const struct keepalived_service *its = &k->services[i];

		if (!keepalived_has(its, &s->svc->id))
			continue;
		if (k->flushes || !k->keeps)
			tell_losses(s, k, its, k->file);
		else if (!its->removed && !its->silent && is_alpha(its) &&
			 !asks_elsewhere(s, its))
			report_add(s->report, CHECK_OK, "keepalived",
				   "%s:%u: keepalived checks the servers of %s, and leaves the service alone when it stops",
				   its->file, its->line, s->name);
		if (!k->flushes && k->keeps)
			tell_advice(s, its);
		return;
	}
}
