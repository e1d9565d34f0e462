// SPDX-License-Identifier: GPL-2.0
/* FLOW_GET: the table of 4-tuples. */
#include <linux/sched.h>
#include <net/genetlink.h>

#include "net.h"
#include "netlink.h"
#include "put.h"

enum {
	BATCH = 1024,	/* places between looks at the scheduler */
};

static int put_addr(struct sk_buff *skb, int type, u16 af,
		    const union nf_inet_addr *addr)
{
	return nla_put(skb, type, af == AF_INET6 ? 16 : 4, addr);
}

/* What does not fit is taken back with the whole message. */
static int put_server(struct sk_buff *skb, const struct ip_vs_dest *dest)
{
	struct nlattr *nest = nla_nest_start(skb, IP_VS_QUIC_A_SERVER);

	if (!nest ||
	    nla_put_u16(skb, IP_VS_QUIC_A_SRV_AF, dest->af) ||
	    put_addr(skb, IP_VS_QUIC_A_SRV_ADDR, dest->af, &dest->addr) ||
	    nla_put_be16(skb, IP_VS_QUIC_A_SRV_PORT, dest->port))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_flow(struct sk_buff *skb, u16 af, const struct ivq_flow *flow)
{
	struct nlattr *nest = nla_nest_start(skb, IP_VS_QUIC_A_FLOW);
	u32 left = flow->value.expires - ivq_flows_now();

	if (!nest ||
	    put_addr(skb, IP_VS_QUIC_A_FLOW_CLIENT, af, &flow->client) ||
	    nla_put_be16(skb, IP_VS_QUIC_A_FLOW_CLIENT_PORT,
			 flow->client_port) ||
	    (af == AF_INET &&
	     put_addr(skb, IP_VS_QUIC_A_FLOW_VIP, af, &flow->vip)) ||
	    nla_put_be16(skb, IP_VS_QUIC_A_FLOW_VIP_PORT, flow->vip_port) ||
	    nla_put_u32(skb, IP_VS_QUIC_A_FLOW_EXPIRES,
			max_t(s32, left, 0)) ||
	    (flow->value.routed &&
	     nla_put_flag(skb, IP_VS_QUIC_A_FLOW_ROUTED)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_message(struct sk_buff *skb, struct netlink_callback *cb,
		       const struct ivq_service *qs, const struct ivq_flow *flow)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &ivq_genl_family,
				NLM_F_MULTI, IP_VS_QUIC_CMD_FLOW_GET);
	int err;

	if (!hdr)
		return -EMSGSIZE;
	err = ivq_put_service(skb, &qs->key) ?:
	      put_flow(skb, qs->key.af, flow) ?:
	      put_server(skb, flow->value.server);
	if (err)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return err;
}

/*
 * Place @at, if a flow has it.  A service that is about to go has no snapshot any more,
 * and then the server may have gone.  RCU read-side.
 */
static int put_place(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct ivq_flows *flows, u32 at)
{
	const struct ivq_service *qs;
	struct ivq_flow flow;

	if (!ivq_flows_read(flows, at, &flow))
		return 0;
	qs = ivq_service_of_flow(flow.value.owner);
	if (!rcu_access_pointer(qs->snapshot))
		return 0;
	ivq_flows_addresses(&flow, qs->key.af);
	return put_message(skb, cb, qs, &flow);
}

static int put_places(struct sk_buff *skb, struct netlink_callback *cb,
		      const struct ivq_flows *flows)
{
	u32 end, count = ivq_flows_places(flows);
	int err = 0;

	while (!err && cb->args[0] < count) {
		end = min_t(u32, count, cb->args[0] + BATCH);
		rcu_read_lock();
		while (!err && cb->args[0] < end) {
			err = put_place(skb, cb, flows, cb->args[0]);
			if (!err)
				cb->args[0]++;
		}
		rcu_read_unlock();
		cond_resched();
	}
	return err;
}

/* Flows come and go meanwhile; a list is never of one moment. */
int ip_vs_quic_nl_flow_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	struct ivq_net *qnet = ivq_net_get(sock_net(cb->skb->sk));
	const struct ivq_flows *flows;
	int err = 0;

	ivq_netlink_wipe_keys(cb->nlh);
	if (!qnet)
		return 0;
	flows = ivq_net_flows(qnet);
	if (flows)
		err = put_places(skb, cb, flows);
	ivq_net_put(qnet);
	return skb->len ? skb->len : err;
}
