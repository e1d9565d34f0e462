/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When other directors of a VIP last saw its configs: from their metrics.  A connection is
 * seen by the director that its datagrams reach, and this one may never see it.
 */
#ifndef _QUICLBADM_METRICS_SEEN_BY_H
#define _QUICLBADM_METRICS_SEEN_BY_H

#include <stddef.h>

#include "model/model.h"

enum {
	SEEN_BY_AGE_MAX = 120,		/* s: of a file; older ones tell too little */
};

/*
 * Reads each of @sources, a URL with http:// or https://, which curl(1) gets, or a file:
 * metrics as "quiclbadm metrics" prints them, of one director or of several, with other
 * metrics around.
 * Where a director saw a config of @svc after this one did, that becomes its last_seen, and
 * the source its seen_by.  *@uptime, in seconds, becomes that of the director which was started
 * last, if that is less.
 * Return: 0, or EXIT_REFUSED after an error message.
 */
int seen_by_read(const char *const *sources, size_t count, struct service *svc,
		 uint64_t *uptime);

#endif /* _QUICLBADM_METRICS_SEEN_BY_H */
