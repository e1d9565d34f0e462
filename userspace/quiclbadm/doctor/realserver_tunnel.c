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

static const struct tunnel_kind *tunnel_kind(const struct patient *p)
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

	if (p->way.tun_type == IP_VS_CONN_F_TUNNEL_TYPE_GRE)
		return &gre[patient_outer_af(p) == AF_INET6];
	if (patient_outer_af(p) == AF_INET6)
		return &plain[2];
	return &plain[p->vip.af == AF_INET6];
}

/* Would the kernel give it the packets?  As ip_tunnel_lookup(). */
static bool takes_packets(const struct patient *p, const struct link *link)
{
	uint8_t inner = p->vip.af == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IPIP;

	if (strcmp(link->kind, tunnel_kind(p)->kind) || link->keyed ||
	    link->remote.af)
		return false;
	if (link->local.af && p->way.server.af &&
	    !endpoint_addr_eq(&link->local, &p->way.server))
		return false;
	return tunnel_kind(p)->any_inner || !link->protocol ||
	       link->protocol == inner;
}

/* One with an address of its own comes before the one for all. */
static const struct link *find_tunnel(const struct patient *p)
{
	const struct link *found = NULL;
	size_t i;

	for (i = 0; i < p->host->link_count; i++) {
		const struct link *link = &p->host->links[i];

		if (takes_packets(p, link) &&
		    (!found || (link->local.af && !found->local.af) ||
		     (!(found->flags & IFF_UP) && link->flags & IFF_UP &&
		      !found->local.af == !link->local.af)))
			found = link;
	}
	return found;
}

static void fix_no_tunnel(const struct patient *p)
{
	const struct tunnel_kind *kind = tunnel_kind(p);
	char local[ENDPOINT_STRLEN];
	int only_init = 0;

	proc_sysctl(&only_init, "net/core/fb_tunnels_only_for_init_net");
	/* the device that comes with ip6_tunnel only takes IPv6 out */
	if (!host_link_named(p->host, kind->device) && !only_init &&
	    !(patient_outer_af(p) == AF_INET6 && p->vip.af == AF_INET)) {
		report_fix(p->report, "modprobe %s && ip link set %s up",
			   kind->module, kind->device);
		return;
	}
	report_fix(p->report, "ip link add name quiclb0 type %s%s%s%s && ip link set quiclb0 up",
		   kind->kind, strcmp(kind->kind, "ip6tnl") ? "" : " mode any",
		   p->way.server.af ? " local " : " external",
		   p->way.server.af ? doctor_addr_str(&p->way.server, local) : "");
}

static void check_tunnel(struct patient *p)
{
	const struct tunnel_kind *kind = tunnel_kind(p);

	p->tunnel = find_tunnel(p);
	if (!p->tunnel) {
		report_add(p->report, CHECK_FAULT, "tunnel",
			   "no device of type %s takes %s out of packets to this host",
			   kind->kind, p->vip.af == AF_INET6 ? "IPv6" : "IPv4");
		fix_no_tunnel(p);
	} else if (!(p->tunnel->flags & IFF_UP)) {
		report_add(p->report, CHECK_FAULT, "tunnel", "%s is down",
			   p->tunnel->name);
		report_fix(p->report, "ip link set %s up", p->tunnel->name);
	} else {
		report_add(p->report, CHECK_OK, "tunnel", "%s (%s) is up",
			   p->tunnel->name, p->tunnel->kind);
	}
}

static void check_gue(const struct patient *p)
{
	struct endpoint port = p->way.server;

	if (p->way.tun_type != IP_VS_CONN_F_TUNNEL_TYPE_GUE)
		return;
	port.af = patient_outer_af(p);
	port.port = p->way.tun_port;
	if (proc_listens(&port)) {
		report_add(p->report, CHECK_OK, "gue",
			   "UDP port %u is received", port.port);
		return;
	}
	report_add(p->report, CHECK_FAULT, "gue",
		   "nothing receives GUE at UDP port %u", port.port);
	report_fix(p->report, "modprobe fou && ip fou add port %u gue%s",
		   port.port, port.af == AF_INET6 ? " -6" : "");
}

/* --- source validation ---------------------------------------------------- */

/*
 * The kernel takes the greater of both settings.  Of a device without an address even
 * loose validation wants the route back; see __fib_validate_source().
 */
static void fault_rp_filter(const struct patient *p, int all, int own,
			    const char *why)
{
	const char *device = p->tunnel->name;

	report_add(p->report, CHECK_FAULT, "rp_filter",
		   "%s: rp_filter is %d for all and %d for the device, and the greater counts; %s, so datagrams from there vanish (IP_RPFILTER)",
		   device, all, own, why);
	if (!all)
		report_fix(p->report, "sysctl -w net.ipv4.conf.%s.rp_filter=0",
			   device);
	else if (host_link_has_address(p->host, p->tunnel, AF_INET))
		report_fix(p->report, "sysctl -w net.ipv4.conf.%s.rp_filter=2",
			   device);
	else
		report_fix(p->report, "ip addr add %s/32 dev %s && sysctl -w net.ipv4.conf.%s.rp_filter=2",
			   p->vip_text, device, device);
}

static int check_rp_filter(const struct patient *p)
{
	const struct link *link;
	struct route route;
	char why[128];
	int mode, all, own;

	if (!p->tunnel || p->vip.af != AF_INET)
		return 0;
	mode = proc_max_conf(p->tunnel->name, "rp_filter", &all, &own);
	if (patient_way_back(p, &route))
		return EXIT_REFUSED;
	link = host_link(p->host, route.link);
	if (mode && link != p->tunnel &&
	    !host_link_has_address(p->host, p->tunnel, AF_INET)) {
		fault_rp_filter(p, all, own, "the device has no address of its own");
	} else if (mode == 1 && link && link != p->tunnel) {
		snprintf(why, sizeof(why), "strict, but clients are reached through %s",
			 link->name);
		fault_rp_filter(p, all, own, why);
	} else if (mode && route.type != RTN_UNICAST) {
		/* the fault is the route's; without one even loose drops */
		report_add(p->report, CHECK_UNKNOWN, "rp_filter",
			   "%s: it is %d, and there is no route to clients to pass by",
			   p->tunnel->name, mode);
	} else {
		report_add(p->report, CHECK_OK, "rp_filter",
			   "%s: it is %d for all and %d for the device",
			   p->tunnel->name, all, own);
	}
	return 0;
}

/* A device with an address, as the uplink: loose validation asks for some route only. */
static int check_outer_source(const struct patient *p)
{
	char from[ENDPOINT_STRLEN];
	struct route route;
	int mode, all, own;

	if (p->from.af != AF_INET || !p->uplink)
		return 0;
	if (host_route(&p->from, NULL, &route))
		return EXIT_REFUSED;
	mode = proc_max_conf(p->uplink->name, "rp_filter", &all, &own);
	doctor_addr_str(&p->from, from);
	if (!mode || (route.type == RTN_UNICAST &&
		      (mode == 2 || route.link == p->uplink->index))) {
		report_add(p->report, CHECK_OK, "rp_filter",
			   "%s: it lets the tunnel's packets from %s pass",
			   p->uplink->name, from);
		return 0;
	}
	report_add(p->report, CHECK_FAULT, "rp_filter",
		   "%s: rp_filter is %d for all and %d for the device, and %s is not reached through it, so the tunnel's packets from there vanish (IP_RPFILTER)",
		   p->uplink->name, all, own, from);
	if (route.type == RTN_UNICAST)
		report_fix(p->report, "sysctl -w net.ipv4.conf.%s.rp_filter=2",
			   p->uplink->name);
	else
		report_fix(p->report, "ip route add %s/32 dev %s", from,
			   p->uplink->name);
	return 0;
}

static void check_ipv6_off(const struct patient *p)
{
	const char *device = p->tunnel ? p->tunnel->name :
			     p->uplink ? p->uplink->name : NULL;
	int off = 0;

	if (p->vip.af != AF_INET6 || !device)
		return;
	proc_sysctl(&off, "net/ipv6/conf/%s/disable_ipv6", device);
	if (!off)
		return;
	report_add(p->report, CHECK_FAULT, "ipv6",
		   "%s: IPv6 is disabled there (IPV6DISABLED)", device);
	report_fix(p->report, "sysctl -w net.ipv6.conf.%s.disable_ipv6=0",
		   device);
}

void examine_tunnel(struct patient *p)
{
	check_gue(p);
	check_tunnel(p);
}

int examine_tunnel_device(const struct patient *p)
{
	if (check_rp_filter(p) || check_outer_source(p))
		return EXIT_REFUSED;
	check_ipv6_off(p);
	return 0;
}
