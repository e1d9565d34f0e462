// SPDX-License-Identifier: GPL-2.0-only
/* doctor: looks at what a director or a real server needs; changes nothing. */
#include <unistd.h>

#include "cmd/cmd.h"
#include "common/err.h"
#include "doctor/doctor_director.h"
#include "doctor/doctor_realserver.h"
#include "doctor/forwarding.h"
#include "kernel/ipvs.h"

/*
 * Who has services of IPVS is a director.  To ask the kernel's IPVS would load it,
 * where it is not.
 */
static bool is_director(const struct args *args)
{
	struct state state = { 0 };
	bool found = false;
	size_t i;

	if (args->role != ROLE_ANY)
		return args->role == ROLE_DIRECTOR;
	if (access("/proc/net/ip_vs", F_OK) || ipvs_get(&state, NULL))
		return false;
	for (i = 0; i < state.count; i++)
		found |= !given(args, O(SERVICE)) ||
			 service_id_eq(&state.services[i]->id, &args->service);
	state_destroy(&state);
	return found;
}

static int check_args(const struct args *args, bool director)
{
	if (!director && args->service.fwmark)
		return bad_usage("-f: only with a service that is here; a real server does not see the director's marks, hence -u");
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
	struct firewall fw;
	struct host host;
	bool director;
	int err;

	director = is_director(args);
	err = check_args(args, director);
	if (err)
		return err;
	err = host_read(&host);
	if (!err)
		err = check_from(args, &host, director);
	if (!err) {
		firewall_read(&fw);
		err = director ? doctor_director(args, &host, &fw, &report) :
				 doctor_realserver(args, &host, &fw, &report);
		if (!err)
			err = report_print(&report, given(args, O(JSON)));
		firewall_destroy(&fw);
	}
	report_destroy(&report);
	host_destroy(&host);
	return err;
}
