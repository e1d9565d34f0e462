// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/director.h"

#include <inttypes.h>
#include <string.h>

#include "model/outcome.h"
#include "system/offload.h"
#include "system/proc.h"

enum {
	LEFT_MIN = 64,			/* datagrams that tell nothing yet */
};

/* Right, but each merged datagram is taken apart again, and passes INPUT twice. */
static void check_gro(const struct director *d)
{
	static const char *const features[] = {
		"rx-udp-gro-forwarding", "rx-gro-list",
	};
	size_t before = d->report->count, i, j;

	for (i = 0; i < d->host->link_count; i++) {
		const struct link *link = &d->host->links[i];

		if (!(link->flags & IFF_UP) || link->flags & IFF_LOOPBACK)
			continue;
		for (j = 0; j < sizeof(features) / sizeof(features[0]); j++) {
			if (!offload_is_on(link->name, features[j]))
				continue;
			report_add(d->report, CHECK_ADVICE, "gro",
				   "%s merges datagrams (%s), and each has its own connection ID, so they are taken apart again",
				   link->name, features[j]);
			report_fix(d->report, "ethtool -K %s %s off", link->name,
				   features[j]);
		}
	}
	if (d->report->count == before)
		report_add(d->report, CHECK_OK, "gro",
			   "no device merges datagrams of several connections");
}

/* Errors about our services are steered by the module, before IPVS could see them. */
static void check_icmp(const struct director *d)
{
	int schedules = 0;

	proc_sysctl(&schedules, "net/ipv4/vs/schedule_icmp");
	if (!schedules) {
		report_add(d->report, CHECK_OK, "icmp",
			   "errors about datagrams are steered by the scheduler quic alone");
		return;
	}
	report_add(d->report, CHECK_ADVICE, "icmp",
		   "schedule_icmp is %d, which the scheduler quic has no use for; unless other services do, forged errors make connection entries for nothing",
		   schedules);
	report_fix(d->report, "sysctl -w net.ipv4.vs.schedule_icmp=0");
}

/* --- the express path -------------------------------------------------------- */

static uint64_t device_count(const struct device *device, uint32_t which)
{
	return which < device->outcome_count ? device->outcomes[which] : 0;
}

/* A clients' first connection ID never names a server, and a link has frames for others. */
static bool is_usual(uint32_t outcome)
{
	return outcome == IP_VS_QUIC_EXPRESS_TAKEN ||
	       outcome == IP_VS_QUIC_EXPRESS_DRIVER ||
	       outcome == IP_VS_QUIC_EXPRESS_UNROUTABLE ||
	       outcome == IP_VS_QUIC_EXPRESS_OTHER_HOST;
}

static uint32_t most_left(const struct device *device, uint64_t *left)
{
	uint32_t most = IP_VS_QUIC_EXPRESS_TAKEN, i;

	*left = 0;
	for (i = 0; i < device->outcome_count; i++) {
		if (is_usual(i))
			continue;
		*left += device->outcomes[i];
		if (most == IP_VS_QUIC_EXPRESS_TAKEN ||
		    device->outcomes[i] > device->outcomes[most])
			most = i;
	}
	return most;
}

/* The VLANs on top of a device are devices of their own. */
static void fix_not_plain(const struct director *d, const struct link *link)
{
	size_t i;

	for (i = 0; i < d->host->link_count; i++) {
		const struct link *vlan = &d->host->links[i];

		if (vlan->lower != link->index || strcmp(vlan->kind, "vlan") ||
		    state_find_device(d->state, vlan->name))
			continue;
		report_fix(d->report, "quiclbadm express add %s", vlan->name);
		return;
	}
}

/* What has the datagrams of a port, or of what has something on top. */
static bool has_frames_of(const struct link *other, const struct link *link)
{
	static const char *const kinds[] = { "bond", "bridge", "team" };
	static const char *const tops[] = { "macvlan", "ipvlan", "macsec" };
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (link->master == other->index &&
		    !strcmp(other->kind, kinds[i]))
			return true;
	for (i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (other->lower == link->index && !strcmp(other->kind, tops[i]))
			return true;
	return false;
}

static void fix_master(const struct director *d, const struct link *link)
{
	size_t i;

	for (i = 0; i < d->host->link_count; i++) {
		const struct link *other = &d->host->links[i];

		if (!has_frames_of(other, link) ||
		    state_find_device(d->state, other->name))
			continue;
		report_fix(d->report, "quiclbadm express add %s", other->name);
		return;
	}
	report_fix(d->report, "quiclbadm express del %s", link->name);
}

static void check_taken(const struct director *d, const struct device *device,
			const struct link *link)
{
	uint64_t taken = device_count(device, IP_VS_QUIC_EXPRESS_TAKEN) +
			 device_count(device, IP_VS_QUIC_EXPRESS_DRIVER), left;
	uint32_t most = most_left(device, &left);

	if (left < LEFT_MIN || left <= taken) {
		report_add(d->report, CHECK_OK, "express",
			   "%s: the express path took %" PRIu64 " datagrams and left %" PRIu64 " that it could take",
			   device->name, taken, left);
		return;
	}
	report_add(d->report, CHECK_ADVICE, "express",
		   "%s: the express path took %" PRIu64 " datagrams and left %" PRIu64 ", most of them as %s: %s",
		   device->name, taken, left, express_name(most),
		   express_meaning(most));
	if (most == IP_VS_QUIC_EXPRESS_NOT_PLAIN)
		fix_not_plain(d, link);
	if (most == IP_VS_QUIC_EXPRESS_MASTER)
		fix_master(d, link);
}

/* Rules that depend on what is not known here are there to hold some back. */
static void check_bypass(const struct director *d, const struct device *device)
{
	static const char *const hooks[] = { "prerouting", "input" };
	struct fw_packet packet = {
		.protocol = IPPROTO_UDP, .ct_state = CT_NEW,
		.in = device->name,
	};
	struct fw_stop stop;
	size_t i, j;

	firewall_read(d->fw);
	for (i = 0; d->fw->rules && i < d->state->count; i++) {
		const struct service *svc = d->state->services[i];

		packet.dst = svc->id.vip;
		packet.af = packet.dst.af;
		for (j = 0; j < 2 && service_is_quic(svc) && !svc->id.fwmark; j++) {
			if (firewall_try(d->fw, hooks[j], &packet, &stop) !=
			    FIREWALL_UNKNOWN)
				continue;
			report_add(d->report, CHECK_ADVICE, "express",
				   "%s: the express path bypasses nftables' %s %s %s, which drops some datagrams to a VIP; %s is in force",
				   device->name, stop.family, stop.table,
				   stop.chain, device->mode == EXPRESS_DRIVER ?
				   "an XDP program of lower priority" :
				   "a chain of family netdev at its ingress");
			return;
		}
	}
}

/* The driver path has no skb that it could ask about. */
static void check_asks(const struct director *d, const struct device *device)
{
	uint32_t i;

	for (i = 0; i < IP_VS_QUIC_EXPRESS_ASK_COUNT; i++) {
		if (!(device->asks >> i & 1))
			continue;
		report_add(d->report, CHECK_ADVICE, "driver",
			   "%s: %s, so the driver path leaves all IPv%c datagrams to the express path at the ingress",
			   device->name, ask_meaning(i), ask_family(i));
		if (i == IP_VS_QUIC_ASK_RP_FILTER)
			report_fix(d->report,
				   "sysctl -w net/ipv4/conf/all/rp_filter=0 net/ipv4/conf/%s/rp_filter=0",
				   device->name);
	}
}

static void check_driver(const struct director *d, const struct device *device)
{
	if (device->mode != EXPRESS_DRIVER)
		return;
	report_add(d->report, CHECK_OK, "driver",
		   "%s: in the driver; traffic control, nftables' ingress chains, captures and queueing disciplines do not see what it forwards, \"quiclbadm trace\" does",
		   device->name);
	check_asks(d, device);
}

static void check_device(const struct director *d, const struct device *device)
{
	const struct link *link = host_link_named(d->host, device->name);

	if (!link)
		return;
	if (!(link->flags & IFF_UP)) {
		report_add(d->report, CHECK_ADVICE, "express",
			   "%s has the express path and is down", link->name);
		report_fix(d->report, "ip link set %s up", link->name);
		return;
	}
	check_taken(d, device, link);
	check_bypass(d, device);
	check_driver(d, device);
}

static bool is_forbidden(const struct director *d)
{
	static const char *const sysctls[] = { "conntrack", "backup_only" };
	bool forbidden = false;
	size_t i;
	int value;

	for (i = 0; i < sizeof(sysctls) / sizeof(sysctls[0]); i++) {
		value = 0;
		proc_sysctl(&value, "net/ipv4/vs/%s", sysctls[i]);
		if (!value)
			continue;
		forbidden = true;
		report_add(d->report, CHECK_ADVICE, "express",
			   "the express path takes nothing while net.ipv4.vs.%s is %d",
			   sysctls[i], value);
		report_fix(d->report, "sysctl -w net.ipv4.vs.%s=0", sysctls[i]);
	}
	for (i = 0; i < d->state->count; i++) {
		if (!d->state->services[i]->id.fwmark ||
		    !service_is_quic(d->state->services[i]))
			continue;
		report_add(d->report, CHECK_ADVICE, "express",
			   "the express path takes nothing while there is a service by firewall mark (%u)",
			   d->state->services[i]->id.fwmark);
		return true;
	}
	return forbidden;
}

static void check_express(const struct director *d)
{
	size_t i;

	if (!d->state->device_count || is_forbidden(d))
		return;
	for (i = 0; i < d->state->device_count; i++)
		check_device(d, &d->state->devices[i]);
}

void director_check(const struct director *d)
{
	check_gro(d);
	check_icmp(d);
	check_express(d);
}
