/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * CIDs that are not QUIC-LB's: a server ID at a place of its own, and bits that are the same
 * in all of them.
 *
 * The server ID is a number, as those who make such CIDs have it: its last bit is the last
 * one of its last octet, and the bits in front that fill its first octet up are zero.
 *
 *	bit of the CID    0 1 2 . . . . 7 8 . . . . . . 15 16 17 18
 *	Katran's first    0 1 h h h h h h h h h h h h h h  h  h  ...
 *	server ID             |--- two octets of host ID ----|
 */
#ifndef _QLB_LAYOUT_H
#define _QLB_LAYOUT_H

#include "qlb_limits.h"

/**
 * struct qlb_layout - where CIDs that are not QUIC-LB's have the server ID
 * @bit_offset: of its first bit; bit 0 is the most significant of the CID's first octet
 * @bits: how many, 1..120; 0 is no layout
 * @cid_len: octets of every CID that the servers make, 0 where they differ
 * @mask: ones where bits are the same in all CIDs; neither beyond @cid_len nor where
 *	  the server ID is
 * @value: what they are there; zero elsewhere
 *
 * Without padding, so that two layouts are equal iff the structs are.
 */
struct qlb_layout {
	u8 bit_offset;
	u8 bits;
	u8 cid_len;
	u8 mask[QLB_CID_LEN_MAX];
	u8 value[QLB_CID_LEN_MAX];
};

/* Why qlb_layout_check() refused. */
enum qlb_layout_fault {
	QLB_LAYOUT_OK,
	QLB_LAYOUT_BAD_BITS,	/* not 1..120 */
	QLB_LAYOUT_BAD_PLACE,	/* server ID ends behind octet 20 or the CID */
	QLB_LAYOUT_BAD_LEN,	/* CID longer than 20 octets */
	QLB_LAYOUT_BAD_FIXED,	/* fixed bits behind the CID, or in the server ID */
};

/**
 * struct qlb_place - a layout as it is read, see qlb_layout_decode()
 * @from: first of the 16 octets that have the server ID
 * @shift: to the right, or to the left if it is negative
 * @mask: what remains, as two numbers
 * @len: of the server ID, in its place in the first of them
 */
struct qlb_place {
	u8 from;
	int shift;
	u64 mask[2];
	u64 len;
};

/* Octets of a server ID. */
static inline unsigned int qlb_layout_sid_len(const struct qlb_layout *layout)
{
	return (layout->bits + 7) / 8;
}

/* Can a server ID whose first octet is this be one of the layout's, by its number of bits? */
static inline bool qlb_layout_holds(const struct qlb_layout *layout, u8 first_octet)
{
	unsigned int spare = 8 * qlb_layout_sid_len(layout) - layout->bits;

	return !(first_octet & ~(0xff >> spare));
}

/* May a CID whose first octet has these three high bits be of the layout? */
static inline bool qlb_layout_takes(const struct qlb_layout *layout, unsigned int high)
{
	return !((high << 5 ^ layout->value[0]) & layout->mask[0] & 0xe0);
}

/* The lowest of them, which names a layout that is given no number; there is always one. */
static inline unsigned int qlb_layout_id(const struct qlb_layout *layout)
{
	return layout->value[0] >> 5;
}

/*
 * Short headers do not say how long their CID is.  A long header does, and a CID of another
 * length than all of the servers' is none of theirs.
 */
static inline bool qlb_layout_len_can_be_right(const struct qlb_layout *layout,
					       bool long_form, size_t cid_len)
{
	return !long_form || !layout->cid_len || cid_len == layout->cid_len;
}

static __always_inline u64 qlb_load_be64(const u8 *octets)
{
	u64 word;

	memcpy(&word, octets, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

static __always_inline void qlb_store_be64(u8 *octets, u64 word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	memcpy(octets, &word, sizeof(word));
}

/* The octets that a CID has at least: all, where that is known, else those that are read. */
static inline unsigned int qlb_layout_min_len(const struct qlb_layout *layout)
{
	unsigned int end = (layout->bit_offset + layout->bits + 7) / 8;
	unsigned int len = QLB_CID_LEN_MAX;

	if (layout->cid_len)
		return layout->cid_len;
	while (len > end && !layout->mask[len - 1])
		len--;
	return len;
}

static inline bool qlb_layout_is_sid_bit(const struct qlb_layout *layout, unsigned int bit)
{
	return bit >= layout->bit_offset &&
	       bit < layout->bit_offset + (unsigned int)layout->bits;
}

static inline bool qlb_bit_is_set(const u8 *octets, unsigned int bit)
{
	return octets[bit / 8] & 0x80 >> bit % 8;
}

static inline enum qlb_layout_fault
qlb_layout_check(const struct qlb_layout *layout)
{
	unsigned int len = layout->cid_len ? layout->cid_len : QLB_CID_LEN_MAX;
	unsigned int bit;

	if (!layout->bits || layout->bits > QLB_LAYOUT_BITS_MAX)
		return QLB_LAYOUT_BAD_BITS;
	if (len > QLB_CID_LEN_MAX)
		return QLB_LAYOUT_BAD_LEN;
	if (layout->bit_offset + (unsigned int)layout->bits > 8 * len)
		return QLB_LAYOUT_BAD_PLACE;
	for (bit = 0; bit < 8 * QLB_CID_LEN_MAX; bit++) {
		if (qlb_bit_is_set(layout->value, bit) && !qlb_bit_is_set(layout->mask, bit))
			return QLB_LAYOUT_BAD_FIXED;
		if (qlb_bit_is_set(layout->mask, bit) &&
		    (bit >= 8 * len || qlb_layout_is_sid_bit(layout, bit)))
			return QLB_LAYOUT_BAD_FIXED;
	}
	return QLB_LAYOUT_OK;
}

/*
 * The sixteen octets begin with the server ID's first, but no later than that they end with
 * the last of the longest CID.  Where the server ID is to stand, its last bit is the last
 * of octet sid_len.
 */
static inline struct qlb_place qlb_layout_place(const struct qlb_layout *layout)
{
	enum { FROM_MAX = QLB_CID_LEN_MAX - QLB_BLOCK_LEN };
	unsigned int sid_len = qlb_layout_sid_len(layout), bit;
	unsigned int end = layout->bit_offset + layout->bits;
	u8 ones[QLB_BLOCK_LEN] = {};
	struct qlb_place place;

	place.from = layout->bit_offset / 8;
	if (place.from > FROM_MAX)
		place.from = FROM_MAX;
	place.shift = (int)(8 * (1 + place.from + sid_len)) - (int)end;
	for (bit = 8 * (1 + sid_len) - layout->bits; bit < 8 * (1 + sid_len); bit++)
		ones[bit / 8] |= 0x80 >> bit % 8;
	place.mask[0] = qlb_load_be64(ones);
	place.mask[1] = qlb_load_be64(ones + sizeof(u64));
	place.len = (u64)sid_len << 56;
	return place;
}

/**
 * qlb_layout_encode() - make a connection ID of a layout
 * @layout: the layout
 * @sid: a server ID of qlb_layout_sid_len() octets (not checked)
 * @cid: QLB_CID_LEN_MAX octets; those bits that are neither the server ID's nor fixed
 *	 stay as they are
 */
static inline void qlb_layout_encode(const struct qlb_layout *layout,
				     const struct qlb_server_id *sid, u8 *cid)
{
	unsigned int spare = 8 * qlb_layout_sid_len(layout) - layout->bits;
	unsigned int i, bit;

	for (i = 0; i < layout->bits; i++) {
		bit = layout->bit_offset + i;
		cid[bit / 8] &= ~(0x80 >> bit % 8);
		if (qlb_bit_is_set(sid->octets, spare + i))
			cid[bit / 8] |= 0x80 >> bit % 8;
	}
	for (i = 0; i < QLB_CID_LEN_MAX; i++)
		cid[i] = (cid[i] & ~layout->mask[i]) | layout->value[i];
}

static __always_inline bool qlb_layout_has_fixed(const struct qlb_layout *layout,
						 const u8 *cid)
{
	u64 c[2], m[2], v[2];
	u32 c2, m2, v2;

	memcpy(c, cid, sizeof(c));
	memcpy(m, layout->mask, sizeof(m));
	memcpy(v, layout->value, sizeof(v));
	memcpy(&c2, cid + sizeof(c), sizeof(c2));
	memcpy(&m2, layout->mask + sizeof(m), sizeof(m2));
	memcpy(&v2, layout->value + sizeof(v), sizeof(v2));
	return !(((c[0] ^ v[0]) & m[0]) | ((c[1] ^ v[1]) & m[1]) |
		 ((c2 ^ v2) & m2));
}

/*
 * QLB_CID_LEN_MAX octets of @cid are readable.  Any sixteen octets that have the server ID
 * are two numbers, which are moved until it stands behind the struct's first octet.
 * Return: false, and @sid is untouched, when a fixed bit is another.
 */
static __always_inline bool qlb_layout_decode(const struct qlb_layout *layout,
					      const struct qlb_place *place,
					      const u8 *cid,
					      struct qlb_server_id *sid)
{
	u64 high = qlb_load_be64(cid + place->from);
	u64 low = qlb_load_be64(cid + place->from + sizeof(high));
	int shift = place->shift;

	if (!qlb_layout_has_fixed(layout, cid))
		return false;
	if (shift > 0) {
		low = low >> shift | high << (64 - shift);
		high >>= shift;
	} else if (shift <= -64) {
		high = low << (-shift - 64);
		low = 0;
	} else if (shift) {
		high = high << -shift | low >> (64 + shift);
		low <<= -shift;
	}
	qlb_store_be64((u8 *)sid, (high & place->mask[0]) | place->len);
	qlb_store_be64((u8 *)sid + sizeof(high), low & place->mask[1]);
	return true;
}

#endif /* _QLB_LAYOUT_H */
