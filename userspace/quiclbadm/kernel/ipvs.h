/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPVS's own generic netlink family: services and destinations.  All return 0
 * or a negative errno for kernel_refusal().
 */
#ifndef _QUICLBADM_KERNEL_IPVS_H
#define _QUICLBADM_KERNEL_IPVS_H

#include "model/model.h"

struct ipvs_info {
	uint32_t version;		/* three octets */
	uint32_t conn_tab_size;
};

/* Seconds. */
struct ipvs_timeouts {
	uint32_t tcp;
	uint32_t tcp_fin;
	uint32_t udp;
};

/* A daemon that tells other directors of connections, or hears of them. */
struct ipvs_daemon {
	uint32_t state;			/* IP_VS_STATE_* */
	uint32_t sync_id;
	char device[DEVICE_NAME_MAX + 1];
};

enum {
	IPVS_DAEMONS_MAX = 2,		/* one of each state */
};

/* @cmd: IPVS_CMD_NEW_SERVICE or IPVS_CMD_SET_SERVICE */
int ipvs_put_service(uint8_t cmd, const struct service *svc);
int ipvs_del_service(const struct service_id *id);

/* @cmd: IPVS_CMD_NEW_DEST, IPVS_CMD_SET_DEST or IPVS_CMD_DEL_DEST */
int ipvs_put_dest(uint8_t cmd, const struct service_id *id,
		  const struct dest *dest);

int ipvs_flush(void);

/* Of one service, or all of them when @id is NULL. */
int ipvs_zero(const struct service_id *id);

int ipvs_get_info(struct ipvs_info *info);

int ipvs_get_timeouts(struct ipvs_timeouts *timeouts);
int ipvs_get_daemons(struct ipvs_daemon daemons[IPVS_DAEMONS_MAX], size_t *count);

/*
 * Adds UDP and firewall-mark services with their destinations: the one that
 * @id names, -ESRCH without it, or all when it is NULL.
 */
int ipvs_get(struct state *state, const struct service_id *id);

#endif /* _QUICLBADM_KERNEL_IPVS_H */
