// SPDX-License-Identifier: GPL-2.0-only
/*
 * A real server: all that a datagram passes from the tunnel packet's arrival to
 * the socket, and the answer's way out.  Neither IPVS nor our module is needed.
 */
#include "doctor/doctor_realserver.h"

#include <stdio.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "doctor/realserver_tunnel.h"
#include "system/proc.h"

static bool is_tunnelled(const struct patient *p)
{
	return p->way.forward == IP_VS_CONN_F_TUNNEL;
}

/* --- VIP ------------------------------------------------------------------ */

static int check_vip(struct patient *p)
{
	struct route route;
	int forwards = 0;

	if (host_route(&p->vip, NULL, &route))
		return EXIT_REFUSED;
	p->vip_is_local = route.type == RTN_LOCAL;
	if (p->vip_is_local) {
		report_add(p->report, CHECK_OK, "vip", "%s is an address of this host",
			   p->vip_text);
		return 0;
	}
	proc_sysctl(&forwards, p->vip.af == AF_INET6 ?
		    "net/ipv6/conf/all/forwarding" : "net/ipv4/ip_forward");
	report_add(p->report, CHECK_FAULT, "vip",
		   "%s is no address of this host, so it %s datagrams that come out of the tunnel",
		   p->vip_text, forwards ? "sends on" : "drops");
	report_fix(p->report, "ip addr add %s/%d dev lo", p->vip_text,
		   p->vip.af == AF_INET6 ? 128 : 32);
	return 0;
}

/* --- routes --------------------------------------------------------------- */

static int check_route(struct patient *p)
{
	struct route route;
	const char *v6 = p->vip.af == AF_INET6 ? "-6 " : "";
	char client[ENDPOINT_STRLEN];

	if (patient_way_back(p, &route))
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
	return address->ep.af == ep->af && address->prefix < 32 &&
	       addr_bits_eq(address->ep.addr, ep->addr, address->prefix);
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
		ignore = proc_max_conf(link->name, "arp_ignore", &all, &own);
		announce = proc_max_conf(link->name, "arp_announce", &all,
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
	passage->packet.af = patient_outer_af(p);
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
	unsigned int outer = inner + doctor_tunnel_len(&p->way, patient_outer_af(p));
	struct route route;
	unsigned int mtu;

	if (!p->uplink)
		return 0;
	if (patient_way_back(p, &route))
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
	if (proc_listens(&p->vip))
		report_add(p->report, CHECK_OK, "socket",
			   "a UDP socket takes datagrams to %s", text);
	else
		report_add(p->report, CHECK_FAULT, "socket",
			   "no UDP socket is bound to %s or to its port at any address (NO_SOCKET): start the server, or have it bind there",
			   text);
}

static void check_conntrack(const struct patient *p)
{
	struct fw_stop stop = { 0 };
	bool full;

	if (doctor_conntrack(p->report, &full) < 0)
		return;
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
	if (is_tunnelled(p))
		examine_tunnel(p);
	if (examine_tunnel_device(p))
		return EXIT_REFUSED;
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
	p.from = args->from;
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
