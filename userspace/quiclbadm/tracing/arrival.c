// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF_PROG_TEST_RUN runs an XDP program once on a frame that it is given; with
 * BPF_F_TEST_XDP_LIVE_FRAMES what the program passes goes to the stack, as from the
 * device that the context names (Documentation/bpf/bpf_prog_run.rst in the kernel).
 */
#include "tracing/arrival.h"

#include <errno.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>

/* Two instructions: r0 = XDP_PASS; exit. */
static int load_pass(void)
{
	static const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "quiclbadm", "GPL", program,
			     sizeof(program) / sizeof(program[0]), NULL);
}

int arrival_send(int ifindex, const uint8_t *frame, size_t len)
{
	struct xdp_md context = {
		.data_end = (uint32_t)len,
		.ingress_ifindex = (uint32_t)ifindex,
	};
	struct bpf_test_run_opts opts = {
		.sz = sizeof(opts),
		.data_in = frame, .data_size_in = (uint32_t)len,
		.ctx_in = &context, .ctx_size_in = sizeof(context),
		.repeat = 1, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
	};
	/* loaded once: the process has it as long as it lives, and no device ever */
	static int fd = -1;

	if (len > ARRIVAL_FRAME_MAX)
		return EMSGSIZE;
	if (fd < 0)
		fd = load_pass();
	if (fd < 0)
		return -fd;
	return -bpf_prog_test_run_opts(fd, &opts);
}
