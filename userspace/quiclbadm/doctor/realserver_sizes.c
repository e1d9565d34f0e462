// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/realserver_sizes.h"

#include <stdlib.h>

#include "common/xalloc.h"
#include "doctor/journey.h"
#include "doctor/path_text.h"

enum size { SIZE_ACK, SIZE_FULL, SIZES };

/* The payload that fills the packets, up to QUIC_LARGE; 0: no more than QUIC_MIN. */
static unsigned int full_size(const struct realserver *rs)
{
	const unsigned int headers = doctor_tunnel_len(&rs->fwd, realserver_outer_af(rs)) +
				     (rs->vip.af == AF_INET6 ? 40 : 20) + 8;
	unsigned int mtu = rs->uplink ? rs->uplink->mtu : 0;

	if (mtu > headers + QUIC_LARGE)
		return QUIC_LARGE;
	return mtu > headers + QUIC_MIN ? mtu - headers : 0;
}

/* By the way of @first.  It is enough to know whether it is dropped. */
static void prepare(const struct journey *first, unsigned int size, struct journey *journey)
{
	journey->in = first->in;
	journey->vrf = first->vrf;
	journey->local = first->local;
	journey->probe.vip = first->probe.vip;
	journey->probe.fwd = first->probe.fwd;
	journey->probe.from = first->probe.from;
	journey->outer_source = first->outer_source;
	journey->size = size;
	journey->is_one_way = true;
}

/* A device may drop what it was given, as a bridge without ports does. */
static bool passed(const struct journey *journey)
{
	return journey_find(journey, false, STEP_QUEUED) ||
	       (journey_find(journey, false, STEP_SENT) &&
		!journey_find(journey, false, STEP_DROPPED));
}

static const struct journey_step *dropped(const struct journey *journey)
{
	return passed(journey) ? NULL : journey_find(journey, false, STEP_DROPPED);
}

static void tell_drop(const struct realserver *rs, const struct journey *journey,
		      enum check_level level, const char *what)
{
	char text[PATH_TEXT_MAX] = "";

	if (!path_tell_way(journey, text))
		return;
	path_tell(text, " and was ");
	path_tell_drop(journey, dropped(journey), text);
	report_add(rs->report, level, "size",
		   "a datagram of %u octets, %s, is lost, and one of %u is not: %s",
		   journey->size, what, QUIC_MIN, text);
}

static void judge(const struct realserver *rs, const struct journey *first,
		  const struct journey *others)
{
	if (dropped(first) && passed(&others[SIZE_ACK]))
		report_add(rs->report, CHECK_FAULT, "size",
			   "a datagram of %u octets is given to a socket, and one of %u, which QUIC begins with (RFC 9000 section 14), is lost: what drops it asks for its size",
			   QUIC_ACK, QUIC_MIN);
	if (!passed(first))
		return;
	if (dropped(&others[SIZE_ACK]))
		tell_drop(rs, &others[SIZE_ACK], CHECK_FAULT, "as acknowledgements have");
	if (dropped(&others[SIZE_FULL]))
		tell_drop(rs, &others[SIZE_FULL], CHECK_ADVICE,
			  "for which the tunnel's packets have room");
}

void realserver_check_sizes(const struct realserver *rs, const struct journey *first)
{
	const unsigned int full = full_size(rs);
	struct journey *others;

	if (!rs->follower || rs->await_seconds || (!passed(first) && !dropped(first)))
		return;
	others = xcalloc(SIZES, sizeof(*others));
	/* of the flow that conntrack knows by now: a rule may want new ones to begin with more */
	prepare(first, QUIC_ACK, &others[SIZE_ACK]);
	others[SIZE_ACK].probe.is_short = true;
	prepare(first, full, &others[SIZE_FULL]);
	others[SIZE_FULL].probe.from.port++;
	follower_run(rs->follower, others, full ? SIZES : SIZE_FULL);
	judge(rs, first, others);
	free(others);
}
