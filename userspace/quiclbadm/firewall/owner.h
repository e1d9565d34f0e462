/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _QUICLBADM_FIREWALL_OWNER_H
#define _QUICLBADM_FIREWALL_OWNER_H

#include <stdint.h>

/*
 * The netlink port of the process that owns a table of nftables ("flags owner"), which alone may
 * change it: the first port of a process is its pid.
 * Return: 0 if the table has no owner, or that cannot be asked.
 */
uint32_t firewall_owner(const char *family, const char *table);

#endif /* _QUICLBADM_FIREWALL_OWNER_H */
