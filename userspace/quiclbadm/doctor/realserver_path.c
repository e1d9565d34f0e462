// SPDX-License-Identifier: GPL-2.0-only
/*
 * A long header of a version that is reserved to be unknown arrives, in the tunnel's packet
 * if there is a tunnel.  Every server answers it with Version Negotiation and makes no
 * connection of it (RFC 9000 section 6).
 */
#include "doctor/realserver_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "common/xalloc.h"
#include "doctor/journey.h"
#include "doctor/path_text.h"

/*
 * Checks that say what the kernel would do with such a datagram.  The first is also about the
 * device that it arrives by, which one that goes through lo does not tell of.
 */
static const char *const predictions[] = {
	"rp_filter", "tunnel", "gue", "ipv6", "vip", "socket", "route", NULL,
};

static const char *vrf_name(const struct realserver *rs)
{
	const struct link *vrf = host_link(rs->host, rs->vrf);

	return vrf ? vrf->name : NULL;
}

/* --- verdicts ---------------------------------------------------------------------- */

/* The way of the answer that was sent last. */
static bool left_rightly(const struct realserver *rs, const struct journey *journey,
			 const struct journey_step *sent, char *text)
{
	char src[ENDPOINT_STRLEN];
	const struct journey_step *step = journey_find(journey, true, STEP_SENT);

	if (step->tunnel != TUNNEL_NONE || sent->tunnel != TUNNEL_NONE ||
	    (rs->tunnel && !strcmp(step->device, rs->tunnel->name))) {
		path_tell(text, ", but its answer went back into the tunnel (%s): the server answers by the device that the datagram came by; bind it to the VIP",
			 step->device);
	} else if (!endpoint_eq(&sent->src, &rs->vip)) {
		endpoint_str(&sent->src, src);
		path_tell(text, ", but its answer left by %s with the source %s, which is not the VIP, so the client does not take it: a rule translates it (masquerade, snat), or the server is not bound to the VIP",
			 sent->device, src);
	} else {
		return true;
	}
	path_fault(rs->report, text);
	return false;
}

static void judge_answer(const struct realserver *rs, const struct journey *journey,
			 char *text)
{
	const struct journey_step *drop = journey_find(journey, true, STEP_DROPPED);
	const struct journey_step *sent = journey_last(journey, true);

	if (drop) {
		path_tell(text, ", and its answer was ");
		path_dropped(rs->report, rs->fw, journey, drop, text);
		return;
	}
	if (!sent) {
		report_add(rs->report, CHECK_UNKNOWN, "path",
			   "%s, and no answer left; a QUIC server answers an unknown version, if the next hop towards the client is there",
			   text);
		return;
	}
	if (!left_rightly(rs, journey, sent, text))
		return;
	report_refute(rs->report, journey->barred ? predictions + 1 : predictions);
	report_add(rs->report, CHECK_OK, "path",
		   "%s, and its answer left by %s with the VIP as source", text,
		   sent->device);
}

/* It was seen to arrive, and to reach no socket. */
static void judge_loss(const struct realserver *rs, const struct journey *journey,
		       char *text)
{
	const struct journey_step *drop = journey_find(journey, false, STEP_DROPPED);

	if (drop) {
		path_tell(text, " and was ");
		path_dropped(rs->report, rs->fw, journey, drop, text);
		return;
	}
	if (journey_find(journey, false, STEP_SENT))
		path_tell(text, "; it should have gone to a socket here");
	else
		path_tell(text, ", and no socket got it");
	path_fault(rs->report, text);
}

/* Of GUE, a program's socket may have the port in place of the kernel. */
static bool was_misled(const struct journey *journey)
{
	const struct journey_step *queued = journey_find(journey, false, STEP_QUEUED);

	return queued && queued->tunnel == TUNNEL_GUE && !journey_is_unpacked(journey);
}

/* A socket here got it, or one behind this host, as that of a container with a published port. */
static bool was_served(const struct journey *journey)
{
	return journey_find(journey, false, STEP_QUEUED) ||
	       (journey_find(journey, false, STEP_SENT) &&
		journey_find(journey, true, STEP_SENT));
}

static void judge_misled(const struct realserver *rs, char *text)
{
	path_tell(text, ", still in the tunnel's packet: the port is that program's, and not the tunnel's");
	path_fault(rs->report, text);
}

/* No packet of the director's goes through lo, so what rules make of it there is no fault. */
static bool was_dropped_by_local(const struct journey *journey)
{
	const struct journey_step *drop = journey_find(journey, false, STEP_DROPPED);

	return journey->barred && drop && !strcmp(drop->reason, "NETFILTER_DROP") &&
	       (!*drop->device || !strcmp(drop->device, journey->in->name));
}

static void judge_local(const struct realserver *rs, const struct journey *journey, char *text)
{
	path_tell(text, " and was ");
	path_tell_drop(journey, journey_find(journey, false, STEP_DROPPED), text);
	report_add(rs->report, CHECK_UNKNOWN, "path", "%s", text);
}

static void judge(const struct realserver *rs, const struct journey *journey)
{
	const bool seen = was_served(journey) || journey_find(journey, false, STEP_DROPPED);
	char text[PATH_TEXT_MAX] = "";

	if (!path_tell_way(journey, text) || (journey->missed && !seen))
		path_unknown(rs->report, journey);
	else if (was_dropped_by_local(journey))
		judge_local(rs, journey, text);
	else if (was_misled(journey))
		judge_misled(rs, text);
	else if (was_served(journey))
		judge_answer(rs, journey, text);
	else
		judge_loss(rs, journey, text);
}

void realserver_judge_path(const struct realserver *rs, const struct journey *journey)
{
	const char *why;

	if (!journey) {
		why = follower_lacks(rs->follower);
		path_unseen(rs->report, why ? why :
			    "there is no route to clients, or to the director (--client ADDRESS, --from ADDRESS)");
		return;
	}
	if (journey->barred)
		report_add(rs->report, CHECK_UNKNOWN, "arrival",
			   "what %s does with what arrives was not seen (its ingress, rules for it, its source validation): no datagram can be made to arrive by it (%s), so this host sent the director's packet to itself",
			   rs->uplink->name, strerror(journey->barred));
	judge(rs, journey);
}

static bool was_answered(const struct realserver *rs, const struct journey *journey)
{
	const struct journey_step *sent = journey_last(journey, true);

	return sent && sent->step == STEP_SENT && endpoint_eq(&sent->src, &rs->vip);
}

/* What comes first decides about a flow's source; a rule that gives it the VIP keeps it. */
static void fault_unasked(const struct realserver *rs, const struct journey_step *sent)
{
	const char *family = rs->vip.af == AF_INET6 ? "ip6" : "ip";
	char src[ENDPOINT_STRLEN];

	report_add(rs->report, CHECK_FAULT, "masquerade",
		   "a datagram that was sent from the VIP without a client's before it, as a server does after a pause, left by %s with the source %s, which the client does not take: a rule translates it (masquerade, snat)",
		   sent->device, endpoint_str(&sent->src, src));
	report_fix(rs->report, "nft 'table %s quiclb { chain keep_vip { type nat hook postrouting priority 99; %s saddr %s udp sport %u snat to %s; }; }'",
		   family, family, rs->vip_text, rs->vip.port, rs->vip_text);
}

void realserver_check_unasked(const struct realserver *rs, const struct journey *journey)
{
	struct journey *own;
	const struct journey_step *sent;

	if (!rs->follower || !was_answered(rs, journey))
		return;
	own = xcalloc(1, sizeof(*own));
	own->probe.vip = rs->vip;
	own->probe.from = journey->probe.from;
	/*
	 * Neither this one's port nor the next: where NAT is, a flow the other way round whose
	 * ports were those of a known one would get others.
	 */
	own->probe.from.port ^= 2;
	own->vrf = vrf_name(rs);
	follower_speak(rs->follower, own);
	sent = journey_last(own, true);
	if (sent && sent->step == STEP_SENT && !endpoint_eq(&sent->src, &rs->vip))
		fault_unasked(rs, sent);
	free(own);
}

/* --- a datagram ---------------------------------------------------------------------- */

/* The director, or else a neighbour that this host would take packets from. */
static bool choose_outer_source(const struct realserver *rs, struct endpoint *source)
{
	struct route route;
	unsigned int i;

	*source = rs->from;
	if (source->af == rs->fwd.server.af)
		return true;
	for (i = 1; i < 8; i++) {
		*source = rs->fwd.server;
		source->addr[source->af == AF_INET6 ? 15 : 3] ^= (uint8_t)i;
		if (!host_route_in(host_vrf_of(rs->host, &rs->fwd.server), source, NULL,
				   &route) && route.type == RTN_UNICAST)
			return true;
	}
	return false;
}

/* The address that the director sends to; when it is not known, one of the uplink's. */
static bool choose_server(const struct realserver *rs, struct endpoint *server)
{
	size_t i;

	*server = rs->fwd.server;
	for (i = 0; !server->af && i < rs->host->address_count; i++)
		if (rs->host->addresses[i].link == rs->uplink->index &&
		    rs->host->addresses[i].ep.af == realserver_outer_af(rs))
			*server = rs->host->addresses[i].ep;
	return server->af;
}

static bool prepare(const struct realserver *rs, struct journey *journey)
{
	struct realserver known = *rs;

	if (!choose_server(rs, &known.fwd.server) ||
	    !doctor_sending_client(&rs->client, rs->vrf, &journey->probe.from))
		return false;
	journey->client_is_invented = !endpoint_addr_eq(&rs->client, &journey->probe.from);
	journey->outer_is_invented = rs->from.af != rs->fwd.server.af;
	journey->in = rs->uplink;
	journey->vrf = vrf_name(rs);
	journey->local = host_link_named(rs->host, journey->vrf ? journey->vrf : "lo");
	journey->probe.vip = rs->vip;
	journey->probe.fwd = known.fwd;
	return choose_outer_source(&known, &journey->outer_source);
}

struct journey *realserver_follow(const struct realserver *rs)
{
	struct journey *journey = xcalloc(1, sizeof(*journey));

	if (rs->follower && follower_can_see(rs->follower) && rs->uplink &&
	    prepare(rs, journey)) {
		follower_run(rs->follower, journey, 1);
		return journey;
	}
	free(journey);
	return NULL;
}

struct journey *realserver_await(const struct realserver *rs)
{
	struct journey *journey;
	char vip[ENDPOINT_STRLEN];

	endpoint_str(&rs->vip, vip);
	if (!rs->follower || !follower_can_see(rs->follower)) {
		report_add(rs->report, CHECK_UNKNOWN, "await",
			   "none can be awaited, because %s", follower_lacks(rs->follower));
		return NULL;
	}
	fprintf(stderr, "Waiting for a director's probe, %u s; there: quiclbadm doctor -u %s --from ADDRESS\n",
		rs->await_seconds, vip);
	journey = xcalloc(1, sizeof(*journey));
	journey->probe.vip = rs->vip;
	if (follower_await(rs->follower, rs->host, journey, rs->await_seconds)) {
		report_add(rs->report, CHECK_OK, "await", "a director's probe for %s arrived by %s",
			   vip, journey->in->name);
		return journey;
	}
	report_add(rs->report, CHECK_UNKNOWN, "await",
		   "no director's probe for %s arrived in %u s; if one was sent, it is lost before this host: compare the server's address, tunnel type and port, and look at the network between",
		   vip, rs->await_seconds);
	free(journey);
	return NULL;
}

const struct link *realserver_seen_tunnel(const struct realserver *rs,
					  const struct journey *journey)
{
	const struct link *link = NULL;
	size_t i;

	for (i = 0; journey && i < journey->count; i++) {
		const struct journey_step *step = &journey->steps[i];

		if (!step->answer && step->step == STEP_RECEIVED &&
		    strcmp(step->device, journey->in->name))
			link = host_link_named(rs->host, step->device);
	}
	return link;
}
