// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace: what becomes of datagrams, live: the module's decisions where it is loaded,
 * and the kernel's drops of what concerns a VIP or came in a tunnel.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "common/clock.h"
#include "common/err.h"
#include "tracing/tracer.h"
#include "diag/watch.h"

enum {
	READ_EVERY = 50,		/* ms */
	HINT_AFTER = 10000,		/* ms without a line */
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void catch_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE };
	struct sigaction action = { .sa_handler = on_signal };
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

static void on_missed(unsigned long count, void *arg)
{
	(void)arg;
	if (count)
		caution("trace: %lu events came too fast and are lost", count);
	else
		caution("trace: events came too fast, and some are lost");
}

static void run(const struct args *args, struct tracer *tracer,
		struct watch *watch)
{
	const uint64_t begin = clock_ms();
	uint64_t end = given(args, O(SECONDS)) ?
		       begin + UINT64_C(1000) * args->seconds : UINT64_MAX;
	bool last, hinted = false;

	do {
		poll(NULL, 0, READ_EVERY);
		/* what happened before the end is shown */
		last = stop || clock_ms() >= end;
		tracer_read(tracer);
		watch_print(watch, last);
		if (!hinted && clock_ms() >= begin + HINT_AFTER) {
			watch_hint(watch);
			hinted = true;
		}
		fflush(stdout);
	} while (!last && !ferror(stdout) && !watch_is_done(watch));
	watch_print_tally(watch);
}

/* The packets themselves are looked at where the decisions are not enough. */
static bool needs_steps(const struct args *args)
{
	return args->follow || given(args, O(VERBOSE));
}

static int check_steps(const struct args *args, const struct tracer *tracer)
{
	if (!needs_steps(args) || tracer_shows(tracer, STEP_RECEIVED))
		return 0;
	return refuse("trace: %s: this kernel shows no packets (it has no type information, BTF, or no event probes)",
		      option_spelling(args->by[args->follow ? OPT_CID : OPT_VERBOSE]));
}

int cmd_trace(const struct args *args)
{
	struct tracer_ops ops = {
		.event = watch_event,
		.drop = watch_drop,
		.step = needs_steps(args) ? watch_step : NULL,
		.missed = on_missed,
	};
	struct tracer *tracer;
	struct watch *watch;
	int err;

	watch = watch_new(args);
	if (!watch)
		return EXIT_REFUSED;
	ops.arg = watch;
	catch_signals();
	tracer = tracer_open(&ops);
	err = tracer ? check_steps(args, tracer) : EXIT_REFUSED;
	if (!err) {
		fputs("Tracing; ^C ends it.\n", stderr);
		run(args, tracer, watch);
	}
	if (tracer)
		tracer_close(tracer);
	watch_free(watch);
	return err;
}
