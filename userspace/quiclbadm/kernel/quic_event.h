/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's events: what has changed in this namespace. */
#ifndef _QUICLBADM_KERNEL_QUIC_EVENT_H
#define _QUICLBADM_KERNEL_QUIC_EVENT_H

#include <libmnl/libmnl.h>

#include "model/model.h"

/*
 * What events are about, as "monitor" knows it.  EVENT_KINDS(X) calls X(symbol, name).
 */
#define EVENT_KINDS(X) \
	X(SERVICE, "service") \
	X(CONFIG, "config") \
	X(SERVER_ID, "server-id") \
	X(POOL, "pool") \
	X(EXPRESS, "express")

enum event_kind {
#define X(symbol, name) EVENT_##symbol,
	EVENT_KINDS(X)
#undef X
	EVENT_KIND_COUNT,
};

extern const char *const event_kinds[EVENT_KIND_COUNT];

/* One object that has changed; what its kind does not have is zero. */
struct event {
	enum event_kind kind;
	const char *action;		/* "added" */
	const struct service *svc;	/* its ID, and its settings if */
	bool has_settings;		/* they are told */
	const struct config *config;	/* without its usage */
	const struct mapping *map;
	const struct mapping *old_map;	/* moved from this one's server */
	const struct dest *dest;	/* address, weight and forwarding method alone */
	const struct dest *old_dest;	/* what it was */
	const char *device;
	uint32_t error;			/* an errno: the pool was not rebuilt */
};

typedef void (*event_fn)(const struct event *event, void *data);

/* Gives @fn each object of a message; unknown messages have none. */
void quic_read_event(const struct nlmsghdr *nlh, event_fn fn, void *data);

/* The same for all there is in @state, as if it had just been told. */
void quic_tell_state(const struct state *state, event_fn fn, void *data);

#endif /* _QUICLBADM_KERNEL_QUIC_EVENT_H */
