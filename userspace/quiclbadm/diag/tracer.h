/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tracefs instance of our own: events are enabled there and nowhere else, so
 * others who trace are not disturbed, nor we by them.  It goes when it is closed;
 * what a killed run left, the next one removes.
 */
#ifndef _QUICLBADM_DIAG_TRACER_H
#define _QUICLBADM_DIAG_TRACER_H

#include <stdbool.h>
#include <stdint.h>
#include <event-parse.h>

enum {
	/* of the packet, around where the kernel has got to in it */
	WINDOW_BEFORE = 256,
	WINDOW_LEN = 512,
};

struct tracer;

/* A packet the kernel dropped. */
struct drop {
	uint64_t time;			/* ns, CLOCK_REALTIME */
	const char *reason;		/* "IP_RPFILTER"; a number without a name */
	uint64_t location;		/* address of the code that dropped it */
	bool has_packet;		/* what follows is set */
	const char *device;		/* "" when it has none */
	bool has_netns;
	uint32_t netns;			/* inode of the device's namespace */
	uint8_t window[WINDOW_LEN];
	unsigned int begin;		/* octets of window that are the packet's */
	int ip;				/* offset in window of the IP header */
};

struct tracer_ops {
	/* an event of ip_vs_quic */
	void (*event)(struct tep_event *event, struct tep_record *record,
		      uint64_t time, void *arg);
	void (*drop)(const struct drop *drop, void *arg);
	void (*missed)(unsigned long count, void *arg);
	void *arg;
};

/*
 * NULL after a refusal after an error message.  Without BTF or dynamic events in
 * the kernel drops have no packet; that is said as a caution.
 */
struct tracer *tracer_open(const struct tracer_ops *ops);

/* Hands out what has happened since; does not wait. */
int tracer_read(struct tracer *tracer);

/* Leaves tracefs as it was. */
void tracer_close(struct tracer *tracer);

#endif /* _QUICLBADM_DIAG_TRACER_H */
