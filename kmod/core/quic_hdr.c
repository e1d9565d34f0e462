// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The version-independent part of a QUIC packet, RFC 8999 sections 5.1 and 5.2:
 *
 *	long	1xxxxxxx | version (4) | DCID length (1) | DCID |
 *		SCID length (1) | SCID | ...
 *	short	0xxxxxxx | DCID | ...
 *
 * A length octet in a long header can say up to 255 and is taken at its word:
 * version 1's limit of 20 is not an invariant.  Only the issuer of a short
 * header's CID knows how long it is, so there the CID is "at most the rest".
 */
#include "quic_hdr.h"

enum {
	LONG_FORM_BIT = 0x80,
	VERSION_AT = 1,
	DCID_LEN_AT = 5,
	DCID_AT = 6,
};

static bool parse_long(struct quic_hdr *hdr, const u8 *data, size_t view,
		       size_t len)
{
	size_t dcid_len, scid_len_at, scid_len;

	if (view < DCID_AT)
		return false;
	dcid_len = data[DCID_LEN_AT];
	if (dcid_len > len - DCID_AT)
		return false;
	hdr->long_form = true;
	hdr->version = (u32)data[VERSION_AT] << 24 |
		       (u32)data[VERSION_AT + 1] << 16 |
		       (u32)data[VERSION_AT + 2] << 8 | data[VERSION_AT + 3];
	hdr->dcid = data + DCID_AT;
	hdr->dcid_len = dcid_len;
	hdr->dcid_view = view - DCID_AT;
	hdr->scid = NULL;
	hdr->scid_len = 0;
	if (hdr->dcid_view <= dcid_len)
		return true;
	hdr->dcid_view = dcid_len;
	scid_len_at = DCID_AT + dcid_len;
	scid_len = data[scid_len_at];
	if (scid_len <= view - scid_len_at - 1) {
		hdr->scid = data + scid_len_at + 1;
		hdr->scid_len = scid_len;
	}
	return true;
}

bool quic_hdr_parse(struct quic_hdr *hdr, const u8 *data, size_t view,
		    size_t len)
{
	if (!view)
		return false;
	if (data[0] & LONG_FORM_BIT)
		return parse_long(hdr, data, view, len);
	hdr->long_form = false;
	hdr->version = 0;
	hdr->dcid = data + 1;
	hdr->dcid_len = len - 1;
	hdr->dcid_view = view - 1;
	hdr->scid = NULL;
	hdr->scid_len = 0;
	return true;
}
