/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a director does with a datagram, by the rules of the module
 * (kmod/decide.c, kmod/fallback.c): for "explain".  The kernel is asked about
 * connection IDs when it has the service and, with it, the keys; of a saved
 * configuration everything is worked out here.
 */
#ifndef _QUICLBADM_DIAG_PREDICT_H
#define _QUICLBADM_DIAG_PREDICT_H

#include "kernel/quic.h"
#include "model/packet.h"
#include "quic_hdr.h"

/**
 * struct prediction - how far the decoder gets, and where the datagram goes
 * @decoded: as of "decode"; without the nonce
 * @parsed: @hdr is set: the datagram has a QUIC header
 * @hdr: points into the datagram
 * @has_hashed: it is not routed, and the fallback has a server for it
 * @hashed: that server, unless the director knows the 4-tuple or the CID
 */
struct prediction {
	struct quic_decoded decoded;
	bool parsed;
	struct quic_hdr hdr;
	bool has_hashed;
	struct endpoint hashed;
};

/* Where decisions come from, for all datagrams of a run. */
struct predictor {
	bool live;
	const struct state *state;
	/* built when first needed, one per service of @state */
	struct fallback_table *tables;
};

void predictor_init(struct predictor *predictor, const struct state *state,
		    bool live);
void predictor_destroy(struct predictor *predictor);

/*
 * @at: index of the service in the state.  @src and @dst are only hashed: of af 0
 * when they are not known.
 * Return: 0 or EXIT_REFUSED after an error message.
 */
int predict(struct predictor *predictor, size_t at,
	    const uint8_t *payload, size_t view, size_t len,
	    const struct endpoint *src, const struct endpoint *dst,
	    struct prediction *prediction);

#endif /* _QUICLBADM_DIAG_PREDICT_H */
