/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A rotation: from one config of a service to the next, draft section "Config Rotation".
 * How far it has come is read off the service's configs, server IDs and counters alone, so
 * that it survives this program and its operator.
 */
#ifndef _QUICLBADM_MODEL_ROTATION_H
#define _QUICLBADM_MODEL_ROTATION_H

#include "model/model.h"

enum rotation_step {
	ROTATION_ADD = 1,		/* the director gets the new config */
	ROTATION_SERVERS,		/* the real servers get it */
	ROTATION_MINTED,		/* wait until connection IDs of each of them arrive */
	ROTATION_UNSEEN,		/* wait until those of the old one do not */
	ROTATION_DELETE,		/* the old config goes */
	ROTATION_STEPS = ROTATION_DELETE,
};

enum rotation_limits {
	ROTATION_TEXT = 256,
	/*
	 * Seconds.  A connection that is silent for longer than its idle timeout has ended
	 * (RFC 9000, section 10.1), and servers have 30 to 300 seconds by default.
	 */
	ROTATION_UNSEEN_DEFAULT = 600,
};

#define ROTATION_NO_ID QLB_CONFIG_ID_RESERVED

/* What is asked for. */
struct rotation_wish {
	unsigned int old_id;		/* ROTATION_NO_ID: find it */
	unsigned int new_id;		/* likewise */
	bool has_key;			/* of the new config */
	uint32_t fingerprint;
	uint32_t unseen;		/* s */
	uint64_t uptime;		/* of the machine, s */
};

struct rotation {
	const struct service *svc;
	uint32_t unseen;
	unsigned int old_id;		/* ROTATION_NO_ID: gone, and not known */
	unsigned int new_id;
	const struct config *old;	/* NULL: deleted */
	const struct config *new;	/* NULL: not there yet */
	/* by step: */
	bool done[ROTATION_STEPS + 1];
	char missing[ROTATION_STEPS + 1][ROTATION_TEXT];	/* or "" */
};

/*
 * Finds the two configs in @svc, which is sorted, and what is done.
 * @rotation points into @svc.  Return: false and why in @why, ROTATION_TEXT.
 */
bool rotation_find(const struct service *svc, const struct rotation_wish *wish,
		   struct rotation *rotation, char *why);

/* The first step that is not done; ROTATION_STEPS + 1 after the last. */
unsigned int rotation_next(const struct rotation *rotation);

/*
 * The first step that is not done and has to be before @step, 0 when @step may be done.
 * With @force neither servers nor connections are waited for.
 */
unsigned int rotation_blocked(const struct rotation *rotation, unsigned int step,
			      bool force);

/*
 * The server IDs that real servers need for @config, the new one, and do not have: those of
 * the old config again.  A real server that has some already keeps these.
 * Return: for free(), or NULL and in @why which ones cannot be had so.
 */
struct mapping *rotation_gain(const struct rotation *rotation,
			      const struct config *config, size_t *count, char *why);

#endif /* _QUICLBADM_MODEL_ROTATION_H */
