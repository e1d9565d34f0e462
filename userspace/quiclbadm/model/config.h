/* SPDX-License-Identifier: GPL-2.0-only */
/* A QUIC-LB config, or a layout: the fields in core/config_fields.h, and what is counted. */
#ifndef _QUICLBADM_MODEL_CONFIG_H
#define _QUICLBADM_MODEL_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "config_fields.h"
#include "qlb.h"

enum config_limits {
	KEY_SOURCE_MAX = 1023,		/* octets, as in ip_vs_quic.h */
	CONFIG_IN_USE_S = 60,		/* one that was seen in this time has connections */
	CONFIG_STRLEN = sizeof("config 255 tenant 255"),
	AGE_STRLEN = sizeof("18446744073709551615s ago"),
};

#define CONFIG_NUMBER(name) uint8_t name
#define CONFIG_LENGTH(name) uint8_t name
#define CONFIG_OPTIONAL(name) uint8_t name
#define CONFIG_FLAG(name) bool name
/* @bits of it are 0: there is none */
#define CONFIG_LAYOUT(name) struct qlb_layout name
/*
 * @keyed: it has a key, which @fingerprint is of.  @have_##name: it is also known here; the
 * kernel never gives it back.  @name##_source: the file, or NULL when none is known.
 */
#define CONFIG_KEY(name) \
	bool keyed; \
	bool have_##name; \
	uint8_t name[QLB_KEY_LEN]; \
	uint32_t fingerprint; \
	char *name##_source

struct config {
#define X(symbol, name, kind) CONFIG_##kind(name)
	QLB_CONFIG_FIELDS(X, ;);
#undef X
	/* what the kernel counts: */
	uint64_t datagrams;
	uint64_t misses;
	bool seen;
	uint64_t last_seen;		/* ms ago, if seen */
	const char *seen_by;		/* metrics of another director; NULL: by this one */
};

/* All fields of the list, keys by their fingerprints. */
bool config_same(const struct config *a, const struct config *b);

/* Each writes at most the *_STRLEN above and returns @buf. */
char *config_str(unsigned int id, unsigned int tenant, char *buf);
char *age_str(const struct config *config, char *buf);

/* Wipes the key; @config may be destroyed again. */
void config_destroy(struct config *config);

#endif /* _QUICLBADM_MODEL_CONFIG_H */
