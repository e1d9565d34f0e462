/* SPDX-License-Identifier: GPL-2.0 */
/* What is done when a network namespace goes. */
#ifndef _IVQ_NETNS_H
#define _IVQ_NETNS_H

/* Waits for who makes or dismantles namespaces. */
int ivq_netns_init(void);
void ivq_netns_uninit(void);

#endif /* _IVQ_NETNS_H */
