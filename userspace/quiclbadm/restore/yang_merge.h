/* SPDX-License-Identifier: GPL-2.0-only */
/* What the draft's YANG says of a service, and what it cannot say and stays as it is. */
#ifndef _QUICLBADM_RESTORE_YANG_MERGE_H
#define _QUICLBADM_RESTORE_YANG_MERGE_H

#include "restore/yang_read.h"

/*
 * Gives @svc, as it was loaded, the configs and server IDs of @document.  Real servers,
 * settings, tenants, prefixes, --check-length and server IDs without a config stay; so does
 * the name of a key's file, if the document does not have it.  With @absent, server IDs may
 * lead to addresses that the service does not know.
 * Return: 0, or EXIT_REFUSED after a message about each error.
 */
int yang_merge(const struct yang_document *document, bool absent,
	       struct service *svc);

#endif /* _QUICLBADM_RESTORE_YANG_MERGE_H */
