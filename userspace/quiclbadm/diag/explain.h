/* SPDX-License-Identifier: GPL-2.0-only */
/* What "explain" says of a datagram. */
#ifndef _QUICLBADM_DIAG_EXPLAIN_H
#define _QUICLBADM_DIAG_EXPLAIN_H

#include "diag/predict.h"

struct explained {
	unsigned long number;		/* of the frame in the capture */
	struct service *service;
	const struct packet *packet;	/* src.af 0: addresses are not known */
	struct prediction prediction;
};

/* A line for people, or a JSON object on a line. */
void explain_print(const struct explained *e);
void explain_print_json(const struct explained *e);

#endif /* _QUICLBADM_DIAG_EXPLAIN_H */
