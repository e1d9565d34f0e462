/* SPDX-License-Identifier: GPL-2.0-only */
/* Captures of packets, as tcpdump writes them. */
#ifndef _QUICLBADM_DIAG_CAPFILE_H
#define _QUICLBADM_DIAG_CAPFILE_H

#include <stddef.h>
#include <stdint.h>

/* @data: from an IP header on; NULL for a frame without one. */
typedef int (*capfile_packet_t)(const uint8_t *data, size_t len, void *arg);

/*
 * Calls @packet for each frame of the capture @path, "-" for standard input,
 * until it returns something.  Return: that, 0, or EXIT_REFUSED after an
 * error message.
 */
int capfile_read(const char *path, capfile_packet_t packet, void *arg);

#endif /* _QUICLBADM_DIAG_CAPFILE_H */
