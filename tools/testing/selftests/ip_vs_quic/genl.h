/* SPDX-License-Identifier: GPL-2.0-only */
/* The ip_vs_quic family, for programs that send requests that quiclbadm never sends. */
#ifndef GENL_H
#define GENL_H

#include <stdbool.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

enum { GENL_MESSAGE_MAX = 32768 };

/* Opens a socket, or dies. */
struct mnl_socket *genl_open(void);

/* Returns the id of the family, or dies. */
uint16_t genl_family(struct mnl_socket *nl);

/* Has a socket of its own hear the family's events from here on; it need not be read. */
void genl_listen(void);

/* A request for the family; @flags beside NLM_F_REQUEST. */
struct nlmsghdr *genl_header(void *buf, uint16_t family, uint8_t cmd, uint16_t flags);

/*
 * Sends a request and reads answers up to the acknowledgement, or the end of the dump.
 * Each message goes to @each, which may be NULL.  Returns 0 or a negative error number:
 * the kernel's, or that of sending or receiving.
 */
int genl_talk(struct mnl_socket *nl, const struct nlmsghdr *request, void (*each)(const struct nlmsghdr *nlh, void *data),
	      void *data);

#endif
