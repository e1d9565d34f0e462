// SPDX-License-Identifier: GPL-2.0-only
#include "driver/attach.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include "driver/driver.skel.h"
#include "driver/sweep.h"

enum attach_numbers {
	/* behind those of others, whose default is 50: filters come first */
	PRIORITY = 60,
	WORDS_MAX = 256,
};

/* The kernel's own sentence, which libbpf prints. */
static char said[WORDS_MAX];

static int listen_to_libbpf(enum libbpf_print_level level, const char *format,
			    va_list values)
{
	static const char prefix[] = "Kernel error message: ";
	char line[WORDS_MAX];
	const char *at;

	(void)level;
	vsnprintf(line, sizeof(line), format, values);
	at = strstr(line, prefix);
	if (at)
		snprintf(said, sizeof(said), "%.*s",
			 (int)strcspn(at + strlen(prefix), "\n"),
			 at + strlen(prefix));
	return 0;
}

static int ignore_libxdp(enum libxdp_print_level level, const char *format,
			 va_list values)
{
	(void)level;
	(void)format;
	(void)values;
	return 0;
}

void attach_init(void)
{
	libbpf_set_print(listen_to_libbpf);
	libxdp_set_print(ignore_libxdp);
}

static const char *reason(int err)
{
	if (err == -EPERM || err == -EACCES)
		return "root's rights are needed";
	if (err == -EOPNOTSUPP)
		return "its driver does not run XDP programs";
	if (!*said)
		snprintf(said, sizeof(said), "the kernel does not take the program: %s",
			 strerror(-err));
	return said;
}

/* NULL: there is no XDP program. */
static struct xdp_multiprog *programs_of(int ifindex)
{
	struct xdp_multiprog *programs = xdp_multiprog__get_from_ifindex(ifindex);

	return libxdp_get_error(programs) ? NULL : programs;
}

static struct xdp_program *ours_among(const struct xdp_multiprog *programs)
{
	struct xdp_program *program = NULL;

	if (!programs || xdp_multiprog__is_legacy(programs))
		return NULL;
	while ((program = xdp_multiprog__next_prog(program, programs)))
		if (!strcmp(xdp_program__name(program), PROGRAM))
			break;
	return program;
}

bool is_attached(int ifindex)
{
	struct xdp_multiprog *programs = programs_of(ifindex);
	bool ours = ours_among(programs);

	xdp_multiprog__close(programs);
	return ours;
}

static int load(struct driver_bpf *skeleton, int ifindex)
{
	struct xdp_program *program =
		xdp_program__from_bpf_obj(skeleton->obj, "xdp");
	int err = (int)libxdp_get_error(program);

	if (err)
		return err;
	xdp_program__set_run_prio(program, PRIORITY);
	/* those behind it see what it passes */
	xdp_program__set_chain_call_enabled(program, XDP_PASS, true);
	err = xdp_program__attach(program, ifindex, XDP_MODE_NATIVE, 0);
	xdp_program__close(program);
	return err;
}

const char *attach(int ifindex)
{
	struct xdp_multiprog *programs = programs_of(ifindex);
	bool legacy = programs && xdp_multiprog__is_legacy(programs);
	bool generic = programs &&
		       xdp_multiprog__attach_mode(programs) != XDP_MODE_NATIVE;
	bool ours = ours_among(programs);
	struct driver_bpf *skeleton;
	int err;

	xdp_multiprog__close(programs);
	if (ours)
		return NULL;
	if (legacy)
		return "another XDP program is on the device, which does not share it by libxdp (ip link show DEVICE)";
	if (generic)
		return "other XDP programs are on the device, not in native mode (xdp-loader status)";
	skeleton = driver_bpf__open();
	if (!skeleton)
		return reason(-errno);
	err = load(skeleton, ifindex);
	driver_bpf__destroy(skeleton);
	return err ? reason(err) : NULL;
}

const char *detach(int ifindex)
{
	struct xdp_multiprog *programs = programs_of(ifindex);
	struct xdp_program *ours = ours_among(programs);
	int err = 0;

	if (ours)
		err = xdp_program__detach(ours, ifindex,
					  xdp_multiprog__attach_mode(programs), 0);
	xdp_multiprog__close(programs);
	return err ? reason(err) : NULL;
}
