/* SPDX-License-Identifier: GPL-2.0-only */
/* The metrics of a director: which there are, and their values from what the kernel told. */
#ifndef _QUICLBADM_METRICS_METRICS_H
#define _QUICLBADM_METRICS_METRICS_H

#include "kernel/ipvs.h"
#include "metrics/exposition.h"
#include "model/model.h"

struct metrics {
	const struct state *state;	/* sorted, and held servers marked */
	const struct ipvs_info *ipvs;
	const char *kernel;		/* its release */
	const char *module;		/* version, or NULL: it is not loaded */
};

/* Those of services with scheduler "quic"; other services are not ours. */
void metrics_print(const struct metrics *metrics, enum exposition_format format,
		   FILE *out);

#endif /* _QUICLBADM_METRICS_METRICS_H */
