// SPDX-License-Identifier: GPL-2.0-only
/* A real server's tunnel, up to where datagrams come out of it. */
#include "doctor/realserver_tunnel.h"

#include <stdio.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "system/proc.h"

/* --- tunnel --------------------------------------------------------------- */

struct tunnel_kind {
	const char *kind;
	const char *module;
	const char *device;		/* that comes with the module */
	bool any_inner;			/* that device takes both families */
};

static const struct tunnel_kind *tunnel_kind(const struct realserver *rs)
{
	static const struct tunnel_kind gre[] = {
		{ "gre", "ip_gre", "gre0", true },
		{ "ip6gre", "ip6_gre", "ip6gre0", true },
	};
	static const struct tunnel_kind plain[] = {
		{ "ipip", "ipip", "tunl0", false },
		{ "sit", "sit", "sit0", false },
		{ "ip6tnl", "ip6_tunnel", "ip6tnl0", false },
	};

	if (rs->fwd.tun_type == IP_VS_CONN_F_TUNNEL_TYPE_GRE)
		return &gre[realserver_outer_af(rs) == AF_INET6];
	if (realserver_outer_af(rs) == AF_INET6)
		return &plain[2];
	return &plain[rs->vip.af == AF_INET6];
}

/* Would the kernel give it the packets?  As ip_tunnel_lookup(). */
static bool takes_packets(const struct realserver *rs, const struct link *link)
{
	uint8_t inner = rs->vip.af == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IPIP;

	if (strcmp(link->kind, tunnel_kind(rs)->kind) || link->keyed ||
	    link->remote.af)
		return false;
	if (link->local.af && rs->fwd.server.af &&
	    !endpoint_addr_eq(&link->local, &rs->fwd.server))
		return false;
	return tunnel_kind(rs)->any_inner || !link->protocol ||
	       link->protocol == inner;
}

/* One with an address of its own comes before the one for all. */
static const struct link *find_tunnel(const struct realserver *rs)
{
	const struct link *found = NULL;
	size_t i;

	for (i = 0; i < rs->host->link_count; i++) {
		const struct link *link = &rs->host->links[i];

		if (takes_packets(rs, link) &&
		    (!found || (link->local.af && !found->local.af) ||
		     (!(found->flags & IFF_UP) && link->flags & IFF_UP &&
		      !found->local.af == !link->local.af)))
			found = link;
	}
	return found;
}

/* A name that no device has. */
static void free_name(const struct host *host, char *name, size_t size)
{
	unsigned int n = 0;

	do
		snprintf(name, size, "quiclb%u", n++);
	while (host_link_named(host, name));
}

static void fix_no_tunnel(const struct realserver *rs)
{
	const struct tunnel_kind *kind = tunnel_kind(rs);
	char local[ENDPOINT_STRLEN], name[IFNAMSIZ];
	int only_init = 1;

	/* the setting is to be seen in the first namespace alone: in a container it may be 1 */
	proc_sysctl(&only_init, "net/core/fb_tunnels_only_for_init_net");
	/* the device that comes with ip6_tunnel only takes IPv6 out */
	if (!host_link_named(rs->host, kind->device) && !only_init &&
	    !(realserver_outer_af(rs) == AF_INET6 && rs->vip.af == AF_INET)) {
		report_fix(rs->report, "modprobe %s && ip link set %s up",
			   kind->module, kind->device);
		return;
	}
	free_name(rs->host, name, sizeof(name));
	report_fix(rs->report, "ip link add name %s type %s%s%s%s && ip link set %s up",
		   name, kind->kind, strcmp(kind->kind, "ip6tnl") ? "" : " mode any",
		   rs->fwd.server.af ? " local " : " external",
		   rs->fwd.server.af ? doctor_addr_str(&rs->fwd.server, local) : "",
		   name);
}

static void check_tunnel(struct realserver *rs)
{
	const struct tunnel_kind *kind = tunnel_kind(rs);

	/* unless it was seen which one takes them */
	if (!rs->tunnel)
		rs->tunnel = find_tunnel(rs);
	if (!rs->tunnel) {
		report_add(rs->report, CHECK_FAULT, "tunnel",
			   "no device of type %s takes %s out of packets to this host",
			   kind->kind, rs->vip.af == AF_INET6 ? "IPv6" : "IPv4");
		fix_no_tunnel(rs);
	} else if (!(rs->tunnel->flags & IFF_UP)) {
		report_add(rs->report, CHECK_FAULT, "tunnel", "%s is down",
			   rs->tunnel->name);
		report_fix(rs->report, "ip link set %s up", rs->tunnel->name);
	} else {
		report_add(rs->report, CHECK_OK, "tunnel", "%s (%s) is up",
			   rs->tunnel->name, rs->tunnel->kind);
	}
}

/* What the device that comes with the module takes cannot be changed. */
static void fix_checksum(const struct realserver *rs, bool wanted)
{
	const struct tunnel_kind *kind = tunnel_kind(rs);
	char local[ENDPOINT_STRLEN] = "SERVER", name[IFNAMSIZ];

	if (strcmp(rs->tunnel->name, kind->device)) {
		report_fix(rs->report, "ip link set %s type %s %s", rs->tunnel->name,
			   kind->kind, wanted ? "icsum" : "noicsum");
		return;
	}
	if (rs->fwd.server.af)
		doctor_addr_str(&rs->fwd.server, local);
	free_name(rs->host, name, sizeof(name));
	report_fix(rs->report, "ip link add name %s type %s local %s icsum && ip link set %s up",
		   name, kind->kind, local, name);
}

/* As ip_tunnel_rcv() and ip6_tnl_rcv(): with a checksum, or without, but not either. */
static void check_checksum(const struct realserver *rs)
{
	const bool wanted = rs->fwd.tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM;

	if (rs->fwd.tun_type != IP_VS_CONN_F_TUNNEL_TYPE_GRE || !rs->tunnel ||
	    rs->tunnel->checked == wanted)
		return;
	report_add(rs->report, CHECK_FAULT, "tunnel",
		   "%s takes only packets %s a checksum, and the director sends them %s (%s)",
		   rs->tunnel->name, wanted ? "without" : "with", wanted ? "with one" : "without",
		   wanted ? "--tun-csum" : "no --tun-csum");
	fix_checksum(rs, wanted);
}

static void check_gue(const struct realserver *rs)
{
	struct endpoint port = rs->fwd.server;

	if (rs->fwd.tun_type != IP_VS_CONN_F_TUNNEL_TYPE_GUE)
		return;
	port.af = realserver_outer_af(rs);
	port.port = rs->fwd.tun_port;
	if (proc_listens(&port)) {
		report_add(rs->report, CHECK_OK, "gue",
			   "UDP port %u is received", port.port);
		return;
	}
	report_add(rs->report, CHECK_FAULT, "gue",
		   "nothing receives GUE at UDP port %u", port.port);
	report_fix(rs->report, "modprobe fou && ip fou add port %u gue%s",
		   port.port, port.af == AF_INET6 ? " -6" : "");
}

/* --- source validation ---------------------------------------------------- */

/*
 * The kernel takes the greater of both settings.  Of a device without an address even
 * loose validation wants the route back; see __fib_validate_source().
 */
static void fault_rp_filter(const struct realserver *rs, int all, int own,
			    const char *why)
{
	const char *device = rs->tunnel->name;

	report_add(rs->report, CHECK_FAULT, "rp_filter",
		   "%s: rp_filter is %d for all and %d for the device, and the greater counts; %s, so datagrams from there vanish (IP_RPFILTER)",
		   device, all, own, why);
	if (!all)
		report_fix(rs->report, "sysctl -w net/ipv4/conf/%s/rp_filter=0",
			   device);
	else if (host_link_has_address(rs->host, rs->tunnel, AF_INET))
		report_fix(rs->report, "sysctl -w net/ipv4/conf/%s/rp_filter=2",
			   device);
	else
		report_fix(rs->report, "ip addr add %s/32 dev %s && sysctl -w net/ipv4/conf/%s/rp_filter=2",
			   rs->vip_text, device, device);
}

static int check_rp_filter(const struct realserver *rs)
{
	const struct link *link;
	struct route route;
	char why[128];
	int mode, all, own;

	if (!rs->tunnel || rs->vip.af != AF_INET)
		return 0;
	mode = proc_max_conf(rs->tunnel->name, "rp_filter", &all, &own);
	if (realserver_route_back(rs, &route))
		return EXIT_REFUSED;
	link = host_link(rs->host, route.link);
	if (mode && link != rs->tunnel &&
	    !host_link_has_address(rs->host, rs->tunnel, AF_INET)) {
		fault_rp_filter(rs, all, own, "the device has no address of its own");
	} else if (mode == 1 && link && link != rs->tunnel) {
		snprintf(why, sizeof(why), "strict, but clients are reached through %s",
			 link->name);
		fault_rp_filter(rs, all, own, why);
	} else if (mode && route.type != RTN_UNICAST) {
		/* the fault is the route's; without one even loose drops */
		report_add(rs->report, CHECK_UNKNOWN, "rp_filter",
			   "%s: it is %d, and there is no route to clients that would satisfy it",
			   rs->tunnel->name, mode);
	} else {
		report_add(rs->report, CHECK_OK, "rp_filter",
			   "%s: it is %d for all and %d for the device",
			   rs->tunnel->name, all, own);
	}
	return 0;
}

/* A device with an address, as the uplink: loose validation asks for some route only. */
static int check_outer_source(const struct realserver *rs)
{
	char from[ENDPOINT_STRLEN];
	struct route route;
	int mode, all, own;

	if (rs->from.af != AF_INET || !rs->uplink)
		return 0;
	if (host_route_in(host_vrf_of(rs->host, &rs->fwd.server), &rs->from, NULL, &route))
		return EXIT_REFUSED;
	mode = proc_max_conf(rs->uplink->name, "rp_filter", &all, &own);
	doctor_addr_str(&rs->from, from);
	if (!mode || (route.type == RTN_UNICAST &&
		      (mode == 2 || route.link == rs->uplink->index))) {
		report_add(rs->report, CHECK_OK, "rp_filter",
			   "%s: it lets the tunnel's packets from %s pass",
			   rs->uplink->name, from);
		return 0;
	}
	report_add(rs->report, CHECK_FAULT, "rp_filter",
		   "%s: rp_filter is %d for all and %d for the device, and %s is not reached through it, so the tunnel's packets from there vanish (IP_RPFILTER)",
		   rs->uplink->name, all, own, from);
	if (route.type == RTN_UNICAST)
		report_fix(rs->report, "sysctl -w net/ipv4/conf/%s/rp_filter=2",
			   rs->uplink->name);
	else
		report_fix(rs->report, "ip route add %s/32 dev %s", from,
			   rs->uplink->name);
	return 0;
}

static void check_ipv6_off(const struct realserver *rs)
{
	const char *device = rs->tunnel ? rs->tunnel->name :
			     rs->uplink ? rs->uplink->name : NULL;
	int off = 0;

	if (rs->vip.af != AF_INET6 || !device)
		return;
	proc_sysctl(&off, "net/ipv6/conf/%s/disable_ipv6", device);
	if (!off)
		return;
	report_add(rs->report, CHECK_FAULT, "ipv6",
		   "%s: IPv6 is disabled there (IPV6DISABLED)", device);
	report_fix(rs->report, "sysctl -w net/ipv6/conf/%s/disable_ipv6=0",
		   device);
}

void realserver_check_tunnel(struct realserver *rs)
{
	check_gue(rs);
	check_tunnel(rs);
	check_checksum(rs);
}

int realserver_check_tunnel_device(const struct realserver *rs)
{
	if (check_rp_filter(rs) || check_outer_source(rs))
		return EXIT_REFUSED;
	check_ipv6_off(rs);
	return 0;
}
