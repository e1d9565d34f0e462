/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* What the selftests' module and the programs that use it say to each other. */
#ifndef _IVQ_LAB_H
#define _IVQ_LAB_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define IVQ_LAB_DEVICE		"ivq_lab"
#define IVQ_LAB_SECRET_LEN	16

/**
 * struct ivq_lab_scan - how often a secret is in the machine's memory
 * @inverted: each of its octets inverted, so that asking does not put it there
 * @found: how often, at any address that is a multiple of four
 * @pages: that were looked at
 */
struct ivq_lab_scan {
	__u8 inverted[IVQ_LAB_SECRET_LEN];
	__u64 found;
	__u64 pages;
};

#define IVQ_LAB_SCAN		_IOWR('q', 1, struct ivq_lab_scan)
/*
 * Until the close takes all that the per-CPU allocator has in its pages, but for as many
 * holes as the argument says; the next call takes what it has then.
 */
#define IVQ_LAB_HOLE_SIZE	64
#define IVQ_LAB_FILL_PERCPU	_IO('q', 2)

#endif /* _IVQ_LAB_H */
