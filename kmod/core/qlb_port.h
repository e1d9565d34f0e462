/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the pure core (qlb, quic_hdr, maglev) needs from the world around it,
 * so that the kernel module, libquiclb, the tests and the fuzzers compile the
 * very same files.  This and qlb_aes.h are the only headers of the core with
 * __KERNEL__ in them.
 */
#ifndef _QLB_PORT_H
#define _QLB_PORT_H

#ifdef __KERNEL__
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/string.h>
/* In a long computation in process context: lets others run. */
#define qlb_relax()	cond_resched()
/* 64 bits by 32 */
#define qlb_div(a, b)	div_u64(a, b)

/* See compat.h. */
#define qlb_uninitialized ivq_uninitialized
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define noinline	__attribute__((__noinline__))
#ifndef __always_inline
#define __always_inline	inline __attribute__((__always_inline__))
#endif
#define swap(a, b)						\
	do {							\
		__typeof__(a) swapped = (a);			\
		(a) = (b);					\
		(b) = swapped;					\
	} while (0)

#define qlb_relax()	((void)0)
#define qlb_div(a, b)	((u64)(a) / (u32)(b))
#define qlb_uninitialized
#endif

#endif /* _QLB_PORT_H */
