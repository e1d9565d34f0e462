/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the draft's YANG modules (appendix "QUIC-LB YANG Model") call things, and the JSON
 * that holds them (RFC 7951).  Modules of ours augment them: a key may be named by its file.
 */
#ifndef _QUICLBADM_RESTORE_YANG_H
#define _QUICLBADM_RESTORE_YANG_H

#include <stddef.h>
#include <stdint.h>

#include "model/model.h"

/* Top-level members: the container with its module. */
#define YANG_MIDDLEBOX		"ietf-quic-lb-middlebox:quic-lb"
#define YANG_SERVER		"ietf-quic-lb-server:quic-lb"

#define YANG_MIDDLEBOX_KEY_FILE	"ip-vs-quic-middlebox:key-file"
#define YANG_SERVER_KEY_FILE	"ip-vs-quic-server:key-file"

enum yang_limits {
	YANG_HEX_MAX = 3 * QLB_KEY_LEN,	/* of a yang:hex-string, with a NUL */
	YANG_KEY_LEN = YANG_HEX_MAX - 1,
};

/* As yang:hex-string: two digits for each octet, colons between; returns @buf. */
char *yang_hex_str(const uint8_t *octets, size_t len, char *buf);

/* From here on jansson wipes what it frees: strings may be keys. */
void yang_wipe_json(void);

/*
 * Has the draft's list a place for it?  There are no prefixes, one config of an ID, and no
 * server IDs beside the configs.
 */
bool yang_has_mapping(const struct service *svc, const struct mapping *map);

#endif /* _QUICLBADM_RESTORE_YANG_H */
