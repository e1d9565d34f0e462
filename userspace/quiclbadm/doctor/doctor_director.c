// SPDX-License-Identifier: GPL-2.0-only
/*
 * A director: what a datagram meets between the client's side and the real
 * server's.
 */
#include "doctor/doctor_director.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "common/progress.h"
#include "common/xalloc.h"
#include "doctor/conntrack.h"
#include "doctor/director.h"
#include "doctor/journey.h"
#include "doctor/keepalived_check.h"
#include "doctor/passage.h"
#include "doctor/service_configs.h"
#include "doctor/service_path.h"
#include "doctor/service_probes.h"
#include "kernel/kernel.h"
#include "system/proc.h"

/* --- the service ----------------------------------------------------------- */

/* Duplicate address detection, RFC 4862 section 5.4: nobody is answered for it from here. */
static void check_duplicate(const struct service_subject *s)
{
	const struct address *address = host_duplicate(s->host, &s->svc->id.vip);
	const struct link *link = address ? host_link(s->host, address->link) : NULL;
	char text[ENDPOINT_STRLEN];

	if (!link)
		return;
	report_add(s->report, CHECK_FAULT, "duplicate",
		   "%s: another host of this link has %s as well (dadfailed), so this host does not answer neighbour discovery for it: a standby director must not have the VIP, nor a real server on its link; once no other has it, delete it here and add it again, with preferred_lft 0, so that tunnels do not take it as their source",
		   link->name, doctor_addr_str(&s->svc->id.vip, text));
}

static int check_vip(const struct service_subject *s)
{
	const struct endpoint *vip = &s->svc->id.vip;
	char text[ENDPOINT_STRLEN];
	const struct link *link;
	struct route route;

	if (s->svc->id.fwmark)
		return 0;
	if (host_route_in(s->vrf, vip, NULL, &route))
		return EXIT_REFUSED;
	doctor_addr_str(vip, text);
	if (route.type == RTN_LOCAL) {
		report_add(s->report, CHECK_OK, "vip",
			   "%s is an address of this host", text);
		return 0;
	}
	if (route.type == RTN_UNICAST && !route.gateway.af) {
		link = host_link(s->host, route.link);
		report_add(s->report, CHECK_ADVICE, "vip",
			   "%s is no address of this host but one of %s's network: a standby director is right so; on an active one IPVS never sees its datagrams",
			   text, link ? link->name : "a connected");
		return 0;
	}
	report_add(s->report, CHECK_FAULT, "vip",
		   "%s is no address of this host, so IPVS never sees its datagrams",
		   text);
	report_fix(s->report, "ip addr add %s/%d dev lo", text,
		   vip->af == AF_INET6 ? 128 : 32);
	return 0;
}

/*
 * Hosts of the VIP's own subnet, the router too, ask for its address there.  That a router has a
 * route instead cannot be seen here, but that datagrams with its servers' connection IDs come.
 */
static void check_vip_on(const struct service_subject *s, const struct link *link)
{
	const struct endpoint *vip = &s->svc->id.vip;
	const bool comes = s->svc->outcome_count > IP_VS_QUIC_ROUTED &&
			   s->svc->outcomes[IP_VS_QUIC_ROUTED];
	char text[ENDPOINT_STRLEN];

	if (!host_has_address(s->host, vip) || !host_on_link(s->host, link, vip) ||
	    host_duplicate(s->host, vip) ||
	    follower_ask(s->follower, link, vip) != ASKING_SILENT)
		return;
	report_add(s->report, comes ? CHECK_ADVICE : CHECK_FAULT, "arp",
		   "%s: the VIP is in its subnet, and this host does not answer %s for it there",
		   link->name, vip->af == AF_INET6 ? "neighbour discovery" : "ARP");
	/* deprecated, so that tunnels do not take it as their source (RFC 6724) */
	report_fix(s->report, vip->af == AF_INET6 ?
		   "ip addr add %s/128 dev %s preferred_lft 0" :
		   "ip addr add %s/32 dev %s", doctor_addr_str(vip, text), link->name);
}

static void check_pool(const struct service_subject *s)
{
	const struct service *svc = s->svc;
	char server[ENDPOINT_STRLEN];
	size_t i;

	if (!svc->dest_count) {
		report_add(s->report, CHECK_FAULT, "pool",
			   "%s has no real server", s->name);
		return;
	}
	for (i = 0; i < svc->dest_count; i++)
		if (svc->dests[i].weight)
			return;
	report_add(s->report, CHECK_FAULT, "pool",
		   "%s: no real server has weight, so new connections are refused",
		   s->name);
	report_fix(s->report, "quiclbadm -e %s -r %s -w 1", s->option,
		   endpoint_str(&svc->dests[0].server, server));
}

/* What a strict device drops may be forged; if it was for the VIP, clients come by there. */
static int check_source(const struct service_subject *s)
{
	const struct link *link;
	struct route route;
	int all, own;
	size_t i;
	bool seen;

	if (s->svc->id.vip.af != AF_INET)
		return 0;
	if (host_route_in(s->vrf, &s->client, &s->svc->id.vip, &route))
		return EXIT_REFUSED;
	for (i = 0; i < s->host->link_count; i++) {
		link = &s->host->links[i];
		if (link->flags & IFF_LOOPBACK || !(link->flags & IFF_UP) ||
		    link->index == route.link ||
		    proc_max_conf(link->name, "rp_filter", &all, &own) != 1)
			continue;
		seen = follower_saw_forged(s->follower, link, &s->svc->id.vip);
		report_add(s->report, seen ? CHECK_FAULT : CHECK_ADVICE, "rp_filter", seen ?
			   "%s is strict (%d for all, %d for the device) and not where clients are reached, and datagrams for %s were dropped there while this looked (IP_RPFILTER)" :
			   "%s is strict (%d for all, %d for the device) and not where clients are reached: if they come by it, their datagrams are dropped (quiclbadm trace shows IP_RPFILTER)",
			   link->name, all, own, s->name);
		report_fix(s->report, "sysctl -w net/ipv4/conf/%s/rp_filter=2",
			   link->name);
		return 0;
	}
	report_add(s->report, CHECK_OK, "rp_filter",
		   "no strict device where clients are not reached");
	return 0;
}

static int check_outer_sources(const struct service_subject *s)
{
	char text[PREFIX_STRLEN];
	struct endpoint ep;
	struct route route;
	size_t i;

	for (i = 0; i < SOURCE_COUNT; i++) {
		if (!s->svc->sources[i].len)
			continue;
		service_outer_source(s->svc, i, &ep);
		if (host_route(&ep, NULL, &route))
			return EXIT_REFUSED;
		prefix_str(&s->svc->sources[i], sources[i].af, text);
		if (route.type == RTN_LOCAL) {
			report_add(s->report, CHECK_OK, "source",
				   "%s: outer sources of %s are local here",
				   s->name, text);
			continue;
		}
		report_add(s->report, CHECK_ADVICE, "source",
			   "%s: outer sources are of %s, which is not local here, so ICMP errors about the tunnel, such as a smaller MTU, do not arrive",
			   s->name, text);
		report_fix(s->report, "ip %sroute add local %s dev lo",
			   sources[i].af == AF_INET6 ? "-6 " : "", text);
	}
	return 0;
}

/* --- the way to a real server ------------------------------------------------ */

static void fault_route(const struct service_subject *s, const struct dest *dest)
{
	const char *v6 = dest->server.af == AF_INET6 ? "-6 " : "";
	char server[ENDPOINT_STRLEN], barrier[128];

	doctor_addr_str(&dest->server, server);
	report_add(s->report, CHECK_FAULT, "route", "no route leads to %s",
		   server);
	if (host_find_barrier(&dest->server, barrier, sizeof(barrier)))
		report_fix(s->report, "ip %sroute del %s", v6, barrier);
	else
		report_fix(s->report, "ip %sroute add %s/%d via GATEWAY", v6,
			   server, dest->server.af == AF_INET6 ? 128 : 32);
}

static void check_neighbour(const struct service_subject *s, const struct dest *dest,
			    const struct route *route)
{
	const struct endpoint *hop = route->gateway.af ? &route->gateway :
							 &dest->server;
	const struct link *link = host_link(s->host, route->link);
	char text[ENDPOINT_STRLEN];

	if (!link || link->flags & (IFF_LOOPBACK | IFF_NOARP) ||
	    host_neighbour(link->index, hop) != NUD_FAILED)
		return;
	/* one that a checker holds may be down */
	report_add(s->report, dest->weight ? CHECK_FAULT : CHECK_ADVICE, "neighbour",
		   "no host answers for %s on %s: is it up, and on that link?",
		   doctor_addr_str(hop, text), link->name);
}

static void fix_route_mtu(const struct service_subject *s, const struct forwarding *fwd,
			  const struct route *route, unsigned int mtu)
{
	const char *v6 = fwd->server.af == AF_INET6 ? "-6 " : "";
	char text[256];

	if (route->learned)
		report_fix(s->report, "ip %sroute flush cache", v6);
	else if (host_configured_route(s->host, &fwd->server, text, sizeof(text)))
		report_fix(s->report, "ip %sroute change %s mtu %u", v6, text, mtu);
}

static void check_tunnel_mtu(const struct service_subject *s, const struct forwarding *fwd,
			     const struct route *route)
{
	unsigned int inner = s->svc->id.vip.af == AF_INET6 ? 40 : 20;
	unsigned int header = doctor_tunnel_len(fwd, fwd->server.af);
	const struct link *link = host_link(s->host, route->link);
	unsigned int need = QUIC_MIN + 8 + inner + header, mtu;
	char text[ENDPOINT_STRLEN];

	if (!link)
		return;
	mtu = route->mtu ? route->mtu : link->mtu;
	doctor_addr_str(&fwd->server, text);
	if (mtu >= need) {
		report_add(s->report, CHECK_OK, "mtu",
			   "%s is reached through %s with %u, which leaves %u for clients' packets",
			   text, link->name, mtu, mtu - header);
		return;
	}
	report_add(s->report, CHECK_FAULT, "mtu",
		   "%s is reached with %u, and QUIC's smallest first datagram takes %u with its headers (PKT_TOO_BIG)",
		   text, mtu, need);
	if (route->mtu && link->mtu >= need)
		fix_route_mtu(s, fwd, route, link->mtu);
	else
		report_fix(s->report, "ip link set %s mtu %d", link->name,
			   need <= 1500 ? 1500 : 9000);
}

/*
 * Answers that come and go by one device make the kernel tell the real server of a shorter
 * way (RFC 792), on which clients see the server's own address.
 */
static int check_redirects(const struct service_subject *s, const struct dest *dest,
			   const struct route *route)
{
	const struct link *link = host_link(s->host, route->link);
	char server[ENDPOINT_STRLEN];
	struct route clients;
	int all, own;

	if (dest->server.af != AF_INET || !link)
		return 0;
	if (host_route_in(s->vrf, &s->client, NULL, &clients))
		return EXIT_REFUSED;
	if (clients.link != route->link ||
	    proc_max_conf(link->name, "send_redirects", &all, &own) <= 0)
		return 0;
	report_add(s->report, CHECK_ADVICE, "redirects",
		   "%s sends redirects (%d for all, %d for the device), and clients are reached by it as well as %s: a server that heeds them sends its answers past this host, and clients do not take them",
		   link->name, all, own, doctor_addr_str(&dest->server, server));
	report_fix(s->report, "sysctl -w net/ipv4/conf/all/send_redirects=0 net/ipv4/conf/%s/send_redirects=0",
		   link->name);
	return 0;
}

static int check_masquerading(const struct service_subject *s, const struct dest *dest,
			      const struct route *route)
{
	int forwards = 1;

	proc_sysctl(&forwards, dest->server.af == AF_INET6 ?
		    "net/ipv6/conf/all/forwarding" : "net/ipv4/ip_forward");
	if (forwards)
		return check_redirects(s, dest, route);
	report_add(s->report, CHECK_FAULT, "forwarding",
		   "it is off, and answers of masqueraded servers pass here");
	report_fix(s->report, dest->server.af == AF_INET6 ?
		   "sysctl -w net.ipv6.conf.all.forwarding=1" :
		   "sysctl -w net.ipv4.ip_forward=1");
	return 0;
}

static int check_dest(const struct service_subject *s, const struct dest *dest)
{
	struct forwarding fwd = {
		.forward = dest->forward,
		.tun_type = dest->tun_type,
		.tun_port = dest->tun_port,
		.tun_flags = dest->tun_flags,
		.server = dest->server,
	};
	struct route route;

	if (dest->forward == IP_VS_CONN_F_LOCALNODE)
		return 0;
	if (host_route(&dest->server, NULL, &route))
		return EXIT_REFUSED;
	if (route.type != RTN_UNICAST && route.type != RTN_LOCAL) {
		fault_route(s, dest);
		return 0;
	}
	check_neighbour(s, dest, &route);
	check_tunnel_mtu(s, &fwd, &route);
	return dest->forward == IP_VS_CONN_F_MASQ ? check_masquerading(s, dest, &route) : 0;
}

/* --- arrival -------------------------------------------------------------------- */

/* Whether the host's rules accept datagrams that are not tracked. */
static bool may_be_untracked(const struct service_subject *s)
{
	const struct link *link;
	struct passage passage;
	struct route route;

	if (host_route_in(s->vrf, &s->client, &s->svc->id.vip, &route))
		return false;
	link = host_link(s->host, route.link);
	passage_of_clients(&s->svc->id.vip, link ? link->name : "", CT_UNTRACKED, &passage);
	return passage_is_free(s->fw, &passage);
}

static void check_conntrack(const struct service_subject *s)
{
	const char *ip = s->svc->id.vip.af == AF_INET6 ? "ip6" : "ip";
	char text[ENDPOINT_STRLEN];
	bool full;
	int count = doctor_conntrack(s->report, &full);

	if (count <= 0 || full || s->svc->id.fwmark)
		return;
	report_add(s->report, CHECK_ADVICE, "conntrack",
		   "%d flows are tracked; a director needs none of the VIP's, and each costs a lookup per datagram",
		   count);
	if (may_be_untracked(s))
		report_fix(s->report, "nft 'table inet quiclb { chain untracked_vips { type filter hook prerouting priority raw; %s daddr %s udp dport %u notrack; }; }'",
			   ip, doctor_addr_str(&s->svc->id.vip, text), s->svc->id.vip.port);
}

static int check_service(struct service_subject *s)
{
	const struct link *vrf;
	size_t i;

	report_about(s->report, &s->svc->id, NULL);
	service_str(&s->svc->id, s->name);
	if (s->svc->id.fwmark)
		snprintf(s->option, sizeof(s->option), "-f %u%s",
			 s->svc->id.fwmark,
			 s->svc->id.vip.af == AF_INET6 ? " -6" : "");
	else
		snprintf(s->option, sizeof(s->option), "-u %.*s",
			 (int)sizeof(s->name) - 1, s->name);
	if (s->client.af != s->svc->id.vip.af)
		doctor_some_client(s->svc->id.vip.af, &s->client);
	s->vrf = host_client_vrf(s->host, &s->svc->id.vip, &s->client);
	vrf = host_link(s->host, s->vrf);
	if (vrf)
		report_note_vrf(s->report, vrf->name);
	if (check_vip(s))
		return EXIT_REFUSED;
	if (!s->svc->id.fwmark)
		check_duplicate(s);
	for (i = 0; !s->svc->id.fwmark && i < s->host->link_count; i++)
		check_vip_on(s, &s->host->links[i]);
	if (check_outer_sources(s))
		return EXIT_REFUSED;
	check_conntrack(s);
	check_pool(s);
	service_check_configs(s);
	doctor_keepalived(s, s->keepalived);
	for (i = 0; i < s->svc->dest_count; i++) {
		report_about(s->report, &s->svc->id, &s->svc->dests[i].server);
		if (check_dest(s, &s->svc->dests[i]))
			return EXIT_REFUSED;
	}
	report_about(s->report, &s->svc->id, NULL);
	return 0;
}

/* --- all services ----------------------------------------------------------- */

/* What was made anew meanwhile counts anew. */
static void subtract_counts(uint64_t *now, const uint64_t *before, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (before[i] <= now[i])
			now[i] -= before[i];
}

static void subtract(struct service *now, struct service *before)
{
	size_t i;

	if (now->outcome_count == before->outcome_count)
		subtract_counts(now->outcomes, before->outcomes,
				now->outcome_count);
	subtract_counts(&now->reserved_short, &before->reserved_short, 1);
	for (i = 0; i < now->config_count; i++) {
		struct config *config = &now->configs[i];
		const struct config *old;

		old = service_find_config(before, config->id, config->tenant);
		if (!old || old->misses > config->misses ||
		    old->datagrams > config->datagrams)
			continue;
		config->misses -= old->misses;
		config->datagrams -= old->datagrams;
	}
}

static void subtract_device(struct device *now, const struct device *before)
{
	if (now->outcome_count == before->outcome_count)
		subtract_counts(now->outcomes, before->outcomes,
				now->outcome_count);
}

/* All counters, even when one service is asked for. */
static int load(struct state *state, const struct service_id *id)
{
	int err = kernel_load(state, id);
	size_t i;

	for (i = 0; !err && id && i < state->count; i++)
		if (service_is_quic(state->services[i]))
			return kernel_load_express(state);
	return err;
}

static void wait_seconds(unsigned int seconds)
{
	unsigned int i;

	for (i = 0; i < seconds; i++) {
		progress("seconds of counting", i, seconds);
		sleep(1);
	}
	progress_end();
}

/* With --seconds, counters are of that time alone. */
static int observe(const struct args *args, struct state *state)
{
	const struct service_id *id = given(args, O(SERVICE)) ?
				      &args->service : NULL;
	struct state before = { 0 };
	const struct device *device;
	struct service *old;
	int err = 0;
	size_t i;

	memset(state, 0, sizeof(*state));
	if (given(args, O(SECONDS))) {
		err = load(&before, id);
		if (!err)
			wait_seconds(args->seconds);
	}
	if (!err)
		err = load(state, id);
	for (i = 0; !err && i < state->count; i++) {
		old = state_find(&before, &state->services[i]->id);
		if (old)
			subtract(state->services[i], old);
	}
	for (i = 0; !err && i < state->device_count; i++) {
		device = state_find_device(&before, state->devices[i].name);
		if (device)
			subtract_device(&state->devices[i], device);
	}
	state_destroy(&before);
	return err;
}

/* @template: without the service */
static int check_services(const struct args *args, const struct state *state,
			  const struct service_subject *template)
{
	struct service_subject *subjects = xcalloc(state->count + 1, sizeof(*subjects));
	size_t count = 0, i;
	int err = 0;

	for (i = 0; !err && i < state->count; i++) {
		struct service_subject *s = &subjects[count];

		if (!service_is_quic(state->services[i]))
			continue;
		*s = *template;
		s->svc = state->services[i];
		s->client = args->client;
		err = check_service(s);
		if (!err && given(args, O(FROM)))
			err = service_check_probes(s, &args->from);
		count++;
	}
	if (!err && !count)
		err = refuse("doctor: there is no service with scheduler quic");
	if (!err)
		service_check_paths(subjects, count);
	for (i = 0; !err && i < count; i++) {
		report_about(subjects[i].report, &subjects[i].svc->id, NULL);
		err = check_source(&subjects[i]);
	}
	free(subjects);
	return err;
}

int doctor_director(const struct args *args, const struct host *host,
		    struct firewall *fw, struct report *report)
{
	struct keepalived keepalived;
	struct service_subject s = {
		.host = host, .fw = fw, .report = report, .keepalived = &keepalived,
	};
	struct state state;
	const struct director director = { host, fw, report, &state };
	int err;

	keepalived_read(&keepalived);
	err = observe(args, &state);
	if (!err && !geteuid())
		s.follower = follower_open();
	if (!err)
		err = check_services(args, &state, &s);
	if (s.follower)
		follower_close(s.follower);
	report_about(report, NULL, NULL);
	if (!err)
		director_check(&director);
	keepalived_destroy(&keepalived);
	state_destroy(&state);
	return err;
}
