// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/ipvs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <linux/genetlink.h>

#include "kernel/nl.h"

enum {
	/* more than a service and a destination take */
	MESSAGE_ROOM = 512,
};

static void put_service_id(struct nlmsghdr *nlh, const struct service_id *id)
{
	mnl_attr_put_u16(nlh, IPVS_SVC_ATTR_AF, id->vip.af);
	if (id->fwmark) {
		mnl_attr_put_u32(nlh, IPVS_SVC_ATTR_FWMARK, id->fwmark);
		return;
	}
	mnl_attr_put_u16(nlh, IPVS_SVC_ATTR_PROTOCOL, id->protocol);
	mnl_attr_put(nlh, IPVS_SVC_ATTR_ADDR, sizeof(id->vip.addr),
		     id->vip.addr);
	mnl_attr_put_u16(nlh, IPVS_SVC_ATTR_PORT, htons(id->vip.port));
}

static void put_service(struct nlmsghdr *nlh, const struct service *svc)
{
	struct ip_vs_flags flags = { .flags = svc->flags, .mask = ~0u };
	struct nlattr *nest = mnl_attr_nest_start(nlh, IPVS_CMD_ATTR_SERVICE);

	put_service_id(nlh, &svc->id);
	mnl_attr_put_strz(nlh, IPVS_SVC_ATTR_SCHED_NAME, svc->sched);
	if (*svc->pe)
		mnl_attr_put_strz(nlh, IPVS_SVC_ATTR_PE_NAME, svc->pe);
	mnl_attr_put(nlh, IPVS_SVC_ATTR_FLAGS, sizeof(flags), &flags);
	mnl_attr_put_u32(nlh, IPVS_SVC_ATTR_TIMEOUT, svc->timeout);
	mnl_attr_put_u32(nlh, IPVS_SVC_ATTR_NETMASK, svc->netmask);
	mnl_attr_nest_end(nlh, nest);
}

static void put_only_service_id(struct nlmsghdr *nlh, const struct service_id *id)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IPVS_CMD_ATTR_SERVICE);

	put_service_id(nlh, id);
	mnl_attr_nest_end(nlh, nest);
}

static void put_dest(struct nlmsghdr *nlh, const struct dest *dest)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IPVS_CMD_ATTR_DEST);

	mnl_attr_put_u16(nlh, IPVS_DEST_ATTR_ADDR_FAMILY, dest->server.af);
	mnl_attr_put(nlh, IPVS_DEST_ATTR_ADDR, sizeof(dest->server.addr),
		     dest->server.addr);
	mnl_attr_put_u16(nlh, IPVS_DEST_ATTR_PORT, htons(dest->server.port));
	mnl_attr_put_u32(nlh, IPVS_DEST_ATTR_FWD_METHOD, dest->forward);
	mnl_attr_put_u32(nlh, IPVS_DEST_ATTR_WEIGHT, dest->weight);
	mnl_attr_put_u32(nlh, IPVS_DEST_ATTR_U_THRESH, dest->u_threshold);
	mnl_attr_put_u32(nlh, IPVS_DEST_ATTR_L_THRESH, dest->l_threshold);
	mnl_attr_put_u8(nlh, IPVS_DEST_ATTR_TUN_TYPE, dest->tun_type);
	mnl_attr_put_u16(nlh, IPVS_DEST_ATTR_TUN_PORT, htons(dest->tun_port));
	mnl_attr_put_u16(nlh, IPVS_DEST_ATTR_TUN_FLAGS, dest->tun_flags);
	mnl_attr_nest_end(nlh, nest);
}

static int talk(struct nl_request *request, mnl_cb_t cb, void *data)
{
	int err = nl_talk(request, cb, data);

	nl_free(request);
	return err;
}

int ipvs_put_service(uint8_t cmd, const struct service *svc)
{
	struct nl_request request;

	if (service_is_quic(svc))
		nl_load_quic();
	nl_begin(&request, NL_IPVS, cmd, 0, MESSAGE_ROOM);
	put_service(request.nlh, svc);
	return talk(&request, NULL, NULL);
}

int ipvs_del_service(const struct service_id *id)
{
	struct nl_request request;

	nl_begin(&request, NL_IPVS, IPVS_CMD_DEL_SERVICE, 0, MESSAGE_ROOM);
	put_only_service_id(request.nlh, id);
	return talk(&request, NULL, NULL);
}

int ipvs_put_dest(uint8_t cmd, const struct service_id *id,
		  const struct dest *dest)
{
	struct nl_request request;

	nl_begin(&request, NL_IPVS, cmd, 0, MESSAGE_ROOM);
	put_only_service_id(request.nlh, id);
	put_dest(request.nlh, dest);
	return talk(&request, NULL, NULL);
}

int ipvs_flush(void)
{
	struct nl_request request;

	nl_begin(&request, NL_IPVS, IPVS_CMD_FLUSH, 0, 0);
	return talk(&request, NULL, NULL);
}

int ipvs_zero(const struct service_id *id)
{
	struct nl_request request;

	nl_begin(&request, NL_IPVS, IPVS_CMD_ZERO, 0, MESSAGE_ROOM);
	if (id)
		put_only_service_id(request.nlh, id);
	return talk(&request, NULL, NULL);
}

static int read_info(const struct nlmsghdr *nlh, void *data)
{
	struct ipvs_info *info = data;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		uint32_t value = (uint32_t)nl_number(attr);

		if (mnl_attr_get_type(attr) == IPVS_INFO_ATTR_VERSION)
			info->version = value;
		else if (mnl_attr_get_type(attr) == IPVS_INFO_ATTR_CONN_TAB_SIZE)
			info->conn_tab_size = value;
	}
	return MNL_CB_OK;
}

int ipvs_get_info(struct ipvs_info *info)
{
	struct nl_request request;

	memset(info, 0, sizeof(*info));
	nl_begin(&request, NL_IPVS, IPVS_CMD_GET_INFO, 0, 0);
	return talk(&request, read_info, info);
}

static int read_timeouts(const struct nlmsghdr *nlh, void *data)
{
	struct ipvs_timeouts *timeouts = data;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		uint32_t value = (uint32_t)nl_number(attr);

		if (mnl_attr_get_type(attr) == IPVS_CMD_ATTR_TIMEOUT_TCP)
			timeouts->tcp = value;
		else if (mnl_attr_get_type(attr) == IPVS_CMD_ATTR_TIMEOUT_TCP_FIN)
			timeouts->tcp_fin = value;
		else if (mnl_attr_get_type(attr) == IPVS_CMD_ATTR_TIMEOUT_UDP)
			timeouts->udp = value;
	}
	return MNL_CB_OK;
}

int ipvs_get_timeouts(struct ipvs_timeouts *timeouts)
{
	struct nl_request request;

	memset(timeouts, 0, sizeof(*timeouts));
	nl_begin(&request, NL_IPVS, IPVS_CMD_GET_CONFIG, 0, 0);
	return talk(&request, read_timeouts, timeouts);
}

struct daemon_list {
	struct ipvs_daemon *daemons;
	size_t count;
};

static int read_daemon(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[IPVS_DAEMON_ATTR_MAX + 1], *attr;
	struct daemon_list *list = data;
	struct ipvs_daemon *daemon;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != IPVS_CMD_ATTR_DAEMON ||
		    list->count == IPVS_DAEMONS_MAX)
			continue;
		nl_nested(attr, attrs, IPVS_DAEMON_ATTR_MAX);
		daemon = &list->daemons[list->count++];
		memset(daemon, 0, sizeof(*daemon));
		daemon->state = (uint32_t)nl_number(attrs[IPVS_DAEMON_ATTR_STATE]);
		daemon->sync_id = (uint32_t)nl_number(attrs[IPVS_DAEMON_ATTR_SYNC_ID]);
		nl_octets(attrs[IPVS_DAEMON_ATTR_MCAST_IFN], daemon->device,
			  sizeof(daemon->device) - 1);
	}
	return MNL_CB_OK;
}

int ipvs_get_daemons(struct ipvs_daemon daemons[IPVS_DAEMONS_MAX], size_t *count)
{
	struct daemon_list list = { .daemons = daemons };
	struct nl_request request;
	int err;

	nl_begin(&request, NL_IPVS, IPVS_CMD_GET_DAEMON, NLM_F_DUMP, 0);
	err = talk(&request, read_daemon, &list);
	*count = list.count;
	return err;
}

static void read_counters(const struct nlattr *wide, const struct nlattr *narrow,
			  uint64_t *counters)
{
	const struct nlattr *attrs[IPVS_STATS_ATTR_MAX + 1];
	unsigned int i;

	if (!wide && !narrow)
		return;
	nl_nested(wide ? wide : narrow, attrs, IPVS_STATS_ATTR_MAX);
	for (i = 0; i < COUNTERS; i++)
		counters[i] = nl_number(attrs[IPVS_STATS_ATTR_CONNS + i]);
}

static void read_endpoint(const struct nlattr *addr, const struct nlattr *port,
			  uint16_t af, struct endpoint *ep)
{
	uint16_t be_port = (uint16_t)nl_number(port);

	memset(ep, 0, sizeof(*ep));
	ep->af = af;
	ep->port = ntohs(be_port);
	/* IPVS sends 16 octets for IPv4, too */
	nl_octets(addr, ep->addr, af == AF_INET6 ? 16 : 4);
}

static void read_service(const struct nlattr *nest, struct state *state)
{
	const struct nlattr *attrs[IPVS_SVC_ATTR_MAX + 1];
	struct service_id id = { 0 };
	struct ip_vs_flags flags;
	struct service *svc;

	nl_nested(nest, attrs, IPVS_SVC_ATTR_MAX);
	read_endpoint(attrs[IPVS_SVC_ATTR_ADDR], attrs[IPVS_SVC_ATTR_PORT],
		      (uint16_t)nl_number(attrs[IPVS_SVC_ATTR_AF]), &id.vip);
	id.fwmark = (uint32_t)nl_number(attrs[IPVS_SVC_ATTR_FWMARK]);
	id.protocol = (uint16_t)nl_number(attrs[IPVS_SVC_ATTR_PROTOCOL]);
	if (!id.fwmark && id.protocol != IPPROTO_UDP)
		return;
	svc = state_add(state, &id);
	nl_octets(attrs[IPVS_SVC_ATTR_SCHED_NAME], svc->sched,
		  sizeof(svc->sched) - 1);
	nl_octets(attrs[IPVS_SVC_ATTR_PE_NAME], svc->pe, sizeof(svc->pe) - 1);
	nl_octets(attrs[IPVS_SVC_ATTR_FLAGS], &flags, sizeof(flags));
	/* HASHED is IPVS's own business */
	svc->flags = flags.flags & ~(uint32_t)IP_VS_SVC_F_HASHED;
	svc->timeout = (uint32_t)nl_number(attrs[IPVS_SVC_ATTR_TIMEOUT]);
	svc->netmask = (uint32_t)nl_number(attrs[IPVS_SVC_ATTR_NETMASK]);
	read_counters(attrs[IPVS_SVC_ATTR_STATS64], attrs[IPVS_SVC_ATTR_STATS],
		      svc->counters);
}

static int on_service(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == IPVS_CMD_ATTR_SERVICE)
			read_service(attr, data);
	return MNL_CB_OK;
}

static void read_dest(const struct nlattr *nest, struct service *svc)
{
	const struct nlattr *attrs[IPVS_DEST_ATTR_MAX + 1];
	struct dest dest = { 0 };
	uint16_t af, be_port;

	nl_nested(nest, attrs, IPVS_DEST_ATTR_MAX);
	/* kernels before 3.18 do not say: the service's then */
	af = (uint16_t)nl_number(attrs[IPVS_DEST_ATTR_ADDR_FAMILY]);
	read_endpoint(attrs[IPVS_DEST_ATTR_ADDR], attrs[IPVS_DEST_ATTR_PORT],
		      af ? af : svc->id.vip.af, &dest.server);
	dest.forward = (uint32_t)nl_number(attrs[IPVS_DEST_ATTR_FWD_METHOD]);
	dest.weight = (uint32_t)nl_number(attrs[IPVS_DEST_ATTR_WEIGHT]);
	dest.u_threshold = (uint32_t)nl_number(attrs[IPVS_DEST_ATTR_U_THRESH]);
	dest.l_threshold = (uint32_t)nl_number(attrs[IPVS_DEST_ATTR_L_THRESH]);
	dest.tun_type = (uint8_t)nl_number(attrs[IPVS_DEST_ATTR_TUN_TYPE]);
	be_port = (uint16_t)nl_number(attrs[IPVS_DEST_ATTR_TUN_PORT]);
	dest.tun_port = ntohs(be_port);
	dest.tun_flags = (uint16_t)nl_number(attrs[IPVS_DEST_ATTR_TUN_FLAGS]);
	dest.active = (uint32_t)nl_number(attrs[IPVS_DEST_ATTR_ACTIVE_CONNS]);
	dest.inactive = (uint32_t)nl_number(attrs[IPVS_DEST_ATTR_INACT_CONNS]);
	dest.persistent = (uint32_t)nl_number(attrs[IPVS_DEST_ATTR_PERSIST_CONNS]);
	read_counters(attrs[IPVS_DEST_ATTR_STATS64], attrs[IPVS_DEST_ATTR_STATS],
		      dest.counters);
	service_add_dest(svc, &dest);
}

static int on_dest(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == IPVS_CMD_ATTR_DEST)
			read_dest(attr, data);
	return MNL_CB_OK;
}

static int get_dests(struct service *svc)
{
	struct nl_request request;

	nl_begin(&request, NL_IPVS, IPVS_CMD_GET_DEST, NLM_F_DUMP, MESSAGE_ROOM);
	put_only_service_id(request.nlh, &svc->id);
	return talk(&request, on_dest, svc);
}

int ipvs_get(struct state *state, const struct service_id *id)
{
	struct nl_request request;
	size_t i;
	int err;

	nl_begin(&request, NL_IPVS, IPVS_CMD_GET_SERVICE, id ? 0 : NLM_F_DUMP,
		 MESSAGE_ROOM);
	if (id)
		put_only_service_id(request.nlh, id);
	err = talk(&request, on_service, state);
	for (i = 0; !err && i < state->count; i++)
		err = get_dests(state->services[i]);
	return err;
}
