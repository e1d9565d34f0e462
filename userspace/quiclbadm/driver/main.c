// SPDX-License-Identifier: GPL-2.0-only
/*
 * quiclbadm-driver: the driver path of devices, for quiclbadm, which runs it.  It is a
 * program of its own, because its libraries take longer to load than most commands run.
 *
 *	quiclbadm-driver on|off DEVICE	prints why not, with status 1
 *	quiclbadm-driver list DEVICE...	prints those that have it, one a line
 *	quiclbadm-driver sweep		lets go of what no device has any more
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <net/if.h>

#include "driver/attach.h"
#include "driver/fit.h"
#include "driver/sweep.h"

static const char *switch_on(const char *device, int ifindex)
{
	const char *why = unfit(device);

	return why ? why : attach(ifindex);
}

static int change(bool on, const char *device)
{
	int ifindex = (int)if_nametoindex(device);
	const char *why = NULL;

	if (!ifindex)
		why = on ? "there is no such device" : NULL;
	else
		why = on ? switch_on(device, ifindex) : detach(ifindex);
	if (why)
		puts(why);
	pins_sweep();
	return why ? 1 : 0;
}

static void list(char **devices)
{
	int ifindex;

	for (; *devices; devices++) {
		ifindex = (int)if_nametoindex(*devices);
		if (ifindex && is_attached(ifindex))
			puts(*devices);
	}
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	attach_init();
	pins_reach();
	if (!strcmp(verb, "on") && argc == 3)
		return change(true, argv[2]);
	if (!strcmp(verb, "off") && argc == 3)
		return change(false, argv[2]);
	if (!strcmp(verb, "list"))
		list(argv + 2);
	else if (!strcmp(verb, "sweep"))
		pins_sweep();
	else
		return 2;
	return 0;
}
