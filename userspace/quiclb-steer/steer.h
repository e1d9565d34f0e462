/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the BPF program, the tool and the servers have in common: the maps of a group. */
#ifndef STEER_H
#define STEER_H

#include <linux/types.h>

#define STEER_WORKERS		256
#define STEER_KEY_LEN		16
#define STEER_CID_MAX		20
#define STEER_UNROUTABLE	7	/* config ID of CIDs that tell their length themselves */
#define STEER_CONFIGS		8

/* A worker may have one socket of each family.  Its slot in the map "sockets" is
 * STEER_WORKERS times one of these, plus its number.
 */
enum steer_family { STEER_IPV4, STEER_IPV6, STEER_FAMILIES };

/*
 * The one element of the map "settings".  The program may see an element that is half
 * written: each octet is valid by itself, and the key never changes.
 */
struct steer_settings {
	__u64 key[2];			/* of SipHash */
	__u8 cid_len[STEER_CONFIGS];	/* by config ID, the worker's octet included; 0: none */
	__u8 holder[STEER_WORKERS];	/* by number: the number whose sockets get the datagrams */
	__u32 n_open;			/* 0: the kernel chooses for new connections */
	__u8 open[STEER_WORKERS];	/* else: the numbers that take them */
};

/* An element of the map "records", which only the tool and the servers read. */
struct steer_record {
	__u64 cookie[STEER_FAMILIES];	/* of the sockets that this is about */
	__u64 joined;			/* CLOCK_BOOTTIME, ns */
	__u32 pid;
	__u32 draining;			/* takes no new connections */
};

/* Elements of the map "counts": datagrams. */
enum steer_count {
	STEER_BY_WORKER,	/* the CID names a worker, who is there */
	STEER_NO_WORKER,	/* it names one who is not */
	STEER_NEW,		/* it is none of ours: a client's first packets, or noise */
	STEER_COUNTS
};

#endif
