// SPDX-License-Identifier: GPL-2.0-only
/* doctor: looks at what a director or a real server needs; changes nothing. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "common/err.h"
#include "doctor/doctor_director.h"
#include "doctor/doctor_realserver.h"
#include "doctor/forwarding.h"
#include "kernel/ipvs.h"
#include "kernel/netns.h"

/* Another port of a VIP that is served here is more likely a mistake than a real server. */
static int refuse_mistyped(const struct args *args, const struct state *state)
{
	char asked[SERVICE_STRLEN], text[SERVICE_STRLEN], here[512] = "";
	size_t i, len;

	for (i = 0; i < state->count; i++) {
		const struct service_id *id = &state->services[i]->id;

		len = strlen(here);
		if (!id->fwmark && endpoint_addr_eq(&id->vip, &args->service.vip))
			snprintf(here + len, sizeof(here) - len, "%s%s", len ? ", " : "",
				 (service_str(id, text), text));
	}
	if (!*here)
		return 0;
	service_str(&args->service, asked);
	return refuse("doctor: %s: no such service here, these are: %s (--role server examines this host as its real server)",
		      asked, here);
}

/*
 * Who has services of IPVS is a director.  To ask the kernel's IPVS would load it,
 * where it is not.  Return: 0 or an exit code after an error message.
 */
static int find_role(const struct args *args, bool *director)
{
	struct state state = { 0 };
	int err = 0;
	size_t i;

	*director = args->role == ROLE_DIRECTOR;
	if (args->role != ROLE_ANY || access("/proc/net/ip_vs", F_OK) ||
	    ipvs_get(&state, NULL))
		return 0;
	for (i = 0; i < state.count; i++)
		*director |= !given(args, O(SERVICE)) ||
			     service_id_eq(&state.services[i]->id, &args->service);
	if (given(args, O(SERVICE)) && !args->service.fwmark && !*director)
		err = refuse_mistyped(args, &state);
	state_destroy(&state);
	return err;
}

static int check_args(const struct args *args, bool director)
{
	if (!director && args->service.fwmark)
		return bad_usage("-f: only with a service that is here; a real server does not see the director's marks, hence -u");
	if (!given(args, O(AWAIT)))
		return 0;
	if (director)
		return bad_usage("--await: a real server awaits probes, and a director sends them (--from ADDRESS)");
	if (!given(args, O(SERVICE)))
		return bad_usage("--await: for which service (-u VIP:PORT)");
	if (geteuid())
		return refuse("doctor: --await: only root may follow datagrams");
	return 0;
}

static int check_from(const struct args *args, const struct host *host,
		      bool director)
{
	char text[ENDPOINT_STRLEN];

	if (!given(args, O(FROM)) || !director)
		return 0;
	if (!host_has_address(host, &args->from))
		return refuse("--from %s: no address of this host, and answers go there",
			      doctor_addr_str(&args->from, text));
	return 0;
}

int cmd_doctor(const struct args *args)
{
	struct report report = { 0 };
	char netns[NETNS_STRLEN];
	struct firewall fw = { 0 };
	struct host host;
	bool director;
	int err;

	err = find_role(args, &director);
	if (!err)
		err = check_args(args, director);
	if (err)
		return err;
	err = host_read(&host);
	if (!err)
		err = check_from(args, &host, director);
	if (!err) {
		err = director ? doctor_director(args, &host, &fw, &report) :
				 doctor_realserver(args, &host, &fw, &report);
		if (!err)
			report_place(&report, netns_str(netns));
		if (!err)
			err = report_print(&report, given(args, O(JSON)) ? REPORT_JSON :
					   given(args, O(VERBOSE)) ? REPORT_VERBOSE :
					   REPORT_FINDINGS);
		firewall_destroy(&fw);
	}
	report_destroy(&report);
	host_destroy(&host);
	return err;
}
