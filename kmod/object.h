/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A count of live objects by kind.  Objects die after grace periods and in
 * workers; unloading the module waits for them all and then demands zero, so a
 * lost reference is a WARN, not a leak that nobody sees.
 *
 * Root of a user namespace can make services, so all of them are allocated with
 * GFP_KERNEL_ACCOUNT: the memory cgroup of who asks is charged for them.
 */
#ifndef _IP_VS_QUIC_OBJECT_H
#define _IP_VS_QUIC_OBJECT_H

enum ip_vs_quic_object {
	IP_VS_QUIC_OBJ_SERVICE,
	IP_VS_QUIC_OBJ_CONFIG,
	IP_VS_QUIC_OBJ_SIDMAP,
	IP_VS_QUIC_OBJ_TARGET,
	IP_VS_QUIC_OBJ_POOL,
	IP_VS_QUIC_OBJ_ROUTES,
	IP_VS_QUIC_OBJ_DCIDS,
	IP_VS_QUIC_OBJ_EXPRESS,
	IP_VS_QUIC_OBJ_SLOTS,
	IP_VS_QUIC_OBJ_NET,
	IP_VS_QUIC_OBJ_COUNT
};

struct delayed_work;
struct rcu_work;

void ip_vs_quic_object_created(enum ip_vs_quic_object kind);
void ip_vs_quic_object_destroyed(enum ip_vs_quic_object kind);

/* Runs the work's function in process context after a grace period. */
void ip_vs_quic_object_retire(struct rcu_work *work);

/*
 * On the same queue.  Nobody waits for that but ip_vs_quic_object_uninit(), so what
 * @work waits for does not depend on who has to wait for the kernel's own queues.
 */
void ip_vs_quic_object_queue(struct delayed_work *work, unsigned long delay);

int ip_vs_quic_object_init(void);
void ip_vs_quic_object_uninit(void);

#endif /* _IP_VS_QUIC_OBJECT_H */
