/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A datagram that is made to arrive on this host, and what the kernel is seen to do with
 * it and with its answer.
 */
#ifndef _QUICLBADM_DOCTOR_JOURNEY_H
#define _QUICLBADM_DOCTOR_JOURNEY_H

#include <net/if.h>

#include "doctor/probe_send.h"
#include "model/packet.h"
#include "system/host.h"
#include "tracing/tracer.h"

enum {
	JOURNEY_STEPS_MAX = 32,
};

struct journey_step {
	enum step step;
	bool answer;
	char device[IFNAMSIZ];		/* "" when there is none */
	struct endpoint src;
	struct endpoint dst;
	enum tunnel tunnel;		/* around it then */
	struct endpoint outer_src;
	struct endpoint outer_dst;
	char reason[64];		/* of a drop */
	char function[64];		/* of a drop without a reason */
	uint64_t socket;		/* inode */
};

struct journey {
	const struct link *in;		/* the device that it arrives on */
	const char *vrf;		/* the VIP's, on a real server; NULL: none */
	const struct link *local;	/* lo or a VRF, if none can be made to arrive; or NULL */
	struct probe probe;		/* vip, fwd with the server's address, from */
	struct endpoint outer_source;	/* of the tunnel's packet, if there is a tunnel */
	bool client_is_invented;	/* probe.from, and no rule can know it */
	bool outer_is_invented;
	bool is_director;		/* it is to be sent on, not to be answered here */
	unsigned int size;		/* octets of UDP payload; 0: QUIC_MIN */
	bool is_too_large;		/* it is to be dropped, and the client to be told */
	bool is_one_way;		/* no answer is waited for */
	/* filled in, and zero before: */
	int error;			/* errno; it could not be sent */
	int barred;			/* errno; none can be made to arrive: @in is @local */
	bool missed;			/* events came too fast */
	bool told;			/* an ICMP error about it was sent to the client */
	struct journey_step steps[JOURNEY_STEPS_MAX];
	size_t count;
};

/* What follows datagrams.  NULL when this user or this kernel has not got the means. */
struct follower *follower_open(void);
void follower_close(struct follower *follower);

/* Whether the kernel shows each step with its packet. */
bool follower_can_see(const struct follower *follower);

/*
 * Why no datagram can be followed, as half a sentence; NULL when one can.
 * @follower: NULL when there is none
 */
const char *follower_lacks(const struct follower *follower);

/* Sends the datagrams and waits until it is known what became of each, or too long. */
void follower_run(struct follower *follower, struct journey *journeys, size_t count);

/*
 * Sends a datagram from the VIP to the client, as the server's own and no answer, and waits
 * until it is known what became of it.
 * @journey: VIP, its VRF and client with its port are set
 */
void follower_speak(struct follower *follower, struct journey *journey);

/*
 * Waits until a director's probe for journey's VIP arrives, and then for what becomes of it.
 * @journey: its VIP is set; its device and the client are filled in
 * Return: false when none came in that time.
 */
bool follower_await(struct follower *follower, const struct host *host, struct journey *journey,
		    unsigned int seconds);

/* What a host says when it is asked for an address. */
enum asking {
	ASKING_UNKNOWN,			/* it could not be asked */
	ASKING_SILENT,
	ASKING_ANSWERED,
};

/* Asks this host on @link for @target, by ARP or neighbour discovery. */
enum asking follower_ask(struct follower *follower, const struct link *link,
			 const struct endpoint *target);

/* Whether source validation at @link was seen to drop a datagram to @vip that is not ours. */
bool follower_saw_forged(struct follower *follower, const struct link *link,
			 const struct endpoint *vip);

/*
 * Whether the datagram came out of its tunnel's packet, by a device of its own; the headers
 * that were around it may still be seen there.
 */
bool journey_is_unpacked(const struct journey *journey);

/* The last step of the datagram, or of its answer; NULL: none. */
const struct journey_step *journey_last(const struct journey *journey, bool answer);

/* The first such step of the datagram, or of its answer; NULL: none. */
const struct journey_step *journey_find(const struct journey *journey, bool answer,
					enum step step);

/*
 * The frame: Ethernet, the tunnel's headers, the datagram of @size octets of payload.
 * @frame: room for PROBE_HEADERS_MAX octets more
 * Return: its length.
 */
size_t journey_put_frame(const struct journey *journey, const uint8_t mac[6],
			 uint8_t *frame, unsigned int size);

#endif /* _QUICLBADM_DOCTOR_JOURNEY_H */
