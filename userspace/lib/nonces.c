// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * DOC: nonces
 *
 * A keyed config counts its nonces up from a random start: encrypted, a counter looks
 * like any other nonce.  The count is taken with compare-and-swap so that it never passes
 * its limit: after the last nonce every later call is refused too.
 *
 * A child of fork() has a copy of the count, and would give out the same nonces as its
 * parent.  So each run of nonces has the number of its process, and the process's number
 * is in a page that the kernel clears in a child (MADV_WIPEONFORK, Linux 4.14).  A child
 * draws a number that no run in its memory has, and begins a run at another random nonce.
 */
#include "nonces.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

enum { STEP = 65536 };	/* nonces that a process may use up without writing it down */

int quiclb_random(void *out, size_t len)
{
	uint8_t *p = out;
	ssize_t got;

	while (len) {
		got = getrandom(p, len, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		p += got;
		len -= got;
	}
	return 0;
}

/* --- which process this is --- */

/* Numbers in use in this memory; a child's copy goes on from its parent's. */
static _Atomic uint64_t last_process;
/* Reads as 0 in a child until it has a number. */
static _Atomic uint64_t *process, without_page;

static void forget_process(void)
{
	atomic_store(&without_page, 0);
}

static void open_page(void)
{
	size_t size = sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page != MAP_FAILED && !madvise(page, size, MADV_WIPEONFORK)) {
		process = page;
		return;
	}
	if (page != MAP_FAILED)
		munmap(page, size);
	/* it does not see a clone() that passes by the C library */
	pthread_atfork(NULL, NULL, forget_process);
	process = &without_page;
}

uint64_t quiclb_process(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	uint64_t number, none = 0;

	pthread_once(&once, open_page);
	number = atomic_load(process);
	if (number)
		return number;
	number = atomic_fetch_add(&last_process, 1) + 1;
	/* another thread may have been first: then @none is its number */
	return atomic_compare_exchange_strong(process, &none, number) ? number :
									none;
}

bool quiclb_nonces_ours(const struct nonce_run *run)
{
	return run->process == quiclb_process();
}

/* --- runs --- */

static int new_run(unsigned int len, struct nonce_run **run)
{
	struct nonce_run *fresh = calloc(1, sizeof(*fresh));
	int err;

	if (!fresh)
		return -ENOMEM;
	err = quiclb_random(fresh->first, len);
	if (err) {
		free(fresh);
		return err;
	}
	fresh->process = quiclb_process();
	*run = fresh;
	return 0;
}

int quiclb_nonces_init(struct nonces *nonces, unsigned int len)
{
	struct nonce_run *run;
	int err = new_run(len, &run);

	if (err)
		return err;
	nonces->len = len;
	atomic_init(&nonces->run, run);
	atomic_init(&nonces->bound, UINT64_MAX);
	return 0;
}

void quiclb_nonces_destroy(struct nonces *nonces)
{
	struct nonce_run *run = atomic_load(&nonces->run), *previous;

	for (; run; run = previous) {
		previous = run->previous;
		explicit_bzero(run, sizeof(*run));
		free(run);
	}
}

/* Threads may still read the run of before the fork: it is kept. */
static int our_run(struct nonces *nonces, struct nonce_run **run)
{
	struct nonce_run *fresh, *current = atomic_load(&nonces->run);
	int err;

	while (!quiclb_nonces_ours(current)) {
		err = new_run(nonces->len, &fresh);
		if (err)
			return err;
		fresh->previous = current;
		if (atomic_compare_exchange_strong(&nonces->run, &current, fresh))
			current = fresh;
		else
			free(fresh);
	}
	*run = current;
	return 0;
}

/* Of eight octets and more there are 2^64 and more; the counter has one less. */
static uint64_t limit(unsigned int len)
{
	return len >= sizeof(uint64_t) ? UINT64_MAX : (uint64_t)1 << 8 * len;
}

/* How many of @run, of which @used are used, may be used by now. */
static uint64_t allowed(const struct nonces *nonces, const struct nonce_run *run)
{
	uint64_t bound = run->previous ? UINT64_MAX : atomic_load(&nonces->bound);
	uint64_t all = limit(nonces->len);

	return bound < all ? bound : all;
}

/*
 * What cannot be written down cannot be used: then it is as if all were used up.
 * Return: 0 or -EOVERFLOW.
 */
static int allow_more(struct nonces *nonces, const struct nonce_run *run)
{
	if (allowed(nonces, run) == limit(nonces->len) || nonces->extend(nonces->owner))
		return -EOVERFLOW;
	return 0;
}

long quiclb_nonces_take(struct nonces *nonces, unsigned int count,
			const struct nonce_run **run, uint64_t *n)
{
	struct nonce_run *ours;
	uint64_t used, most;
	long taken;
	int err = our_run(nonces, &ours);

	if (err)
		return err;
	used = atomic_load(&ours->used);
	do {
		while ((most = allowed(nonces, ours)) <= used) {
			err = allow_more(nonces, ours);
			if (err)
				return err;
		}
		taken = most - used < count ? most - used : count;
	} while (!atomic_compare_exchange_weak(&ours->used, &used, used + taken));
	*run = ours;
	*n = used;
	return taken;
}

void quiclb_nonces_write(const struct nonce_run *run, uint64_t n, unsigned int len,
			 uint8_t *nonce)
{
	unsigned int i, sum;

	for (i = len; i-- > 0;) {
		sum = run->first[i] + (n & 0xff);
		nonce[i] = sum;
		n = (n >> 8) + (sum >> 8);
	}
}

uint64_t quiclb_nonces_left_of(const struct nonces *nonces)
{
	return limit(nonces->len) - atomic_load(&atomic_load(&nonces->run)->used);
}

void quiclb_nonces_resume(struct nonces *nonces, const uint8_t *first, uint64_t used)
{
	struct nonce_run *run = atomic_load(&nonces->run);

	memcpy(run->first, first, nonces->len);
	atomic_store(&run->used, used);
}

/* The last of the list: those that a fork() began are in front of it. */
static struct nonce_run *first_run(const struct nonces *nonces)
{
	struct nonce_run *run = atomic_load(&nonces->run);

	while (run->previous)
		run = run->previous;
	return run;
}

void quiclb_nonces_mark(const struct nonces *nonces, uint8_t *first, uint64_t *bound)
{
	memcpy(first, first_run(nonces)->first, nonces->len);
	*bound = atomic_load(&nonces->bound);
}

uint64_t quiclb_nonces_next_bound(const struct nonces *nonces)
{
	uint64_t used = atomic_load(&first_run(nonces)->used), all = limit(nonces->len);

	return all - used < STEP ? all : used + STEP;
}

void quiclb_nonces_allow(struct nonces *nonces, uint64_t bound)
{
	atomic_store(&nonces->bound, bound);
}
