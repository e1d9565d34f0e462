/* SPDX-License-Identifier: GPL-2.0-only */
/* Server IDs that are accepted, and yet not well chosen. */
#ifndef _QUICLBADM_CMD_SERVER_ID_WARNING_H
#define _QUICLBADM_CMD_SERVER_ID_WARNING_H

#include "kernel/quic.h"

#define ALL_CONFIG_IDS ((1u << QLB_CONFIGS_MAX) - 1)

/*
 * Warns of each config whose server IDs are too dense, and of those that a key should hide,
 * among the configs of @config_ids, a bit for each.
 */
void server_id_warn(const struct service *svc, unsigned int config_ids);

/* The same for a service as the kernel has it after @change, which is done. */
void server_id_warn_after(const struct quic_change *change);

#endif /* _QUICLBADM_CMD_SERVER_ID_WARNING_H */
