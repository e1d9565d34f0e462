// SPDX-License-Identifier: GPL-2.0
/*
 * A change of a real server's thresholds that is seen half done: one of them is new, the other
 * one is not.
 *
 * The parameter "torn" is "ADDRESS UPPER LOWER". At ADDRESS, as in /proc/kallsyms, is a
 * function that IPVS calls with a service and its real server; the next call gives the server
 * these thresholds, which IPVS itself would refuse. "0" ends the wait for it.
 */
#include "torn.h"

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/moduleparam.h>
#include <linux/ptrace.h>
#include <net/ip_vs.h>

static struct kprobe probe;
static bool armed;
static atomic_t done;
static u32 upper, lower;

static int tear(struct kprobe *p, struct pt_regs *regs)
{
	struct ip_vs_dest *dest;

	if (atomic_xchg(&done, 1))
		return 0;
	dest = (struct ip_vs_dest *)regs_get_kernel_argument(regs, 1);
	WRITE_ONCE(dest->u_threshold, upper);
	WRITE_ONCE(dest->l_threshold, lower);
	return 0;
}

void torn_uninit(void)
{
	if (armed)
		unregister_kprobe(&probe);
	armed = false;
}

/* The kernel has one writer of a parameter at a time. */
static int set_torn(const char *value, const struct kernel_param *param)
{
	unsigned long address;
	int err;

	torn_uninit();
	if (sscanf(value, "%lx %u %u", &address, &upper, &lower) != 3)
		return strcmp(value, "0\n") ? -EINVAL : 0;
	atomic_set(&done, 0);
	probe = (struct kprobe) {
		.addr		= (void *)address,
		.pre_handler	= tear,
	};
	err = register_kprobe(&probe);
	armed = !err;
	return err;
}

static const struct kernel_param_ops torn_ops = {
	.set	= set_torn,
};

module_param_cb(torn, &torn_ops, NULL, 0200);
MODULE_PARM_DESC(torn, "function, and the thresholds that its next call gives a real server");
