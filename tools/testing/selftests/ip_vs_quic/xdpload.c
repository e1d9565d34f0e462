// SPDX-License-Identifier: GPL-2.0-only
/*
 * xdpload - somebody else's XDP program behind libxdp's dispatcher, as xdp-loader does it
 *
 *	xdpload on DEVICE FILE	in native mode, with the priority of programs that name none
 *	xdpload off DEVICE NAME
 *	xdpload list DEVICE	prints the programs' names, in the order they run in
 */
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include "tool.h"

static void on(int ifindex, const char *file)
{
	struct xdp_program *program = xdp_program__open_file(file, "xdp", NULL);
	int err = (int)libxdp_get_error(program);

	if (!err)
		err = xdp_program__attach(program, ifindex, XDP_MODE_NATIVE, 0);
	if (err)
		die("%s: %s", file, strerror(-err));
}

static void off(int ifindex, struct xdp_multiprog *programs, const char *name)
{
	struct xdp_program *program = NULL;
	int err;

	while ((program = xdp_multiprog__next_prog(program, programs)))
		if (!strcmp(xdp_program__name(program), name))
			break;
	if (!program)
		die("%s is not on the device", name);
	err = xdp_program__detach(program, ifindex, XDP_MODE_NATIVE, 0);
	if (err)
		die("%s: %s", name, strerror(-err));
}

static void list(const struct xdp_multiprog *programs)
{
	struct xdp_program *program = NULL;

	while ((program = xdp_multiprog__next_prog(program, programs)))
		puts(xdp_program__name(program));
}

int main(int argc, char **argv)
{
	struct xdp_multiprog *programs;
	int ifindex = argc > 2 ? (int)if_nametoindex(argv[2]) : 0;

	if (!ifindex)
		die("usage: xdpload on|off|list DEVICE [FILE|NAME]");
	if (argc == 4 && !strcmp(argv[1], "on")) {
		on(ifindex, argv[3]);
		return 0;
	}
	programs = xdp_multiprog__get_from_ifindex(ifindex);
	if (libxdp_get_error(programs))
		die("%s has no XDP program", argv[2]);
	if (argc == 4)
		off(ifindex, programs, argv[3]);
	else
		list(programs);
	return 0;
}
