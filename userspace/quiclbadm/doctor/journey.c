// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/journey.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/if_ether.h>

#include "common/clock.h"
#include "common/progress.h"
#include "common/xalloc.h"
#include "doctor/asking.h"
#include "tracing/arrival.h"
#include "tracing/symbols.h"

enum {
	ICMP_HEADER = 8,
	AT_ONCE = 64,			/* so that the events of all are kept */
	READ_EVERY = 5,			/* ms */
	WAIT_MS = 4000,			/* for an answer, and longer than ARP tries */
	WAIT_READS = 100,		/* and at least so often: a host may have stood still */
	ASK_MS = 300,			/* the kernel answers while it takes the frame */
	SETTLE_MS = 100,		/* for what comes after the last step that was waited for */
	PORT_FIRST = 20000,
	PORT_COUNT = 12000,		/* below those that the kernel chooses */
	FORGED_MAX = 64,		/* devices and VIPs */
};

/* Where source validation dropped what a client had sent. */
struct forged {
	char device[IFNAMSIZ];
	struct endpoint vip;
};

struct follower {
	struct tracer *tracer;
	struct tep_handle *symbols;	/* NULL until needed */
	struct journey *journeys;	/* that are on their way */
	size_t count;
	struct journey *awaited;	/* that another host sends; NULL: none, or it has come */
	const struct endpoint *asked;	/* which address the host is asked for; NULL: none */
	bool answered;
	struct forged forged[FORGED_MAX];
	size_t forged_count;
	uint32_t netns;
};

/* --- what is seen ------------------------------------------------------------ */

/*
 * Of a drop without a reason the function tells more.  All the kernel's symbols are read for
 * that, which takes longer than all else, so not of a drop that was to be.
 */
static void set_drop(struct follower *follower, const struct packet_event *event,
		     bool expected, struct journey_step *step)
{
	snprintf(step->reason, sizeof(step->reason), "%s", event->reason);
	if (expected || strcmp(event->reason, "NOT_SPECIFIED"))
		return;
	if (!follower->symbols)
		follower->symbols = symbols_read();
	snprintf(step->function, sizeof(step->function), "%s",
		 symbols_find(follower->symbols, event->location));
}

/*
 * The client's address and port are in no other packet, and stay when this host
 * translates the other end.
 */
static struct journey *find_journey(const struct follower *follower,
				    const struct packet *p, bool *answer)
{
	size_t i;

	for (i = 0; i < follower->count; i++) {
		const struct endpoint *client = &follower->journeys[i].probe.from;

		*answer = endpoint_eq(&p->dst, client);
		if (*answer || endpoint_eq(&p->src, client))
			return &follower->journeys[i];
	}
	return NULL;
}

static void add_step(struct follower *follower, struct journey *journey,
		     const struct packet_event *event, const struct packet *p,
		     bool answer)
{
	struct journey_step *step;

	if (journey->count == JOURNEY_STEPS_MAX)
		return;
	step = &journey->steps[journey->count++];
	memset(step, 0, sizeof(*step));
	step->step = event->step;
	step->answer = answer;
	snprintf(step->device, sizeof(step->device), "%s", event->device);
	step->src = p->src;
	step->dst = p->dst;
	step->tunnel = p->tunnel;
	step->outer_src = p->outer_src;
	step->outer_dst = p->outer_dst;
	step->socket = event->socket;
	if (event->step == STEP_DROPPED)
		set_drop(follower, event, journey->is_too_large, step);
}

static bool is_forged(const struct forged *forged, const char *device,
		      const struct endpoint *vip)
{
	return !strcmp(forged->device, device) && endpoint_eq(&forged->vip, vip);
}

static void note_forged(struct follower *follower, const struct packet_event *event,
			const struct packet *p)
{
	struct forged *forged = &follower->forged[follower->forged_count];
	size_t i;

	if (event->step != STEP_DROPPED || strcmp(event->reason, "IP_RPFILTER") ||
	    follower->forged_count == FORGED_MAX)
		return;
	for (i = 0; i < follower->forged_count; i++)
		if (is_forged(&follower->forged[i], event->device, &p->dst))
			return;
	snprintf(forged->device, sizeof(forged->device), "%s", event->device);
	forged->vip = p->dst;
	follower->forged_count++;
}

static bool answers(const struct follower *follower, const struct packet_event *event)
{
	return follower->asked && event->step == STEP_SENT && event->has_packet &&
	       event->data < event->len &&
	       asking_is_answer(follower->asked, event->window + event->data,
				event->len - event->data);
}

/* A director's probe: from now on it is followed like one that was sent from here. */
static struct journey *adopt(struct follower *follower, const struct packet *p)
{
	struct journey *journey = follower->awaited;

	if (!journey || !endpoint_eq(&p->dst, &journey->probe.vip) ||
	    !probe_is_question(p->payload, p->view))
		return NULL;
	journey->probe.from = p->src;
	follower->journeys = journey;
	follower->count = 1;
	follower->awaited = NULL;
	return journey;
}

/* An ICMP error that quotes a datagram which is followed. */
static void note_error(struct follower *follower, const struct packet_event *event,
		       const struct packet *p)
{
	size_t at = event->begin + p->at + (p->dst.af == AF_INET6 ? 40 : 20) + ICMP_HEADER;
	struct journey *journey;
	struct packet quoted;
	bool answer;

	if (event->step != STEP_SENT || at >= event->len ||
	    (p->protocol != IPPROTO_ICMP && p->protocol != IPPROTO_ICMPV6) ||
	    !packet_parse(event->window + at, event->len - at, &quoted) || !quoted.is_udp)
		return;
	journey = find_journey(follower, &quoted, &answer);
	if (journey && !answer)
		journey->told = true;
}

/* Another namespace may be the next hop, and drop what it gets from here. */
static void on_packet(const struct packet_event *event, void *arg)
{
	struct follower *follower = arg;
	struct journey *journey;
	struct packet p;
	bool answer;

	if (event->has_netns && event->netns != follower->netns)
		return;
	follower->answered |= answers(follower, event);
	if (!packet_event_parse(event, &p))
		return;
	if (!p.is_udp) {
		note_error(follower, event, &p);
		return;
	}
	journey = find_journey(follower, &p, &answer);
	if (!journey && event->step == STEP_RECEIVED) {
		journey = adopt(follower, &p);
		answer = false;
	}
	if (journey)
		add_step(follower, journey, event, &p, answer);
	else
		note_forged(follower, event, &p);
}

static void on_missed(unsigned long count, void *arg)
{
	struct follower *follower = arg;
	size_t i;

	(void)count;
	for (i = 0; i < follower->count; i++)
		follower->journeys[i].missed = true;
}

/* --- sending and waiting -------------------------------------------------------- */

struct follower *follower_open(void)
{
	struct tracer_ops ops = {
		.drop = on_packet,
		.step = on_packet,
		.missed = on_missed,
	};
	struct follower *follower;
	struct stat st;

	if (!tracer_may())
		return NULL;
	follower = xcalloc(1, sizeof(*follower));
	if (!stat("/proc/self/ns/net", &st))
		follower->netns = (uint32_t)st.st_ino;
	ops.arg = follower;
	follower->tracer = tracer_open(&ops);
	if (follower->tracer)
		return follower;
	free(follower);
	return NULL;
}

void follower_close(struct follower *follower)
{
	tracer_close(follower->tracer);
	symbols_free(follower->symbols);
	free(follower);
}

bool follower_can_see(const struct follower *follower)
{
	enum step step;

	for (step = 0; step < STEP_COUNT; step++)
		if (!tracer_shows(follower->tracer, step))
			return false;
	return true;
}

const char *follower_lacks(const struct follower *follower)
{
	if (follower && follower_can_see(follower))
		return NULL;
	if (geteuid())
		return "only root may do that";
	if (tracer_is_locked_down())
		return "the kernel is locked down (lockdown=confidentiality)";
	if (!tracer_may())
		return "tracefs is not mounted, or may not be written to (mount -t tracefs tracefs /sys/kernel/tracing)";
	if (follower && !tracer_knows_types(follower->tracer))
		return "the kernel has no type information (BTF, /sys/kernel/btf/vmlinux)";
	return "the kernel has no event probes or no kprobes";
}

static int read_mac(const struct link *link, uint8_t mac[6])
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0)
		return errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", link->name);
	if (ioctl(fd, SIOCGIFHWADDR, &request))
		err = errno;
	else
		memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	close(fd);
	return err;
}

/* Where BPF may not be used, or a kernel before 5.18 knows no live frames. */
static bool can_go_by_local(const struct journey *journey, int err)
{
	return journey->local && (err == EPERM || err == EACCES || err == EINVAL ||
				  err == ENOSYS || err == EOPNOTSUPP);
}

/* What its own device would do with it is not seen then; all that is behind it is. */
static int send_by_local(struct journey *journey, const uint8_t *packet, size_t len, int err)
{
	const struct probe *probe = &journey->probe;

	journey->barred = err;
	journey->in = journey->local;
	return probe_send_here(probe->fwd.forward == IP_VS_CONN_F_TUNNEL ? &probe->fwd.server :
									   &probe->vip,
			       journey->vrf, packet, len);
}

/* @port: 0 is the first one */
static int send_in(struct journey *journey, unsigned int port)
{
	const unsigned int size = journey->size ? journey->size : QUIC_MIN;
	uint8_t frame[ARRIVAL_FRAME_MAX], mac[6];
	struct probe *probe = &journey->probe;
	int err = read_mac(journey->in, mac);
	size_t len;

	if (err)
		return err;
	if (size + PROBE_HEADERS_MAX > sizeof(frame))
		return EMSGSIZE;
	if (!probe_choose_cids(probe))
		return errno;
	/* one that follows another has its port, so that it goes to the same server */
	if (!probe->from.port)
		probe->from.port = (uint16_t)(PORT_FIRST + port % PORT_COUNT);
	len = journey_put_frame(journey, mac, frame, size);
	err = arrival_send(journey->in->index, frame, len);
	if (!can_go_by_local(journey, err))
		return err;
	return send_by_local(journey, frame + ETH_HLEN, len - ETH_HLEN, err);
}

/* More may follow: the answer's way through a tunnel device, a drop after transmission. */
static bool is_over(const struct journey *journey)
{
	if (journey->is_too_large)
		return journey->error || journey->told ||
		       journey_find(journey, false, STEP_SENT);
	if (journey->is_one_way && (journey_find(journey, false, STEP_QUEUED) ||
				    journey_find(journey, false, STEP_SENT)))
		return true;
	return journey->error || journey_find(journey, false, STEP_DROPPED) ||
	       journey_find(journey, true, STEP_DROPPED) ||
	       journey_find(journey, !journey->is_director, STEP_SENT);
}

static bool are_over(const struct follower *follower)
{
	size_t i;

	for (i = 0; i < follower->count; i++)
		if (!is_over(&follower->journeys[i]))
			return false;
	return true;
}

static void wait_for_all(struct follower *follower)
{
	uint64_t end = clock_ms() + WAIT_MS, settled = 0, now;
	unsigned int reads = 0;

	do {
		poll(NULL, 0, READ_EVERY);
		now = clock_ms();
		/* what has come by now is read, however long this process had no processor */
		tracer_read(follower->tracer);
		reads++;
		if (!settled && are_over(follower))
			settled = now + SETTLE_MS;
	} while ((now < end || reads < WAIT_READS) && (!settled || now < settled));
}

/* The first of a run's ports. */
static uint16_t random_port(void)
{
	uint16_t port;

	return getrandom(&port, sizeof(port), 0) < 0 ? 0 : port;
}

void follower_run(struct follower *follower, struct journey *journeys, size_t count)
{
	uint16_t port = random_port();
	size_t i, first;

	for (first = 0; first < count; first += AT_ONCE) {
		follower->journeys = journeys + first;
		follower->count = count - first < AT_ONCE ? count - first : AT_ONCE;
		for (i = 0; i < follower->count; i++)
			journeys[first + i].error = send_in(&journeys[first + i], port++);
		wait_for_all(follower);
		progress("datagrams followed", first, count);
	}
	progress_end();
	follower->count = 0;
}

void follower_speak(struct follower *follower, struct journey *journey)
{
	struct probe *probe = &journey->probe;

	follower->journeys = journey;
	follower->count = 1;
	journey->error = probe_choose_cids(probe) ? probe_send_unasked(probe, journey->vrf) : errno;
	wait_for_all(follower);
	follower->count = 0;
}

bool follower_await(struct follower *follower, const struct host *host, struct journey *journey,
		    unsigned int seconds)
{
	uint64_t begin = clock_ms(), now = begin;
	const struct journey_step *first;

	follower->awaited = journey;
	while (!follower->count && now < begin + UINT64_C(1000) * seconds) {
		progress("seconds of waiting for a probe", (now - begin) / 1000, seconds);
		poll(NULL, 0, READ_EVERY);
		tracer_read(follower->tracer);
		now = clock_ms();
	}
	progress_end();
	follower->awaited = NULL;
	if (!follower->count)
		return false;
	wait_for_all(follower);
	follower->count = 0;
	first = journey_find(journey, false, STEP_RECEIVED);
	journey->in = first ? host_link_named(host, first->device) : NULL;
	return journey->in;
}

enum asking follower_ask(struct follower *follower, const struct link *link,
			 const struct endpoint *target)
{
	uint8_t frame[ASKING_FRAME_MAX];
	uint64_t end;

	if (!follower || !tracer_shows(follower->tracer, STEP_SENT))
		return ASKING_UNKNOWN;
	follower->asked = target;
	follower->answered = false;
	if (arrival_send(link->index, frame, asking_put_frame(target, frame))) {
		follower->asked = NULL;
		return ASKING_UNKNOWN;
	}
	end = clock_ms() + ASK_MS;
	/* at least once, however long this process had no processor */
	do {
		poll(NULL, 0, READ_EVERY);
		tracer_read(follower->tracer);
	} while (!follower->answered && clock_ms() < end);
	follower->asked = NULL;
	return follower->answered ? ASKING_ANSWERED : ASKING_SILENT;
}

bool follower_saw_forged(struct follower *follower, const struct link *link,
			 const struct endpoint *vip)
{
	size_t i;

	if (!follower)
		return false;
	tracer_read(follower->tracer);
	for (i = 0; i < follower->forged_count; i++)
		if (is_forged(&follower->forged[i], link->name, vip))
			return true;
	return false;
}

bool journey_is_unpacked(const struct journey *journey)
{
	size_t i;

	for (i = 0; i < journey->count; i++)
		if (!journey->steps[i].answer && journey->steps[i].step == STEP_RECEIVED &&
		    strcmp(journey->steps[i].device, journey->in->name))
			return true;
	return false;
}

const struct journey_step *journey_last(const struct journey *journey, bool answer)
{
	size_t i;

	for (i = journey->count; i; i--)
		if (journey->steps[i - 1].answer == answer)
			return &journey->steps[i - 1];
	return NULL;
}

const struct journey_step *journey_find(const struct journey *journey, bool answer,
					enum step step)
{
	size_t i;

	for (i = 0; i < journey->count; i++)
		if (journey->steps[i].answer == answer &&
		    journey->steps[i].step == step)
			return &journey->steps[i];
	return NULL;
}
