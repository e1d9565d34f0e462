/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* The interface between the selftests' module and the programs that use it. */
#ifndef _IVQ_LAB_H
#define _IVQ_LAB_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define IVQ_LAB_DEVICE		"ivq_lab"
#define IVQ_LAB_SECRET_LEN	16

/**
 * struct ivq_lab_scan - how often a secret is in the machine's memory
 * @inverted: the secret with each octet inverted, so that the request does not contain it
 * @found: number of copies, at addresses that are multiples of four
 * @pages: number of pages searched
 */
struct ivq_lab_scan {
	__u8 inverted[IVQ_LAB_SECRET_LEN];
	__u64 found;
	__u64 pages;
};

#define IVQ_LAB_SCAN		_IOWR('q', 1, struct ivq_lab_scan)
/*
 * Takes, until the file is closed, all memory that the per-CPU allocator has in its pages,
 * except for as many holes as the argument says.  Each call takes what is there then.
 */
#define IVQ_LAB_HOLE_SIZE	64
#define IVQ_LAB_FILL_PERCPU	_IO('q', 2)

enum {
	IVQ_LAB_FRAME_LEN	= 4096,
	IVQ_LAB_FRAME_HEADROOM	= 512,
};

/*
 * Of a frame: metadata in front of it, or more of it in other buffers; or the function is
 * called as no driver does, with bottom halves enabled.
 */
#define IVQ_LAB_FRAME_META	1
#define IVQ_LAB_FRAME_FRAGS	2
#define IVQ_LAB_FRAME_BH	4

/**
 * struct ivq_lab_frame - a frame that ip_vs_quic_xdp() is asked about
 * @function: its address, from /proc/kallsyms
 * @data: address of the frame, with IVQ_LAB_FRAME_LEN octets; afterwards the frame that
 *	  leaves, or the same
 * @len: octets of the frame; afterwards those of the frame that leaves
 * @headroom: octets in front of the frame
 * @ifindex: device that receives it, in the caller's network namespace
 * @flags: see above
 * @result: what the function returned; -EFAULT if it wrote where it may not
 * @out: the device that sends it
 */
struct ivq_lab_frame {
	__u64 function;
	__u64 data;
	__u32 len;
	__u32 headroom;
	__u32 ifindex;
	__u32 flags;
	__s32 result;
	__u32 out;
};

#define IVQ_LAB_FRAME		_IOWR('q', 3, struct ivq_lab_frame)

#endif /* _IVQ_LAB_H */
