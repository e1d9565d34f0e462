/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tracefs instance of our own: events are enabled there and nowhere else, so
 * others who trace are not disturbed, nor we by them.  It goes when it is closed, or
 * when this process is killed, see guard.h.
 */
#ifndef _QUICLBADM_TRACING_TRACER_H
#define _QUICLBADM_TRACING_TRACER_H

#include <stdbool.h>
#include <stdint.h>
#include <event-parse.h>

#include "model/packet.h"

enum {
	/* of a dropped packet, around where the kernel has got to in it */
	WINDOW_BEFORE = 256,
	WINDOW_LEN = 512,
	/* of one that goes on: a busy host has many of them */
	STEP_BEFORE = 64,
	STEP_LEN = 256,
};

struct tracer;

enum step {
	STEP_DROPPED,		/* kfree_skb */
	STEP_RECEIVED,		/* the stack has it from @device, a tunnel device included */
	STEP_SENT,		/* @device has it to transmit */
	STEP_QUEUED,		/* it is put to @socket, of UDP */
	STEP_COUNT,
};

/* What the kernel did with a packet. */
struct packet_event {
	uint64_t time;			/* ns, CLOCK_REALTIME */
	enum step step;
	const char *reason;		/* of a drop: "IP_RPFILTER"; a number without a name */
	uint64_t location;		/* of a drop: address of the code that did it */
	uint64_t socket;		/* its inode; 0: not known */
	bool has_packet;		/* what follows is set */
	const char *device;		/* "" when it has none */
	bool has_netns;
	uint32_t netns;			/* inode of the device's namespace */
	uint8_t window[WINDOW_LEN];
	unsigned int len;		/* octets of window */
	unsigned int begin;		/* ... from here on they are the packet's */
	int ip;				/* offset in window of the IP header */
	unsigned int data;		/* ... of skb->data: of what is sent, its Ethernet header */
};

struct tracer_ops {
	/* an event of ip_vs_quic; NULL: not asked for */
	void (*event)(struct tep_event *event, struct tep_record *record,
		      uint64_t time, void *arg);
	void (*drop)(const struct packet_event *event, void *arg);
	/* all else that becomes of packets of this namespace; NULL: not asked for */
	void (*step)(const struct packet_event *event, void *arg);
	void (*missed)(unsigned long count, void *arg);
	void *arg;
};

/* Whether tracefs is mounted, this user may make instances in it, and no lockdown forbids it. */
bool tracer_may(void);

/* Whether the kernel is, so that it shows nobody what it does (kernel_lockdown(7)). */
bool tracer_is_locked_down(void);

/*
 * NULL after a refusal after an error message.  Without BTF or dynamic events in
 * the kernel drops have no packet, and there are no steps; that is said as a caution to who
 * did not ask for steps.
 */
struct tracer *tracer_open(const struct tracer_ops *ops);

/* "drop", "received", "sent", "queued" */
const char *tracer_step_name(enum step step);

/* Whether the kernel shows that step, with the packet. */
bool tracer_shows(const struct tracer *tracer, enum step step);

/* Whether the kernel describes itself (BTF), without which no packet is shown. */
bool tracer_knows_types(const struct tracer *tracer);

/*
 * Hands out what has happened since; does not wait.  On a busy host more happens
 * meanwhile: after a second, and very many events, it leaves the rest, and says that some are
 * missed.
 */
int tracer_read(struct tracer *tracer);

/* The packet of an event.  Return: false when there is none of IP. */
bool packet_event_parse(const struct packet_event *event, struct packet *p);

/* Leaves tracefs as it was. */
void tracer_close(struct tracer *tracer);

#endif /* _QUICLBADM_TRACING_TRACER_H */
