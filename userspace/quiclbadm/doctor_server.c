// SPDX-License-Identifier: GPL-2.0-only
/*
 * A real server: all that a datagram passes from the tunnel packet's arrival to
 * the socket, and the answer's way out.  Neither IPVS nor our module is needed.
 */
#include "doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "err.h"

struct patient {
	const struct host *host;
	const struct firewall *fw;
	struct report *report;
	struct way way;
	struct endpoint vip;		/* port 0: not known */
	struct endpoint client;
	bool vip_is_local;
	char vip_text[ENDPOINT_STRLEN];	/* the address alone */
	const struct link *uplink;	/* where tunnel packets arrive, or NULL */
	const struct link *tunnel;	/* that takes them apart, or NULL */
};

static uint16_t outer_af(const struct patient *p)
{
	return p->way.server.af ? p->way.server.af : p->vip.af;
}

static bool is_tunnelled(const struct patient *p)
{
	return p->way.forward == IP_VS_CONN_F_TUNNEL;
}

/*
 * The route to clients.  With the VIP as source, which rules may ask for; one that is
 * no address of this host would be refused, and is another check's fault.
 */
static int way_back(const struct patient *p, struct route *route)
{
	static const struct endpoint any;

	return host_route(&p->client, p->vip_is_local ? &p->vip : &any, route);
}

/* --- VIP ------------------------------------------------------------------ */

static int check_vip(struct patient *p)
{
	static const struct endpoint any;
	struct route route;
	int forwards = 0;

	if (host_route(&p->vip, &any, &route))
		return EXIT_REFUSED;
	p->vip_is_local = route.type == RTN_LOCAL;
	if (p->vip_is_local) {
		report_add(p->report, CHECK_OK, "vip", "%s is an address of this host",
			   p->vip_text);
		return 0;
	}
	host_sysctl(&forwards, p->vip.af == AF_INET6 ?
		    "net/ipv6/conf/all/forwarding" : "net/ipv4/ip_forward");
	report_add(p->report, CHECK_FAULT, "vip",
		   "%s is no address of this host, so it %s datagrams that come out of the tunnel",
		   p->vip_text, forwards ? "sends on" : "drops");
	report_fix(p->report, "ip addr add %s/%d dev lo", p->vip_text,
		   p->vip.af == AF_INET6 ? 128 : 32);
	return 0;
}

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
		return &gre[outer_af(p) == AF_INET6];
	if (outer_af(p) == AF_INET6)
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

	host_sysctl(&only_init, "net/core/fb_tunnels_only_for_init_net");
	/* the device that comes with ip6_tunnel only takes IPv6 out */
	if (!host_link_named(p->host, kind->device) && !only_init &&
	    !(outer_af(p) == AF_INET6 && p->vip.af == AF_INET)) {
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
	port.af = outer_af(p);
	port.port = p->way.tun_port;
	if (host_listens(&port)) {
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
	mode = host_max_conf(p->tunnel->name, "rp_filter", &all, &own);
	if (way_back(p, &route))
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

static void check_ipv6_off(const struct patient *p)
{
	const char *device = p->tunnel ? p->tunnel->name :
			     p->uplink ? p->uplink->name : NULL;
	int off = 0;

	if (p->vip.af != AF_INET6 || !device)
		return;
	host_sysctl(&off, "net/ipv6/conf/%s/disable_ipv6", device);
	if (!off)
		return;
	report_add(p->report, CHECK_FAULT, "ipv6",
		   "%s: IPv6 is disabled there (IPV6DISABLED)", device);
	report_fix(p->report, "sysctl -w net.ipv6.conf.%s.disable_ipv6=0",
		   device);
}

/* --- routes --------------------------------------------------------------- */

static int check_route(struct patient *p)
{
	struct route route;
	const char *v6 = p->vip.af == AF_INET6 ? "-6 " : "";
	char client[ENDPOINT_STRLEN];

	if (way_back(p, &route))
		return EXIT_REFUSED;
	doctor_addr_str(&p->client, client);
	if (route.type == RTN_UNICAST) {
		p->uplink = host_link(p->host, route.link);
		report_add(p->report, CHECK_OK, "route",
			   "answers to clients leave by %s",
			   p->uplink ? p->uplink->name : "an unknown device");
		return 0;
	}
	report_add(p->report, CHECK_FAULT, "route",
		   "there is no route from %s to clients (asked for %s), so answers cannot leave",
		   p->vip_text, client);
	report_fix(p->report, "ip %sroute replace default via GATEWAY", v6);
	return 0;
}

/* The device that has the server's address, if that is known. */
static void find_uplink(struct patient *p)
{
	size_t i;

	for (i = 0; p->way.server.af && i < p->host->address_count; i++)
		if (endpoint_addr_eq(&p->host->addresses[i].ep, &p->way.server))
			p->uplink = host_link(p->host,
					      p->host->addresses[i].link);
}

static void check_server_address(const struct patient *p)
{
	char text[ENDPOINT_STRLEN];

	if (!p->way.server.af)
		return;
	doctor_addr_str(&p->way.server, text);
	if (host_has_address(p->host, &p->way.server))
		report_add(p->report, CHECK_OK, "server",
			   "%s is an address of this host", text);
	else
		report_add(p->report, CHECK_FAULT, "server",
			   "%s, where the director sends to, is no address of this host",
			   text);
}

/* --- ARP ------------------------------------------------------------------ */

static bool same_subnet(const struct address *address, const struct endpoint *ep)
{
	unsigned int octets = address->prefix / 8, bits = address->prefix % 8;

	if (address->ep.af != ep->af || address->prefix >= 32 ||
	    memcmp(address->ep.addr, ep->addr, octets))
		return false;
	return !bits || !((address->ep.addr[octets] ^ ep->addr[octets]) >>
			  (8 - bits));
}

static bool shares_link(const struct patient *p, const struct link *link)
{
	size_t i;

	if (link->flags & (IFF_LOOPBACK | IFF_NOARP) || !(link->flags & IFF_UP))
		return false;
	if (p->way.forward == IP_VS_CONN_F_DROUTE)
		return link == p->uplink;
	for (i = 0; i < p->host->address_count; i++)
		if (p->host->addresses[i].link == link->index &&
		    same_subnet(&p->host->addresses[i], &p->vip))
			return true;
	return false;
}

static void check_arp(const struct patient *p)
{
	int all, own, ignore, announce;
	bool shared = false;
	size_t i;

	for (i = 0; p->vip.af == AF_INET && i < p->host->link_count; i++) {
		const struct link *link = &p->host->links[i];

		if (!shares_link(p, link))
			continue;
		shared = true;
		ignore = host_max_conf(link->name, "arp_ignore", &all, &own);
		announce = host_max_conf(link->name, "arp_announce", &all,
					 &own);
		if (ignore >= 1 && announce >= 2)
			continue;
		report_add(p->report, CHECK_FAULT, "arp",
			   "%s: the VIP is of its link, and with arp_ignore %d and arp_announce %d this host answers for it, too",
			   link->name, ignore, announce);
		report_fix(p->report, "sysctl -w net.ipv4.conf.%s.arp_ignore=1 net.ipv4.conf.%s.arp_announce=2",
			   link->name, link->name);
		return;
	}
	if (p->vip.af == AF_INET)
		report_add(p->report, CHECK_OK, "arp", shared ?
			   "this host keeps quiet about the VIP" :
			   "the VIP is of no link here");
}

/* --- firewall ------------------------------------------------------------- */

static void fill_outer(const struct patient *p, struct passage *passage)
{
	doctor_tunnel_passage(&p->way, p->vip.af, passage);
	passage->packet.af = outer_af(p);
	passage->packet.in = p->uplink ? p->uplink->name : "";
}

static void fill_inner(const struct patient *p, struct passage *passage,
		       bool answer)
{
	const char *ip = p->vip.af == AF_INET6 ? "ip6" : "ip";
	struct fw_packet *packet = &passage->packet;
	char port[32] = "";

	packet->af = p->vip.af;
	packet->protocol = IPPROTO_UDP;
	if (answer) {
		passage->what = "answers";
		packet->src = p->vip;
		packet->out = p->uplink ? p->uplink->name : "";
		packet->ct_state = CT_ESTABLISHED;
	} else {
		passage->what = "datagrams to the VIP";
		packet->dst = p->vip;
		packet->in = p->tunnel ? p->tunnel->name :
			     p->uplink ? p->uplink->name : "";
		packet->ct_state = CT_NEW;
	}
	if (p->vip.port)
		snprintf(port, sizeof(port), " udp %cport %u",
			 answer ? 's' : 'd', p->vip.port);
	snprintf(passage->rule, sizeof(passage->rule), "%s %caddr %s%s accept",
		 ip, answer ? 's' : 'd', p->vip_text, port);
}

static void check_firewall(const struct patient *p)
{
	struct passage outer = { .hooks = { "prerouting", "input" } };
	struct passage inner = { .hooks = { "prerouting", "input" } };
	struct passage answer = { .hooks = { "output", "postrouting" } };
	size_t before = p->report->count;

	if (!doctor_can_ask(p->report, p->fw))
		return;
	if (is_tunnelled(p)) {
		fill_outer(p, &outer);
		doctor_passage(p->report, p->fw, &outer);
	}
	fill_inner(p, &inner, false);
	doctor_passage(p->report, p->fw, &inner);
	fill_inner(p, &answer, true);
	doctor_passage(p->report, p->fw, &answer);
	if (p->report->count == before)
		report_add(p->report, CHECK_OK, "firewall",
			   "nftables lets tunnel, datagrams and answers pass");
}

/* --- the rest ------------------------------------------------------------- */

static int check_mtu(const struct patient *p)
{
	unsigned int inner = QUIC_MIN + 8 + (p->vip.af == AF_INET6 ? 40 : 20);
	unsigned int outer = inner + doctor_tunnel_len(&p->way, outer_af(p));
	struct route route;
	unsigned int mtu;

	if (!p->uplink)
		return 0;
	if (way_back(p, &route))
		return EXIT_REFUSED;
	mtu = p->uplink->mtu;
	if (mtu < outer) {
		report_add(p->report, CHECK_FAULT, "mtu",
			   "%s: %u, and QUIC's smallest first datagram takes %u with its headers",
			   p->uplink->name, mtu, outer);
		report_fix(p->report, "ip link set %s mtu %u", p->uplink->name,
			   outer <= 1500 ? 1500 : outer);
	} else if (route.mtu && route.mtu < inner) {
		report_add(p->report, CHECK_FAULT, "mtu",
			   "the route to clients has MTU %u, and QUIC needs %u",
			   route.mtu, inner);
		report_fix(p->report, "ip %sroute change default via GATEWAY mtu 1500",
			   p->vip.af == AF_INET6 ? "-6 " : "");
	} else {
		report_add(p->report, CHECK_OK, "mtu", "%s: %u, of which QUIC needs %u",
			   p->uplink->name, mtu, outer);
	}
	return 0;
}

static void check_socket(const struct patient *p)
{
	char text[ENDPOINT_STRLEN];

	if (!p->vip.port)
		return;
	endpoint_str(&p->vip, text);
	if (host_listens(&p->vip))
		report_add(p->report, CHECK_OK, "socket",
			   "a UDP socket takes datagrams to %s", text);
	else
		report_add(p->report, CHECK_FAULT, "socket",
			   "no UDP socket is bound to %s or to its port at any address (NO_SOCKET): start the server, or have it bind there",
			   text);
}

static void check_conntrack(const struct patient *p)
{
	int count = 0, max = 0;
	struct fw_stop stop = { 0 };

	if (!host_sysctl(&count, "net/netfilter/nf_conntrack_count") ||
	    !host_sysctl(&max, "net/netfilter/nf_conntrack_max"))
		return;
	if (max && count >= max) {
		report_add(p->report, CHECK_FAULT, "conntrack",
			   "its table is full (%d of %d), so new flows are dropped",
			   count, max);
		report_fix(p->report, "sysctl -w net.netfilter.nf_conntrack_max=%d",
			   2 * max);
	}
	if (p->fw->rules && firewall_drops_state(p->fw, CT_INVALID, &stop))
		report_add(p->report, CHECK_ADVICE, "conntrack",
			   "nftables' %s %s %s drops packets in state invalid; ICMP errors about flows that conntrack has forgotten are among those, and path MTU discovery needs them",
			   stop.family, stop.table, stop.chain);
}

/* A client whose address this host has, too: what it sends is martian. */
static bool is_here(const struct patient *p)
{
	char text[ENDPOINT_STRLEN];
	size_t i;

	for (i = 0; i < p->host->address_count; i++) {
		const struct address *address = &p->host->addresses[i];
		const struct link *link = host_link(p->host, address->link);

		if (!link || !endpoint_addr_eq(&address->ep, &p->client))
			continue;
		doctor_addr_str(&p->client, text);
		report_add(p->report, CHECK_FAULT, "client",
			   "%s is an address of this host as well (%s), so that its datagrams are taken for forged",
			   text, link->name);
		report_fix(p->report, "ip addr del %s/%u dev %s", text,
			   address->prefix, link->name);
		return true;
	}
	return false;
}

static int examine(struct patient *p)
{
	doctor_addr_str(&p->vip, p->vip_text);
	if (p->client.af != p->vip.af || is_here(p))
		doctor_some_client(p->vip.af, &p->client);
	check_server_address(p);
	if (check_vip(p) || check_route(p))
		return EXIT_REFUSED;
	find_uplink(p);
	if (is_tunnelled(p)) {
		check_gue(p);
		check_tunnel(p);
	}
	if (check_rp_filter(p))
		return EXIT_REFUSED;
	check_ipv6_off(p);
	check_arp(p);
	check_firewall(p);
	if (check_mtu(p))
		return EXIT_REFUSED;
	check_socket(p);
	check_conntrack(p);
	return 0;
}

int doctor_server(const struct args *args, const struct host *host,
		  const struct firewall *fw, struct report *report)
{
	struct patient p = { .host = host, .fw = fw, .report = report };
	size_t found = 0, i;
	int err = 0;

	p.way.forward = given(args, O(FORWARD)) ? args->forward :
						  IP_VS_CONN_F_TUNNEL;
	p.way.tun_type = (uint8_t)args->tun_type;
	p.way.tun_port = (uint16_t)args->tun_port;
	p.way.server = args->server;
	p.way.server.port = 0;
	p.client = args->client;
	if (given(args, O(SERVICE))) {
		p.vip = args->service.vip;
		return examine(&p);
	}
	for (i = 0; !err && i < host->address_count; i++) {
		struct patient one = p;

		if (!host_may_be_vip(host, &host->addresses[i]))
			continue;
		one.vip = host->addresses[i].ep;
		found++;
		err = examine(&one);
	}
	if (!err && !found)
		return refuse("doctor: neither is there a service of IPVS here nor an address that may be a VIP on lo or a dummy device; which is it (-u VIP:PORT)");
	return err;
}
