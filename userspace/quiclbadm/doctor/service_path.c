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
#include "doctor/service_sizes.h"
#include "system/proc.h"

enum {
	MARKED_MAX = 8,			/* addresses that are tried for a service of a mark */
	USUAL_PORT = 443,
};

/* Checks that say what the kernel would do with such a datagram, */
static const char *const predictions[] = { "vip", NULL };
/* and with the packet that leaves for a real server. */
static const char *const server_predictions[] = { "route", "neighbour", "mtu", NULL };

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
	const struct dest *dest = service_dest_of(s->svc, sent);

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
	const struct dest *dest = service_dest_of(s->svc, drop);

	if (is_left_by_backup(s, drop)) {
		report_add(s->report, CHECK_UNKNOWN, "path",
			   "%s, was left to this host's sockets, which have none for it: net.ipv4.vs.backup_only is 1, and with it a backup (ipvsadm -L --daemon) forwards nothing",
			   text);
		return;
	}
	if (dest)
		report_about(s->report, &s->svc->id, &dest->server);
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
static bool find_route(int vrf, const struct endpoint *client, const struct endpoint *vip,
		       struct route *route)
{
	return (!host_route_in(vrf, client, vip, route) && route->type == RTN_UNICAST) ||
	       (!host_route_in(vrf, client, NULL, route) && route->type == RTN_UNICAST);
}

/* --- services of a firewall mark ---------------------------------------------------------- */

/* One datagram was seen to go to its real servers. */
static const struct journey *find_marked(const struct service_subject *s,
					 const struct journey *journeys, size_t count)
{
	const struct journey_step *sent;
	size_t i;

	for (i = 0; i < count; i++) {
		sent = journey_find(&journeys[i], false, STEP_SENT);
		if (sent && (service_dest_of(s->svc, sent) ||
			     (sent->tunnel == TUNNEL_NONE && routes_directly(s->svc))))
			return &journeys[i];
	}
	return NULL;
}

/*
 * Which datagrams get the mark is the rules' affair.  So those to this host's addresses are
 * tried, and what is said is what was seen.
 */
static void judge_marked(const struct service_subject *s, const struct journey *journeys,
			 size_t count)
{
	const struct journey *found = find_marked(s, journeys, count);
	char text[PATH_TEXT_MAX] = "", vip[ENDPOINT_STRLEN];
	size_t i;

	if (found) {
		path_tell(text, "%s: to %s: ", s->name, endpoint_str(&found->probe.vip, vip));
		path_tell_way(found, text);
		judge_sent(s, journey_find(found, false, STEP_SENT), text);
		return;
	}
	for (i = 0; i < count; i++)
		path_tell(text, "%s%s", i ? ", " : "",
			  endpoint_str(&journeys[i].probe.vip, vip));
	report_add(s->report, CHECK_UNKNOWN, "path",
		   "%s: no datagram was seen to go to its real servers (tried: %s): does a rule set the mark for these? What a rule marks for other addresses or ports was not tried",
		   s->name, count ? text : "none, as this host has no address to try");
}

/* --- which datagrams ---------------------------------------------------------------------- */

/* Datagrams of one service. */
struct followed {
	const struct service_subject *s;
	struct journey *journeys;
	size_t count;
};

/* The device by which clients are reached is the one that they come by, as far as is known. */
static bool prepare(const struct service_subject *s, const struct endpoint *vip,
		    struct journey *journey)
{
	struct route route;

	memset(journey, 0, sizeof(*journey));
	journey->probe.vip = *vip;
	journey->probe.fwd.forward = IP_VS_CONN_F_DROUTE;
	journey->is_director = true;
	if (!doctor_sending_client(&s->client, s->vrf, &journey->probe.from) ||
	    !find_route(s->vrf, &journey->probe.from, vip, &route))
		return false;
	journey->client_is_invented = !endpoint_addr_eq(&s->client, &journey->probe.from);
	journey->in = host_link(s->host, route.link);
	return journey->in;
}

static bool has_service(const struct service_subject *subjects, size_t count,
			const struct endpoint *vip)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!subjects[i].svc->id.fwmark &&
		    endpoint_addr_eq(&subjects[i].svc->id.vip, vip))
			return true;
	return false;
}

/* This host's addresses, but those that have services of their own. */
static size_t prepare_marked(const struct service_subject *s,
			     const struct service_subject *subjects, size_t count,
			     struct journey *journeys)
{
	size_t found = 0, i;

	for (i = 0; found < MARKED_MAX && i < s->host->address_count; i++) {
		const struct address *address = &s->host->addresses[i];
		struct endpoint vip = address->ep;

		vip.port = s->svc->dests[0].server.port ? s->svc->dests[0].server.port :
							  USUAL_PORT;
		if (vip.af == s->svc->id.vip.af && host_may_be_vip(s->host, address) &&
		    !has_service(subjects, count, &vip) &&
		    prepare(s, &vip, &journeys[found]))
			found++;
	}
	return found;
}

static size_t prepare_all(const struct service_subject *subjects, size_t count,
			  struct journey *journeys, struct followed *followed)
{
	size_t total = 0, i;

	for (i = 0; i < count; i++) {
		const struct service_subject *s = &subjects[i];

		followed[i].s = s;
		followed[i].journeys = &journeys[total];
		if (!s->svc->dest_count)
			continue;
		if (s->svc->id.fwmark)
			followed[i].count = prepare_marked(s, subjects, count, &journeys[total]);
		else
			followed[i].count = prepare(s, &s->svc->id.vip, &journeys[total]);
		total += followed[i].count;
	}
	return total;
}

static void judge_all(const struct followed *followed, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const struct service_subject *s = followed[i].s;

		report_about(s->report, &s->svc->id, NULL);
		if (s->svc->id.fwmark && s->svc->dest_count)
			judge_marked(s, followed[i].journeys, followed[i].count);
		else if (followed[i].count)
			service_judge_path(s, followed[i].journeys);
	}
}

/* By the way of the first one; which size a mark's services take is not known. */
static void check_sizes(struct follower *follower, const struct followed *followed, size_t count)
{
	struct sized *sized = xcalloc(count + 1, sizeof(*sized));
	size_t n = 0, i;

	for (i = 0; i < count; i++)
		if (followed[i].count && !followed[i].s->svc->id.fwmark)
			sized[n++] = (struct sized){ followed[i].s, followed[i].journeys };
	service_check_sizes(follower, sized, n);
	free(sized);
}

void service_check_paths(const struct service_subject *subjects, size_t count)
{
	struct follower *follower = count ? subjects->follower : NULL;
	struct followed *followed;
	struct journey *journeys;

	if (count && (!follower || !follower_can_see(follower))) {
		report_about(subjects->report, NULL, NULL);
		path_unseen(subjects->report, follower_lacks(follower));
		return;
	}
	journeys = xcalloc(count * MARKED_MAX + 1, sizeof(*journeys));
	followed = xcalloc(count + 1, sizeof(*followed));
	follower_run(follower, journeys, prepare_all(subjects, count, journeys, followed));
	judge_all(followed, count);
	check_sizes(follower, followed, count);
	free(followed);
	free(journeys);
}
