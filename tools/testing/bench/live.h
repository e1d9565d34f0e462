/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live frames: the kernel's test run of an XDP program, whose frames arrive at a device as
 * those of a driver do, and really leave.
 */
#ifndef _IVQ_BENCH_LIVE_H
#define _IVQ_BENCH_LIVE_H

#include <linux/types.h>

enum {
	LIVE_BATCH	= 64,		/* as many as a driver's poll function takes */
	LIVE_BATCHES_MAX = 16384,	/* a power of two, as is the next */
	LIVE_HEADS_MAX	= 32768,
	LIVE_WORDS_V4	= 8,		/* as far as a CID of 20 octets */
	LIVE_WORDS_V6	= 11,
};

/* Where a frame begins. */
struct live_head {
	__u64 words[LIVE_WORDS_V6];
};

#ifndef __bpf__
#include <stdint.h>

#include "ivq_bench.h"

/*
 * Loads the program of that name from live.bpf.c, for frames of the size and family of
 * @model that arrive at the device @in.  With "relay", @other is the program that gets them.
 */
struct live *live_open(const char *program, int other, const char *in,
		       const struct ivq_bench_packet *model);

/* Whatever @device receives, its driver drops. */
void live_drop(struct live *live, const char *device);

/* From now on, frames begin as those of @set, at most LIVE_HEADS_MAX, one after the other. */
void live_fill(struct live *live, const struct ivq_bench_packet *set,
	       unsigned int count);

/*
 * Lets @frames arrive, a multiple of LIVE_BATCH.  The time of a batch is that until the
 * next begins; the first, which allocates memory, and the last have none.
 * Return: the number of @times, which has room for all batches.
 */
unsigned int live_run(struct live *live, unsigned int frames, uint64_t *times);
#endif

#endif /* _IVQ_BENCH_LIVE_H */
