// SPDX-License-Identifier: GPL-2.0-only
/*
 * Of every layout that is taken: no shift is undefined, decoding reads nothing outside of a CID,
 * and what it makes is a server ID of the layout's length, with no bit that the layout cannot
 * hold.  (That it is the right one, the fuzzer "layout" looks at.)
 */
#include "core/qlb.c"
#include "aes.h"

int main(void)
{
	struct qlb_layout layout;
	u8 *cid = any_octets(QLB_CID_LEN_MAX);
	struct qlb_server_id sid;
	struct qlb_place place;
	unsigned int i;

	any_contents(layout);
	/* the first three refusals of qlb_layout_check(); fixed bits do not matter here */
	suppose(layout.bits && layout.bits <= QLB_LAYOUT_BITS_MAX);
	suppose(layout.bit_offset + layout.bits <= 8 * QLB_CID_LEN_MAX);
	place = qlb_layout_place(&layout);
	if (!qlb_layout_decode(&layout, &place, cid, &sid))
		return 0;
	must(sid.len == qlb_layout_sid_len(&layout));
	must(qlb_layout_holds(&layout, sid.octets[0]));
	for (i = 0; i < QLB_SERVER_ID_LEN_MAX; i++)
		must(i < sid.len || !sid.octets[i]);
	return 0;
}
