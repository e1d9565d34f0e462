// SPDX-License-Identifier: GPL-2.0-only
/*
 * A real server: all that a datagram passes from the tunnel packet's arrival to
 * the socket, and the answer's way out.  Neither IPVS nor our module is needed.
 */
#include "doctor/doctor_realserver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/rtnetlink.h>

#include "doctor/conntrack.h"
#include "doctor/journey.h"
#include "doctor/realserver_path.h"
#include "doctor/realserver_sizes.h"
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

	if (host_route_in(rs->vrf, &rs->vip, NULL, &route))
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

/* Its place on a real server is lo, where no other host is asked for it. */
static void check_duplicate(const struct realserver *rs)
{
	const struct address *address = host_duplicate(rs->host, &rs->vip);
	const struct link *link = address ? host_link(rs->host, address->link) : NULL;

	if (!link)
		return;
	report_add(rs->report, CHECK_FAULT, "duplicate",
		   "%s: another host of this link has %s as well (dadfailed), so no program here can have it as its address",
		   link->name, rs->vip_text);
	report_fix(rs->report, "ip addr del %s/%u dev %s && ip addr replace %s/128 dev lo",
		   rs->vip_text, address->prefix, link->name, rs->vip_text);
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

static bool shares_link(const struct realserver *rs, const struct link *link)
{
	if (rs->fwd.forward == IP_VS_CONN_F_DROUTE && link == rs->uplink)
		return !(link->flags & (IFF_LOOPBACK | IFF_NOARP));
	return host_on_link(rs->host, link, &rs->vip);
}

/* What settings let expect of a link; an IPv6 address is answered for on its own link alone. */
struct arp_settings {
	bool answers;
	bool announces;			/* the VIP, as the sender of its own questions */
	char text[64];
};

static void read_arp_settings(const struct realserver *rs, const struct link *link,
			      struct arp_settings *settings)
{
	int all, own, ignore, announce;

	memset(settings, 0, sizeof(*settings));
	if (rs->vip.af == AF_INET6) {
		settings->answers = host_address_on(rs->host, link, &rs->vip);
		return;
	}
	ignore = proc_max_conf(link->name, "arp_ignore", &all, &own);
	announce = proc_max_conf(link->name, "arp_announce", &all, &own);
	settings->answers = ignore < 1;
	settings->announces = announce < 2;
	snprintf(settings->text, sizeof(settings->text),
		 " with arp_ignore %d and arp_announce %d", ignore, announce);
}

static void fault_arp(const struct realserver *rs, const struct link *link,
		      const char *why)
{
	const struct address *address = host_address_on(rs->host, link, &rs->vip);

	report_add(rs->report, CHECK_FAULT, "arp",
		   "%s: the VIP is in its subnet, and%s this host answers %s for it, too",
		   link->name, why, rs->vip.af == AF_INET6 ? "neighbour discovery" : "ARP");
	if (address)
		report_fix(rs->report, "ip addr del %s/%u dev %s && ip addr replace %s/%d dev lo",
			   rs->vip_text, address->prefix, link->name, rs->vip_text,
			   rs->vip.af == AF_INET6 ? 128 : 32);
	else if (rs->vip.af == AF_INET)
		report_fix(rs->report, "sysctl -w net/ipv4/conf/%s/arp_ignore=1 net/ipv4/conf/%s/arp_announce=2",
			   link->name, link->name);
}

/* The host is asked, where that can be.  Return: whether there is something to say. */
static bool check_arp_on(const struct realserver *rs, const struct link *link)
{
	struct arp_settings settings;
	enum asking asked = follower_ask(rs->follower, link, &rs->vip);

	read_arp_settings(rs, link, &settings);
	if (asked == ASKING_UNKNOWN ? settings.answers || settings.announces :
				      asked == ASKING_ANSWERED) {
		fault_arp(rs, link, settings.text);
		return true;
	}
	if (!settings.announces)
		return false;
	report_add(rs->report, CHECK_ADVICE, "arp",
		   "%s: this host does not answer ARP for the VIP, but%s it may ask with the VIP as the sender, which others then take for its address",
		   link->name, settings.text);
	report_fix(rs->report, "sysctl -w net/ipv4/conf/%s/arp_announce=2", link->name);
	return true;
}

static void check_arp(const struct realserver *rs)
{
	bool shared = false;
	size_t i;

	for (i = 0; i < rs->host->link_count; i++) {
		const struct link *link = &rs->host->links[i];

		if (!shares_link(rs, link))
			continue;
		shared = true;
		if (check_arp_on(rs, link))
			return;
	}
	report_add(rs->report, CHECK_OK, "arp", shared ?
		   "this host does not answer for the VIP" :
		   "the VIP is in no subnet here");
}

/* --- the rest ------------------------------------------------------------- */

/* Whether a server's socket heeds it is the server's choice. */
static void advise_route_mtu(const struct realserver *rs, unsigned int mtu, unsigned int need)
{
	const char *v6 = rs->vip.af == AF_INET6 ? "-6 " : "";
	char text[256];

	report_add(rs->report, CHECK_ADVICE, "mtu",
		   "the route to clients has MTU %u, and QUIC needs %u: a server that heeds it (IP_PMTUDISC_DO) cannot send that, others send fragments, or more than it",
		   mtu, need);
	if (!rs->vrf && host_configured_route(rs->host, &rs->client, text, sizeof(text)))
		report_fix(rs->report, "ip %sroute change %s mtu %u", v6, text, rs->uplink->mtu);
}

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
		advise_route_mtu(rs, route.mtu, inner);
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

/* What leads from the tunnel packet's arrival to the socket. */
static int check_way(struct realserver *rs)
{
	bool full;

	if (is_tunnelled(rs))
		realserver_check_tunnel(rs);
	if (realserver_check_tunnel_device(rs))
		return EXIT_REFUSED;
	check_arp(rs);
	check_duplicate(rs);
	if (check_mtu(rs))
		return EXIT_REFUSED;
	check_socket(rs);
	doctor_conntrack(rs->report, &full);
	return 0;
}

/* A masqueraded server does not get the VIP's datagrams, and none can be sent without a port. */
static bool can_be_followed(const struct realserver *rs)
{
	return rs->vip.port && rs->fwd.forward != IP_VS_CONN_F_MASQ;
}

static int check_realserver(struct realserver *rs)
{
	const struct service_id service = {
		.protocol = IPPROTO_UDP,
		.vip = rs->vip,
	};
	const struct link *vrf;
	struct journey *journey;
	int err;

	report_about(rs->report, &service, rs->fwd.server.af ? &rs->fwd.server : NULL);
	doctor_addr_str(&rs->vip, rs->vip_text);
	if (rs->client.af != rs->vip.af || is_here(rs))
		doctor_some_client(rs->vip.af, &rs->client);
	rs->vrf = host_vrf_of(rs->host, &rs->vip);
	vrf = host_link(rs->host, rs->vrf);
	if (vrf)
		report_note_vrf(rs->report, vrf->name);
	check_server_address(rs);
	if (check_vip(rs) || check_route(rs))
		return EXIT_REFUSED;
	find_uplink(rs);
	if (!can_be_followed(rs))
		return check_way(rs);
	journey = rs->await_seconds ? realserver_await(rs) : realserver_follow(rs);
	rs->tunnel = realserver_seen_tunnel(rs, journey);
	err = check_way(rs);
	if (!err && (journey || !rs->await_seconds))
		realserver_judge_path(rs, journey);
	if (!err && journey) {
		realserver_check_sizes(rs, journey);
		realserver_check_unasked(rs, journey);
	}
	free(journey);
	return err;
}

/* @rs: without the VIP */
static int check_all_vips(const struct realserver *rs)
{
	size_t found = 0, i;
	int err = 0;

	for (i = 0; !err && i < rs->host->address_count; i++) {
		struct realserver one = *rs;

		if (!host_may_be_vip(rs->host, &rs->host->addresses[i]))
			continue;
		one.vip = rs->host->addresses[i].ep;
		found++;
		err = check_realserver(&one);
	}
	if (!err && !found)
		return refuse("doctor: neither is there a service of IPVS here nor an address that may be a VIP on lo or a dummy device; which is it (-u VIP:PORT)");
	return err;
}

static int check_vip_service(struct realserver *rs)
{
	int err;

	/* only root may follow a datagram, and only where one can be sent is there a use for it */
	if (can_be_followed(rs) && !geteuid())
		rs->follower = follower_open();
	err = check_realserver(rs);
	if (rs->follower)
		follower_close(rs->follower);
	return err;
}

int doctor_realserver(const struct args *args, const struct host *host,
		      struct firewall *fw, struct report *report)
{
	struct realserver rs = { .host = host, .fw = fw, .report = report };

	rs.fwd.forward = given(args, O(FORWARD)) ? args->forward :
						  IP_VS_CONN_F_TUNNEL;
	rs.fwd.tun_type = (uint8_t)args->tun_type;
	rs.fwd.tun_port = (uint16_t)args->tun_port;
	rs.fwd.tun_flags = (uint16_t)args->tun_flags;
	rs.fwd.server = args->server;
	rs.fwd.server.port = 0;
	rs.client = args->client;
	rs.from = args->from;
	rs.await_seconds = args->await_seconds;
	if (!given(args, O(SERVICE)))
		return check_all_vips(&rs);
	rs.vip = args->service.vip;
	return check_vip_service(&rs);
}
