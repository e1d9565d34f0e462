// SPDX-License-Identifier: GPL-2.0
#include "vip.h"

#include <net/ip6_fib.h>

void ip_vs_quic_vip_init(struct ip_vs_quic_vip *vip)
{
	spin_lock_init(&vip->lock);
}

static void replace(struct ip_vs_quic_vip *vip, struct dst_entry *dst,
		    u32 cookie)
{
	struct dst_entry *old;

	lockdep_assert_held(&vip->lock);
	old = rcu_dereference_protected(vip->dst, lockdep_is_held(&vip->lock));
	WRITE_ONCE(vip->cookie, cookie);
	rcu_assign_pointer(vip->dst, dst);
	dst_release(old);
}

void ip_vs_quic_vip_close(struct ip_vs_quic_vip *vip)
{
	spin_lock_bh(&vip->lock);
	vip->closed = true;
	replace(vip, NULL, 0);
	spin_unlock_bh(&vip->lock);
}

void ip_vs_quic_vip_learn(struct ip_vs_quic_vip *vip, const struct net *net,
			  u16 af, const struct sk_buff *skb)
{
	struct dst_entry *dst = skb_dst(skb);
	u32 cookie = 0;

	if (ip_vs_quic_vip_is_local(vip, net, af))
		return;
	if (af == AF_INET6)
		cookie = rt6_get_cookie(container_of(dst, struct rt6_info, dst));

	spin_lock(&vip->lock);
	if (!vip->closed && dst_hold_safe(dst))
		replace(vip, dst, cookie);
	spin_unlock(&vip->lock);
}
