// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/service_sizes.h"

#include <stdlib.h>

#include "common/xalloc.h"
#include "doctor/path_text.h"
#include "tracing/arrival.h"

const struct dest *service_dest_of(const struct service *svc, const struct journey_step *sent)
{
	return service_find_dest_at(svc, sent->tunnel == TUNNEL_NONE ? &sent->dst :
								       &sent->outer_dst);
}

/* --- which size ----------------------------------------------------------------------- */

/* The payload that fills the tunnel's packets by which the first was sent; 0: not known. */
static unsigned int full_size(const struct sized *sized)
{
	const struct journey_step *sent = journey_find(sized->first, false, STEP_SENT);
	const struct service *svc = sized->s->svc;
	const struct dest *dest = sent && sent->tunnel != TUNNEL_NONE ?
				  service_dest_of(svc, sent) : NULL;
	struct forwarding fwd = { 0 };
	const struct link *link;
	unsigned int mtu, headers;
	struct route route;

	if (!dest || host_route(&dest->server, NULL, &route))
		return 0;
	fwd.forward = dest->forward;
	fwd.tun_type = dest->tun_type;
	fwd.tun_flags = dest->tun_flags;
	link = host_link(sized->s->host, route.link);
	mtu = route.mtu ? route.mtu : link ? link->mtu : 0;
	headers = doctor_tunnel_len(&fwd, dest->server.af) +
		  (svc->id.vip.af == AF_INET6 ? 40 : 20) + 8;
	if (mtu < headers + QUIC_MIN || mtu > ARRIVAL_FRAME_MAX - PROBE_HEADERS_MAX)
		return 0;
	return mtu - headers;
}

static bool was_lost(const struct journey *journey)
{
	return journey_find(journey, false, STEP_DROPPED) &&
	       !journey_find(journey, false, STEP_SENT);
}

/* --- what is told --------------------------------------------------------------------- */

static void judge_full(const struct service_subject *s, const struct journey *journey)
{
	char text[PATH_TEXT_MAX] = "";

	if (!was_lost(journey) || !path_tell_way(journey, text))
		return;
	path_tell(text, " and was ");
	path_tell_drop(journey, journey_find(journey, false, STEP_DROPPED), text);
	report_add(s->report, CHECK_ADVICE, "size",
		   "%s: a datagram of %u octets, for which the tunnel has room, is lost, and one of %u is not: %s",
		   s->name, journey->size, QUIC_MIN, text);
}

/* Path MTU discovery needs the error, where a client does without probes of its own (RFC 8899). */
static void judge_too_large(const struct service_subject *s, const struct journey *journey)
{
	if (journey->error || journey->missed || journey->told)
		return;
	if (journey_find(journey, false, STEP_SENT)) {
		report_add(s->report, CHECK_ADVICE, "size",
			   "%s: a datagram of %u octets, one more than the tunnel takes, is sent on in fragments, which much on the way drops (net.ipv4.vs.pmtu_disc is 0)",
			   s->name, journey->size);
		report_fix(s->report, "sysctl -w net.ipv4.vs.pmtu_disc=1");
		return;
	}
	report_add(s->report, CHECK_ADVICE, "size",
		   "%s: a datagram of %u octets, one more than the tunnel takes, is dropped, and its sender is not told: no ICMP error left for the client (a rule that drops it?)",
		   s->name, journey->size);
}

static void judge_small(const struct service_subject *s, const struct journey *journey)
{
	if (journey_find(journey, false, STEP_SENT))
		report_add(s->report, CHECK_FAULT, "size",
			   "%s: a datagram of %u octets is sent on, and one of %u, which QUIC begins with (RFC 9000 section 14), is lost: what drops it asks for its size",
			   s->name, QUIC_ACK, QUIC_MIN);
}

/* --- datagrams ------------------------------------------------------------------------ */

/* Of which services, and the datagrams. */
struct round {
	const struct service_subject **subjects;
	struct journey *journeys;
	size_t count;
};

static void begin(struct round *round, size_t count)
{
	round->subjects = xcalloc(count + 1, sizeof(*round->subjects));
	round->journeys = xcalloc(count + 1, sizeof(*round->journeys));
	round->count = 0;
}

/* The client's port is that of the first, so that it goes to the same server. */
static struct journey *add(struct round *round, const struct sized *sized, unsigned int size)
{
	struct journey *journey = &round->journeys[round->count];

	round->subjects[round->count++] = sized->s;
	journey->in = sized->first->in;
	journey->probe.vip = sized->first->probe.vip;
	journey->probe.fwd = sized->first->probe.fwd;
	journey->probe.from = sized->first->probe.from;
	journey->is_director = true;
	journey->size = size;
	return journey;
}

static void run(struct follower *follower, struct round *round,
		void (*judge)(const struct service_subject *s, const struct journey *journey))
{
	size_t i;

	follower_run(follower, round->journeys, round->count);
	for (i = 0; i < round->count; i++) {
		const struct service_subject *s = round->subjects[i];

		report_about(s->report, &s->svc->id, NULL);
		judge(s, &round->journeys[i]);
	}
}

static void end(struct round *round)
{
	free(round->subjects);
	free(round->journeys);
}

/* What is lost at its full size says nothing of one octet more.  @full: those that have run */
static void add_larger(struct round *larger, const struct sized *sized, size_t count,
		       const struct round *full)
{
	size_t i, at = 0;

	for (i = 0; i < count; i++) {
		const struct journey *journey = &full->journeys[at];

		if (at < full->count && full->subjects[at] == sized[i].s &&
		    !was_lost(&full->journeys[at++]))
			add(larger, &sized[i], journey->size + 1)->is_too_large = true;
	}
}

void service_check_sizes(struct follower *follower, const struct sized *sized, size_t count)
{
	struct round full, larger, small;
	size_t i;

	begin(&full, count);
	begin(&larger, count);
	begin(&small, count);
	for (i = 0; i < count; i++) {
		const unsigned int size = full_size(&sized[i]);

		if (size)
			add(&full, &sized[i], size);
		/* of an MTU that is too small, the client is told, and check "mtu" tells */
		if (was_lost(sized[i].first) && !sized[i].first->told)
			add(&small, &sized[i], QUIC_ACK)->probe.is_short = true;
	}
	run(follower, &full, judge_full);
	add_larger(&larger, sized, count, &full);
	run(follower, &larger, judge_too_large);
	run(follower, &small, judge_small);
	end(&full);
	end(&larger);
	end(&small);
}
