/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the pure core (qlb, quic_hdr, maglev, flowtable) needs from the world around
 * it, so that the kernel module, libquiclb, the tests and the fuzzers compile the
 * very same files.  This and qlb_aes.h are the only headers of the core with
 * __KERNEL__ in them.
 */
#ifndef _QLB_PORT_H
#define _QLB_PORT_H

#ifdef __KERNEL__
#include <asm/barrier.h>
#include <asm/processor.h>
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/string.h>
/* In a long computation in process context: lets others run. */
#define qlb_relax()	cond_resched()
/* 64 bits by 32 */
#define qlb_div(a, b)	div_u64(a, b)

/* Words that several CPUs read and write: aligned, of 32 bits or as wide as a pointer. */
#define qlb_load(p)		READ_ONCE(*(p))
#define qlb_load_acquire(p)	smp_load_acquire(p)	/* pairs with a release */
#define qlb_store(p, v)		WRITE_ONCE(*(p), v)
#define qlb_store_release(p, v)	smp_store_release(p, v)	/* pairs with an acquire */
/* Return: *(p) was @old and is @v; then it is an acquire. */
#define qlb_exchanged(p, old, v) (cmpxchg_acquire(p, old, v) == (old))
/* Another CPU is about to write what the caller reads in a loop. */
#define qlb_spin()		cpu_relax()
/*
 * Between these no other task and no softirq runs on the CPU, with PREEMPT_RT as well; the
 * caller has bottom halves disabled.
 */
#define qlb_stay()		preempt_disable()
#define qlb_leave()		preempt_enable()

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

#define qlb_load(p)		__atomic_load_n(p, __ATOMIC_RELAXED)
#define qlb_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define qlb_store(p, v)		__atomic_store_n(p, v, __ATOMIC_RELAXED)
#define qlb_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define qlb_exchanged(p, old, v)						\
	({									\
		__typeof__(*(p)) expected = (old);				\
		__atomic_compare_exchange_n(p, &expected, v, false,		\
					    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED); \
	})
#define qlb_spin()		((void)0)
#define qlb_stay()		((void)0)
#define qlb_leave()		((void)0)

#define qlb_relax()	((void)0)
#define qlb_div(a, b)	((u64)(a) / (u32)(b))
#define qlb_uninitialized
#endif

#endif /* _QLB_PORT_H */
