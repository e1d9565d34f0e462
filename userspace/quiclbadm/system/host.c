// SPDX-License-Identifier: GPL-2.0-only
#include "system/host.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "common/err.h"
#include "common/xalloc.h"
#include "kernel/nl.h"

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *sock = mnl_socket_open(NETLINK_ROUTE);

	if (sock && mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(sock);
		sock = NULL;
	}
	return sock;
}

/* Return: 0 or a negative errno. */
static int talk(struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	static char answer[1 << 15];
	struct mnl_socket *sock = open_socket();
	int got, err = 0;

	if (!sock)
		return -errno;
	nlh->nlmsg_seq = 1;
	if (mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0)
		err = -errno;
	while (!err) {
		ssize_t len = mnl_socket_recvfrom(sock, answer, sizeof(answer));

		got = len < 0 ? -1 :
		      mnl_cb_run(answer, (size_t)len, 1,
				 mnl_socket_get_portid(sock), cb, data);
		if (got < 0)
			err = -errno;
		else if (got == MNL_CB_STOP)
			break;
	}
	mnl_socket_close(sock);
	return err;
}

static void read_ep(const struct nlattr *attr, uint16_t af, struct endpoint *ep)
{
	static const uint8_t any[16];

	memset(ep, 0, sizeof(*ep));
	if (!attr)
		return;
	nl_octets(attr, ep->addr, af == AF_INET6 ? 16 : 4);
	if (memcmp(ep->addr, any, sizeof(any)))
		ep->af = af;
}

static void read_tunnel(const struct nlattr *info, struct link *link)
{
	const struct nlattr *attrs[IFLA_IPTUN_MAX + 1];
	uint16_t af = strncmp(link->kind, "ip6", 3) ? AF_INET : AF_INET6;

	nl_nested(info, attrs, IFLA_IPTUN_MAX);
	read_ep(attrs[IFLA_IPTUN_LOCAL], af, &link->local);
	read_ep(attrs[IFLA_IPTUN_REMOTE], af, &link->remote);
	link->protocol = (uint8_t)nl_number(attrs[IFLA_IPTUN_PROTO]);
}

static void read_gre(const struct nlattr *info, struct link *link)
{
	const struct nlattr *attrs[IFLA_GRE_MAX + 1];
	uint16_t af = strncmp(link->kind, "ip6", 3) ? AF_INET : AF_INET6;

	nl_nested(info, attrs, IFLA_GRE_MAX);
	read_ep(attrs[IFLA_GRE_LOCAL], af, &link->local);
	read_ep(attrs[IFLA_GRE_REMOTE], af, &link->remote);
	link->keyed = nl_number(attrs[IFLA_GRE_IFLAGS]) & GRE_KEY;
	link->checked = nl_number(attrs[IFLA_GRE_IFLAGS]) & GRE_CSUM;
}

static void read_info(const struct nlattr *nest, struct link *link)
{
	const struct nlattr *attrs[IFLA_INFO_MAX + 1];

	nl_nested(nest, attrs, IFLA_INFO_MAX);
	if (!attrs[IFLA_INFO_KIND])
		return;
	nl_octets(attrs[IFLA_INFO_KIND], link->kind, sizeof(link->kind) - 1);
	if (!attrs[IFLA_INFO_DATA])
		return;
	if (!strcmp(link->kind, "ipip") || !strcmp(link->kind, "sit") ||
	    !strcmp(link->kind, "ip6tnl"))
		read_tunnel(attrs[IFLA_INFO_DATA], link);
	else if (!strcmp(link->kind, "gre") || !strcmp(link->kind, "ip6gre"))
		read_gre(attrs[IFLA_INFO_DATA], link);
}

static int on_link(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	struct host *host = data;
	const struct nlattr *attr;
	struct link *link;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	host->links = xreallocarray(host->links, host->link_count + 1,
				    sizeof(*link));
	link = &host->links[host->link_count++];
	memset(link, 0, sizeof(*link));
	link->index = info->ifi_index;
	link->flags = info->ifi_flags;
	mnl_attr_for_each(attr, nlh, sizeof(*info))
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			nl_octets(attr, link->name, sizeof(link->name) - 1);
			break;
		case IFLA_MTU:
			link->mtu = (uint32_t)nl_number(attr);
			break;
		case IFLA_LINK:
			link->lower = (int)nl_number(attr);
			break;
		case IFLA_MASTER:
			link->master = (int)nl_number(attr);
			break;
		case IFLA_LINKINFO:
			read_info(attr, link);
			break;
		}
	return MNL_CB_OK;
}

static int on_address(const struct nlmsghdr *nlh, void *data)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr, *own = NULL;
	struct address *address;
	struct host *host = data;

	if (nlh->nlmsg_type != RTM_NEWADDR)
		return MNL_CB_OK;
	/* of a point-to-point address, ADDRESS is the other end's */
	mnl_attr_for_each(attr, nlh, sizeof(*info))
		if (mnl_attr_get_type(attr) == IFA_LOCAL ||
		    (mnl_attr_get_type(attr) == IFA_ADDRESS && !own))
			own = attr;
	host->addresses = xreallocarray(host->addresses,
					host->address_count + 1,
					sizeof(*address));
	address = &host->addresses[host->address_count++];
	address->link = (int)info->ifa_index;
	address->prefix = info->ifa_prefixlen;
	address->duplicate = info->ifa_flags & IFA_F_DADFAILED;
	read_ep(own, info->ifa_family, &address->ep);
	return MNL_CB_OK;
}

/* @header: octets of the family's own header, which begins with the family */
static int dump(uint16_t type, size_t header, mnl_cb_t cb, void *data)
{
	char buf[256] __attribute__((aligned(8))) = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtgenmsg *gen;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	gen = mnl_nlmsg_put_extra_header(nlh, header);
	gen->rtgen_family = AF_UNSPEC;
	return talk(nlh, cb, data);
}

int host_read(struct host *host)
{
	int err;

	memset(host, 0, sizeof(*host));
	err = dump(RTM_GETLINK, sizeof(struct ifinfomsg), on_link, host);
	if (!err)
		err = dump(RTM_GETADDR, sizeof(struct ifaddrmsg), on_address,
			   host);
	if (err)
		return refuse("devices and addresses: %s", strerror(-err));
	return 0;
}

void host_destroy(struct host *host)
{
	free(host->links);
	free(host->addresses);
	memset(host, 0, sizeof(*host));
}

const struct link *host_link(const struct host *host, int index)
{
	size_t i;

	for (i = 0; i < host->link_count; i++)
		if (host->links[i].index == index)
			return &host->links[i];
	return NULL;
}

const struct link *host_link_named(const struct host *host, const char *name)
{
	size_t i;

	for (i = 0; i < host->link_count; i++)
		if (!strcmp(host->links[i].name, name))
			return &host->links[i];
	return NULL;
}

bool host_has_address(const struct host *host, const struct endpoint *ep)
{
	size_t i;

	for (i = 0; i < host->address_count; i++)
		if (endpoint_addr_eq(&host->addresses[i].ep, ep))
			return true;
	return false;
}

bool host_link_has_address(const struct host *host, const struct link *link,
			   uint16_t af)
{
	size_t i;

	for (i = 0; i < host->address_count; i++)
		if (host->addresses[i].link == link->index &&
		    host->addresses[i].ep.af == af)
			return true;
	return false;
}

const struct address *host_address_on(const struct host *host, const struct link *link,
				      const struct endpoint *ep)
{
	size_t i;

	for (i = 0; i < host->address_count; i++)
		if (host->addresses[i].link == link->index &&
		    endpoint_addr_eq(&host->addresses[i].ep, ep))
			return &host->addresses[i];
	return NULL;
}

const struct address *host_duplicate(const struct host *host, const struct endpoint *ep)
{
	size_t i;

	for (i = 0; i < host->address_count; i++)
		if (host->addresses[i].duplicate && endpoint_addr_eq(&host->addresses[i].ep, ep))
			return &host->addresses[i];
	return NULL;
}

static bool is_in_subnet(const struct address *address, const struct endpoint *ep)
{
	return address->ep.af == ep->af &&
	       address->prefix < (ep->af == AF_INET6 ? 128 : 32) &&
	       addr_bits_eq(address->ep.addr, ep->addr, address->prefix);
}

bool host_on_link(const struct host *host, const struct link *link,
		  const struct endpoint *ep)
{
	size_t i;

	if (link->flags & (IFF_LOOPBACK | IFF_NOARP) || !(link->flags & IFF_UP))
		return false;
	for (i = 0; i < host->address_count; i++)
		if (host->addresses[i].link == link->index &&
		    is_in_subnet(&host->addresses[i], ep))
			return true;
	return false;
}

bool host_may_be_vip(const struct host *host, const struct address *address)
{
	const struct link *link = host_link(host, address->link);
	bool v6 = address->ep.af == AF_INET6;

	if (!link || !address->ep.af || address->prefix != (v6 ? 128 : 32))
		return false;
	if (v6 ? !memcmp(address->ep.addr, &in6addr_loopback, 16) :
		 address->ep.addr[0] == 127)
		return false;
	return link->flags & IFF_LOOPBACK || !strcmp(link->kind, "dummy");
}

static void read_metrics(const struct nlattr *nest, struct route *route)
{
	const struct nlattr *attrs[RTAX_MAX + 1];

	nl_nested(nest, attrs, RTAX_MAX);
	route->mtu = (uint32_t)nl_number(attrs[RTAX_MTU]);
}

/* What the kernel has learned, it forgets after a time. */
static bool expires(const struct nlattr *attr)
{
	struct rta_cacheinfo info = { 0 };

	nl_octets(attr, (uint8_t *)&info, sizeof(info));
	return info.rta_expires;
}

static int on_route(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct route *route = data;
	const struct nlattr *attr;

	route->type = rtm->rtm_type;
	mnl_attr_for_each(attr, nlh, sizeof(*rtm))
		switch (mnl_attr_get_type(attr)) {
		case RTA_OIF:
			route->link = (int)nl_number(attr);
			break;
		case RTA_GATEWAY:
			read_ep(attr, rtm->rtm_family, &route->gateway);
			break;
		case RTA_METRICS:
			read_metrics(attr, route);
			break;
		case RTA_CACHEINFO:
			route->learned = expires(attr);
			break;
		}
	return MNL_CB_STOP;
}

/* The errors of "ip route get" when a route, or the lack of one, forbids the packet. */
static uint8_t route_type_of(int err)
{
	switch (err) {
	case -EACCES:
		return RTN_PROHIBIT;
	case -EINVAL:
		return RTN_BLACKHOLE;
	default:
		return RTN_UNREACHABLE;
	}
}

/* A request for the route to @dst, in @buf. */
static struct nlmsghdr *put_get_route(void *buf, const struct endpoint *dst)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	size_t len = dst->af == AF_INET6 ? 16 : 4;
	struct rtmsg *rtm;

	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = (uint8_t)dst->af;
	rtm->rtm_dst_len = (uint8_t)(8 * len);
	mnl_attr_put(nlh, RTA_DST, len, dst->addr);
	return nlh;
}

int host_route_in(int vrf, const struct endpoint *dst, const struct endpoint *src,
		  struct route *route)
{
	char buf[256] __attribute__((aligned(8))) = { 0 };
	struct nlmsghdr *nlh = put_get_route(buf, dst);
	size_t len = dst->af == AF_INET6 ? 16 : 4;
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	int err;

	memset(route, 0, sizeof(*route));
	if (src && src->af == dst->af) {
		rtm->rtm_src_len = (uint8_t)(8 * len);
		mnl_attr_put(nlh, RTA_SRC, len, src->addr);
	}
	if (vrf)
		mnl_attr_put_u32(nlh, RTA_OIF, (uint32_t)vrf);
	err = talk(nlh, on_route, route);
	if (err == -EPERM || err == -ENOMEM || err == -ENOBUFS)
		return refuse("routes: %s", strerror(-err));
	if (err)
		route->type = route_type_of(err);
	return 0;
}

int host_route(const struct endpoint *dst, const struct endpoint *src,
	       struct route *route)
{
	return host_route_in(0, dst, src, route);
}

static bool is_vrf(const struct link *link)
{
	return link && !strcmp(link->kind, "vrf");
}

int host_vrf_of(const struct host *host, const struct endpoint *ep)
{
	size_t i;

	for (i = 0; i < host->address_count; i++) {
		const struct link *link = host_link(host, host->addresses[i].link);

		if (!link || !endpoint_addr_eq(&host->addresses[i].ep, ep))
			continue;
		if (is_vrf(link))
			return link->index;
		if (is_vrf(host_link(host, link->master)))
			return link->master;
	}
	return 0;
}

int host_client_vrf(const struct host *host, const struct endpoint *vip,
		    const struct endpoint *client)
{
	int vrf = host_vrf_of(host, vip);
	struct route route;
	size_t i;

	if (vrf || host_route(client, NULL, &route) || route.type == RTN_UNICAST)
		return vrf;
	for (i = 0; i < host->link_count; i++)
		if (is_vrf(&host->links[i]) &&
		    !host_route_in(host->links[i].index, client, NULL, &route) &&
		    route.type == RTN_UNICAST)
			return host->links[i].index;
	return 0;
}

struct barrier {
	const struct endpoint *dst;
	int bits;			/* of the longest prefix so far; -1: none */
	uint8_t type;
};

static int on_any_route(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct barrier *barrier = data;
	uint8_t addr[16] = { 0 };
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWROUTE || rtm->rtm_table != RT_TABLE_MAIN ||
	    rtm->rtm_family != barrier->dst->af ||
	    (int)rtm->rtm_dst_len <= barrier->bits)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(*rtm))
		if (mnl_attr_get_type(attr) == RTA_DST)
			nl_octets(attr, addr, sizeof(addr));
	if (!addr_bits_eq(addr, barrier->dst->addr, rtm->rtm_dst_len))
		return MNL_CB_OK;
	barrier->bits = rtm->rtm_dst_len;
	barrier->type = rtm->rtm_type;
	return MNL_CB_OK;
}

bool host_find_barrier(const struct endpoint *dst, char *text, size_t size)
{
	static const char *const names[] = {
		[RTN_BLACKHOLE] = "blackhole",
		[RTN_UNREACHABLE] = "unreachable",
		[RTN_PROHIBIT] = "prohibit",
	};
	struct barrier barrier = { dst, -1, RTN_UNSPEC };
	uint8_t prefix[16] = { 0 };
	char addr[INET6_ADDRSTRLEN];
	int i;

	if (dump(RTM_GETROUTE, sizeof(struct rtmsg), on_any_route, &barrier) ||
	    barrier.type >= sizeof(names) / sizeof(names[0]) ||
	    !names[barrier.type])
		return false;
	for (i = 0; i < barrier.bits; i++)
		prefix[i / 8] |= dst->addr[i / 8] & (0x80 >> i % 8);
	if (!inet_ntop(dst->af, prefix, addr, sizeof(addr)))
		return false;
	snprintf(text, size, "%s %s/%d", names[barrier.type], addr,
		 barrier.bits);
	return true;
}

struct configured {
	const struct host *host;
	uint16_t af;
	char *text;
	size_t size;
};

static void add_word(struct configured *route, const char *word, const char *value)
{
	size_t len = strlen(route->text);

	snprintf(route->text + len, route->size - len, "%s%s", word, value);
}

static void add_address(struct configured *route, const char *word,
			const struct nlattr *attr)
{
	char text[INET6_ADDRSTRLEN] = "";
	uint8_t addr[16] = { 0 };

	nl_octets(attr, addr, sizeof(addr));
	inet_ntop(route->af, addr, text, sizeof(text));
	add_word(route, word, text);
}

static void add_number(struct configured *route, const char *word, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	add_word(route, word, text);
}

static int on_configured(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[RTA_MAX + 1] = { NULL }, *attr;
	struct configured *route = data;
	const struct link *link;

	mnl_attr_for_each(attr, nlh, sizeof(*rtm))
		if (mnl_attr_get_type(attr) <= RTA_MAX)
			attrs[mnl_attr_get_type(attr)] = attr;
	link = attrs[RTA_OIF] ? host_link(route->host, (int)nl_number(attrs[RTA_OIF])) : NULL;
	if (rtm->rtm_type != RTN_UNICAST || !link)
		return MNL_CB_STOP;
	if (rtm->rtm_dst_len && attrs[RTA_DST]) {
		add_address(route, "", attrs[RTA_DST]);
		add_number(route, "/", rtm->rtm_dst_len);
	} else {
		add_word(route, "default", "");
	}
	if (attrs[RTA_GATEWAY])
		add_address(route, " via ", attrs[RTA_GATEWAY]);
	add_word(route, " dev ", link->name);
	if (attrs[RTA_PREFSRC])
		add_address(route, " src ", attrs[RTA_PREFSRC]);
	if (attrs[RTA_PRIORITY])
		add_number(route, " metric ", nl_number(attrs[RTA_PRIORITY]));
	if (attrs[RTA_TABLE] && nl_number(attrs[RTA_TABLE]) != RT_TABLE_MAIN)
		add_number(route, " table ", nl_number(attrs[RTA_TABLE]));
	return MNL_CB_STOP;
}

bool host_configured_route(const struct host *host, const struct endpoint *dst,
			   char *text, size_t size)
{
	char buf[256] __attribute__((aligned(8))) = { 0 };
	struct nlmsghdr *nlh = put_get_route(buf, dst);
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct configured route = { host, dst->af, text, size };

	*text = '\0';
	rtm->rtm_flags |= RTM_F_FIB_MATCH;
	return !talk(nlh, on_configured, &route) && *text;
}

static int on_neighbour(const struct nlmsghdr *nlh, void *data)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	unsigned int *state = data;

	*state = ndm->ndm_state;
	return MNL_CB_STOP;
}

unsigned int host_neighbour(int link, const struct endpoint *ep)
{
	char buf[256] __attribute__((aligned(8))) = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	unsigned int state = 0;
	struct ndmsg *ndm;

	nlh->nlmsg_type = RTM_GETNEIGH;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));
	ndm->ndm_family = (uint8_t)ep->af;
	ndm->ndm_ifindex = link;
	mnl_attr_put(nlh, NDA_DST, ep->af == AF_INET6 ? 16 : 4, ep->addr);
	return talk(nlh, on_neighbour, &state) ? 0 : state;
}
