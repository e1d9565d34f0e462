/* SPDX-License-Identifier: GPL-2.0-only */
/* Which of several server IDs the kernel refused, and whose it is. */
#ifndef _QUICLBADM_CMD_SERVER_ID_REFUSAL_H
#define _QUICLBADM_CMD_SERVER_ID_REFUSAL_H

#include "kernel/quic.h"

/*
 * Says why the kernel refused @change with @error; the kernel's sentence names no
 * server ID.  @cmd is IP_VS_QUIC_CMD_SET or _DEL, @what begins the sentence.
 * Return: EXIT_REFUSED.
 */
int server_id_refusal(const struct quic_change *change, uint8_t cmd, int error,
		      const char *what);

#endif /* _QUICLBADM_CMD_SERVER_ID_REFUSAL_H */
