/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * Generic netlink family "ip_vs_quic": what IPVS has no place for.  Services
 * and real servers are made and changed through IPVS's own family; every
 * command here names an existing UDP service whose scheduler is "quic".
 *
 * Top-level attributes marked * may appear many times in one message (a single
 * nested list could not hold more than 64 KiB).
 *
 * IP_VS_QUIC_CMD_SET, GENL_ADMIN_PERM
 *	Adds configs and server IDs to a service; all of it or nothing.
 *	A config whose ID the service already has replaces that config, or, with
 *	IP_VS_QUIC_F_EXCL, is refused.  A server ID may be given again to the server that
 *	has it.
 *
 *	IPVS takes one real server per request.  After IP_VS_QUIC_F_BEGIN, datagrams see
 *	none of these requests until IP_VS_QUIC_F_COMMIT comes by the same netlink socket.
 *	Then they see the service's servers and all of that SET at once.  A weight counts
 *	at once, and so does a server's removal: nothing is sent there.  The end of the
 *	socket commits, too.  A minute after it began, changes of servers are no longer
 *	held back.  To either flag, EBUSY is the answer if another socket has begun.  Without
 *	IP_VS_QUIC_F_BEGIN before it, IP_VS_QUIC_F_COMMIT reads the servers again, which
 *	helps after IP_VS_QUIC_A_REBUILD_ERROR.
 *
 *	IP_VS_QUIC_A_SERVICE: nested, IP_VS_QUIC_A_SVC_*
 *	IP_VS_QUIC_A_FLAGS: u32, IP_VS_QUIC_F_*
 *	IP_VS_QUIC_A_CONFIG *: nested
 *		IP_VS_QUIC_A_CFG_ID: u8, 0..6
 *		IP_VS_QUIC_A_CFG_SERVER_ID_LEN: u8, 1..15
 *		IP_VS_QUIC_A_CFG_NONCE_LEN: u8, 4..18; both together at most 19
 *		IP_VS_QUIC_A_CFG_KEY: 16 octets; none is the plaintext algorithm
 *		IP_VS_QUIC_A_CFG_KEY_FINGERPRINT: u32, instead of the key, for a config
 *			that the service has already, with this key and these lengths;
 *			it stays, with its key and its KEY_SOURCE.  ENOKEY if it has none
 *		IP_VS_QUIC_A_CFG_KEY_SOURCE: string of at most 1023 octets, kept and
 *			given back, so that the configuration can be saved
 *		IP_VS_QUIC_A_CFG_TENANT: u8, 0..3, default 0: several configs may
 *			share an ID; they are tried in this order, and the first
 *			whose server ID has a server in the pool wins
 *		IP_VS_QUIC_A_CFG_CHECK_LENGTH: flag; CIDs carry their length in
 *			the first octet, and those whose length cannot be right
 *			are unroutable
 *		IP_VS_QUIC_A_CFG_ALGORITHM: u8, enum ip_vs_quic_algorithm, default
 *			IP_VS_QUIC_ALGORITHM_DRAFT; unknown ones are refused
 *		IP_VS_QUIC_A_CFG_LAYOUT: nested, of IP_VS_QUIC_ALGORITHM_LAYOUT: where
 *			CIDs that are not QUIC-LB's have the server ID.  There is then no
 *			key, tenant or check of the length, and both lengths are absent;
 *			replies have the octets of a server ID, and 0.
 *			The config gets every CID whose first octet can be the layout's
 *			by its three high bits, 0b111 as well; IP_VS_QUIC_A_CFG_ID is one of
 *			these.  No two configs of a service may get the same ones.
 *			IP_VS_QUIC_A_LAY_BIT_OFFSET: u8, default 0: first bit of the server
 *				ID; bit 0 is the most significant of the CID's first octet
 *			IP_VS_QUIC_A_LAY_BITS: u8, 1..120; it must end within 20 octets.  In
 *				IP_VS_QUIC_A_SID_VALUE it is a number of as few octets as
 *				hold it, in network order
 *			IP_VS_QUIC_A_LAY_CID_LEN: u8, 1..20, the length of all CIDs that
 *				servers make; 0, the default: they differ
 *			IP_VS_QUIC_A_LAY_MASK, IP_VS_QUIC_A_LAY_VALUE: 1..20 octets each,
 *				the rest is zero: bits that all CIDs have, and what they
 *				are; not in the server ID
 *	IP_VS_QUIC_A_SERVER_ID *: nested
 *		IP_VS_QUIC_A_SID_CONFIG_ID: u8, 0..6; the service need not have
 *			that config yet, but if it does the length must be right
 *		IP_VS_QUIC_A_SID_PREFIX: flag; the value is the beginning of server
 *			IDs, all of which belong to the server unless a longer
 *			prefix or a full server ID says otherwise
 *		IP_VS_QUIC_A_SID_VALUE: 1..15 octets
 *		IP_VS_QUIC_A_SID_AF: u16, AF_INET or AF_INET6
 *		IP_VS_QUIC_A_SID_ADDR: 4 or 16 octets, the real server
 *		IP_VS_QUIC_A_SID_PORT: be16
 *
 *	IP_VS_QUIC_A_SETTINGS: nested; what is absent stays, or, with
 *	IP_VS_QUIC_F_REPLACE, gets its default
 *		IP_VS_QUIC_A_SET_TUPLE_TIMEOUT: u32, 1..86400 seconds, default 60: life
 *			of a 4-tuple entry after its last datagram
 *		IP_VS_QUIC_A_SET_TUPLE_MAX: u32, 0..2147483647, default 131072: 4-tuple
 *			entries of the service beyond which none is made
 *		IP_VS_QUIC_A_SET_DCID_TIMEOUT: u32, 1..86400 seconds, default 60
 *		IP_VS_QUIC_A_SET_DCID_MAX: u32, 0..1048576 entries, default 0: off
 *		IP_VS_QUIC_A_SET_SOURCE4: 5 octets, a prefix and its length, 8..32:
 *			the outer source address of IPIP to IPv4 servers is taken
 *			from it by flow; 5 octets 0, the default: IPVS's own choice
 *		IP_VS_QUIC_A_SET_SOURCE6: 17 octets, length 64..128: likewise for IPv6
 *			servers
 *		IP_VS_QUIC_A_SET_TABLE_BITS: u32, 8..19, default 16: the fallback's
 *			table has as many slots as the largest prime below 2 to the
 *			power of it
 *
 * IP_VS_QUIC_CMD_DEL, GENL_ADMIN_PERM
 *	Takes configs (IP_VS_QUIC_A_CFG_ID and _TENANT alone) and server IDs from a
 *	service; all of it or nothing.  Server IDs of a deleted config stay.  A server
 *	ID is named by config ID and value, with IP_VS_QUIC_A_SID_PREFIX if it is one;
 *	when the real server is named, too, both must match.  The real server alone
 *	(family, address and port) stands for all of its server IDs.
 *
 * IP_VS_QUIC_CMD_GET, GENL_ADMIN_PERM
 *	do: refused; dump: every service, or the one in IP_VS_QUIC_A_SERVICE.
 *	A service takes as many messages as it needs, all with IP_VS_QUIC_A_SERVICE.
 *	In this order they carry its IP_VS_QUIC_A_CONFIG by ID (never
 *	IP_VS_QUIC_A_CFG_KEY, IP_VS_QUIC_A_CFG_KEY_FINGERPRINT instead), its
 *	IP_VS_QUIC_A_SETTINGS, its IP_VS_QUIC_A_STATS and _RESERVED_SHORT, an
 *	IP_VS_QUIC_A_SERVER for each real server of its pool, and its
 *	IP_VS_QUIC_A_SERVER_ID, sorted by config ID, length and value.
 *	With the settings comes IP_VS_QUIC_A_CONTRACT (u32): the number of the rules by
 *	which the fallback hashes.  Directors with another number hash otherwise.
 *	IP_VS_QUIC_A_REBUILD_ERROR (u32, an errno) is there while the service's
 *	servers and weights are older than IPVS's because a change failed.
 *	NLM_F_DUMP_INTR is set when the configuration changed meanwhile.
 *
 *	IP_VS_QUIC_A_STATS: nested, IP_VS_QUIC_A_STAT_* u64, one per outcome: the
 *		attribute type is 1 + enum ip_vs_quic_outcome
 *
 *	IP_VS_QUIC_A_RESERVED_SHORT: u64, of IP_VS_QUIC_A_STAT_RESERVED the datagrams
 *		with a short header.  Clients choose the CIDs of long headers, too; those
 *		of short headers are all made by servers.
 *
 *	IP_VS_QUIC_A_SERVER: nested, IP_VS_QUIC_A_SRV_*
 *		IP_VS_QUIC_A_SRV_CONFIG: nested, one for each config ID of the service:
 *			IP_VS_QUIC_A_CFG_ID
 *			IP_VS_QUIC_A_CFG_DATAGRAMS: u64, whose CID a config with that ID
 *				decoded to a server ID of this real server, since the
 *				real server is in the pool, the last of these configs
 *				was set, and they were zeroed
 *
 * IP_VS_QUIC_CMD_DECODE, GENL_ADMIN_PERM
 *	What the director does with a datagram carrying a CID.
 *	request: IP_VS_QUIC_A_SERVICE, IP_VS_QUIC_A_CID: 1..255 octets
 *	reply: IP_VS_QUIC_A_OUTCOME: u32, enum ip_vs_quic_outcome; and as far as the
 *		decoder got: one IP_VS_QUIC_A_CONFIG (its ID), one
 *		IP_VS_QUIC_A_SERVER_ID (with the server's address when it has one),
 *		IP_VS_QUIC_A_NONCE
 *
 * IP_VS_QUIC_CMD_EXPRESS_ADD, IP_VS_QUIC_CMD_EXPRESS_DEL, GENL_ADMIN_PERM
 *	Puts the express path on a device of the namespace, or takes it off.  It is taken off
 *	when the device leaves the namespace, too.
 *	IP_VS_QUIC_A_EXPRESS: nested
 *		IP_VS_QUIC_A_EXP_DEVICE: string, the device's name
 *
 * IP_VS_QUIC_CMD_EXPRESS_GET, GENL_ADMIN_PERM
 *	do: refused; dump: a message for each device that has it, with one
 *	IP_VS_QUIC_A_EXPRESS: its name and
 *		IP_VS_QUIC_A_EXP_STATS: nested, IP_VS_QUIC_A_EXP_STAT_* u64: the attribute
 *			type is 1 + enum ip_vs_quic_express_outcome
 *		IP_VS_QUIC_A_EXP_ASKS: u32, bit N: reason N of enum
 *			ip_vs_quic_express_ask holds at the moment
 *
 * IP_VS_QUIC_CMD_ZERO, GENL_ADMIN_PERM
 *	Zeroes the counters of the service in IP_VS_QUIC_A_SERVICE: outcomes,
 *	datagrams and misses of its configs, but not when these were last seen, and
 *	datagrams of its real servers.
 *	Without a service: those of all services and of all devices.
 *
 * IP_VS_QUIC_CMD_FLOW_GET, GENL_ADMIN_PERM
 *	do: refused; dump: a message for each entry of the table of 4-tuples, in no order:
 *	IP_VS_QUIC_A_SERVICE, IP_VS_QUIC_A_SERVER: the real server it leads to, with family,
 *	address and port, and
 *	IP_VS_QUIC_A_FLOW: nested
 *		IP_VS_QUIC_A_FLOW_CLIENT: 4 or 16 octets, as the service's family is
 *		IP_VS_QUIC_A_FLOW_CLIENT_PORT: be16
 *		IP_VS_QUIC_A_FLOW_VIP: 4 octets; absent for IPv6, of which it is not kept
 *		IP_VS_QUIC_A_FLOW_VIP_PORT: be16
 *		IP_VS_QUIC_A_FLOW_EXPIRES: u32, seconds from now, if nothing comes for it
 *		IP_VS_QUIC_A_FLOW_ROUTED: flag; its connection has been seen to be routed
 *			by CID, and it goes when its place is needed
 *
 * Events: messages to the multicast group IP_VS_QUIC_MCGRP_EVENTS of the network
 * namespace in which something has changed.  Joining it takes CAP_NET_ADMIN over the
 * user namespace that the network namespace belongs to.  An event is sent when the
 * change has been made, in the order of the changes of a namespace.  What was changed to
 * what it is already is no event.  A listener that has missed events, because its
 * buffer was full, the kernel had no memory or a change was very large, gets ENOBUFS
 * from recv(), and should read everything anew by GET.
 *	Attributes are those of GET, and some may appear many times.  Never in an event
 * are keys, IP_VS_QUIC_A_CFG_KEY_SOURCE, and what counts.
 *
 * IP_VS_QUIC_CMD_SERVICE_ADD_NTF: IP_VS_QUIC_A_SERVICE, _SETTINGS
 * IP_VS_QUIC_CMD_SERVICE_DEL_NTF: IP_VS_QUIC_A_SERVICE.  All that belongs to the service
 *	has gone with it, and has no events of its own.
 * IP_VS_QUIC_CMD_SETTINGS_NTF: IP_VS_QUIC_A_SERVICE, _SETTINGS
 * IP_VS_QUIC_CMD_CONFIG_SET_NTF, IP_VS_QUIC_CMD_CONFIG_DEL_NTF: IP_VS_QUIC_A_SERVICE,
 *	_CONFIG *
 * IP_VS_QUIC_CMD_SERVER_ID_ADD_NTF, IP_VS_QUIC_CMD_SERVER_ID_DEL_NTF:
 *	IP_VS_QUIC_A_SERVICE, _SERVER_ID *
 * IP_VS_QUIC_CMD_SERVER_ID_MOVE_NTF: IP_VS_QUIC_A_SERVICE, and for each server ID
 *	IP_VS_QUIC_A_SERVER_ID and then _OLD_SERVER_ID, the same with its old server
 * IP_VS_QUIC_CMD_SERVER_ADD_NTF, IP_VS_QUIC_CMD_SERVER_DEL_NTF: IP_VS_QUIC_A_SERVICE,
 *	_SERVER *: nested, IP_VS_QUIC_A_SRV_*
 * IP_VS_QUIC_CMD_SERVER_SET_NTF: IP_VS_QUIC_A_SERVICE, and for each real server
 *	IP_VS_QUIC_A_SERVER and then _OLD_SERVER, the same as it was
 * IP_VS_QUIC_CMD_REBUILD_FAILED_NTF: IP_VS_QUIC_A_SERVICE, _REBUILD_ERROR: IPVS has made
 *	a change that the service could not follow.  Until the next change its servers
 *	and weights stay what they were
 * IP_VS_QUIC_CMD_EXPRESS_ADD_NTF, IP_VS_QUIC_CMD_EXPRESS_DEL_NTF: IP_VS_QUIC_A_EXPRESS:
 *	the name of the device
 */
#ifndef _UAPI_LINUX_IP_VS_QUIC_H
#define _UAPI_LINUX_IP_VS_QUIC_H

#include <linux/types.h>

#define IP_VS_QUIC_GENL_NAME	"ip_vs_quic"
#define IP_VS_QUIC_GENL_VERSION	1
#define IP_VS_QUIC_MCGRP_EVENTS	"events"

enum ip_vs_quic_cmd {
	IP_VS_QUIC_CMD_UNSPEC,
	IP_VS_QUIC_CMD_SET,
	IP_VS_QUIC_CMD_DEL,
	IP_VS_QUIC_CMD_GET,
	IP_VS_QUIC_CMD_DECODE,
	IP_VS_QUIC_CMD_EXPRESS_ADD,
	IP_VS_QUIC_CMD_EXPRESS_DEL,
	IP_VS_QUIC_CMD_EXPRESS_GET,
	IP_VS_QUIC_CMD_ZERO,
	/* events, to the group IP_VS_QUIC_MCGRP_EVENTS */
	IP_VS_QUIC_CMD_SERVICE_ADD_NTF,
	IP_VS_QUIC_CMD_SERVICE_DEL_NTF,
	IP_VS_QUIC_CMD_SETTINGS_NTF,
	IP_VS_QUIC_CMD_CONFIG_SET_NTF,
	IP_VS_QUIC_CMD_CONFIG_DEL_NTF,
	IP_VS_QUIC_CMD_SERVER_ID_ADD_NTF,
	IP_VS_QUIC_CMD_SERVER_ID_MOVE_NTF,
	IP_VS_QUIC_CMD_SERVER_ID_DEL_NTF,
	IP_VS_QUIC_CMD_SERVER_ADD_NTF,
	IP_VS_QUIC_CMD_SERVER_SET_NTF,
	IP_VS_QUIC_CMD_SERVER_DEL_NTF,
	IP_VS_QUIC_CMD_REBUILD_FAILED_NTF,
	IP_VS_QUIC_CMD_EXPRESS_ADD_NTF,
	IP_VS_QUIC_CMD_EXPRESS_DEL_NTF,
	/* a request again */
	IP_VS_QUIC_CMD_FLOW_GET,
	__IP_VS_QUIC_CMD_MAX
};
#define IP_VS_QUIC_CMD_MAX (__IP_VS_QUIC_CMD_MAX - 1)

enum ip_vs_quic_flags {
	/* what the message does not name is removed from the service */
	IP_VS_QUIC_F_REPLACE	= 1 << 0,
	/* server IDs may name a server that is not in the service's pool */
	IP_VS_QUIC_F_ABSENT	= 1 << 1,
	/* a config whose ID the service already has is refused with EEXIST */
	IP_VS_QUIC_F_EXCL	= 1 << 2,
	/* changes of servers are held back from now on */
	IP_VS_QUIC_F_BEGIN	= 1 << 3,
	/* ... and take effect, together with this message */
	IP_VS_QUIC_F_COMMIT	= 1 << 4,
	__IP_VS_QUIC_F_ALL	= (1 << 5) - 1
};

enum ip_vs_quic_attr {
	IP_VS_QUIC_A_UNSPEC,
	IP_VS_QUIC_A_SERVICE,
	IP_VS_QUIC_A_FLAGS,
	IP_VS_QUIC_A_CONFIG,
	IP_VS_QUIC_A_SERVER_ID,
	IP_VS_QUIC_A_STATS,
	IP_VS_QUIC_A_CID,
	IP_VS_QUIC_A_NONCE,
	IP_VS_QUIC_A_OUTCOME,
	IP_VS_QUIC_A_SETTINGS,
	IP_VS_QUIC_A_EXPRESS,
	IP_VS_QUIC_A_SERVER,
	IP_VS_QUIC_A_OLD_SERVER_ID,
	IP_VS_QUIC_A_OLD_SERVER,
	IP_VS_QUIC_A_REBUILD_ERROR,
	IP_VS_QUIC_A_RESERVED_SHORT,
	IP_VS_QUIC_A_CONTRACT,
	IP_VS_QUIC_A_FLOW,
	__IP_VS_QUIC_A_MAX
};
#define IP_VS_QUIC_A_MAX (__IP_VS_QUIC_A_MAX - 1)

/* A service: address and port, or a firewall mark. */
enum ip_vs_quic_svc_attr {
	IP_VS_QUIC_A_SVC_UNSPEC,
	IP_VS_QUIC_A_SVC_AF,		/* u16, AF_INET or AF_INET6 */
	IP_VS_QUIC_A_SVC_ADDR,		/* 4 or 16 octets */
	IP_VS_QUIC_A_SVC_PORT,		/* be16 */
	IP_VS_QUIC_A_SVC_FWMARK,	/* u32, instead of address and port */
	__IP_VS_QUIC_A_SVC_MAX
};
#define IP_VS_QUIC_A_SVC_MAX (__IP_VS_QUIC_A_SVC_MAX - 1)

/* Further algorithms get the numbers behind these. */
enum ip_vs_quic_algorithm {
	/* the draft's: plaintext, single-pass or four-pass, by key and lengths */
	IP_VS_QUIC_ALGORITHM_DRAFT,
	/* none: the server ID is where IP_VS_QUIC_A_CFG_LAYOUT says */
	IP_VS_QUIC_ALGORITHM_LAYOUT,
	__IP_VS_QUIC_ALGORITHM_MAX
};
#define IP_VS_QUIC_ALGORITHM_MAX (__IP_VS_QUIC_ALGORITHM_MAX - 1)

enum ip_vs_quic_cfg_attr {
	IP_VS_QUIC_A_CFG_UNSPEC,
	IP_VS_QUIC_A_CFG_ID,
	IP_VS_QUIC_A_CFG_SERVER_ID_LEN,
	IP_VS_QUIC_A_CFG_NONCE_LEN,
	IP_VS_QUIC_A_CFG_KEY,
	IP_VS_QUIC_A_CFG_KEY_SOURCE,
	IP_VS_QUIC_A_CFG_KEY_FINGERPRINT,	/* u32, see qlb_fingerprint() */
	IP_VS_QUIC_A_CFG_TENANT,
	IP_VS_QUIC_A_CFG_CHECK_LENGTH,
	IP_VS_QUIC_A_CFG_DATAGRAMS,		/* u64, whose CIDs it decoded */
	IP_VS_QUIC_A_CFG_LAST_SEEN,		/* u64, milliseconds ago; absent: never */
	IP_VS_QUIC_A_CFG_MISSES,		/* u64, of CIDs it was tried on in vain */
	IP_VS_QUIC_A_CFG_ALGORITHM,
	IP_VS_QUIC_A_CFG_LAYOUT,
	__IP_VS_QUIC_A_CFG_MAX
};
#define IP_VS_QUIC_A_CFG_MAX (__IP_VS_QUIC_A_CFG_MAX - 1)

enum ip_vs_quic_lay_attr {
	IP_VS_QUIC_A_LAY_UNSPEC,
	IP_VS_QUIC_A_LAY_BIT_OFFSET,
	IP_VS_QUIC_A_LAY_BITS,
	IP_VS_QUIC_A_LAY_CID_LEN,
	IP_VS_QUIC_A_LAY_MASK,
	IP_VS_QUIC_A_LAY_VALUE,
	__IP_VS_QUIC_A_LAY_MAX
};
#define IP_VS_QUIC_A_LAY_MAX (__IP_VS_QUIC_A_LAY_MAX - 1)

enum ip_vs_quic_sid_attr {
	IP_VS_QUIC_A_SID_UNSPEC,
	IP_VS_QUIC_A_SID_CONFIG_ID,
	IP_VS_QUIC_A_SID_VALUE,
	IP_VS_QUIC_A_SID_AF,
	IP_VS_QUIC_A_SID_ADDR,
	IP_VS_QUIC_A_SID_PORT,
	IP_VS_QUIC_A_SID_PREFIX,
	__IP_VS_QUIC_A_SID_MAX
};
#define IP_VS_QUIC_A_SID_MAX (__IP_VS_QUIC_A_SID_MAX - 1)

enum ip_vs_quic_set_attr {
	IP_VS_QUIC_A_SET_UNSPEC,
	IP_VS_QUIC_A_SET_TUPLE_TIMEOUT,
	IP_VS_QUIC_A_SET_TUPLE_MAX,
	IP_VS_QUIC_A_SET_DCID_TIMEOUT,
	IP_VS_QUIC_A_SET_DCID_MAX,
	IP_VS_QUIC_A_SET_SOURCE4,
	IP_VS_QUIC_A_SET_SOURCE6,
	IP_VS_QUIC_A_SET_TABLE_BITS,
	__IP_VS_QUIC_A_SET_MAX
};
#define IP_VS_QUIC_A_SET_MAX (__IP_VS_QUIC_A_SET_MAX - 1)

enum ip_vs_quic_exp_attr {
	IP_VS_QUIC_A_EXP_UNSPEC,
	IP_VS_QUIC_A_EXP_DEVICE,
	IP_VS_QUIC_A_EXP_STATS,
	IP_VS_QUIC_A_EXP_ASKS,
	__IP_VS_QUIC_A_EXP_MAX
};
#define IP_VS_QUIC_A_EXP_MAX (__IP_VS_QUIC_A_EXP_MAX - 1)

/* A real server of a service's pool. */
enum ip_vs_quic_srv_attr {
	IP_VS_QUIC_A_SRV_UNSPEC,
	IP_VS_QUIC_A_SRV_AF,		/* u16, AF_INET or AF_INET6 */
	IP_VS_QUIC_A_SRV_ADDR,		/* 4 or 16 octets */
	IP_VS_QUIC_A_SRV_PORT,		/* be16 */
	IP_VS_QUIC_A_SRV_WEIGHT,	/* u32 */
	IP_VS_QUIC_A_SRV_METHOD,	/* u32, IP_VS_CONN_F_FWD_MASK of IPVS's flags */
	IP_VS_QUIC_A_SRV_CONFIG,	/* nested, what it got; not in events */
	__IP_VS_QUIC_A_SRV_MAX
};
#define IP_VS_QUIC_A_SRV_MAX (__IP_VS_QUIC_A_SRV_MAX - 1)

/* An entry of the table of 4-tuples. */
enum ip_vs_quic_flow_attr {
	IP_VS_QUIC_A_FLOW_UNSPEC,
	IP_VS_QUIC_A_FLOW_CLIENT,	/* 4 or 16 octets */
	IP_VS_QUIC_A_FLOW_CLIENT_PORT,	/* be16 */
	IP_VS_QUIC_A_FLOW_VIP,		/* 4 octets */
	IP_VS_QUIC_A_FLOW_VIP_PORT,	/* be16 */
	IP_VS_QUIC_A_FLOW_EXPIRES,	/* u32, seconds from now */
	IP_VS_QUIC_A_FLOW_ROUTED,	/* flag */
	__IP_VS_QUIC_A_FLOW_MAX
};
#define IP_VS_QUIC_A_FLOW_MAX (__IP_VS_QUIC_A_FLOW_MAX - 1)

/*
 * What became of a datagram: the one list behind the counters, the outcome
 * field of the tracepoints and the names that quiclbadm prints.
 * IP_VS_QUIC_OUTCOMES(X) calls X(symbol, name, meaning).  The place in the list is the
 * number: new ones come last, which tools/testing/uapi-numbers checks.
 *
 * The hook counts each datagram to a VIP under exactly one of the outcomes up to
 * and including "malformed": what its CID says.  Those that are neither "routed"
 * nor "deferred" are counted once more, by what was done with them instead: one
 * of "tuple" to "sched-none" (but not where IPVS's persistence or drop_packet comes
 * first).  "deferred" ones are when their 4-tuple is new.  ICMP
 * errors about a VIP's datagrams have outcomes of their own.
 */
#define IP_VS_QUIC_OUTCOMES(X) \
	X(ROUTED, "routed", "CID names a server: sent to it without IPVS state") \
	X(DEFERRED, "deferred", "CID names a masqueraded server: takes an entry for replies") \
	X(NO_CONFIG, "unroutable-config", "no config has the CID's config ID or layout") \
	X(RESERVED, "unroutable-reserved", "config ID 0b111: minted by a server without a config") \
	X(TOO_SHORT, "unroutable-short", "CID shorter than its config") \
	X(BAD_LENGTH, "unroutable-length", "the length the CID encodes or has cannot be right") \
	X(UNKNOWN_SERVER_ID, "unroutable-server-id", "no server has the decoded server ID") \
	X(NO_SERVER, "unroutable-server", "the server that has the server ID is not in the pool") \
	X(MALFORMED, "malformed", "no QUIC header: empty or truncated datagram") \
	X(TUPLE, "tuple", "sent to the server that the 4-tuple was given to") \
	X(DCID, "dcid", "sent to the server that the unroutable CID was given to") \
	X(FALLBACK, "fallback", "sent by consistent hashing, nothing remembered") \
	X(FALLBACK_NEW, "fallback-new", "sent by consistent hashing, 4-tuple remembered") \
	X(SCHED_CID, "sched-cid", "new 4-tuple, or a known one's next server: by its CID") \
	X(SCHED_FALLBACK, "sched-fallback", "new 4-tuple given by IPVS to a server by hashing") \
	X(SCHED_NONE, "sched-none", "no server has weight: left to IPVS; no entry: dropped") \
	X(ICMP_CID, "icmp-cid", "ICMP error sent to the server of the quoted source CID") \
	X(ICMP_TUPLE, "icmp-tuple", "ICMP error sent to the server of the quoted 4-tuple's entry") \
	X(ICMP_FALLBACK, "icmp-fallback", "ICMP error sent by hashing of the quoted 4-tuple") \
	X(ICMP_TUNNEL, "icmp-tunnel", "error about a tunnel packet: path MTU to the server lowered")

enum ip_vs_quic_outcome {
#define X(symbol, name, meaning) IP_VS_QUIC_##symbol,
	IP_VS_QUIC_OUTCOMES(X)
#undef X
	__IP_VS_QUIC_OUTCOME_COUNT
};
#define IP_VS_QUIC_OUTCOME_COUNT __IP_VS_QUIC_OUTCOME_COUNT

/* of IP_VS_QUIC_A_STATS, all u64 */
enum ip_vs_quic_stat_attr {
	IP_VS_QUIC_A_STAT_UNSPEC,
#define X(symbol, name, meaning) IP_VS_QUIC_A_STAT_##symbol,
	IP_VS_QUIC_OUTCOMES(X)
#undef X
	__IP_VS_QUIC_A_STAT_MAX
};
#define IP_VS_QUIC_A_STAT_MAX (__IP_VS_QUIC_A_STAT_MAX - 1)

/*
 * What the express path of a device did with a datagram: took it, which the service
 * counts as on the default path, or left it to that path for the first of these reasons
 * that held.  What is neither UDP nor, unless "not-plain", "master" or "other-host", for
 * a service is not counted.  IP_VS_QUIC_EXPRESS_OUTCOMES(X) calls X(symbol, name,
 * meaning); new ones come last here, too.
 */
#define IP_VS_QUIC_EXPRESS_OUTCOMES(X) \
	X(TAKEN, "taken", "sent straight to the device that leads to its server") \
	X(NOT_PLAIN, "not-plain", "VLAN-tagged, merged, fragment, options, damaged or expiring") \
	X(SETUP, "setup", "IPVS's own path is needed: conntrack, backup_only, firewall marks") \
	X(NOT_LOCAL, "not-local", "routing sends it elsewhere, or brought none since a change") \
	X(UNROUTABLE, "unroutable", "no server can be chosen or reached without IPVS's state") \
	X(METHOD, "method", "forwarding method is neither IPIP nor GUE without checksum") \
	X(NO_ROUTE, "no-route", "IPVS has no plain route to the server at the moment") \
	X(NO_NEIGHBOUR, "no-neighbour", "the next hop has not been resolved") \
	X(TOO_BIG, "too-big", "larger than the tunnel's MTU") \
	X(MASTER, "master", "another device decides: bond, bridge, macvlan, VRF and their like") \
	X(OTHER_HOST, "other-host", "its frame was for another MAC address than the device's") \
	X(DRIVER, "driver", "sent by the driver path, before the express path")

enum ip_vs_quic_express_outcome {
#define X(symbol, name, meaning) IP_VS_QUIC_EXPRESS_##symbol,
	IP_VS_QUIC_EXPRESS_OUTCOMES(X)
#undef X
	__IP_VS_QUIC_EXPRESS_OUTCOME_COUNT
};
#define IP_VS_QUIC_EXPRESS_OUTCOME_COUNT __IP_VS_QUIC_EXPRESS_OUTCOME_COUNT

/*
 * Why routing is asked about each datagram of a device, which the driver path cannot do:
 * it leaves them all to the express path.
 */
#define IP_VS_QUIC_EXPRESS_ASKS(X) \
	X(RULES, "rules", "the namespace has, or has had, routing rules for IPv4") \
	X(LOCAL_ROUTES, "local-routes", \
	  "the namespace has, or has had, local IPv4 routes added by hand") \
	X(RP_FILTER, "rp-filter", "rp_filter of the device or of all is on") \
	X(RULES6, "rules6", "the namespace has, or has had, routing rules for IPv6") \
	X(SOURCE_ROUTES6, "source-routes6", "there are IPv6 routes that depend on the source")

enum ip_vs_quic_express_ask {
#define X(symbol, name, meaning) IP_VS_QUIC_ASK_##symbol,
	IP_VS_QUIC_EXPRESS_ASKS(X)
#undef X
	__IP_VS_QUIC_EXPRESS_ASK_COUNT
};
#define IP_VS_QUIC_EXPRESS_ASK_COUNT __IP_VS_QUIC_EXPRESS_ASK_COUNT

/* of IP_VS_QUIC_A_EXP_STATS, all u64 */
enum ip_vs_quic_exp_stat_attr {
	IP_VS_QUIC_A_EXP_STAT_UNSPEC,
#define X(symbol, name, meaning) IP_VS_QUIC_A_EXP_STAT_##symbol,
	IP_VS_QUIC_EXPRESS_OUTCOMES(X)
#undef X
	__IP_VS_QUIC_A_EXP_STAT_MAX
};
#define IP_VS_QUIC_A_EXP_STAT_MAX (__IP_VS_QUIC_A_EXP_STAT_MAX - 1)

#endif /* _UAPI_LINUX_IP_VS_QUIC_H */
