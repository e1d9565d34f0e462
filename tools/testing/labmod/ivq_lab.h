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

#endif /* _IVQ_LAB_H */
