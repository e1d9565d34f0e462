/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a config is inside the library. */
#ifndef QUICLB_CONFIG_H
#define QUICLB_CONFIG_H

#include "nonces.h"
#include "qlb.h"
#include "quiclb.h"

struct quiclb_config {
	struct qlb_config codec;
	struct nonces nonces;		/* with a key only */
	bool has_worker;		/* the first octet of each nonce is @worker */
	uint8_t worker;
	_Atomic unsigned int users;	/* who have to call quiclb_config_free() */
};

/* One more user. */
struct quiclb_config *quiclb_config_get(struct quiclb_config *config);

/* Before the first nonce is used.  With a key only. */
void quiclb_config_set_worker(struct quiclb_config *config, uint8_t worker);

/* Writes nonce number @n of @run. */
void quiclb_config_write_nonce(const struct quiclb_config *config,
			       const struct nonce_run *run, uint64_t n, uint8_t *nonce);

/* Low five bits of a CID's first octet; 0 if it tells the length instead. */
int quiclb_random_bits(const struct quiclb_config *config, uint8_t *bits);

static inline void quiclb_explain(const char **error, const char *text)
{
	if (error)
		*error = text;
}

#endif /* QUICLB_CONFIG_H */
