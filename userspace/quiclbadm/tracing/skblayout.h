/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the running kernel keeps what we read of a packet, from its BTF. */
#ifndef _QUICLBADM_TRACING_SKBLAYOUT_H
#define _QUICLBADM_TRACING_SKBLAYOUT_H

#include <stdbool.h>

/* Offsets in octets. */
struct skb_layout {
	unsigned int head;		/* in struct sk_buff */
	unsigned int data;
	unsigned int network_header;
	unsigned int dev;
	unsigned int dev_name;		/* in struct net_device */
	unsigned int dev_net;
	unsigned int net_inum;		/* in struct net */
	unsigned int sk_socket;		/* in struct sock */
	int socket_inode;		/* i_ino, from the struct socket on */
};

/* Return: false when the kernel does not describe itself. */
bool skb_layout_read(struct skb_layout *layout);

#endif /* _QUICLBADM_TRACING_SKBLAYOUT_H */
