// SPDX-License-Identifier: GPL-2.0
/*
 * For selftests that need the kernel's help: a search of all memory for a secret,
 * a per-CPU allocator that has next to nothing left, frames for the driver path without
 * a driver or an XDP program, and a driver that is long in probing. hold.c and torn.c have
 * the rest.
 */
#include "hold.h"
#include "ivq_lab.h"
#include "torn.h"

#include <linux/async.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/ip_vs_quic_xdp.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <net/net_namespace.h>
#include <net/xdp.h>

/* --- searching ------------------------------------------------------------ */

struct search {
	u32 inverted[IVQ_LAB_SECRET_LEN / sizeof(u32)];
	u64 found;
	u64 pages;
};

/* Compares in place: a copy of the secret would be found, too. */
static void search_page(struct search *s, const u32 *words)
{
	const u32 first = ~s->inverted[0];
	unsigned int i;

	for (i = 0; i <= (PAGE_SIZE - IVQ_LAB_SECRET_LEN) / sizeof(u32); i++)
		if (unlikely(READ_ONCE(words[i]) == first) &&
		    ~READ_ONCE(words[i + 1]) == s->inverted[1] &&
		    ~READ_ONCE(words[i + 2]) == s->inverted[2] &&
		    ~READ_ONCE(words[i + 3]) == s->inverted[3])
			s->found++;
	s->pages++;
}

/* Not every page of memory is mapped. */
static int search_resource(struct resource *res, void *arg)
{
	unsigned long pfn;
	u32 word;

	for (pfn = PFN_UP(res->start); pfn < PFN_DOWN(res->end + 1); pfn++) {
		const u32 *words = __va(PFN_PHYS(pfn));

		if (!copy_from_kernel_nofault(&word, words, sizeof(word)))
			search_page(arg, words);
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static int scan(void __user *arg)
{
	struct ivq_lab_scan request;
	struct search s = {};
	int err;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	memcpy(s.inverted, request.inverted, sizeof(s.inverted));
	/* Objects that are freed after a grace period may release others that are, too. */
	rcu_barrier();
	rcu_barrier();
	err = walk_iomem_res_desc(IORES_DESC_NONE,
				  IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0,
				  -1, &s, search_resource);
	if (err < 0)
		return err;
	request.found = s.found;
	request.pages = s.pages;
	return copy_to_user(arg, &request, sizeof(request)) ? -EFAULT : 0;
}

/* --- per-CPU memory ------------------------------------------------------- */

enum {
	HOLES_MAX	= 1024,
	PIECE_MAX	= 2048,
	PIECE_MIN	= 8,
};

struct piece {
	struct list_head list;
	void __percpu *memory;
};

/* The data of one open file, which is used by its opener only. */
struct hoard {
	struct list_head pieces;
};

static void give_back(struct piece *piece)
{
	list_del(&piece->list);
	free_percpu(piece->memory);
	kfree(piece);
}

static void give_back_all(struct hoard *hoard)
{
	while (!list_empty(&hoard->pieces))
		give_back(list_first_entry(&hoard->pieces, struct piece, list));
}

static int take(struct hoard *hoard, size_t size, gfp_t flags)
{
	struct piece *piece = kmalloc(sizeof(*piece), GFP_KERNEL);

	if (!piece)
		return -ENOMEM;
	piece->memory = __alloc_percpu_gfp(size, sizeof(u64), flags);
	if (!piece->memory) {
		kfree(piece);
		return -ENOSPC;
	}
	list_add(&piece->list, &hoard->pieces);
	return 0;
}

/* An allocation that may not sleep only gets memory that has pages already. */
static int take_all(struct hoard *hoard)
{
	size_t size;
	int err;

	for (size = PIECE_MAX; size >= PIECE_MIN; size /= 2) {
		do {
			err = take(hoard, size, GFP_NOWAIT | __GFP_NOWARN);
		} while (!err);
		if (err != -ENOSPC)
			return err;
	}
	return 0;
}

/*
 * Takes all pieces, and leaves every other one of the first as holes.  The
 * allocator's worker may have been interrupted with its mutex held, and would
 * populate pages when a later allocation waits for the mutex.  The first
 * allocation here waits for it, so that no later one has to.
 */
static int fill(struct hoard *hoard, unsigned long holes)
{
	struct hoard first = { .pieces = LIST_HEAD_INIT(first.pieces) };
	struct piece *piece;
	unsigned int i;
	int err;

	if (holes > HOLES_MAX)
		return -EINVAL;
	err = take(hoard, PIECE_MIN, GFP_KERNEL);
	for (i = 0; !err && i < 2 * holes; i++)
		err = take(&first, IVQ_LAB_HOLE_SIZE, GFP_KERNEL);
	if (!err)
		err = take_all(hoard);
	while (!list_empty(&first.pieces)) {
		piece = list_first_entry(&first.pieces, struct piece, list);
		if (i++ % 2)
			give_back(piece);
		else
			list_move(&piece->list, &hoard->pieces);
	}
	return err;
}

/* --- frames ----------------------------------------------------------------- */

typedef int (*ask_fn)(struct xdp_buff *xdp, struct ip_vs_quic_xdp *way, u32 size);

enum { UNTOUCHED = 0xa5 };

/* Did the frame at most grow at its front and shrink at its end, with room for the kernel's own? */
static bool is_within(const struct xdp_buff *now, const struct xdp_buff *before)
{
	return now->data >= before->data_hard_start + sizeof(struct xdp_frame) &&
	       now->data < before->data && now->data_end > before->data &&
	       now->data_end <= before->data_end &&
	       now->data_meta - now->data == before->data_meta - before->data;
}

/*
 * The buffer ends with the frame, so that KASAN sees what is read behind it.  With an odd
 * headroom it is that of a driver that has no metadata.
 */
static int ask(struct ivq_lab_frame *f, struct net_device *dev, u8 *buffer)
{
	ask_fn function = (ask_fn)(uintptr_t)f->function;
	struct xdp_rxq_info queue = { .dev = dev };
	struct ip_vs_quic_xdp way = {};
	struct xdp_buff xdp, before;
	u8 *data = buffer + f->headroom;

	xdp_init_buff(&xdp, PAGE_SIZE, &queue);
	xdp.data_hard_start = buffer;
	xdp.data = data;
	xdp.data_end = data + f->len;
	xdp.data_meta = f->flags & IVQ_LAB_FRAME_META ? data - 1 :
							data + f->headroom % 2;
	if (f->flags & IVQ_LAB_FRAME_FRAGS)
		xdp_buff_set_frags_flag(&xdp);
	before = xdp;
	if (!(f->flags & IVQ_LAB_FRAME_BH))
		local_bh_disable();
	f->result = function(&xdp, &way, sizeof(way));
	if (!(f->flags & IVQ_LAB_FRAME_BH))
		local_bh_enable();
	f->out = way.ifindex;
	if (!f->result && !is_within(&xdp, &before))
		return -ERANGE;
	if (memchr_inv(buffer, UNTOUCHED, xdp.data - (void *)buffer) ||
	    (f->result && memcmp(&xdp, &before, sizeof(xdp))))
		f->result = -EFAULT;
	f->len = xdp.data_end - xdp.data;
	return copy_to_user(u64_to_user_ptr(f->data), xdp.data, f->len) ? -EFAULT : 0;
}

static int run_frame(void __user *arg)
{
	struct ivq_lab_frame f;
	struct net_device *dev;
	u8 *buffer = NULL;
	int err = -EINVAL;

	if (copy_from_user(&f, arg, sizeof(f)))
		return -EFAULT;
	if (f.len > IVQ_LAB_FRAME_LEN || f.headroom > IVQ_LAB_FRAME_HEADROOM)
		return -EINVAL;
	dev = dev_get_by_index(current->nsproxy->net_ns, f.ifindex);
	if (!dev)
		return -ENODEV;
	buffer = kmalloc(f.headroom + f.len, GFP_KERNEL);
	if (buffer) {
		memset(buffer, UNTOUCHED, f.headroom);
		err = copy_from_user(buffer + f.headroom,
				     u64_to_user_ptr(f.data), f.len) ? -EFAULT :
			      ask(&f, dev, buffer);
	}
	kfree(buffer);
	dev_put(dev);
	if (err)
		return err;
	return copy_to_user(arg, &f, sizeof(f)) ? -EFAULT : 0;
}

/* --- probing ---------------------------------------------------------------- */

static bool probing;
static DECLARE_COMPLETION(probed);

/* As a driver's asynchronous probe of a device that does not answer. */
static void probe(void *data, async_cookie_t cookie)
{
	wait_for_completion(&probed);
}

/* The kernel has one writer of a parameter at a time. */
static int set_probing(const char *value, const struct kernel_param *param)
{
	bool was = probing;
	int err = param_set_bool(value, param);

	if (err || probing == was)
		return err;
	if (probing) {
		reinit_completion(&probed);
		async_schedule(probe, NULL);
	} else {
		complete(&probed);
	}
	return 0;
}

static const struct kernel_param_ops probing_ops = {
	.set	= set_probing,
	.get	= param_get_bool,
};

module_param_cb(probing, &probing_ops, &probing, 0600);
MODULE_PARM_DESC(probing, "whether a device is being probed");

/* --- the device ------------------------------------------------------------ */

static long lab_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct hoard *hoard = file->private_data;

	switch (cmd) {
	case IVQ_LAB_SCAN:
		return scan((void __user *)arg);
	case IVQ_LAB_FILL_PERCPU:
		return fill(hoard, arg);
	case IVQ_LAB_FRAME:
		return run_frame((void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static int lab_open(struct inode *inode, struct file *file)
{
	struct hoard *hoard = kzalloc(sizeof(*hoard), GFP_KERNEL);

	if (!hoard)
		return -ENOMEM;
	INIT_LIST_HEAD(&hoard->pieces);
	file->private_data = hoard;
	return 0;
}

static int lab_release(struct inode *inode, struct file *file)
{
	give_back_all(file->private_data);
	kfree(file->private_data);
	return 0;
}

static const struct file_operations lab_fops = {
	.owner		= THIS_MODULE,
	.open		= lab_open,
	.release	= lab_release,
	.unlocked_ioctl	= lab_ioctl,
};

static struct miscdevice lab_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= IVQ_LAB_DEVICE,
	.mode	= 0600,
	.fops	= &lab_fops,
};

static int __init lab_init(void)
{
	return misc_register(&lab_device);
}

static void __exit lab_exit(void)
{
	if (IS_ENABLED(CONFIG_KPROBES)) {
		hold_uninit();
		torn_uninit();
	}
	misc_deregister(&lab_device);
	if (probing)
		complete(&probed);
	async_synchronize_full();
}

module_init(lab_init);
module_exit(lab_exit);

MODULE_DESCRIPTION("Looks into memory for the selftests");
MODULE_LICENSE("GPL");
