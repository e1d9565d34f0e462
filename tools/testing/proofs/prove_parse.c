// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parser reads nothing behind the view, and what it finds is in the view.  It refuses
 * exactly what has no invariant header.  It has no loop.
 */
#include "core/quic_hdr.c"
#include "proof.h"

enum {
	DATAGRAM_MAX = 65535,
	VIEW_MAX = DCID_AT + 255 + 1 + 255 + 1,	/* all that a header can say, and more */
};

static bool is_inside(const u8 *data, size_t view, const u8 *at, size_t len)
{
	size_t offset = at - data;

	return offset <= view && len <= view - offset;
}

int main(void)
{
	size_t len = any_of(0, DATAGRAM_MAX);
	size_t view = any_of(0, VIEW_MAX);
	struct quic_hdr hdr;
	bool good, fits;
	u8 *data;

	suppose(view <= len);
	data = any_octets(view);
	good = quic_hdr_parse(&hdr, data, view, len);

	fits = view && (!(data[0] & 0x80) ||
			(view >= DCID_AT && data[DCID_LEN_AT] <= len - DCID_AT));
	must(good == fits);
	if (!good)
		return 0;
	must(hdr.long_form == data[0] >> 7);
	must(hdr.dcid_view <= hdr.dcid_len);
	must(is_inside(data, view, hdr.dcid, hdr.dcid_view));
	must(is_inside(data, len, hdr.dcid, hdr.dcid_len));
	must(!hdr.scid || is_inside(data, view, hdr.scid, hdr.scid_len));
	must(!hdr.scid || hdr.long_form);
	return 0;
}
