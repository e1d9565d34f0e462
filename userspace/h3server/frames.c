// SPDX-License-Identifier: GPL-2.0-only
/*
 * A walk over all frames up to the end, or to the first one that is not understood: then
 * what follows is not looked at.
 */
#include "frames.h"

#include <stdbool.h>
#include <stddef.h>

enum frame_type {
	PADDING = 0x00, PING, ACK, ACK_ECN, RESET_STREAM, STOP_SENDING, CRYPTO,
	NEW_TOKEN, STREAM, STREAM_LAST = 0x0f, MAX_DATA, MAX_STREAM_DATA,
	MAX_STREAMS_BIDI, MAX_STREAMS_UNI, DATA_BLOCKED, STREAM_DATA_BLOCKED,
	STREAMS_BLOCKED_BIDI, STREAMS_BLOCKED_UNI, NEW_CONNECTION_ID,
	RETIRE_CONNECTION_ID, PATH_CHALLENGE, PATH_RESPONSE, HANDSHAKE_DONE = 0x1e,
};

#define STREAM_HAS_LENGTH	0x02
#define STREAM_HAS_OFFSET	0x04
#define RESET_TOKEN_LEN		16

struct cursor {
	uint8_t *at, *end;
};

static bool skip(struct cursor *cursor, uint64_t octets)
{
	if (octets > (uint64_t)(cursor->end - cursor->at))
		return false;
	cursor->at += octets;
	return true;
}

/* A variable-length integer (RFC 9000 section 16). */
static bool take(struct cursor *cursor, uint64_t *value)
{
	size_t len;

	if (cursor->at == cursor->end)
		return false;
	len = 1 << (*cursor->at >> 6);
	if (len > (size_t)(cursor->end - cursor->at))
		return false;
	*value = *cursor->at++ & 0x3f;
	while (--len)
		*value = *value << 8 | *cursor->at++;
	return true;
}

static bool skip_integers(struct cursor *cursor, uint64_t count)
{
	uint64_t value;

	while (count--)
		if (!take(cursor, &value))
			return false;
	return true;
}

/* A length, and as many octets. */
static bool skip_field(struct cursor *cursor)
{
	uint64_t len;

	return take(cursor, &len) && skip(cursor, len);
}

/* Largest, delay, count, first range; then two integers for each range. */
static bool skip_ack(struct cursor *cursor, bool has_ecn)
{
	uint64_t ranges;

	if (!skip_integers(cursor, 2) || !take(cursor, &ranges) ||
	    ranges > (uint64_t)(cursor->end - cursor->at))
		return false;
	return skip_integers(cursor, 1 + 2 * ranges + (has_ecn ? 3 : 0));
}

static bool skip_stream(struct cursor *cursor, uint64_t type)
{
	if (!skip_integers(cursor, type & STREAM_HAS_OFFSET ? 2 : 1))
		return false;
	if (type & STREAM_HAS_LENGTH)
		return skip_field(cursor);
	cursor->at = cursor->end;
	return true;
}

/* The rest of a frame without connection IDs. */
static bool skip_frame(struct cursor *cursor, uint64_t type)
{
	/* how many integers make up the others, and nothing else */
	static const uint8_t integers[] = {
		[RESET_STREAM] = 3, [STOP_SENDING] = 2, [MAX_DATA] = 1,
		[MAX_STREAM_DATA] = 2, [MAX_STREAMS_BIDI] = 1,
		[MAX_STREAMS_UNI] = 1, [DATA_BLOCKED] = 1,
		[STREAM_DATA_BLOCKED] = 2, [STREAMS_BLOCKED_BIDI] = 1,
		[STREAMS_BLOCKED_UNI] = 1,
	};

	if (type >= STREAM && type <= STREAM_LAST)
		return skip_stream(cursor, type);
	switch (type) {
	case PADDING:
	case PING:
	case HANDSHAKE_DONE:
		return true;
	case ACK:
	case ACK_ECN:
		return skip_ack(cursor, type == ACK_ECN);
	case CRYPTO:
		return skip_integers(cursor, 1) && skip_field(cursor);
	case NEW_TOKEN:
		return skip_field(cursor);
	case PATH_CHALLENGE:
	case PATH_RESPONSE:
		return skip(cursor, 8);
	}
	return type < sizeof(integers) && integers[type] &&
	       skip_integers(cursor, integers[type]);
}

/* Of an own frame: sequence number, Retire Prior To, CID with its length, reset token. */
static bool set_retire_prior_to(struct cursor *cursor, uint64_t before)
{
	uint8_t *field;
	uint64_t seq;

	if (!take(cursor, &seq))
		return false;
	field = cursor->at;
	if (!skip_integers(cursor, 1))
		return false;
	if (before && seq >= before && cursor->at == field + 1)
		*field = before;
	return skip_field(cursor) && skip(cursor, RESET_TOKEN_LEN);
}

/*
 * Of all frames: Retire Prior To is set, unless @before is 0; @retired is called, if there is
 * one.
 */
static void walk(uint8_t *payload, size_t len, uint64_t before,
		 void (*retired)(void *user, uint64_t seq), void *user)
{
	struct cursor cursor = { payload, payload + len };
	uint64_t type, seq;
	bool ok = true;

	while (ok && take(&cursor, &type)) {
		if (type == NEW_CONNECTION_ID) {
			ok = set_retire_prior_to(&cursor, before);
		} else if (type == RETIRE_CONNECTION_ID) {
			ok = take(&cursor, &seq);
			if (ok && retired)
				retired(user, seq);
		} else {
			ok = skip_frame(&cursor, type);
		}
	}
}

void frames_retire_prior_to(uint8_t *payload, size_t len, uint64_t before)
{
	walk(payload, len, before, NULL, NULL);
}

void frames_retired(uint8_t *payload, size_t len,
		    void (*retired)(void *user, uint64_t seq), void *user)
{
	walk(payload, len, 0, retired, user);
}
