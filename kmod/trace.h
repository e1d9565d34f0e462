/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints.  Neither keys nor nonces: of a CID only what is on the wire
 * (unroutable) or the server ID it decodes to (decision).
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ip_vs_quic

#if !defined(_IVQ_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _IVQ_TRACE_H

#include <linux/in.h>
#include <linux/ip_vs_quic.h>
#include <linux/netfilter.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

/* What is recorded of them is read in tracepoints.c, which alone knows their members. */
struct ip_vs_dest;
struct ivq_decision;
struct ivq_service;
struct ip_vs_service;
struct net;
struct sk_buff;

#ifndef _IVQ_TRACE_HELPERS
#define _IVQ_TRACE_HELPERS
/* For the %pISpc format: 28 octets hold a sockaddr of either family. */
static inline void ivq_trace_addr(void *field, u16 af,
				  const union nf_inet_addr *addr, __be16 port)
{
	memset(field, 0, sizeof(struct sockaddr_in6));
	if (af == AF_INET6) {
		struct sockaddr_in6 *sin6 = field;

		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = port;
		sin6->sin6_addr = addr->in6;
	} else {
		struct sockaddr_in *sin = field;

		sin->sin_family = AF_INET;
		sin->sin_port = port;
		sin->sin_addr = addr->in;
	}
}
#endif

#define ivq_trace_enum(symbol, name, meaning) \
	TRACE_DEFINE_ENUM(IP_VS_QUIC_##symbol);
IP_VS_QUIC_OUTCOMES(ivq_trace_enum)

/* __print_symbolic() wants its list without a trailing comma */
#define ivq_trace_name(symbol, name, meaning) \
	{ IP_VS_QUIC_##symbol, name },
#define ivq_show_outcome(value)						\
	__print_symbolic(value,						\
			 IP_VS_QUIC_OUTCOMES(ivq_trace_name) { -1, "" })

/* netns: its inode number, for filters; who reads the text rarely has two */
#define IVQ_FLOW_FIELDS							\
	__field(u32, netns)						\
	__array(u8, client, sizeof(struct sockaddr_in6))		\
	__array(u8, vip, sizeof(struct sockaddr_in6))			\
	__field(u32, fwmark)						\
	__field(u32, outcome)

#define IVQ_FLOW_ASSIGN(qs, saddr, sport, what)				\
	__entry->netns = (qs)->ipvs->net->ns.inum;			\
	ivq_trace_addr(__entry->client, (qs)->key.af, saddr, sport); \
	ivq_trace_addr(__entry->vip, (qs)->key.af,			\
		       &(qs)->key.addr, (qs)->key.port);		\
	__entry->fwmark = (qs)->key.fwmark;				\
	__entry->outcome = what

TRACE_EVENT(ip_vs_quic_decision,
	TP_PROTO(const struct ivq_service *qs,
		 const union nf_inet_addr *saddr, __be16 sport,
		 const struct ivq_decision *d), TP_ARGS(qs, saddr, sport, d),
	TP_STRUCT__entry(
							IVQ_FLOW_FIELDS
							__field(bool, long_form)
		__field(s8, config_id)
		__dynamic_array(u8, server_id, d->sid.len)
		__array(u8, server, sizeof(struct sockaddr_in6))
	),
	TP_fast_assign(
		IVQ_FLOW_ASSIGN(qs, saddr, sport, d->outcome);
		__entry->long_form = d->hdr.long_form;
		__entry->config_id = d->config ? d->config->qlb.id : -1;
		memcpy(__get_dynamic_array(server_id), d->sid.octets,
		       d->sid.len);
		memset(__entry->server, 0, sizeof(struct sockaddr_in6));
		if (d->target)
			ivq_trace_addr(__entry->server, d->target->conn.daf,
				       &d->target->conn.daddr,
				       d->target->conn.dport);
	),
	TP_printk("client=%pISpc vip=%pISpc fwmark=%u form=%s config=%d server_id=%s outcome=%s server=%pISpc",
		  __entry->client, __entry->vip, __entry->fwmark,
		  __entry->long_form ? "long" : "short", __entry->config_id,
		  __print_hex_str(__get_dynamic_array(server_id),
				  __get_dynamic_array_len(server_id)),
		  ivq_show_outcome(__entry->outcome), __entry->server)
);

TRACE_EVENT(ip_vs_quic_unroutable,
	TP_PROTO(const struct ivq_service *qs,
		 const union nf_inet_addr *saddr, __be16 sport,
		 const struct ivq_decision *d), TP_ARGS(qs, saddr, sport, d),
	TP_STRUCT__entry(
							IVQ_FLOW_FIELDS
							__field(bool, long_form)
		__field(u32, version)
		__field(u16, dcid_len)
		__dynamic_array(u8, dcid, d->hdr.dcid_view)
	),
	TP_fast_assign(
		IVQ_FLOW_ASSIGN(qs, saddr, sport, d->outcome);
		__entry->long_form = d->hdr.long_form;
		__entry->version = d->hdr.version;
		__entry->dcid_len = d->hdr.dcid_len;
		memcpy(__get_dynamic_array(dcid), d->hdr.dcid,
		       d->hdr.dcid_view);
	),
	TP_printk("client=%pISpc vip=%pISpc fwmark=%u reason=%s form=%s version=%#x dcid_len=%u dcid=%s",
		  __entry->client, __entry->vip, __entry->fwmark,
		  ivq_show_outcome(__entry->outcome),
		  __entry->long_form ? "long" : "short", __entry->version,
		  __entry->dcid_len,
		  __print_hex_str(__get_dynamic_array(dcid),
				  __get_dynamic_array_len(dcid)))
);

TRACE_EVENT(ip_vs_quic_schedule,
	TP_PROTO(const struct ivq_service *qs,
		 const union nf_inet_addr *saddr, __be16 sport,
		 enum ip_vs_quic_outcome what, const struct ip_vs_dest *dest),
	TP_ARGS(qs, saddr, sport, what, dest),
	TP_STRUCT__entry(
		IVQ_FLOW_FIELDS
		__array(u8, server, sizeof(struct sockaddr_in6))
	),
	TP_fast_assign(
		IVQ_FLOW_ASSIGN(qs, saddr, sport, what);
		memset(__entry->server, 0, sizeof(struct sockaddr_in6));
		if (dest)
			ivq_trace_addr(__entry->server, dest->af,
				       &dest->addr, dest->port);
	),
	TP_printk("client=%pISpc vip=%pISpc fwmark=%u outcome=%s server=%pISpc",
		  __entry->client, __entry->vip, __entry->fwmark,
		  ivq_show_outcome(__entry->outcome), __entry->server)
);

/* An ICMP error about a datagram of a server's, or about a tunnel packet of ours. */
TRACE_EVENT(ip_vs_quic_icmp,
	TP_PROTO(const struct ivq_service *qs,
		 const union nf_inet_addr *saddr, __be16 sport,
		 enum ip_vs_quic_outcome what, u32 mtu,
		 const struct ip_vs_dest *dest),
	TP_ARGS(qs, saddr, sport, what, mtu, dest),
	TP_STRUCT__entry(
		IVQ_FLOW_FIELDS
		__field(u32, mtu)
		__array(u8, server, sizeof(struct sockaddr_in6))
	),
	TP_fast_assign(
		IVQ_FLOW_ASSIGN(qs, saddr, sport, what);
		__entry->mtu = mtu;
		memset(__entry->server, 0, sizeof(struct sockaddr_in6));
		if (dest)
			ivq_trace_addr(__entry->server, dest->af,
				       &dest->addr, dest->port);
	),
	TP_printk("client=%pISpc vip=%pISpc fwmark=%u outcome=%s mtu=%u server=%pISpc",
		  __entry->client, __entry->vip, __entry->fwmark,
		  ivq_show_outcome(__entry->outcome), __entry->mtu,
		  __entry->server)
);

/* Of a service's pool, whether it succeeded or the old one stays. */
TRACE_EVENT(ip_vs_quic_rebuild,
	TP_PROTO(const struct ip_vs_service *svc, u32 servers, u32 slots,
		 int err),
	TP_ARGS(svc, servers, slots, err),
	TP_STRUCT__entry(
		__field(u32, netns)
		__array(u8, vip, sizeof(struct sockaddr_in6))
		__field(u32, fwmark)
		__field(u32, servers)
		__field(u32, slots)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->netns = svc->ipvs->net->ns.inum;
		ivq_trace_addr(__entry->vip, svc->af, &svc->addr, svc->port);
		__entry->fwmark = svc->fwmark;
		__entry->servers = servers;
		__entry->slots = slots;
		__entry->error = err;
	),
	TP_printk("vip=%pISpc fwmark=%u servers=%u slots=%u error=%d",
		  __entry->vip, __entry->fwmark, __entry->servers,
		  __entry->slots, __entry->error)
);

#define IVQ_DROP_REASONS(X) \
	X(SEGMENT, "segment") \
	X(MEMORY, "memory") \
	X(ENTRY, "no-entry")

#ifndef _IVQ_DROP_REASON
#define _IVQ_DROP_REASON
#define ivq_drop_symbol(symbol, name) IVQ_DROP_##symbol,
enum ivq_drop_reason { IVQ_DROP_REASONS(ivq_drop_symbol) };
#endif

#define ivq_drop_enum(symbol, name) \
	TRACE_DEFINE_ENUM(IVQ_DROP_##symbol);
IVQ_DROP_REASONS(ivq_drop_enum)
#define ivq_drop_name(symbol, name) { IVQ_DROP_##symbol, name },

/* Of all that is lost, what the module itself lets go; skb:kfree_skb follows. */
TRACE_EVENT(ip_vs_quic_drop,
	TP_PROTO(const struct net *net, const struct sk_buff *skb,
		 enum ivq_drop_reason reason),
	TP_ARGS(net, skb, reason),
	TP_STRUCT__entry(
		__field(u32, netns)
		__field(const void *, skbaddr)
		__field(u32, len)
		__field(u32, reason)
	),
	TP_fast_assign(
		__entry->netns = net->ns.inum;
		__entry->skbaddr = skb;
		__entry->len = skb->len;
		__entry->reason = reason;
	),
	TP_printk("skbaddr=%p len=%u reason=%s", __entry->skbaddr,
		  __entry->len,
		  __print_symbolic(__entry->reason,
				   IVQ_DROP_REASONS(ivq_drop_name)
				   { -1, "" }))
);

#endif /* _IVQ_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
