/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* The interface between the bench's module and the program that drives it. */
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

/*
 * A mark is an instruction that does nothing, with a number in it: nopl NUMBER(%rax).
 * lines.c looks for them.
 */
#define IVQ_BENCH_MARK_OPCODE	0x0f, 0x1f, 0x80
#define IVQ_BENCH_MARK_BEGIN	0x31717669	/* of a packet */
#define IVQ_BENCH_MARK_END	0x32717669
#define IVQ_BENCH_MARK_PATH	0x33717669	/* a path of the bench begins */

/**
 * struct ivq_bench_run - inject packets and measure the time
 * @ifindex: device they arrive on, in the caller's network namespace
 * @batch: packets that are timed together
 * @batches: how many times
 * @set_len: packets in @set, which is injected repeatedly
 * @set: address of an array of struct ivq_bench_packet
 * @times: address of an array of @batches __u64, filled with nanoseconds
 * @first: where in @set to begin
 * @marked: with a mark before and after each packet, and no interrupt between them
 * @function: if not 0, the address of ip_vs_quic_xdp(), which is asked about the packets as a
 *	      driver's program would, with marks; they do not arrive
 * @taken: of @function: it takes them all, or else none
 */
struct ivq_bench_run {
	__u32 ifindex;
	__u32 batch;
	__u32 batches;
	__u32 set_len;
	__u64 set;
	__u64 times;
	__u32 first;
	__u32 marked;
	__u64 function;
	__u32 taken;
	__u32 reserved;
};

/* Nanoseconds that a million instructions take. */
#define IVQ_BENCH_CALIBRATE	_IOR('Q', 1, __u64)
#define IVQ_BENCH_RUN		_IOW('Q', 2, struct ivq_bench_run)
#define IVQ_BENCH_MARK		_IO('Q', 3)

#endif /* _IVQ_BENCH_H */
