/* SPDX-License-Identifier: GPL-2.0 */
/* What is done when a network namespace goes. */
#ifndef _IP_VS_QUIC_NETNS_H
#define _IP_VS_QUIC_NETNS_H

/* Waits for who makes or dismantles namespaces. */
int ip_vs_quic_netns_init(void);
void ip_vs_quic_netns_uninit(void);

#endif /* _IP_VS_QUIC_NETNS_H */
