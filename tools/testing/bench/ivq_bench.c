// SPDX-License-Identifier: GPL-2.0
/*
 * Lets prebuilt packets arrive on a device, as a driver's poll function would,
 * and takes the time.  In a machine that executes one instruction per
 * nanosecond of its own clock, that is a count of instructions.
 *
 * The time is that of netif_receive_skb() and everything up to the device that
 * sends.  It does not include building the packets, nor work that is left to
 * softirqs: bottom halves are disabled meanwhile, as in a real poll function.
 */
#include "ivq_bench.h"

#include <linux/etherdevice.h>
#include <linux/fs.h>
#include <linux/ip_vs_quic_xdp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/skbuff.h>
#include <linux/stringify.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <net/net_namespace.h>
#include <net/xdp.h>

enum {
	HEADROOM	= 256,	/* no tunnel needs to reallocate */
	BATCH_MAX	= 256,
	HELD		= 1024,
	BATCHES_MAX	= 1 << 16,
	SET_LEN_MAX	= 1 << 17,
	CALIBRATION	= 1000000,
};

static struct sk_buff *packet_new(struct net_device *dev,
				  const struct ivq_bench_packet *p)
{
	struct sk_buff *skb;
	struct ethhdr *eth;

	skb = alloc_skb(HEADROOM + ETH_HLEN + p->len, GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reserve(skb, HEADROOM);
	eth = skb_put_zero(skb, ETH_HLEN);
	ether_addr_copy(eth->h_dest, dev->dev_addr);
	eth->h_proto = htons(p->head[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP);
	memcpy(skb_put_zero(skb, p->len), p->head, p->head_len);

	skb->protocol = eth_type_trans(skb, dev);
	skb_reset_network_header(skb);
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	return skb;
}

static int batch_new(struct sk_buff **skbs, struct net_device *dev,
		     const struct ivq_bench_run *run,
		     const struct ivq_bench_packet *set, u64 first)
{
	u32 i, at;

	for (i = 0; i < run->batch; i++) {
		div_u64_rem(first + i, run->set_len, &at);
		skbs[i] = packet_new(dev, &set[at]);
		if (!skbs[i])
			goto free;
	}
	return 0;

free:
	while (i--)
		kfree_skb(skbs[i]);
	return -ENOMEM;
}

#define MARK(number)							\
	asm volatile(".byte " __stringify(IVQ_BENCH_MARK_OPCODE)	\
		     "; .long " __stringify(number) : : : "memory")

/* An interrupt's memory accesses do not belong to the packet. */
static void receive_marked(struct sk_buff *skb)
{
	unsigned long flags;

	local_irq_save(flags);
	MARK(IVQ_BENCH_MARK_BEGIN);
	netif_receive_skb(skb);
	MARK(IVQ_BENCH_MARK_END);
	local_irq_restore(flags);
}

typedef int (*ask_fn)(struct xdp_buff *xdp, struct ip_vs_quic_xdp *way, u32 size);

/* The skb is only the frame's memory. */
static int ask_marked(ask_fn function, struct sk_buff *skb)
{
	struct xdp_rxq_info queue = { .dev = skb->dev };
	struct ip_vs_quic_xdp way = {};
	struct xdp_buff xdp;
	unsigned long flags;
	int err;

	xdp_init_buff(&xdp, PAGE_SIZE, &queue);
	xdp.data_hard_start = skb->head;
	xdp.data = skb_mac_header(skb);
	xdp.data_meta = xdp.data;
	xdp.data_end = skb_tail_pointer(skb);
	local_irq_save(flags);
	MARK(IVQ_BENCH_MARK_BEGIN);
	err = function(&xdp, &way, sizeof(way));
	MARK(IVQ_BENCH_MARK_END);
	local_irq_restore(flags);
	return err;
}

/* Frees the packets. */
static int batch_ask(struct sk_buff **skbs, const struct ivq_bench_run *run)
{
	ask_fn function = (ask_fn)(uintptr_t)run->function;
	u32 i, wrong = 0;

	local_bh_disable();
	for (i = 0; i < run->batch; i++)
		wrong += (ask_marked(function, skbs[i]) == 0) != run->taken;
	local_bh_enable();
	for (i = 0; i < run->batch; i++)
		kfree_skb(skbs[i]);
	return wrong ? -EPROTO : 0;
}

static u64 batch_receive(struct sk_buff **skbs, u32 count, bool marked)
{
	u64 begin, end;
	u32 i;

	local_bh_disable();
	begin = ktime_get_ns();
	if (marked)
		for (i = 0; i < count; i++)
			receive_marked(skbs[i]);
	else
		for (i = 0; i < count; i++)
			netif_receive_skb(skbs[i]);
	end = ktime_get_ns();
	local_bh_enable();
	return end - begin;
}

static int run_batches(struct net_device *dev, const struct ivq_bench_run *run,
		       const struct ivq_bench_packet *set)
{
	u64 __user *times = u64_to_user_ptr(run->times);
	struct sk_buff **skbs;
	int err = 0;
	u32 i;

	skbs = kvmalloc_array(run->batch, sizeof(*skbs), GFP_KERNEL);
	if (!skbs)
		return -ENOMEM;
	for (i = 0; i < run->batches && !err; i++) {
		err = batch_new(skbs, dev, run, set,
				run->first + (u64)i * run->batch);
		if (err)
			break;
		if (run->function)
			err = batch_ask(skbs, run);
		else if (put_user(batch_receive(skbs, run->batch, run->marked),
				  &times[i]))
			err = -EFAULT;
		else if (signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	kvfree(skbs);
	return err;
}

static void release(struct sk_buff **held)
{
	u32 i;

	for (i = 0; i < HELD; i++)
		kfree_skb(held[i]);
	kvfree(held);
}

/*
 * Packets that are held to fill the holes which earlier tests have left in the slabs.
 * Freeing into such a slab takes some ten instructions more, and how often that happens in
 * a batch would depend on what ran before.
 */
static struct sk_buff **hold(struct net_device *dev,
			     const struct ivq_bench_packet *p)
{
	struct sk_buff **held = kvcalloc(HELD, sizeof(*held), GFP_KERNEL);
	u32 i;

	for (i = 0; held && i < HELD; i++) {
		held[i] = packet_new(dev, p);
		if (!held[i]) {
			release(held);
			return NULL;
		}
	}
	return held;
}

static int run_held(struct net_device *dev, const struct ivq_bench_run *run,
		    const struct ivq_bench_packet *set)
{
	struct sk_buff **held = hold(dev, &set[0]);
	int err;

	if (!held)
		return -ENOMEM;
	err = run_batches(dev, run, set);
	release(held);
	return err;
}

static bool is_sane(const struct ivq_bench_run *run,
		    const struct ivq_bench_packet *set)
{
	u32 i;

	for (i = 0; i < run->set_len; i++)
		if (!set[i].head_len || set[i].head_len > sizeof(set[i].head) ||
		    set[i].len < set[i].head_len)
			return false;
	return true;
}

static int run_on(struct net_device *dev, const struct ivq_bench_run *run)
{
	struct ivq_bench_packet *set;
	int err = -EINVAL;

	if (!run->batch || run->batch > BATCH_MAX ||
	    run->batches > BATCHES_MAX ||
	    !run->set_len || run->set_len > SET_LEN_MAX)
		return -EINVAL;
	set = kvmalloc_array(run->set_len, sizeof(*set), GFP_KERNEL);
	if (!set)
		return -ENOMEM;
	if (copy_from_user(set, u64_to_user_ptr(run->set),
			   run->set_len * sizeof(*set)))
		err = -EFAULT;
	else if (is_sane(run, set))
		err = run_held(dev, run, set);
	kvfree(set);
	return err;
}

static int run(void __user *arg)
{
	struct ivq_bench_run run;
	struct net_device *dev;
	int err;

	if (copy_from_user(&run, arg, sizeof(run)))
		return -EFAULT;
	dev = dev_get_by_index(current->nsproxy->net_ns, run.ifindex);
	if (!dev)
		return -ENODEV;
	err = run_on(dev, &run);
	dev_put(dev);
	return err;
}

/* Two instructions per turn, and no interrupt among them. */
static u64 calibrate(void)
{
	unsigned long turns = CALIBRATION / 2;
	unsigned long flags;
	u64 begin, end;

	local_irq_save(flags);
	begin = ktime_get_ns();
	asm volatile("1: dec %0; jnz 1b" : "+r" (turns) : : "cc");
	end = ktime_get_ns();
	local_irq_restore(flags);
	return end - begin;
}

static long bench_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case IVQ_BENCH_CALIBRATE:
		return put_user(calibrate(), (u64 __user *)arg);
	case IVQ_BENCH_RUN:
		return run((void __user *)arg);
	case IVQ_BENCH_MARK:
		MARK(IVQ_BENCH_MARK_PATH);
		return 0;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations bench_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= bench_ioctl,
};

static struct miscdevice bench_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= IVQ_BENCH_DEVICE,
	.mode	= 0600,
	.fops	= &bench_fops,
};

module_misc_device(bench_device);

MODULE_DESCRIPTION("Times what arriving packets cause");
MODULE_LICENSE("GPL");
