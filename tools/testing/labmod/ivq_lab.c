// SPDX-License-Identifier: GPL-2.0
/*
 * What the selftests want of a kernel and no program can have: a search of all
 * memory for a secret.
 */
#include "ivq_lab.h"

#include <linux/fs.h>
#include <linux/ioport.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

/* --- searching ------------------------------------------------------------ */

struct search {
	u32 inverted[IVQ_LAB_SECRET_LEN / sizeof(u32)];
	u64 found;
	u64 pages;
};

/* In place: a copy would be one more to be found. */
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
	/* What is freed after a grace period may let go of more that is. */
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

/* --- the device ------------------------------------------------------------ */

static long lab_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd != IVQ_LAB_SCAN)
		return -ENOTTY;
	return scan((void __user *)arg);
}

static const struct file_operations lab_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= lab_ioctl,
};

static struct miscdevice lab_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= IVQ_LAB_DEVICE,
	.mode	= 0600,
	.fops	= &lab_fops,
};

module_misc_device(lab_device);

MODULE_DESCRIPTION("Looks into memory for the selftests");
MODULE_LICENSE("GPL");
