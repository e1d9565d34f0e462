/* SPDX-License-Identifier: GPL-2.0 */
/* Datagrams whose CID names a masqueraded server. */
#ifndef _IVQ_MASQ_H
#define _IVQ_MASQ_H

#include <net/ip_vs.h>

#include "service.h"

/* Caller is in a netfilter hook, see forward.h; @target is not stateless. */
unsigned int ivq_masq(struct sk_buff *skb, const struct ivq_service *qs,
		      const struct ivq_snapshot *snapshot,
		      const struct ivq_target *target,
		      struct ip_vs_iphdr *iph, const struct udphdr *uh);

#endif /* _IVQ_MASQ_H */
