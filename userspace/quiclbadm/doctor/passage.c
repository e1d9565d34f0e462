// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/passage.h"

#include <stdio.h>

#include "firewall/owner.h"

static const char *const in_hooks[] = { "prerouting", "input", NULL };
static const char *const out_hooks[] = { "output", "postrouting", NULL };

static void accept_udp(struct passage *passage, const char *side, const struct endpoint *ep)
{
	char text[ENDPOINT_STRLEN];

	snprintf(passage->rule, sizeof(passage->rule), "%s %saddr %s udp %sport %u accept",
		 ep->af == AF_INET6 ? "ip6" : "ip", side, doctor_addr_str(ep, text), side,
		 ep->port);
}

void passage_of_clients(const struct endpoint *vip, const char *in, unsigned int ct_state,
			struct passage *passage)
{
	*passage = (struct passage){
		.hooks = in_hooks,
		.packet = {
			.af = vip->af, .protocol = IPPROTO_UDP, .dst = *vip, .in = in,
			.ct_state = ct_state,
		},
	};
	accept_udp(passage, "d", vip);
}

static void accept_tunnel(const struct journey *journey, const struct journey_step *drop,
			  struct passage *passage)
{
	struct fw_packet *packet = &passage->packet;

	passage->is_invented = journey->outer_is_invented;
	packet->src = drop->outer_src;
	packet->dst = drop->outer_dst;
	if (drop->tunnel == TUNNEL_GUE) {
		snprintf(passage->rule, sizeof(passage->rule), "udp dport %u accept",
			 packet->dst.port);
		return;
	}
	packet->protocol = drop->tunnel == TUNNEL_GRE ? IPPROTO_GRE :
			   drop->dst.af == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	snprintf(passage->rule, sizeof(passage->rule), "meta l4proto %u accept",
		 packet->protocol);
}

void passage_of_drop(const struct journey *journey, const struct journey_step *drop,
		     struct passage *passage)
{
	const bool tunnel = drop->tunnel != TUNNEL_NONE && !journey_is_unpacked(journey);
	const bool leaves = drop->answer || (tunnel && journey->is_director);
	/* before a packet has a device, it is taken to leave by the one that clients are behind */
	const char *device = *drop->device ? drop->device : journey->in->name;

	*passage = (struct passage){
		.hooks = leaves ? out_hooks : in_hooks,
		.packet = {
			.protocol = IPPROTO_UDP, .src = drop->src, .dst = drop->dst,
			.in = leaves ? NULL : device, .out = leaves ? device : NULL,
			.ct_state = drop->answer ? CT_ESTABLISHED : CT_NEW,
		},
		.is_invented = !drop->answer && journey->client_is_invented,
	};
	if (tunnel)
		accept_tunnel(journey, drop, passage);
	else
		accept_udp(passage, drop->answer ? "s" : "d",
			   drop->answer ? &journey->probe.vip : &drop->dst);
	passage->packet.af = passage->packet.dst.af;
}

static enum firewall_verdict try_hooks(const struct firewall *fw, const char *const *hooks,
				       const struct fw_packet *packet, struct fw_stop *stop)
{
	enum firewall_verdict verdict = FIREWALL_PASSES;

	for (; *hooks && verdict == FIREWALL_PASSES; hooks++)
		verdict = firewall_try(fw, *hooks, packet, stop);
	return verdict;
}

bool passage_is_free(struct firewall *fw, const struct passage *passage)
{
	struct fw_stop stop;

	firewall_read(fw);
	return fw->rules && !fw->legacy &&
	       try_hooks(fw, passage->hooks, &passage->packet, &stop) == FIREWALL_PASSES;
}

/* Would the rules treat packets of other sources differently? */
static bool depends_on_source(const struct firewall *fw, const struct passage *passage)
{
	struct fw_packet packet = passage->packet;
	struct fw_stop stop;

	packet.src = (struct endpoint){ 0 };
	return try_hooks(fw, passage->hooks, &packet, &stop) == FIREWALL_UNKNOWN;
}

bool passage_explain(struct report *report, struct firewall *fw,
		     const struct passage *passage, const char *seen)
{
	struct fw_stop stop = { 0 };
	enum firewall_verdict verdict;
	char src[ENDPOINT_STRLEN], text[96] = "";
	const char *what;
	uint32_t owner;

	firewall_read(fw);
	verdict = try_hooks(fw, passage->hooks, &passage->packet, &stop);
	if (verdict == FIREWALL_PASSES)
		return false;
	what = stop.policy ? "the policy" : "a rule";
	if (verdict == FIREWALL_DROPS && passage->is_invented &&
	    depends_on_source(fw, passage)) {
		report_add(report, CHECK_UNKNOWN, "firewall",
			   "%s, by %s of nftables' %s %s %s, which asks who sends; %s is an address that this made up: --client or, of the director, --from ADDRESS",
			   seen, what, stop.family, stop.table, stop.chain,
			   doctor_addr_str(&passage->packet.src, src));
		return true;
	}
	owner = firewall_owner(stop.family, stop.table);
	if (owner)
		snprintf(text, sizeof(text), ", a table that process %u owns, so that it alone can change it",
			 owner);
	report_add(report, CHECK_FAULT, "firewall", "%s; %s %s of nftables' %s %s %s%s", seen,
		   verdict == FIREWALL_DROPS ? "it is" : "it may be", what, stop.family,
		   stop.table, stop.chain, text);
	if (!owner)
		report_fix(report, "nft insert rule %s %s %s %s", stop.family, stop.table,
			   stop.chain, passage->rule);
	return true;
}
