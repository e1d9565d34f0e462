/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel gives no key back: it is read where it came from. */
#ifndef _QUICLBADM_RESTORE_CONFIG_KEY_H
#define _QUICLBADM_RESTORE_CONFIG_KEY_H

#include "model/model.h"

/*
 * Reads the key of a config of @svc that has a key_source, and compares it with the
 * fingerprint in the kernel.  Return: 0 or EXIT_REFUSED after an error message.
 */
int config_read_key(const struct service *svc, struct config *config);

#endif /* _QUICLBADM_RESTORE_CONFIG_KEY_H */
