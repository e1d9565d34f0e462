/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel gives no key back: it is read where it came from. */
#ifndef _QUICLBADM_RESTORE_CONFIG_KEY_H
#define _QUICLBADM_RESTORE_CONFIG_KEY_H

#include "model/model.h"

/*
 * Each of the following returns 0, or EXIT_REFUSED after an error message.
 *
 * Is it known which file the key of a config of @svc is in, if it has one?
 */
int config_check_named(const struct service *svc, const struct config *config);

/* Reads the key, and compares it with the fingerprint in the kernel. */
int config_read_key(const struct service *svc, struct config *config);

/*
 * Can @config be saved?  The name of its key's file, if it is known, has to be without
 * control characters; with @keys the key is read.
 */
int config_check_savable(const struct service *svc, struct config *config,
			 bool keys);

#endif /* _QUICLBADM_RESTORE_CONFIG_KEY_H */
