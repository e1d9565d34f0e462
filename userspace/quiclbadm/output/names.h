/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of what the kernel tells by number; NULL for an unknown number. */
#ifndef _QUICLBADM_OUTPUT_NAMES_H
#define _QUICLBADM_OUTPUT_NAMES_H

#include "model/model.h"

const char *forward_name(uint32_t forward);
/* Of a daemon's state. */
const char *daemon_name(uint32_t state);
const char *tunnel_name(uint8_t tun_type);
const char *checksum_name(uint16_t tun_flags);
const char *algorithm_name(const struct config *config);

#endif /* _QUICLBADM_OUTPUT_NAMES_H */
