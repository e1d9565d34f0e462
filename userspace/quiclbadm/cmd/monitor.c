// SPDX-License-Identifier: GPL-2.0-only
/*
 * monitor: the module's events, one line each.
 *
 * The kernel says when it could not tell an event (ENOBUFS).  What it could tell is still
 * there to be read.  It is printed first; then all that there is now is read and printed.
 * What changes meanwhile comes as an event as well.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd/cmd.h"
#include "common/err.h"
#include "common/suggest.h"
#include "kernel/kernel.h"
#include "output/event.h"

struct monitor {
	const struct args *args;
	unsigned int kinds;		/* a bit for each that is shown */
	struct nl_listener listener;
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* The signals that end it come only while it waits; @waiting is the mask for that. */
static void hold_signals(sigset_t *waiting)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t held;
	size_t i;

	sigemptyset(&held);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sigaction(numbers[i], &action, NULL);
		sigaddset(&held, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &held, waiting);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigdelset(waiting, numbers[i]);
}

static const struct timespec *now(const struct args *args, struct timespec *when)
{
	if (!given(args, O(TIMESTAMP)))
		return NULL;
	clock_gettime(CLOCK_REALTIME, when);
	return when;
}

static void show(const struct event *event, void *data)
{
	const struct monitor *monitor = data;
	struct timespec when;

	if (!(monitor->kinds & 1u << event->kind))
		return;
	if (given(monitor->args, O(JSON)))
		print_event_json(event, now(monitor->args, &when));
	else
		print_event(event, now(monitor->args, &when));
	fflush(stdout);
}

static int on_message(const struct nlmsghdr *nlh, void *data)
{
	quic_read_event(nlh, show, data);
	return MNL_CB_OK;
}

static int show_state(struct monitor *monitor)
{
	struct timespec when;
	struct state state;
	int err;

	caution("monitor: events came too fast and some are lost; what there is now follows as \"present\"");
	if (given(monitor->args, O(JSON)))
		print_lost_json(now(monitor->args, &when));
	err = kernel_load(&state, NULL);
	if (!err)
		quic_tell_state(&state, show, monitor);
	state_destroy(&state);
	fflush(stdout);
	return err;
}

/* All that has arrived.  Return: an exit code. */
static int show_events(struct monitor *monitor)
{
	bool lost = false;
	int got;

	do {
		got = nl_hear(&monitor->listener, on_message, monitor);
		lost |= got == -ENOBUFS;
	} while (got > 0 || got == -ENOBUFS);
	if (got == -ENODEV)
		return refuse("monitor: the module has been unloaded: there are no more events");
	if (got)
		return refuse("monitor: %s", strerror(-got));
	return lost ? show_state(monitor) : 0;
}

static int run(struct monitor *monitor)
{
	struct pollfd fd = {
		.fd = mnl_socket_get_fd(monitor->listener.sock),
		.events = POLLIN,
	};
	sigset_t waiting;
	int err = 0;

	hold_signals(&waiting);
	fputs("Listening; ^C ends it.\n", stderr);
	while (!err && !stop && !ferror(stdout))
		if (ppoll(&fd, 1, NULL, &waiting) > 0)
			err = show_events(monitor);
	return err;
}

static int read_kinds(const struct args *args, unsigned int *kinds)
{
	struct suggestion suggestion;
	unsigned int i, kind;

	*kinds = args->operand_count ? 0 : (1u << EVENT_KIND_COUNT) - 1;
	for (i = 0; i < args->operand_count; i++) {
		suggestion = (struct suggestion){ .typed = args->operands[i] };
		for (kind = 0; kind < EVENT_KIND_COUNT; kind++) {
			suggest_offer(&suggestion, event_kinds[kind]);
			if (!strcmp(args->operands[i], event_kinds[kind]))
				break;
		}
		if (kind == EVENT_KIND_COUNT && suggestion.best)
			return bad_usage("monitor %s: there are no such events (%s?)",
					 args->operands[i], suggestion.best);
		if (kind == EVENT_KIND_COUNT)
			return bad_usage("monitor %s: there are no such events (service, config, server-id, pool, express)",
					 args->operands[i]);
		*kinds |= 1u << kind;
	}
	return 0;
}

static int listen_refusal(int err)
{
	if (err == -ENOENT)
		return refuse("monitor: the module that is loaded is older than this program and has no events: load the new one");
	if (err == -EPERM)
		return refuse("monitor: CAP_NET_ADMIN is needed in this network namespace (sudo)");
	return kernel_refusal(NL_QUIC, IP_VS_QUIC_CMD_GET, err, "monitor");
}

int cmd_monitor(const struct args *args)
{
	struct monitor monitor = { .args = args };
	int err = read_kinds(args, &monitor.kinds);

	if (err)
		return err;
	err = nl_listen(&monitor.listener, IP_VS_QUIC_MCGRP_EVENTS);
	if (err)
		return listen_refusal(err);
	err = run(&monitor);
	nl_listener_close(&monitor.listener);
	return err;
}
