/* SPDX-License-Identifier: GPL-2.0-only */
/* The uAPI header's names and sentences for what becomes of a datagram. */
#ifndef _QUICLBADM_MODEL_OUTCOME_H
#define _QUICLBADM_MODEL_OUTCOME_H

#include <stdint.h>

/* "routed"; of a number this program does not know, "outcome-12". */
const char *outcome_name(uint32_t outcome);
/* The header's sentence, or "" */
const char *outcome_meaning(uint32_t outcome);
/* "taken": what the express path does with a datagram; likewise. */
const char *express_name(uint32_t outcome);
/* The header's sentence about it; "" for an outcome of a newer module. */
const char *express_meaning(uint32_t outcome);
/* Why routing is asked about each datagram; likewise. */
const char *ask_name(uint32_t ask);
const char *ask_meaning(uint32_t ask);
/* '4' or '6': of which datagrams */
char ask_family(uint32_t ask);

#endif /* _QUICLBADM_MODEL_OUTCOME_H */
