/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of the kernel behind ipvs.h, quic.h and nl.h: it keeps services in
 * memory, refuses what the kernel refuses, and fails on demand.
 */
#ifndef _FAKE_H
#define _FAKE_H

#include "model/model.h"

enum { FAKE_BATCHES = 16 };

struct fake {
	struct state state;
	struct service_id batches[FAKE_BATCHES];	/* services with an open batch of changes */
	unsigned int batch_count;
	unsigned int calls;		/* of any kind */
	unsigned int changes;		/* of those that change something */
	unsigned int fail_at;		/* refuse that change; 0: none */
	bool terminate;			/* SIGTERM comes with every change */
	bool no_module;
	bool old_module;		/* does not count by server and config, knows no batch */
	const char *no_driver;		/* why no device can have the driver path */
	uint32_t asks;			/* of every device, why routing is asked */
	const char *absent;		/* names of devices that do not exist */
	bool not_root;
	const char *sentence;		/* said with the next refusal on demand */
};

extern struct fake fake;

void fake_reset(void);

/* The whole state with the keys in it, as one text to compare. */
char *fake_text(void);

#endif /* _FAKE_H */
