/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The length that a CID has in its first octet: can it be right? */
#ifndef _QLB_LENGTH_H
#define _QLB_LENGTH_H

#include "qlb.h"
#include "quic_hdr.h"

/* Versions whose CIDs are known to be at most 20 octets: RFC 9000, RFC 9369. */
static inline bool qlb_version_is_known(u32 version)
{
	return version == 1 || version == 0x6b3343cf;
}

/*
 * Section "Definition" of unroutable CIDs: the three checks a load balancer may
 * make when it knows that all servers encode the length.  @hdr has a CID of at least one
 * octet, @plaintext_len is its config's.
 */
static inline bool qlb_length_can_be_right(const struct quic_hdr *hdr,
					   unsigned int plaintext_len)
{
	size_t len = qlb_self_len(hdr->dcid[0]);

	if (hdr->long_form && len != hdr->dcid_len)
		return false;
	if (hdr->long_form && qlb_version_is_known(hdr->version) &&
	    len > QLB_CID_LEN_MAX)
		return false;
	return len >= 1 + plaintext_len;
}

#endif /* _QLB_LENGTH_H */
