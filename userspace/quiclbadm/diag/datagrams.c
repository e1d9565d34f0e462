// SPDX-License-Identifier: GPL-2.0-only
#include "diag/datagrams.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "diag/trace_line.h"

enum {
	HELD_MAX = 256,
};

struct datagrams {
	struct trace_line held[HELD_MAX];	/* a ring */
	unsigned int first;
	unsigned int count;
};

struct datagrams *datagrams_new(void)
{
	return xcalloc(1, sizeof(struct datagrams));
}

void datagrams_free(struct datagrams *datagrams)
{
	free(datagrams);
}

static struct trace_line *held_at(struct datagrams *datagrams, unsigned int i)
{
	return &datagrams->held[(datagrams->first + i) % HELD_MAX];
}

/* A decision is a datagram's first event; what has no client is no datagram's. */
static bool goes_on(const struct trace_line *line)
{
	return line->client.af && strcmp(line->what, "decision") != 0 &&
	       strcmp(line->what, "icmp") != 0;
}

static bool is_same_flow(const struct trace_line *a, const struct trace_line *b)
{
	if (!endpoint_eq(&a->client, &b->client))
		return false;
	/* a dropped packet does not show for which mark it was balanced */
	if (a->fwmark || b->fwmark)
		return !a->fwmark || !b->fwmark || a->fwmark == b->fwmark;
	return endpoint_eq(&a->vip, &b->vip);
}

static void take_drop(struct trace_line *to, const struct trace_line *from)
{
	memcpy(to->drop, from->drop, sizeof(to->drop));
	memcpy(to->device, from->device, sizeof(to->device));
	to->function = from->function;
	to->reason = from->reason;
	to->tunnel = from->tunnel;
	to->outer_src = from->outer_src;
	to->outer_dst = from->outer_dst;
}

static void take_quic(struct trace_line *to, const struct trace_line *from)
{
	if (!to->has_form) {
		to->has_form = from->has_form;
		to->long_form = from->long_form;
	}
	if (!to->has_version) {
		to->has_version = from->has_version;
		to->version = from->version;
	}
	if (!to->dcid_len) {
		memcpy(to->dcid, from->dcid, sizeof(to->dcid));
		to->dcid_len = from->dcid_len;
	}
	if (!to->sid.len)
		to->sid = from->sid;
	if (to->config < 0)
		to->config = from->config;
	if (!to->server.af)
		to->server = from->server;
}

/* An outcome is said once. */
static void take_outcomes(struct trace_line *to, const struct trace_line *from)
{
	unsigned int i, j;

	for (i = 0; i < from->outcome_count; i++) {
		for (j = 0; j < to->outcome_count; j++)
			if (to->outcomes[j] == from->outcomes[i])
				break;
		if (j == to->outcome_count && j < TRACE_OUTCOMES_MAX)
			to->outcomes[to->outcome_count++] = from->outcomes[i];
	}
}

bool datagrams_merge(struct datagrams *datagrams, const struct trace_line *line)
{
	unsigned int i;

	if (!goes_on(line))
		return false;
	for (i = datagrams->count; i; i--) {
		struct trace_line *held = held_at(datagrams, i - 1);

		if (!is_same_flow(held, line))
			continue;
		/* that one's way is at its end */
		if (*held->drop)
			return false;
		take_quic(held, line);
		take_outcomes(held, line);
		if (*line->drop)
			take_drop(held, line);
		return true;
	}
	return false;
}

static void print_first(struct datagrams *datagrams)
{
	trace_line_print(held_at(datagrams, 0));
	datagrams->first = (datagrams->first + 1) % HELD_MAX;
	datagrams->count--;
}

void datagrams_hold(struct datagrams *datagrams, const struct trace_line *line)
{
	if (datagrams->count == HELD_MAX)
		print_first(datagrams);
	*held_at(datagrams, datagrams->count++) = *line;
}

void datagrams_print(struct datagrams *datagrams, uint64_t time)
{
	while (datagrams->count && held_at(datagrams, 0)->time < time)
		print_first(datagrams);
}

bool datagrams_are_printed(const struct datagrams *datagrams)
{
	return !datagrams->count;
}
