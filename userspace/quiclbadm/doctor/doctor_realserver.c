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

static bool is_tunnelled(const struct realserver *rs)
{
	return rs->fwd.forward == IP_VS_CONN_F_TUNNEL;
}

/* --- VIP ------------------------------------------------------------------ */

static int check_vip(struct realserver *rs)
{
	struct route route;
	int forwards = 0;

	if (host_route(&rs->vip, NULL, &route))
		return EXIT_REFUSED;
	rs->vip_is_local = route.type == RTN_LOCAL;
	if (rs->vip_is_local) {
		report_add(rs->report, CHECK_OK, "vip", "%s is an address of this host",
			   rs->vip_text);
		return 0;
	}
	proc_sysctl(&forwards, rs->vip.af == AF_INET6 ?
		    "net/ipv6/conf/all/forwarding" : "net/ipv4/ip_forward");
	report_add(rs->report, CHECK_FAULT, "vip",
		   "%s is no address of this host, so it %s datagrams that come out of the tunnel",
		   rs->vip_text, forwards ? "sends on" : "drops");
	report_fix(rs->report, "ip addr add %s/%d dev lo", rs->vip_text,
		   rs->vip.af == AF_INET6 ? 128 : 32);
	return 0;
}

/* --- routes --------------------------------------------------------------- */

static int check_route(struct realserver *rs)
{
	struct route route;
	const char *v6 = rs->vip.af == AF_INET6 ? "-6 " : "";
	char client[ENDPOINT_STRLEN];

	if (realserver_route_back(rs, &route))
		return EXIT_REFUSED;
	doctor_addr_str(&rs->client, client);
	if (route.type == RTN_UNICAST) {
		rs->uplink = host_link(rs->host, route.link);
		report_add(rs->report, CHECK_OK, "route",
			   "answers to clients leave by %s",
			   rs->uplink ? rs->uplink->name : "an unknown device");
		return 0;
	}
	report_add(rs->report, CHECK_FAULT, "route",
		   "there is no route from %s to clients (asked for %s), so answers cannot leave",
		   rs->vip_text, client);
	report_fix(rs->report, "ip %sroute replace default via GATEWAY", v6);
	return 0;
}

/* The device that has the server's address, if that is known. */
static void find_uplink(struct realserver *rs)
{
	size_t i;

	for (i = 0; rs->fwd.server.af && i < rs->host->address_count; i++)
		if (endpoint_addr_eq(&rs->host->addresses[i].ep, &rs->fwd.server))
			rs->uplink = host_link(rs->host,
					       rs->host->addresses[i].link);
}

static void check_server_address(const struct realserver *rs)
{
	char text[ENDPOINT_STRLEN];

	if (!rs->fwd.server.af)
		return;
	doctor_addr_str(&rs->fwd.server, text);
	if (host_has_address(rs->host, &rs->fwd.server))
		report_add(rs->report, CHECK_OK, "server",
			   "%s is an address of this host", text);
	else
		report_add(rs->report, CHECK_FAULT, "server",
			   "%s, where the director sends to, is no address of this host",
			   text);
}

/* --- ARP ------------------------------------------------------------------ */

static bool same_subnet(const struct address *address, const struct endpoint *ep)
{
	return address->ep.af == ep->af && address->prefix < 32 &&
	       addr_bits_eq(address->ep.addr, ep->addr, address->prefix);
}

static bool shares_link(const struct realserver *rs, const struct link *link)
{
	size_t i;

	if (link->flags & (IFF_LOOPBACK | IFF_NOARP) || !(link->flags & IFF_UP))
		return false;
	if (rs->fwd.forward == IP_VS_CONN_F_DROUTE)
		return link == rs->uplink;
	for (i = 0; i < rs->host->address_count; i++)
		if (rs->host->addresses[i].link == link->index &&
		    same_subnet(&rs->host->addresses[i], &rs->vip))
			return true;
	return false;
}

static void check_arp(const struct realserver *rs)
{
	int all, own, ignore, announce;
	bool shared = false;
	size_t i;

	for (i = 0; rs->vip.af == AF_INET && i < rs->host->link_count; i++) {
		const struct link *link = &rs->host->links[i];

		if (!shares_link(rs, link))
			continue;
		shared = true;
		ignore = proc_max_conf(link->name, "arp_ignore", &all, &own);
		announce = proc_max_conf(link->name, "arp_announce", &all,
					 &own);
		if (ignore >= 1 && announce >= 2)
			continue;
		report_add(rs->report, CHECK_FAULT, "arp",
			   "%s: the VIP is in its subnet, and with arp_ignore %d and arp_announce %d this host answers ARP for it, too",
			   link->name, ignore, announce);
		report_fix(rs->report, "sysctl -w net.ipv4.conf.%s.arp_ignore=1 net.ipv4.conf.%s.arp_announce=2",
			   link->name, link->name);
		return;
	}
	if (rs->vip.af == AF_INET)
		report_add(rs->report, CHECK_OK, "arp", shared ?
			   "this host does not answer ARP for the VIP" :
			   "the VIP is in no subnet here");
}

/* --- firewall ------------------------------------------------------------- */

static void fill_outer(const struct realserver *rs, struct passage *passage)
{
	doctor_tunnel_passage(&rs->fwd, rs->vip.af, passage);
	passage->packet.af = realserver_outer_af(rs);
	passage->packet.in = rs->uplink ? rs->uplink->name : "";
}

static void fill_inner(const struct realserver *rs, struct passage *passage,
		       bool answer)
{
	const char *ip = rs->vip.af == AF_INET6 ? "ip6" : "ip";
	struct fw_packet *packet = &passage->packet;
	char port[32] = "";

	packet->af = rs->vip.af;
	packet->protocol = IPPROTO_UDP;
	if (answer) {
		passage->what = "answers";
		packet->src = rs->vip;
		packet->out = rs->uplink ? rs->uplink->name : "";
		packet->ct_state = CT_ESTABLISHED;
	} else {
		passage->what = "datagrams to the VIP";
		packet->dst = rs->vip;
		packet->in = rs->tunnel ? rs->tunnel->name :
			     rs->uplink ? rs->uplink->name : "";
		packet->ct_state = CT_NEW;
	}
	if (rs->vip.port)
		snprintf(port, sizeof(port), " udp %cport %u",
			 answer ? 's' : 'd', rs->vip.port);
	snprintf(passage->rule, sizeof(passage->rule), "%s %caddr %s%s accept",
		 ip, answer ? 's' : 'd', rs->vip_text, port);
}

static void check_firewall(const struct realserver *rs)
{
	struct passage outer = { .hooks = { "prerouting", "input" } };
	struct passage inner = { .hooks = { "prerouting", "input" } };
	struct passage answer = { .hooks = { "output", "postrouting" } };
	size_t before = rs->report->count;

	if (!doctor_can_ask(rs->report, rs->fw))
		return;
	if (is_tunnelled(rs)) {
		fill_outer(rs, &outer);
		doctor_passage(rs->report, rs->fw, &outer);
	}
	fill_inner(rs, &inner, false);
	doctor_passage(rs->report, rs->fw, &inner);
	fill_inner(rs, &answer, true);
	doctor_passage(rs->report, rs->fw, &answer);
	if (rs->report->count == before)
		report_add(rs->report, CHECK_OK, "firewall",
			   "nftables lets tunnel, datagrams and answers pass");
}

/* --- the rest ------------------------------------------------------------- */

static int check_mtu(const struct realserver *rs)
{
	unsigned int inner = QUIC_MIN + 8 + (rs->vip.af == AF_INET6 ? 40 : 20);
	unsigned int outer = inner + doctor_tunnel_len(&rs->fwd, realserver_outer_af(rs));
	struct route route;
	unsigned int mtu;

	if (!rs->uplink)
		return 0;
	if (realserver_route_back(rs, &route))
		return EXIT_REFUSED;
	mtu = rs->uplink->mtu;
	if (mtu < outer) {
		report_add(rs->report, CHECK_FAULT, "mtu",
			   "%s: %u, and QUIC's smallest first datagram takes %u with its headers",
			   rs->uplink->name, mtu, outer);
		report_fix(rs->report, "ip link set %s mtu %u", rs->uplink->name,
			   outer <= 1500 ? 1500 : outer);
	} else if (route.mtu && route.mtu < inner) {
		report_add(rs->report, CHECK_FAULT, "mtu",
			   "the route to clients has MTU %u, and QUIC needs %u",
			   route.mtu, inner);
		report_fix(rs->report, "ip %sroute change default via GATEWAY mtu 1500",
			   rs->vip.af == AF_INET6 ? "-6 " : "");
	} else {
		report_add(rs->report, CHECK_OK, "mtu", "%s: %u, of which QUIC needs %u",
			   rs->uplink->name, mtu, outer);
	}
	return 0;
}

static void check_socket(const struct realserver *rs)
{
	char text[ENDPOINT_STRLEN];

	if (!rs->vip.port)
		return;
	endpoint_str(&rs->vip, text);
	if (proc_listens(&rs->vip))
		report_add(rs->report, CHECK_OK, "socket",
			   "a UDP socket takes datagrams to %s", text);
	else
		report_add(rs->report, CHECK_FAULT, "socket",
			   "no UDP socket is bound to %s or to its port at any address (NO_SOCKET): start the server, or have it bind there",
			   text);
}

static void check_conntrack(const struct realserver *rs)
{
	struct fw_stop stop = { 0 };
	bool full;

	if (doctor_conntrack(rs->report, &full) < 0)
		return;
	if (rs->fw->rules && firewall_drops_state(rs->fw, CT_INVALID, &stop))
		report_add(rs->report, CHECK_ADVICE, "conntrack",
			   "nftables' %s %s %s drops packets in state invalid; ICMP errors about flows that conntrack has forgotten are among those, and path MTU discovery needs them",
			   stop.family, stop.table, stop.chain);
}

/* This host has the client's address as well: the client's datagrams are martian. */
static bool is_here(const struct realserver *rs)
{
	char text[ENDPOINT_STRLEN];
	size_t i;

	for (i = 0; i < rs->host->address_count; i++) {
		const struct address *address = &rs->host->addresses[i];
		const struct link *link = host_link(rs->host, address->link);

		if (!link || !endpoint_addr_eq(&address->ep, &rs->client))
			continue;
		doctor_addr_str(&rs->client, text);
		report_add(rs->report, CHECK_FAULT, "client",
			   "%s is an address of this host as well (%s), so its datagrams are dropped as forged",
			   text, link->name);
		report_fix(rs->report, "ip addr del %s/%u dev %s", text,
			   address->prefix, link->name);
		return true;
	}
	return false;
}

static int check_realserver(struct realserver *rs)
{
	const struct service_id service = {
		.protocol = IPPROTO_UDP,
		.vip = rs->vip,
	};

	report_about(rs->report, &service, rs->fwd.server.af ? &rs->fwd.server : NULL);
	doctor_addr_str(&rs->vip, rs->vip_text);
	if (rs->client.af != rs->vip.af || is_here(rs))
		doctor_some_client(rs->vip.af, &rs->client);
	check_server_address(rs);
	if (check_vip(rs) || check_route(rs))
		return EXIT_REFUSED;
	find_uplink(rs);
	if (is_tunnelled(rs))
		realserver_check_tunnel(rs);
	if (realserver_check_tunnel_device(rs))
		return EXIT_REFUSED;
	check_arp(rs);
	check_firewall(rs);
	if (check_mtu(rs))
		return EXIT_REFUSED;
	check_socket(rs);
	check_conntrack(rs);
	return 0;
}

int doctor_realserver(const struct args *args, const struct host *host,
		      const struct firewall *fw, struct report *report)
{
	struct realserver rs = { .host = host, .fw = fw, .report = report };
	size_t found = 0, i;
	int err = 0;

	rs.fwd.forward = given(args, O(FORWARD)) ? args->forward :
						  IP_VS_CONN_F_TUNNEL;
	rs.fwd.tun_type = (uint8_t)args->tun_type;
	rs.fwd.tun_port = (uint16_t)args->tun_port;
	rs.fwd.server = args->server;
	rs.fwd.server.port = 0;
	rs.client = args->client;
	rs.from = args->from;
	if (given(args, O(SERVICE))) {
		rs.vip = args->service.vip;
		return check_realserver(&rs);
	}
	for (i = 0; !err && i < host->address_count; i++) {
		struct realserver one = rs;

		if (!host_may_be_vip(host, &host->addresses[i]))
			continue;
		one.vip = host->addresses[i].ep;
		found++;
		err = check_realserver(&one);
	}
	if (!err && !found)
		return refuse("doctor: neither is there a service of IPVS here nor an address that may be a VIP on lo or a dummy device; which is it (-u VIP:PORT)");
	return err;
}
