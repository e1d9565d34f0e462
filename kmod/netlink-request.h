/* SPDX-License-Identifier: GPL-2.0 */
/* What a SET or DEL of the netlink family asks for, under qnet->lock. */
#ifndef _IVQ_NETLINK_REQUEST_H
#define _IVQ_NETLINK_REQUEST_H

#include <net/genetlink.h>

#include "config.h"
#include "service.h"

/**
 * struct ivq_request - a SET or DEL, and what is being built for it
 * @extack: for the sentence that says why not
 * @qs: the service, found under qnet->lock
 * @replace: IP_VS_QUIC_F_REPLACE
 * @absent: IP_VS_QUIC_F_ABSENT
 * @exclusive: IP_VS_QUIC_F_EXCL: a config that exists is not replaced
 * @begin: IP_VS_QUIC_F_BEGIN
 * @commit: IP_VS_QUIC_F_COMMIT
 * @named: bit per config ID and tenant named in the request
 * @touched: bit per config ID that a config or server ID in the request has
 * @fresh: configs made for this request, one reference each
 * @sidmap: made for this request, the same as change.sidmap
 * @unroutable: made for this request, one reference, or NULL
 * @pool: the same
 * @change: the service's next state
 */
struct ivq_request {
	struct netlink_ext_ack *extack;
	struct ivq_service *qs;
	bool replace;
	bool absent;
	bool exclusive;
	bool begin;
	bool commit;
	u32 named;
	u8 touched;
	struct ivq_configs fresh;
	struct ivq_sidmap *sidmap;
	struct ivq_unroutable_table *unroutable;
	struct ivq_pool *pool;
	struct ivq_change change;
};

#define for_each_request_attr(attr, info, rem)				\
	nlmsg_for_each_attr(attr, (info)->nlhdr, GENL_HDRLEN, rem)

/* netlink-config.c */
int ivq_request_set_configs(struct ivq_request *req, struct genl_info *info);
int ivq_request_del_configs(struct ivq_request *req, struct genl_info *info);
int ivq_request_check_tenants(const struct ivq_request *req);
int ivq_request_check_layouts(const struct ivq_request *req);

/* netlink-sid.c */
int ivq_request_set_sids(struct ivq_request *req, struct genl_info *info);
int ivq_request_del_sids(struct ivq_request *req, struct genl_info *info);
int ivq_request_check_lengths(const struct ivq_request *req);

/* netlink-settings.c */
int ivq_request_set_settings(struct ivq_request *req, struct genl_info *info);

#endif /* _IVQ_NETLINK_REQUEST_H */
