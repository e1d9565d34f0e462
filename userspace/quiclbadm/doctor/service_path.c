// SPDX-License-Identifier: GPL-2.0-only
/*
 * The datagram is a new connection's, so it goes to one of the real servers by the fallback;
 * that server answers the client, which is no host's address, or the user's choice.
 */
#include "doctor/service_path.h"

#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "common/xalloc.h"
#include "doctor/journey.h"
#include "doctor/path_text.h"
#include "system/proc.h"

/* Checks that say what the kernel would do with such a datagram, */
static const char *const predictions[] = { "vip", NULL };
/* and with the packet that leaves for a real server. */
static const char *const server_predictions[] = { "route", "neighbour", NULL };

static bool routes_directly(const struct service *svc)
{
	size_t i;

	for (i = 0; svc->dests && i < svc->dest_count; i++)
		if (svc->dests[i].forward == IP_VS_CONN_F_DROUTE)
			return true;
	return false;
}

/* A real server on this host, whatever its method is. */
static bool serves_here(const struct service_subject *s)
{
	size_t i;

	for (i = 0; i < s->svc->dest_count; i++)
		if (host_has_address(s->host, &s->svc->dests[i].server))
			return true;
	return false;
}

/* The real server that a packet has left for; NULL: none, or not known which one. */
static const struct dest *dest_of(const struct service *svc, const struct journey_step *sent)
{
	return service_find_dest_at(svc, sent->tunnel == TUNNEL_NONE ? &sent->dst :
								       &sent->outer_dst);
}

static void accept_path(const struct service_subject *s, const struct dest *dest, const char *text)
{
	report_refute(s->report, predictions);
	report_add(s->report, CHECK_OK, "path", "%s", text);
	if (!dest)
		return;
	report_about(s->report, &s->svc->id, &dest->server);
	report_refute(s->report, server_predictions);
}

static void judge_sent(const struct service_subject *s, const struct journey_step *sent,
		       char *text)
{
	const struct endpoint *vip = &s->svc->id.vip;
	const struct dest *dest = dest_of(s->svc, sent);

	if (sent->tunnel != TUNNEL_NONE && endpoint_addr_eq(&sent->outer_src, vip)) {
		path_tell(text, "; that packet has the VIP as its source, which is the real server's address as well, so it is dropped there as forged: use --source4 or --source6, or have another address first on %s",
			  sent->device);
		path_fault(s->report, text);
	} else if (dest || (sent->tunnel == TUNNEL_NONE &&
			   routes_directly(s->svc))) {
		accept_path(s, dest, text);
	} else {
		path_tell(text, ", which is no real server's way: IPVS did not take it");
		path_fault(s->report, text);
	}
}

/* It was given to a socket of this host. */
static void judge_kept(const struct service_subject *s, char *text)
{
	if (serves_here(s)) {
		accept_path(s, NULL, text);
		return;
	}
	path_tell(text, " on this host, and not sent to a real server: a rule redirects it (dnat, redirect), or another namespace's service was meant");
	path_fault(s->report, text);
}

/*
 * While IPVS's daemon is a backup, IPVS leaves all to the host's sockets.  That is right
 * until this director is the one that is to forward.
 */
static bool is_left_by_backup(const struct service_subject *s, const struct journey_step *drop)
{
	int backup_only = 0;

	proc_sysctl(&backup_only, "net/ipv4/vs/backup_only");
	return backup_only && !strcmp(drop->reason, "NO_SOCKET") &&
	       endpoint_eq(&drop->dst, &s->svc->id.vip);
}

static void judge_drop(const struct service_subject *s, const struct journey *journey,
		       const struct journey_step *drop, char *text)
{
	if (is_left_by_backup(s, drop)) {
		report_add(s->report, CHECK_UNKNOWN, "path",
			   "%s, was left to this host's sockets, which have none for it: net.ipv4.vs.backup_only is 1, and with it a backup (ipvsadm -L --daemon) forwards nothing",
			   text);
		return;
	}
	path_tell(text, " and was ");
	path_dropped(s->report, s->fw, journey, drop, text);
}

void service_judge_path(const struct service_subject *s, const struct journey *journey)
{
	const struct journey_step *drop = journey_find(journey, false, STEP_DROPPED);
	const struct journey_step *sent = journey_find(journey, false, STEP_SENT);
	const bool kept = journey_find(journey, false, STEP_QUEUED);
	char text[PATH_TEXT_MAX] = "";

	path_tell(text, "%s: ", s->name);
	if (!path_tell_way(journey, text) || (!drop && !sent && !kept))
		path_unknown(s->report, journey);
	else if (drop)
		judge_drop(s, journey, drop, text);
	else if (sent)
		judge_sent(s, sent, text);
	else
		judge_kept(s, text);
}

/* As a source, the VIP is refused where it is local for some packets alone. */
static bool find_route(const struct endpoint *client, const struct endpoint *vip,
		       struct route *route)
{
	return (!host_route(client, vip, route) && route->type == RTN_UNICAST) ||
	       (!host_route(client, NULL, route) && route->type == RTN_UNICAST);
}

/* The device by which clients are reached is the one that they come by, as far as is known. */
static bool prepare(const struct service_subject *s, struct journey *journey)
{
	struct route route;

	journey->probe.vip = s->svc->id.vip;
	journey->probe.fwd.forward = IP_VS_CONN_F_DROUTE;
	journey->is_director = true;
	if (!doctor_sending_client(&s->client, &journey->probe.from) ||
	    !find_route(&journey->probe.from, &s->svc->id.vip, &route))
		return false;
	journey->client_is_invented = !endpoint_addr_eq(&s->client, &journey->probe.from);
	journey->in = host_link(s->host, route.link);
	return journey->in;
}

/* Services of a firewall mark have no address that a datagram could be sent to. */
static bool can_be_followed(const struct service_subject *s)
{
	return !s->svc->id.fwmark && s->svc->dest_count;
}

void service_check_paths(const struct service_subject *subjects, size_t count)
{
	struct follower *follower = count ? subjects->follower : NULL;
	const struct service_subject **followed;
	struct journey *journeys;
	size_t i, n = 0;

	if (count && (!follower || !follower_can_see(follower))) {
		report_about(subjects->report, NULL, NULL);
		path_unseen(subjects->report);
		return;
	}
	journeys = xcalloc(count + 1, sizeof(*journeys));
	followed = xcalloc(count + 1, sizeof(*followed));
	for (i = 0; i < count; i++)
		if (can_be_followed(&subjects[i]) && prepare(&subjects[i], &journeys[n]))
			followed[n++] = &subjects[i];
	follower_run(follower, journeys, n);
	for (i = 0; i < n; i++) {
		report_about(followed[i]->report, &followed[i]->svc->id, NULL);
		service_judge_path(followed[i], &journeys[i]);
	}
	free(followed);
	free(journeys);
}
