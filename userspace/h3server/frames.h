/* SPDX-License-Identifier: GPL-2.0-only */
/* The frames in the payload of a decrypted QUIC packet (RFC 9000 section 19). */
#ifndef H3SERVER_FRAMES_H
#define H3SERVER_FRAMES_H

#include <stddef.h>
#include <stdint.h>

/* What fits a variable-length integer of one octet. */
#define RETIRE_PRIOR_TO_MAX	63

/*
 * Makes @before the Retire Prior To of each NEW_CONNECTION_ID frame that has room for one
 * octet and whose sequence number is not below it.  @before is at most RETIRE_PRIOR_TO_MAX.
 */
void frames_retire_prior_to(uint8_t *payload, size_t len, uint64_t before);

/* Calls @retired with the sequence number of each RETIRE_CONNECTION_ID frame. */
void frames_retired(uint8_t *payload, size_t len,
		    void (*retired)(void *user, uint64_t seq), void *user);

#endif
