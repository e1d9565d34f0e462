// SPDX-License-Identifier: GPL-2.0
/*
 * The hops of a frame, in order.  The first that says no leaves the frame untouched, and
 * the program passes it to the stack, where the express path sees it next:
 *
 *	ip_vs_quic_xdp()	the device has the express path; IPv4 or IPv6, perhaps
 *				in one VLAN
 *	find_service()		UDP, and address and port are a service's
 *	is_plain()		nothing unusual about the frame, its headers, the host
 *	ivq_vip_is_surely_local()	routing delivers such datagrams here	vip.h
 *	ivq_fast_target()	the CID names a server that is there	decide.h
 *	  or wrap_slow()	the same by ivq_decide()		decide.c
 *	  or wrap_unrouted()	an entry of the 4-tuple or hashing names one	fallback.c
 *	ivq_frame_wrap()	route, device, neighbour, room; nothing fails from here
 *				on: counters, TTL, headers		frame.h
 *
 * What is not taken is counted by the express path, if that does not take it either.
 *
 * What BPF's verifier knows of the frame stays true: that octets which a program has found
 * to be in it may be read and written.  The frame grows at its front, and loses padding at
 * its end, which stays in the driver's buffer.  About what the octets are the verifier
 * assumes nothing.
 *
 * The program does not move the frame by BPF's helpers: the kernel lets no program that
 * calls those take the place of a function that does not, which is how libxdp's dispatcher
 * calls programs.
 */
#include "driver.h"

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <linux/ip_vs_quic_xdp.h>
#include <linux/module.h>
#include <net/xdp.h>

#include "decide.h"
#include "express.h"
#include "fallback.h"
#include "frame.h"
#include "net.h"
#include "plain.h"
#include "trace.h"

/**
 * struct arrival - a frame as it was received
 * @xdp: the driver's buffer
 * @dev: the device whose express path it is: that of the buffer, or a VLAN on it
 * @express: of @dev
 * @nh: IP header
 * @end: of the frame
 */
struct arrival {
	struct xdp_buff *xdp;
	const struct net_device *dev;
	const struct ivq_express *express;
	u8 *nh;
	const u8 *end;
};

static __always_inline const struct udphdr *udp_of(const u8 *nh, u16 af)
{
	return (const struct udphdr *)(nh + ivq_ip_len(af));
}

static __always_inline struct ivq_service *
find_service(const struct arrival *a, u16 af)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)a->nh;
	const struct iphdr *iph = (const struct iphdr *)a->nh;

	if (a->nh + ivq_ip_len(af) + sizeof(struct udphdr) > a->end)
		return NULL;
	if (af == AF_INET6 ? ip6h->nexthdr != IPPROTO_UDP :
			     iph->protocol != IPPROTO_UDP ||
			     *(const u8 *)iph != 0x45)
		return NULL;
	return ivq_net_find_at(a->express->qnet, a->nh, af);
}

/* Of the IP packet, which padding may follow. */
static __always_inline unsigned int packet_len(const u8 *nh, u16 af)
{
	if (af == AF_INET6)
		return ntohs(((const struct ipv6hdr *)nh)->payload_len) +
		       sizeof(struct ipv6hdr);
	return ntohs(((const struct iphdr *)nh)->tot_len);
}

/*
 * A NIC that strips VLAN tags does not show them to XDP: while there are VLANs, a frame
 * may be one of theirs.
 */
static __always_inline bool may_be_tagged(const struct net_device *dev)
{
	return IS_ENABLED(CONFIG_VLAN_8021Q) &&
	       rcu_access_pointer(dev->vlan_info) &&
	       dev->features & NETIF_F_HW_VLAN_CTAG_RX;
}

/*
 * Metadata is where the new headers would be.  A driver that leaves no room for what the
 * kernel puts in front of a frame cannot redirect it.
 */
static __always_inline bool is_plain_buffer(const struct arrival *a)
{
	const struct ethhdr *eth = a->xdp->data;

	return ether_addr_equal_64bits(eth->h_dest, a->dev->dev_addr) &&
	       a->xdp->data_meta >= a->xdp->data &&
	       a->xdp->data - a->xdp->data_hard_start >=
		       sizeof(struct xdp_frame) &&
	       !xdp_buff_has_frags(a->xdp) && !ivq_has_master(a->dev) &&
	       !may_be_tagged(a->xdp->rxq->dev);
}

static __always_inline bool is_plain(const struct arrival *a, u16 af)
{
	unsigned int len = packet_len(a->nh, af);

	return len >= ivq_ip_len(af) + sizeof(struct udphdr) &&
	       len <= a->end - a->nh && is_plain_buffer(a) &&
	       (af == AF_INET6 ? ivq_is_plain_v6((void *)a->nh) :
				 ivq_is_plain_v4((void *)a->nh));
}

/*
 * No server by its CID.  A frame that has been wrapped for a server goes there; if that
 * could turn out to be the wrong one, the datagram is the express path's.
 */
static noinline struct ivq_wrapped
wrap_unrouted(struct ivq_service *qs, const struct ivq_snapshot *snapshot,
	      const struct ivq_decision *d, const struct ivq_frame *frame, u16 af)
{
	struct ivq_wrapped wrapped = {};
	struct ivq_unrouted u;

	ivq_unrouted_set_at(&u, qs, snapshot, d, frame->nh, af);
	if (!ivq_fallback_find(&u) || ivq_fallback_may_change(&u))
		return wrapped;
	wrapped = ivq_frame_wrap(frame, u.target, &snapshot->settings.sources,
				 af);
	if (!wrapped.dev)
		return wrapped;
	ivq_fallback_keep(&u);
	ivq_decide_count(qs, snapshot, d);
	trace_ip_vs_quic_unroutable(qs, u.client, u.sport, d);
	ivq_fallback_count(&u);
	return wrapped;
}

/*
 * What ivq_decide_fast() does not take.  The table of 4-tuples, which it may have to
 * change, is locked against bottom halves alone.
 */
static noinline struct ivq_wrapped wrap_slow(struct ivq_service *qs,
					     const struct ivq_snapshot *snapshot,
					     struct ivq_frame frame, u16 af)
{
	struct ivq_wrapped wrapped = {};
	struct ivq_payload payload;
	struct ivq_decision d;

	if (unlikely(irqs_disabled()))	/* netpoll */
		return wrapped;
	ivq_payload_find(udp_of(frame.nh, af), frame.len - ivq_ip_len(af),
			 &payload);
	ivq_decide(snapshot, &payload, &d);
	if (d.outcome != IP_VS_QUIC_ROUTED)
		return wrap_unrouted(qs, snapshot, &d, &frame, af);
	wrapped = ivq_frame_wrap(&frame, d.target, &snapshot->settings.sources, af);
	if (wrapped.dev) {
		ivq_decide_count(qs, snapshot, &d);
		ivq_fallback_routed_at(qs, &d, frame.nh, af);
	}
	return wrapped;
}

static __always_inline struct ivq_wrapped wrap(const struct arrival *a,
					       struct ivq_service *qs,
					       const struct ivq_frame *frame,
					       u16 af)
{
	const struct ivq_snapshot *snapshot = rcu_dereference(qs->snapshot);
	const struct ivq_net *qnet = a->express->qnet;
	const struct ivq_config *cfg ivq_uninitialized;
	struct ivq_wrapped wrapped = {};
	const struct ivq_target *target;

	if (unlikely(!snapshot || !ivq_is_plain_setup(qnet, qs->ipvs) ||
		     !ivq_vip_is_surely_local(&qs->vip, a->express->slot,
					      &qnet->addrs, qnet->net, a->dev,
					      frame->nh, af)))
		return wrapped;
	target = ivq_fast_target(snapshot, udp_of(frame->nh, af),
				 frame->len - ivq_ip_len(af), &cfg);
	if (unlikely(!target))
		return wrap_slow(qs, snapshot, *frame, af);
	wrapped = ivq_frame_wrap(frame, target, &snapshot->settings.sources, af);
	if (likely(wrapped.dev))
		ivq_fast_count(qs, cfg, target);
	return wrapped;
}

/* As bpf_xdp_adjust_head() and bpf_xdp_adjust_tail(); there is no metadata. */
static __always_inline void move(struct xdp_buff *xdp, u8 *start, u8 *end)
{
	xdp->data_meta -= (u8 *)xdp->data - start;
	xdp->data = start;
	xdp->data_end = end;
}

static __always_inline int take(const struct arrival *a,
				struct ip_vs_quic_xdp *way, u16 af)
{
	struct ivq_service *qs = find_service(a, af);
	struct xdp_buff *xdp = a->xdp;
	struct ivq_frame frame ivq_uninitialized;
	struct ivq_wrapped wrapped;

	if (!qs)
		return -ENOENT;
	/* traced decisions are the express path's */
	if (unlikely(!is_plain(a, af) || trace_ip_vs_quic_decision_enabled()))
		return -EAGAIN;
	frame.nh = a->nh;
	frame.len = packet_len(a->nh, af);
	frame.room = a->nh - (u8 *)xdp->data_hard_start -
		     sizeof(struct xdp_frame);
	frame.dev = xdp->rxq->dev;
	wrapped = wrap(a, qs, &frame, af);
	if (unlikely(!wrapped.dev))
		return -EAGAIN;
	way->ifindex = wrapped.dev->ifindex;
	move(xdp, wrapped.start, frame.nh + frame.len);
	ivq_stats_count(a->express->stats, IP_VS_QUIC_EXPRESS_DRIVER);
	return 0;
}

static __always_inline int take_at(struct xdp_buff *xdp, u8 *nh,
				   const struct net_device *dev,
				   struct ip_vs_quic_xdp *way, u16 af)
{
	const struct arrival a = {
		.xdp		= xdp,
		.dev		= dev,
		.express	= ivq_express_of(dev),
		.nh		= nh,
		.end		= xdp->data_end,
	};

	return likely(a.express) ? take(&a, way, af) : -ENODEV;
}

static noinline int take_v6(struct xdp_buff *xdp, u8 *nh,
			    const struct net_device *dev,
			    struct ip_vs_quic_xdp *way)
{
	return take_at(xdp, nh, dev, way, AF_INET6);
}

/* A frame with one VLAN tag, which the VLAN's device receives. */
static noinline int take_tagged(struct xdp_buff *xdp, struct ip_vs_quic_xdp *way)
{
	const struct vlan_ethhdr *eth = xdp->data;
	const struct net_device *dev;
	u8 *nh = (u8 *)(eth + 1);

	if (nh > (u8 *)xdp->data_end)
		return -ENOENT;
	dev = __vlan_find_dev_deep_rcu(xdp->rxq->dev, eth->h_vlan_proto,
				       ntohs(eth->h_vlan_TCI) & VLAN_VID_MASK);
	if (!dev)
		return -ENODEV;
	if (eth->h_vlan_encapsulated_proto == htons(ETH_P_IP))
		return take_at(xdp, nh, dev, way, AF_INET);
	if (eth->h_vlan_encapsulated_proto == htons(ETH_P_IPV6))
		return take_v6(xdp, nh, dev, way);
	return -ENOENT;
}

static __always_inline int dispatch(struct xdp_buff *xdp,
				    struct ip_vs_quic_xdp *way)
{
	const struct ethhdr *eth = xdp->data;
	u8 *nh = (u8 *)(eth + 1);

	if (unlikely(nh > (u8 *)xdp->data_end))
		return -ENOENT;
	if (likely(eth->h_proto == htons(ETH_P_IP)))
		return take_at(xdp, nh, xdp->rxq->dev, way, AF_INET);
	if (eth->h_proto == htons(ETH_P_IPV6))
		return take_v6(xdp, nh, xdp->rxq->dev, way);
	if (eth_type_vlan(eth->h_proto))
		return take_tagged(xdp, way);
	return -ENOENT;
}

/*
 * Drivers run programs with bottom halves disabled, which is a read-side section of RCU; the
 * kernel's lock checks do not take it for one.  The counters and the cache of CIDs need it
 * as well.  Until 6.12, a test run without live frames calls programs with bottom halves
 * enabled.
 */
__bpf_kfunc int ip_vs_quic_xdp(struct xdp_md *ctx, struct ip_vs_quic_xdp *way,
			       u32 way__sz)
{
	int err;

	if (way__sz < sizeof(*way))
		return -EINVAL;
	if (unlikely(!in_softirq()))
		return -EAGAIN;
	if (IS_ENABLED(CONFIG_PROVE_RCU))
		rcu_read_lock();
	err = dispatch((struct xdp_buff *)ctx, way);
	if (IS_ENABLED(CONFIG_PROVE_RCU))
		rcu_read_unlock();
	return err;
}

BTF_KFUNCS_START(functions)
BTF_ID_FLAGS(func, ip_vs_quic_xdp)
BTF_KFUNCS_END(functions)

static const struct btf_kfunc_id_set set = {
	.owner	= THIS_MODULE,
	.set	= &functions,
};

/* Without a description of its types the module cannot offer a function to BPF. */
static bool has_types(void)
{
#if defined(MODULE) && defined(CONFIG_DEBUG_INFO_BTF_MODULES)
	return THIS_MODULE->btf_data_size;
#else
	return IS_ENABLED(CONFIG_DEBUG_INFO_BTF);
#endif
}

void ivq_driver_init(void)
{
	int err = has_types() ?
		  register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &set) : -ENOENT;

	if (err)
		pr_info("no driver path: %s\n",
			err == -ENOENT ? "the module was built without BTF" :
					 "BPF does not take its function");
}
