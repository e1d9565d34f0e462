// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The parser of kmod/core/quic_hdr.c.  Input: how much of the datagram is beyond the view (one
 * octet), then the view.
 */
#include "fuzz.h"
#include "quic_hdr.h"

/* RFC 8999, section 5.1, a second time: the offsets as numbers. */
static void check_long(const struct quic_hdr *hdr, const uint8_t *view,
		       size_t view_len, size_t len)
{
	size_t dcid_len = view[5], dcid_end = 6 + dcid_len;

	must(hdr->long_form);
	must(hdr->version == view[1] * 0x1000000u + view[2] * 0x10000u +
			     view[3] * 0x100u + view[4]);
	must(hdr->dcid == view + 6);
	must(hdr->dcid_len == dcid_len && dcid_end <= len);
	must(hdr->dcid_view ==
	     (dcid_end < view_len ? dcid_len : view_len - 6));
	if (dcid_end < view_len &&
	    dcid_end + 1 + view[dcid_end] <= view_len) {
		must(hdr->scid == view + dcid_end + 1);
		must(hdr->scid_len == view[dcid_end]);
	} else {
		must(!hdr->scid && !hdr->scid_len);
	}
}

static void check_short(const struct quic_hdr *hdr, const uint8_t *view,
			size_t view_len, size_t len)
{
	must(!hdr->long_form && !hdr->version);
	must(hdr->dcid == view + 1);
	must(hdr->dcid_len == len - 1 && hdr->dcid_view == view_len - 1);
	must(!hdr->scid && !hdr->scid_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	size_t beyond = take_octet(&in), view_len = in.left;
	uint8_t *view = copy_of(in.at, in.left);
	struct quic_hdr hdr, untouched;
	bool ok, wanted;

	memset(&hdr, 0xa5, sizeof(hdr));
	memset(&untouched, 0xa5, sizeof(untouched));
	ok = quic_hdr_parse(&hdr, view, view_len, view_len + beyond);
	wanted = view_len && (view[0] < 0x80 ||
			      (view_len >= 6 &&
			       6u + view[5] <= view_len + beyond));
	must(ok == wanted);
	if (!ok)
		must(!memcmp(&hdr, &untouched, sizeof(hdr)));
	else if (view[0] & 0x80)
		check_long(&hdr, view, view_len, view_len + beyond);
	else
		check_short(&hdr, view, view_len, view_len + beyond);
	free(view);
	return 0;
}
