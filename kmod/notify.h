/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events: messages to the multicast group of the netlink family, see
 * uapi/linux/ip_vs_quic.h.  All is said after it has been done, under the lock of the
 * namespace, so in the order in which it was done.  Nothing here fails: a listener that
 * an event cannot be told to is told that it has missed one.
 *
 * Callers may also hold IPVS's mutex, RTNL, pernet_ops_rwsem or generic netlink's locks.
 * What is waited for: memory, and readers of family_lock in notify.c, who wait for no more.
 */
#ifndef _IVQ_NOTIFY_H
#define _IVQ_NOTIFY_H

#include <linux/types.h>

struct genl_family;
struct ivq_net;
struct ivq_past;
struct ivq_service;

/*
 * Events begin once the family is registered, and end before it is unregistered: its
 * group's number may then be another family's.  Callers hold no lock.
 */
void ivq_notify_start(const struct genl_family *registered);
void ivq_notify_stop(void);

/* Its servers are said one by one. */
void ivq_notify_service_added(const struct ivq_service *qs);
/* What belonged to it is not mentioned. */
void ivq_notify_service_deleted(const struct ivq_service *qs);

/* Whatever differs between @past and what the service is now. */
void ivq_notify_changed(const struct ivq_service *qs,
			const struct ivq_past *past);

/* qs->rebuild_error says why. */
void ivq_notify_rebuild_failed(const struct ivq_service *qs);

/* @cmd is IP_VS_QUIC_CMD_EXPRESS_ADD_NTF or _DEL_NTF. */
void ivq_notify_express(const struct ivq_net *qnet, u8 cmd, const char *device);

#endif /* _IVQ_NOTIFY_H */
