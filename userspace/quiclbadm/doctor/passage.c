// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/passage.h"

#include <stdio.h>

#include "system/proc.h"

void doctor_tunnel_passage(const struct forwarding *fwd, uint16_t af,
			   struct passage *passage)
{
	struct fw_packet *packet = &passage->packet;

	passage->what = "the tunnel's packets";
	packet->af = fwd->server.af;
	packet->dst = fwd->server;
	packet->ct_state = CT_NEW;
	packet->protocol = doctor_tunnel_protocol(fwd, af);
	if (packet->protocol == IPPROTO_UDP) {
		packet->dst.port = fwd->tun_port;
		snprintf(passage->rule, sizeof(passage->rule),
			 "udp dport %u accept", fwd->tun_port);
		return;
	}
	snprintf(passage->rule, sizeof(passage->rule), "meta l4proto %u accept",
		 packet->protocol);
}

bool doctor_can_ask(struct report *report, const struct firewall *fw)
{
	if (fw->legacy)
		report_add(report, CHECK_UNKNOWN, "firewall",
			   "there are rules of iptables-legacy, which are not looked at (iptables-legacy-save shows them)");
	if (!fw->rules)
		report_add(report, CHECK_UNKNOWN, "firewall",
			   "nft cannot be asked: it is not installed, or this is not root");
	return fw->rules;
}

static enum firewall_verdict try_hooks(const struct firewall *fw,
				       const struct passage *passage,
				       struct fw_stop *stop)
{
	enum firewall_verdict verdict = FIREWALL_PASSES;
	unsigned int i;

	for (i = 0; passage->hooks[i] && verdict == FIREWALL_PASSES; i++)
		verdict = firewall_try(fw, passage->hooks[i], &passage->packet,
				       stop);
	return verdict;
}

bool doctor_passes(const struct firewall *fw, const struct passage *passage)
{
	struct fw_stop stop;

	return try_hooks(fw, passage, &stop) == FIREWALL_PASSES;
}

void doctor_passage(struct report *report, const struct firewall *fw,
		    const struct passage *passage)
{
	struct fw_stop stop = { 0 };
	enum firewall_verdict verdict = try_hooks(fw, passage, &stop);

	if (verdict == FIREWALL_PASSES)
		return;
	report_add(report, verdict == FIREWALL_DROPS ? CHECK_FAULT :
						       CHECK_UNKNOWN,
		   "firewall", "%s: %s of nftables' %s %s %s %s", passage->what,
		   stop.policy ? "the policy" : "a rule", stop.family,
		   stop.table, stop.chain, verdict == FIREWALL_DROPS ?
		   "drops them (NETFILTER_DROP)" : "may drop them");
	report_fix(report, "nft insert rule %s %s %s %s", stop.family,
		   stop.table, stop.chain, passage->rule);
}

int doctor_conntrack(struct report *report, bool *full)
{
	int count = 0, max = 0;

	*full = false;
	if (!proc_sysctl(&count, "net/netfilter/nf_conntrack_count") ||
	    !proc_sysctl(&max, "net/netfilter/nf_conntrack_max"))
		return -1;
	if (!max || count < max)
		return count;
	*full = true;
	report_add(report, CHECK_FAULT, "conntrack",
		   "its table is full (%d of %d), so new flows are dropped",
		   count, max);
	report_fix(report, "sysctl -w net.netfilter.nf_conntrack_max=%d",
		   2 * max);
	return count;
}
