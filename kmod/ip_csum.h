/* SPDX-License-Identifier: GPL-2.0 */
/* ip_fast_csum() of a header without options, which need not loop. */
#ifndef _IVQ_IP_CSUM_H
#define _IVQ_IP_CSUM_H

#include <linux/ip.h>
#include <linux/string.h>
#include <net/checksum.h>

/* Of a sum and one more word of 32 bits. */
static __always_inline __sum16 ivq_csum_fold(u64 sum, u32 more)
{
	sum += more;
	sum += sum < more;
	sum += sum << 32 | sum >> 32;
	return csum_fold((__force __wsum)(sum >> 32));
}

/* Return: the checksum, of a header whose checksum is 0; of another one 0 if it is right. */
static __always_inline __sum16 ivq_ip_csum(const struct iphdr *iph)
{
	const u8 *p = (const u8 *)iph;
	u64 sum, more;
	u32 last;

	memcpy(&sum, p, sizeof(sum));
	memcpy(&more, p + sizeof(sum), sizeof(more));
	memcpy(&last, p + sizeof(sum) + sizeof(more), sizeof(last));
	sum += more;
	sum += sum < more;
	return ivq_csum_fold(sum, last);
}

#endif /* _IVQ_IP_CSUM_H */
