/* SPDX-License-Identifier: GPL-2.0 */
/* ip_fast_csum() of a header without options, which need not loop. */
#ifndef _IVQ_IP_CSUM_H
#define _IVQ_IP_CSUM_H

#include <linux/ip.h>
#include <linux/string.h>

/* Return: the checksum, of a header whose checksum is 0; of another one 0 if it is right. */
static __always_inline __sum16 ivq_ip_csum(const struct iphdr *iph)
{
	u32 words[5] ivq_uninitialized;
	u64 sum;

	memcpy(words, iph, sizeof(words));
	sum = (u64)words[0] + words[1] + words[2] + words[3] + words[4];
	sum += sum << 32 | sum >> 32;
	return csum_fold((__force __wsum)(sum >> 32));
}

#endif /* _IVQ_IP_CSUM_H */
