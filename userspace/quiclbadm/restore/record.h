/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which weight quiclbadm itself gave to each real server last, kept in /run until the
 * machine is switched off.  A server that has weight 0, or has gone, though it was given
 * a weight, is held: another program, such as a health checker, did that.
 */
#ifndef _QUICLBADM_RESTORE_RECORD_H
#define _QUICLBADM_RESTORE_RECORD_H

#include <stdio.h>

#include "model/model.h"

struct record_line {
	const char *what;		/* server or "-", and service */
	uint32_t weight;
	size_t number;			/* the later line counts */
};

struct record {
	char *text;
	struct record_line *lines;	/* by what and number */
	size_t count;
};

/* Nothing when there is no file, or this user may not read it. */
void record_load(struct record *record);
void record_destroy(struct record *record);

/* 0: none was given, or the server was deleted by quiclbadm */
uint32_t record_weight(const struct record *record, const struct service_id *id,
		       const struct endpoint *server);

/*
 * Lines for record_append().  A server of weight 0 is one that is not held; a service
 * is forgotten with all its servers.
 */
void record_print_server(FILE *out, const struct service_id *id,
			 const struct endpoint *server, uint32_t weight);
void record_print_forgotten(FILE *out, const struct service_id *id);

/* With the lock.  That it fails is a warning: the change has been made. */
void record_append(const char *text, size_t len);

/* The same for a single server, or for a service when @server is NULL. */
void record_note(const struct service_id *id, const struct endpoint *server,
		 uint32_t weight);

/* Says in each service of @state which servers are held. */
void record_mark(struct state *state);

/*
 * Changes @wanted so that servers stay held that are so in @before, each with a
 * warning.
 */
void record_hold(const struct record *record, const struct state *before,
		 struct state *wanted);

#endif /* _QUICLBADM_RESTORE_RECORD_H */
