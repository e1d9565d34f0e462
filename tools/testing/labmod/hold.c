// SPDX-License-Identifier: GPL-2.0
/*
 * Holds a function of another module open: the next task that calls it waits at its beginning,
 * with all the locks that its callers have, until it is let go or HELD_AT_MOST is over.
 *
 * The parameter "hold" is the function's address, as in /proc/kallsyms, or 0: no function
 * is held any more.  "held" is the number of tasks that wait.
 *
 * A probe sends who calls the function to held() instead, which has the same arguments and
 * calls it.  Calls from this module are not sent there.
 */
#include "hold.h"

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/wait.h>

enum { HELD_AT_MOST = 150 * HZ };	/* so that each lab ends */

typedef unsigned long (*function)(unsigned long a, unsigned long b, unsigned long c,
				  unsigned long d, unsigned long e, unsigned long f);

static function target;		/* the last one that was held */
static bool holding;
static atomic_t taken, waiting, inside;
static DECLARE_COMPLETION(let_go);
static DECLARE_WAIT_QUEUE_HEAD(outside);

static unsigned long held(unsigned long a, unsigned long b, unsigned long c,
			  unsigned long d, unsigned long e, unsigned long f)
{
	unsigned long result;

	atomic_inc(&waiting);
	wait_for_completion_timeout(&let_go, HELD_AT_MOST);
	atomic_dec(&waiting);
	result = target(a, b, c, d, e, f);
	if (atomic_dec_and_test(&inside))
		wake_up(&outside);
	return result;
}

/*
 * Before the first instruction of the function: on the stack is where it returns to. Only the
 * first task is held.
 */
static int divert(struct kprobe *probe, struct pt_regs *regs)
{
	if (within_module(regs_get_kernel_stack_nth(regs, 0), THIS_MODULE) ||
	    atomic_xchg(&taken, 1))
		return 0;
	atomic_inc(&inside);
	instruction_pointer_set(regs, (unsigned long)held);
	return 1;
}

/* With one, the kernel does not replace the probe by a jump, behind which there is no way back. */
static void after(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probe;

static int begin(unsigned long address)
{
	int err;

	if (atomic_read(&inside))
		return -EBUSY;
	target = (function)address;
	atomic_set(&taken, 0);
	reinit_completion(&let_go);
	probe = (struct kprobe) {
		.addr		= (void *)address,
		.pre_handler	= divert,
		.post_handler	= after,
	};
	err = register_kprobe(&probe);
	holding = !err;
	return err;
}

static void end(void)
{
	if (!holding)
		return;
	unregister_kprobe(&probe);
	holding = false;
	complete_all(&let_go);
}

/* The kernel has one writer of a parameter at a time. */
static int set_hold(const char *value, const struct kernel_param *param)
{
	unsigned long address;
	int err = kstrtoul(value, 16, &address);

	if (err)
		return err;
	end();
	return address ? begin(address) : 0;
}

static int get_held(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(&waiting));
}

static const struct kernel_param_ops hold_ops = {
	.set	= set_hold,
};

static const struct kernel_param_ops held_ops = {
	.get	= get_held,
};

module_param_cb(hold, &hold_ops, NULL, 0200);
MODULE_PARM_DESC(hold, "address of the function that is held open, or 0");
module_param_cb(held, &held_ops, NULL, 0400);
MODULE_PARM_DESC(held, "how many tasks wait in it");

void hold_uninit(void)
{
	end();
	wait_event(outside, !atomic_read(&inside));
	/* whoever was last has returned */
	synchronize_rcu_tasks();
}
