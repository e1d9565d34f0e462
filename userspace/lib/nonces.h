/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The nonces of one key and one server ID: each is given out once, in this process and
 * in every one forked from it (draft-ietf-quic-load-balancers, section "Server Actions").
 */
#ifndef QUICLB_NONCES_H
#define QUICLB_NONCES_H

#include "qlb.h"

/*
 * A run of nonces: the n-th is @first + n modulo 2^(8 x len), big endian.  A process that
 * finds itself forked begins a run of its own.
 */
struct nonce_run {
	uint8_t first[QLB_NONCE_LEN_MAX];	/* written before it is published */
	uint64_t process;			/* see nonces.c */
	_Atomic uint64_t used;
	struct nonce_run *previous;
};

/*
 * @bound: how many of the first run may be used before extend() has to be asked, which
 *	raises it with quiclb_nonces_allow().  A run that a fork() began has no bound.
 */
struct nonces {
	unsigned int len;
	_Atomic(struct nonce_run *) run;
	_Atomic uint64_t bound;
	int (*extend)(void *owner);	/* Return: 0 or a negative errno */
	void *owner;
};

/* Fills @out with random octets.  Return: 0, or a negative errno of getrandom(2). */
int quiclb_random(void *out, size_t len);

/* Return: 0, -ENOMEM or what getrandom(2) fails with. */
int quiclb_nonces_init(struct nonces *nonces, unsigned int len);
void quiclb_nonces_destroy(struct nonces *nonces);

/*
 * quiclb_nonces_take() - take up to @count nonces in a row
 * @run, @n: where they stand, for quiclb_nonces_write()
 *
 * Return: how many there are, at least 1; -EOVERFLOW when all were given out; -ENOMEM or
 * what getrandom(2) fails with after a fork.
 */
long quiclb_nonces_take(struct nonces *nonces, unsigned int count,
			const struct nonce_run **run, uint64_t *n);

/* Writes nonce number @n of @run, of @len octets. */
void quiclb_nonces_write(const struct nonce_run *run, uint64_t n, unsigned int len,
			 uint8_t *nonce);

/* A number that no process which this one was forked from has had. */
uint64_t quiclb_process(void);

/* Whether @run is of this process, not of one that it was forked from. */
bool quiclb_nonces_ours(const struct nonce_run *run);

uint64_t quiclb_nonces_left_of(const struct nonces *nonces);

/* Starts where an earlier process stopped.  Before the first use only. */
void quiclb_nonces_resume(struct nonces *nonces, const uint8_t *first, uint64_t used);

/* Where the first run stands: its first nonce, and how many may be used without asking. */
void quiclb_nonces_mark(const struct nonces *nonces, uint8_t *first, uint64_t *bound);

/* The bound that follows the present one, some thousands further. */
uint64_t quiclb_nonces_next_bound(const struct nonces *nonces);
void quiclb_nonces_allow(struct nonces *nonces, uint64_t bound);

#endif /* QUICLB_NONCES_H */
