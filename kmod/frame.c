// SPDX-License-Identifier: GPL-2.0
#include "frame.h"

#include <net/flow_dissector.h>

struct ivq_link ivq_frame_vlan(struct net_device *vlan)
{
	return (struct ivq_link) {
		.dev	= vlan_dev_real_dev(vlan),
		.tagged	= true,
		.tpid	= vlan_dev_vlan_proto(vlan),
		.tci	= htons(vlan_dev_vlan_id(vlan) |
				vlan_dev_get_egress_qos_mask(vlan, 0)),
	};
}

__be16 ivq_frame_gue_port(struct net *net, const u8 *nh, u16 af)
{
	struct flow_keys keys = {};
	const struct udphdr *uh;
	int min, max;
	u32 hash;

	keys.basic.ip_proto = IPPROTO_UDP;
	if (af == AF_INET6) {
		const struct ipv6hdr *ip6h = (const struct ipv6hdr *)nh;

		uh = (const struct udphdr *)(ip6h + 1);
		keys.basic.n_proto = htons(ETH_P_IPV6);
		keys.control.addr_type = FLOW_DISSECTOR_KEY_IPV6_ADDRS;
		keys.addrs.v6addrs.src = ip6h->saddr;
		keys.addrs.v6addrs.dst = ip6h->daddr;
		keys.tags.flow_label = ntohl(ip6_flowlabel(ip6h));
	} else {
		const struct iphdr *iph = (const struct iphdr *)nh;

		uh = (const struct udphdr *)(iph + 1);
		keys.basic.n_proto = htons(ETH_P_IP);
		keys.control.addr_type = FLOW_DISSECTOR_KEY_IPV4_ADDRS;
		keys.addrs.v4addrs.src = iph->saddr;
		keys.addrs.v4addrs.dst = iph->daddr;
	}
	/* a flow label stands for the ports */
	if (!keys.tags.flow_label) {
		keys.ports.src = uh->source;
		keys.ports.dst = uh->dest;
	}
	hash = flow_hash_from_keys(&keys);
	hash ^= hash << 16;
	inet_get_local_port_range(net, &min, &max);
	return htons(((u64)hash * ivq_udp_flow_ports(min, max) >> 32) + min);
}

struct ivq_wrapped ivq_frame_wrap_otherwise(struct ivq_frame frame,
					    const struct ivq_target *target,
					    const struct ivq_sources *sources)
{
	struct ivq_tunnel tunnel ivq_uninitialized;

	ivq_encap_describe(&tunnel, target, sources);
	return ivq_frame_find_and_fill(&tunnel, &frame);
}
