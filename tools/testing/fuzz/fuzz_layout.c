// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Layouts, kmod/core/qlb_layout.h, against a reader that takes bit by bit.  Input: bit offset,
 * bits, length of CIDs, whether to make the rest legal (one octet each), mask and value (20
 * each), then a CID of 0 to 20 octets and more.
 */
#include "fuzz.h"
#include "qlb.h"

enum {
	CID_MAX = 40,
};

static int bit_of(const uint8_t *octets, unsigned int bit)
{
	return octets[bit / 8] >> (7 - bit % 8) & 1;
}

static bool in_server_id(const struct qlb_layout *layout, unsigned int bit)
{
	return bit >= layout->bit_offset && bit - layout->bit_offset < layout->bits;
}

/* Independent of qlb_layout_check(). */
static bool legal(const struct qlb_layout *layout)
{
	unsigned int bit, end = (layout->cid_len ? layout->cid_len : 20) * 8u;

	if (layout->cid_len > 20 || layout->bits - 1u > 119 ||
	    layout->bit_offset + layout->bits > (int)end)
		return false;
	for (bit = 0; bit < 160; bit++) {
		if (bit_of(layout->value, bit) > bit_of(layout->mask, bit))
			return false;
		if (bit_of(layout->mask, bit) && (bit >= end || in_server_id(layout, bit)))
			return false;
	}
	return true;
}

/* Most inputs should get further than a refusal. */
static void make_legal(struct qlb_layout *layout)
{
	unsigned int bit, end;

	layout->cid_len %= 21;
	end = (layout->cid_len ? layout->cid_len : 20) * 8u;
	layout->bit_offset %= end;
	layout->bits = 1 + (layout->bits - 1u) % 120;
	if (layout->bit_offset + layout->bits > (int)end)
		layout->bits = (uint8_t)(end - layout->bit_offset);
	for (bit = 0; bit < 160; bit++) {
		if (bit >= end || in_server_id(layout, bit))
			layout->mask[bit / 8] &= ~(0x80 >> bit % 8);
		if (!bit_of(layout->mask, bit))
			layout->value[bit / 8] &= ~(0x80 >> bit % 8);
	}
}

/* Whether a CID of @len octets has all that is read of it, and the fixed bits. */
static bool matches(const struct qlb_layout *layout, const uint8_t *cid, size_t len)
{
	unsigned int bit;

	if (len < layout->cid_len)
		return false;
	for (bit = 0; bit < 160; bit++) {
		if ((bit_of(layout->mask, bit) || in_server_id(layout, bit)) && bit / 8 >= len)
			return false;
		if (bit_of(layout->mask, bit) && bit_of(cid, bit) != bit_of(layout->value, bit))
			return false;
	}
	return true;
}

static void read_slowly(const struct qlb_layout *layout, const uint8_t *cid,
			struct qlb_server_id *sid)
{
	unsigned int spare = (8u - layout->bits % 8u) % 8u, i;

	memset(sid, 0, sizeof(*sid));
	sid->len = (uint8_t)((layout->bits + spare) / 8);
	for (i = 0; i < layout->bits; i++)
		if (bit_of(cid, layout->bit_offset + i))
			sid->octets[(spare + i) / 8] |= 0x80 >> (spare + i) % 8;
}

static void check_decode(const struct qlb_config *cfg, const uint8_t *cid, size_t len)
{
	struct qlb_server_id sid, wanted;

	memset(&sid, 0xa5, sizeof(sid));
	if (!qlb_decode(cfg, cid, len, &sid, NULL)) {
		must(!matches(&cfg->layout, cid, len));
		must(sid.len == 0xa5);
		return;
	}
	must(matches(&cfg->layout, cid, len));
	read_slowly(&cfg->layout, cid, &wanted);
	must(!memcmp(&sid, &wanted, sizeof(sid)));
	must(sid.len == cfg->server_id_len);
	must(qlb_layout_holds(&cfg->layout, sid.octets[0]));
	must(qlb_layout_takes(&cfg->layout, qlb_config_id(cid[0])));
}

static void check_encode(const struct qlb_config *cfg, const uint8_t *octets)
{
	uint8_t cid[QLB_CID_LEN_MAX], before[QLB_CID_LEN_MAX] = { 0 };
	const struct qlb_layout *layout = &cfg->layout;
	struct qlb_server_id sid, back;
	unsigned int bit;

	read_slowly(layout, octets, &sid);
	for (bit = 0; bit < sizeof(before); bit++)
		before[bit] = (uint8_t)~octets[bit];
	memcpy(cid, before, sizeof(cid));
	qlb_layout_encode(layout, &sid, cid);
	must(qlb_decode(cfg, cid, sizeof(cid), &back, NULL));
	must(!memcmp(&sid, &back, sizeof(sid)));
	for (bit = 0; bit < 160; bit++)
		must(bit_of(cid, bit) == bit_of(before, bit) ||
		     in_server_id(layout, bit) || bit_of(layout->mask, bit));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct qlb_layout layout = {
		.bit_offset = take_octet(&in),
		.bits = take_octet(&in),
		.cid_len = take_octet(&in),
	};
	uint8_t octets[QLB_CID_LEN_MAX], *cid, repair = take_octet(&in);
	struct qlb_config cfg;
	unsigned int high;
	size_t len;

	take(&in, layout.mask, sizeof(layout.mask));
	take(&in, layout.value, sizeof(layout.value));
	if (repair)
		make_legal(&layout);
	must((qlb_layout_check(&layout) == QLB_LAYOUT_OK) == legal(&layout));
	if (!legal(&layout))
		return 0;
	qlb_config_init_layout(&cfg, 1, &layout);
	must(qlb_layout_takes(&layout, qlb_layout_id(&layout)));
	for (high = 0; high < qlb_layout_id(&layout); high++)
		must(!qlb_layout_takes(&layout, high));
	len = in.left < CID_MAX ? in.left : CID_MAX;
	cid = copy_of(in.at, len);
	check_decode(&cfg, cid, len);
	free(cid);
	take(&in, octets, sizeof(octets));
	check_encode(&cfg, octets);
	must(qlb_layout_len_can_be_right(&layout, true, len) ==
	     (!layout.cid_len || len == layout.cid_len));
	qlb_config_destroy(&cfg);
	return 0;
}
