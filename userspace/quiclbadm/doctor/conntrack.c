// SPDX-License-Identifier: GPL-2.0-only
#include "doctor/conntrack.h"

#include "system/proc.h"

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
