/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel's drop reasons mean for a balanced datagram. */
#ifndef _QUICLBADM_TRACING_REASONS_H
#define _QUICLBADM_TRACING_REASONS_H

struct reason {
	const char *name;		/* as skb:kfree_skb names it */
	const char *function;		/* that dropped it, its beginning; NULL: any */
	const char *cause;		/* one sentence without its full stop */
	const char *remedy;		/* "%s", at most once, is the device */
};

/* Never NULL: for an unknown reason the entry says that it is unknown. */
const struct reason *reason_find(const char *name, const char *function);

#endif /* _QUICLBADM_TRACING_REASONS_H */
