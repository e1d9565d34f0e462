/* SPDX-License-Identifier: GPL-2.0-only */
/* Time; for deadlines CLOCK_MONOTONIC. */
#ifndef _QUICLBADM_COMMON_CLOCK_H
#define _QUICLBADM_COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_us(void)
{
	return clock_ns(CLOCK_MONOTONIC) / 1000;
}

static inline uint64_t clock_ms(void)
{
	return clock_us() / 1000;
}

/* Seconds since the machine was started, those asleep as well. */
static inline uint64_t clock_uptime(void)
{
	return clock_ns(CLOCK_BOOTTIME) / 1000000000;
}

#endif /* _QUICLBADM_COMMON_CLOCK_H */
