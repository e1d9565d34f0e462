/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* What the bench module and the program that drives it say to each other. */
#ifndef _IVQ_BENCH_H
#define _IVQ_BENCH_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define IVQ_BENCH_DEVICE	"ivq_bench"
#define IVQ_BENCH_HEAD_LEN	124

/**
 * struct ivq_bench_packet - one packet as it arrives
 * @len: octets from the IP header on
 * @head_len: how many of them are in @head; the rest is zero
 * @head: where the packet begins
 */
struct ivq_bench_packet {
	__u16 len;
	__u16 head_len;
	__u8 head[IVQ_BENCH_HEAD_LEN];
};

/**
 * struct ivq_bench_run - let packets arrive, and say how long that took
 * @ifindex: device they arrive on, in the caller's network namespace
 * @batch: packets that are timed together
 * @batches: how many times
 * @set_len: packets in @set, which is gone through again and again
 * @set: address of an array of struct ivq_bench_packet
 * @times: address of an array of @batches __u64, filled with nanoseconds
 */
struct ivq_bench_run {
	__u32 ifindex;
	__u32 batch;
	__u32 batches;
	__u32 set_len;
	__u64 set;
	__u64 times;
};

/* Nanoseconds that a million instructions take. */
#define IVQ_BENCH_CALIBRATE	_IOR('Q', 1, __u64)
#define IVQ_BENCH_RUN		_IOW('Q', 2, struct ivq_bench_run)

#endif /* _IVQ_BENCH_H */
