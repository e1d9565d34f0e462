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

/*
 * The same, for a change that gives the kernel all keys again; a config without a source
 * is refused.
 */
int config_need_key(const struct service *svc, struct config *config);

/*
 * Can @config be saved?  The name of its key's file has to be known and without control
 * characters; with @keys the key is read.
 */
int config_check_savable(const struct service *svc, struct config *config,
			 bool keys);

#endif /* _QUICLBADM_RESTORE_CONFIG_KEY_H */
