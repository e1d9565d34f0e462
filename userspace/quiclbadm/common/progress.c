// SPDX-License-Identifier: GPL-2.0-only
#include "common/progress.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
	FIRST_MS = 1000,
	NEXT_MS = 200,
};

static int64_t next_ms;			/* 0: nothing is under way */
static bool shown;

static int64_t now_ms(void)
{
	struct timespec now;

	/* the coarse one costs no system call */
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress(const char *what, size_t done, size_t total)
{
	int64_t now = now_ms();

	if (!next_ms)
		next_ms = now + FIRST_MS;
	if (now < next_ms)
		return;
	next_ms = now + NEXT_MS;
	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r\033[K%s: %zu of %zu", what, done, total);
	fflush(stderr);
	shown = true;
}

void progress_end(void)
{
	if (shown) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
	shown = false;
	next_ms = 0;
}
