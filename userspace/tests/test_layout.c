// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Layouts: CIDs that are not QUIC-LB's.  Every place is compared with a reader bit by bit. */
#include "qlb.h"
#include "test.h"

static struct qlb_layout layout_at(unsigned int bit_offset, unsigned int bits,
				   unsigned int cid_len)
{
	return (struct qlb_layout){ .bit_offset = bit_offset, .bits = bits, .cid_len = cid_len };
}

static bool bit_of(const u8 *octets, unsigned int bit)
{
	return octets[bit / 8] >> (7 - bit % 8) & 1;
}

/* One bit after the other is pushed in at the end of the number. */
static struct qlb_server_id slow_decode(const struct qlb_layout *layout, const u8 *cid)
{
	struct qlb_server_id sid = { .len = (layout->bits + 7) / 8 };
	unsigned int i, at;

	for (i = 0; i < layout->bits; i++) {
		for (at = 0; at + 1u < sid.len; at++)
			sid.octets[at] = sid.octets[at] << 1 | sid.octets[at + 1] >> 7;
		sid.octets[at] = sid.octets[at] << 1 | bit_of(cid, layout->bit_offset + i);
	}
	return sid;
}

/* --- what servers make ----------------------------------------------------- */

struct vector {
	const char *name;
	struct qlb_layout layout;
	const char *cid;
	const char *server_id;		/* "": not of the layout */
};

/* In v1 two bits of version are 01, then come 16 of host, 8 of worker, one of process. */
#define KATRAN_V1 { .bit_offset = 2, .bits = 16, .mask = { 0xc0 }, .value = { 0x40 } }
#define KATRAN_V2 { .bit_offset = 8, .bits = 24, .mask = { 0xc0 }, .value = { 0x80 } }
#define KATRAN_V3 { .bit_offset = 8, .bits = 32, .mask = { 0xc0 }, .value = { 0xc0 } }
/* A random octet, four of server ID, two of partition, seven of payload. */
#define MSQUIC { .bit_offset = 8, .bits = 32 }
/* The socket's cookie in network order, then random octets. */
#define NGINX { .bit_offset = 0, .bits = 64, .cid_len = 20 }
#define LAST16 { .bit_offset = 48, .bits = 16, .cid_len = 8 }

static const struct vector vectors[] = {
	/* host beef: 10111110 11101111 behind 01 */
	{ "katran-v1", KATRAN_V1, "6fbbd1a2b3c4d5e6", "beef" },
	{ "katran-v1 0001", KATRAN_V1, "4000400000000000", "0001" },
	{ "katran-v1 ffff", KATRAN_V1, "7fffc00000000000", "ffff" },
	{ "katran-v1 of v2", KATRAN_V1, "af00beef03c4d5e6", "" },
	{ "katran-v1 of v0", KATRAN_V1, "2fbbd1a2b3c4d5e6", "" },
	{ "katran-v2", KATRAN_V2, "af12beef03c4d5e6", "12beef" },
	{ "katran-v2 of v3", KATRAN_V2, "ef12beef03c4d5e6", "" },
	{ "katran-v3", KATRAN_V3, "c512beef0307d5e6", "12beef03" },
	{ "katran-v3 0b111", KATRAN_V3, "ff12beef0307d5e6", "12beef03" },
	{ "katran-v3 of v1", KATRAN_V3, "4512beef0307d5e6", "" },
	{ "msquic", MSQUIC, "e30a00000100f0102030405060aa", "0a000001" },
	{ "msquic other random octet", MSQUIC, "070a00000100f0102030405060aa", "0a000001" },
	{ "nginx", NGINX, "00000000000010a3e0e1e2e3e4e5e6e7e8e9eaeb", "00000000000010a3" },
	{ "last16", LAST16, "ff00112233440a01", "0a01" },
};

static void decodes_vector(void **state)
{
	const struct vector *v = *state;
	u8 cid[QLB_CID_LEN_MAX], wanted[QLB_SERVER_ID_LEN_MAX];
	size_t len = from_hex(cid, v->cid), sid_len = from_hex(wanted, v->server_id);
	struct qlb_server_id sid;
	struct qlb_config cfg;

	assert_int_equal(qlb_layout_check(&v->layout), QLB_LAYOUT_OK);
	qlb_config_init_layout(&cfg, 2, &v->layout);
	assert_false(qlb_has_key(&cfg));
	assert_string_equal(qlb_algorithm_name(cfg.algorithm), "layout");
	assert_int_equal(qlb_decode(&cfg, guarded(cid, len), len, &sid, NULL), sid_len != 0);
	if (!sid_len)
		return;
	assert_int_equal(sid.len, sid_len);
	assert_int_equal(cfg.server_id_len, sid_len);
	assert_memory_equal(sid.octets, wanted, sid_len);
	/* what is made of that is the same CID again */
	memcpy(wanted, cid, len > sizeof(wanted) ? sizeof(wanted) : len);
	qlb_layout_encode(&v->layout, &sid, cid);
	assert_memory_equal(cid, wanted, len > sizeof(wanted) ? sizeof(wanted) : len);
	qlb_config_destroy(&cfg);
}

/* --- every place ----------------------------------------------------------- */

typedef void each_place_fn(const struct qlb_layout *layout);

static unsigned int each_place(each_place_fn *fn)
{
	unsigned int at, bits, count = 0;

	for (at = 0; at < 8 * QLB_CID_LEN_MAX; at++)
		for (bits = 1; bits <= QLB_LAYOUT_BITS_MAX; bits++) {
			struct qlb_layout layout = layout_at(at, bits, 0);

			if (at + bits > 8 * QLB_CID_LEN_MAX) {
				assert_int_equal(qlb_layout_check(&layout), QLB_LAYOUT_BAD_PLACE);
				continue;
			}
			assert_int_equal(qlb_layout_check(&layout), QLB_LAYOUT_OK);
			fn(&layout);
			count++;
		}
	return count;
}

static void decodes_as_slowly(const struct qlb_layout *layout)
{
	struct qlb_server_id sid, wanted;
	u8 cid[QLB_CID_LEN_MAX];
	struct qlb_config cfg;
	unsigned int need;

	random_fill(cid, sizeof(cid));
	qlb_config_init_layout(&cfg, 0, layout);
	wanted = slow_decode(layout, cid);
	memset(&sid, 0xa5, sizeof(sid));
	assert_true(qlb_decode(&cfg, guarded(cid, sizeof(cid)), sizeof(cid), &sid, NULL));
	assert_memory_equal(&sid, &wanted, sizeof(sid));
	/* the shortest CID that has all of it; one octet less has not */
	need = (layout->bit_offset + layout->bits + 7) / 8;
	memset(&sid, 0xa5, sizeof(sid));
	assert_true(qlb_decode(&cfg, guarded(cid, need), need, &sid, NULL));
	assert_memory_equal(&sid, &wanted, sizeof(sid));
	memset(&sid, 0xa5, sizeof(sid));
	assert_false(qlb_decode(&cfg, guarded(cid, need - 1), need - 1, &sid, NULL));
	assert_int_equal(sid.len, 0xa5);
}

static void every_place_decodes(void **state)
{
	(void)state;
	/* 160 + 159 + ... of one bit and more, up to 120 */
	assert_int_equal(each_place(decodes_as_slowly), 120 * 160 - 119 * 120 / 2);
}

static void encodes_alone(const struct qlb_layout *layout)
{
	u8 cid[QLB_CID_LEN_MAX], before[QLB_CID_LEN_MAX];
	struct qlb_server_id sid, back;
	unsigned int bit;

	random_fill(cid, sizeof(cid));
	sid = slow_decode(layout, cid);
	random_fill(cid, sizeof(cid));
	memcpy(before, cid, sizeof(cid));
	qlb_layout_encode(layout, &sid, cid);
	back = slow_decode(layout, cid);
	assert_memory_equal(&sid, &back, sizeof(sid));
	for (bit = 0; bit < 8 * QLB_CID_LEN_MAX; bit++)
		if (bit < layout->bit_offset || bit >= layout->bit_offset + (unsigned int)layout->bits)
			assert_int_equal(bit_of(cid, bit), bit_of(before, bit));
}

static void every_place_encodes(void **state)
{
	(void)state;
	each_place(encodes_alone);
}

/* --- fixed bits ------------------------------------------------------------ */

static void every_fixed_bit_counts(void **state)
{
	struct qlb_layout layout = layout_at(12, 20, 0);
	struct qlb_server_id sid = { .len = 3, .octets = { 0x0a, 0xbc, 0xde } }, got;
	u8 cid[QLB_CID_LEN_MAX], noise[QLB_CID_LEN_MAX];
	struct qlb_config cfg;
	unsigned int bit, i;

	(void)state;
	random_fill(layout.mask, sizeof(layout.mask));
	for (bit = 12; bit < 32; bit++)
		layout.mask[bit / 8] &= ~(0x80 >> bit % 8);
	random_fill(layout.value, sizeof(layout.value));
	for (i = 0; i < sizeof(layout.value); i++)
		layout.value[i] &= layout.mask[i];
	assert_int_equal(qlb_layout_check(&layout), QLB_LAYOUT_OK);
	qlb_config_init_layout(&cfg, 0, &layout);
	random_fill(noise, sizeof(noise));
	memcpy(cid, noise, sizeof(cid));
	qlb_layout_encode(&layout, &sid, cid);
	assert_true(qlb_decode(&cfg, cid, sizeof(cid), &got, NULL));
	assert_memory_equal(&got, &sid, sizeof(sid));
	for (bit = 0; bit < 8 * QLB_CID_LEN_MAX; bit++) {
		cid[bit / 8] ^= 0x80 >> bit % 8;
		memset(&got, 0xa5, sizeof(got));
		assert_int_equal(qlb_decode(&cfg, cid, sizeof(cid), &got, NULL),
				 !bit_of(layout.mask, bit));
		assert_int_equal(got.len, bit_of(layout.mask, bit) ? 0xa5 : 3);
		cid[bit / 8] ^= 0x80 >> bit % 8;
	}
}

/* A CID that ends before a fixed bit is too short, whatever follows. */
static void fixed_bits_need_room(void **state)
{
	struct qlb_layout layout = layout_at(0, 8, 0);
	struct qlb_server_id sid;
	u8 cid[QLB_CID_LEN_MAX] = { 7 };
	struct qlb_config cfg;

	(void)state;
	layout.mask[9] = 1;
	qlb_config_init_layout(&cfg, 0, &layout);
	assert_true(qlb_decode(&cfg, guarded(cid, 10), 10, &sid, NULL));
	assert_false(qlb_decode(&cfg, guarded(cid, 9), 9, &sid, NULL));
}

/* --- limits ---------------------------------------------------------------- */

static void limits(void **state)
{
	struct qlb_layout layout;

	(void)state;
#define FAULT(at, bits, len) (layout = layout_at(at, bits, len), qlb_layout_check(&layout))
	assert_int_equal(FAULT(0, 0, 0), QLB_LAYOUT_BAD_BITS);
	assert_int_equal(FAULT(0, 121, 0), QLB_LAYOUT_BAD_BITS);
	assert_int_equal(FAULT(0, 120, 0), QLB_LAYOUT_OK);
	assert_int_equal(FAULT(40, 120, 0), QLB_LAYOUT_OK);
	assert_int_equal(FAULT(41, 120, 0), QLB_LAYOUT_BAD_PLACE);
	assert_int_equal(FAULT(255, 1, 0), QLB_LAYOUT_BAD_PLACE);
	assert_int_equal(FAULT(0, 8, 21), QLB_LAYOUT_BAD_LEN);
	assert_int_equal(FAULT(0, 8, 20), QLB_LAYOUT_OK);
	assert_int_equal(FAULT(0, 8, 1), QLB_LAYOUT_OK);
	assert_int_equal(FAULT(1, 8, 1), QLB_LAYOUT_BAD_PLACE);

	layout = layout_at(8, 8, 4);
	layout.mask[0] = 0xc0;
	assert_int_equal(qlb_layout_check(&layout), QLB_LAYOUT_OK);
	layout.value[0] = 0x20;		/* where the mask has no bit */
	assert_int_equal(qlb_layout_check(&layout), QLB_LAYOUT_BAD_FIXED);
	layout.value[0] = 0x40;
	assert_int_equal(qlb_layout_check(&layout), QLB_LAYOUT_OK);
	layout.mask[1] = 0x01;		/* in the server ID */
	assert_int_equal(qlb_layout_check(&layout), QLB_LAYOUT_BAD_FIXED);
	layout.mask[1] = 0;
	layout.mask[3] = 0x01;
	assert_int_equal(qlb_layout_check(&layout), QLB_LAYOUT_OK);
	layout.mask[4] = 0x80;		/* behind the CID */
	assert_int_equal(qlb_layout_check(&layout), QLB_LAYOUT_BAD_FIXED);
}

static void first_octets(void **state)
{
	static const struct {
		u8 mask, value, takes, id;
	} cases[] = {
		{ 0x00, 0x00, 0xff, 0 }, { 0xc0, 0x40, 0x0c, 2 }, { 0xc0, 0x80, 0x30, 4 },
		{ 0xc0, 0xc0, 0xc0, 6 }, { 0xff, 0xe1, 0x80, 7 }, { 0x20, 0x20, 0xaa, 1 },
		{ 0x1f, 0x1f, 0xff, 0 },
	};
	unsigned int i, high;

	(void)state;
	/* all that three bits can be */
	assert_int_equal(QLB_FIRST_OCTETS, 8);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct qlb_layout layout = layout_at(8, 8, 0);

		layout.mask[0] = cases[i].mask;
		layout.value[0] = cases[i].value;
		for (high = 0; high < QLB_FIRST_OCTETS; high++)
			assert_int_equal(qlb_layout_takes(&layout, high), cases[i].takes >> high & 1);
		assert_int_equal(qlb_layout_id(&layout), cases[i].id);
	}
}

static void lengths(void **state)
{
	const struct qlb_layout any = layout_at(0, 8, 0), eight = layout_at(0, 8, 8);

	(void)state;
	assert_true(qlb_layout_len_can_be_right(&any, true, 1));
	assert_true(qlb_layout_len_can_be_right(&eight, true, 8));
	assert_false(qlb_layout_len_can_be_right(&eight, true, 7));
	assert_false(qlb_layout_len_can_be_right(&eight, true, 9));
	/* "at most the rest" */
	assert_true(qlb_layout_len_can_be_right(&eight, false, 1200));
}

/* The declared length, not only as much as is read. */
static void shorter_than_declared(void **state)
{
	const struct qlb_layout eight = layout_at(0, 8, 8);
	u8 cid[QLB_CID_LEN_MAX] = { 7 };
	struct qlb_server_id sid;
	struct qlb_config cfg;

	(void)state;
	qlb_config_init_layout(&cfg, 0, &eight);
	assert_false(qlb_decode(&cfg, cid, 7, &sid, NULL));
	assert_true(qlb_decode(&cfg, cid, 8, &sid, NULL));
}

int main(void)
{
	enum { VECTOR_COUNT = sizeof(vectors) / sizeof(vectors[0]) };
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(every_place_decodes),
		cmocka_unit_test(every_place_encodes),
		cmocka_unit_test(every_fixed_bit_counts),
		cmocka_unit_test(fixed_bits_need_room),
		cmocka_unit_test(limits),
		cmocka_unit_test(first_octets),
		cmocka_unit_test(lengths),
		cmocka_unit_test(shorter_than_declared),
	};
	struct CMUnitTest tests[VECTOR_COUNT + sizeof(others) / sizeof(others[0])];
	unsigned int i;

	for (i = 0; i < VECTOR_COUNT; i++)
		tests[i] = (struct CMUnitTest){ vectors[i].name, decodes_vector, NULL, NULL,
						(void *)&vectors[i] };
	memcpy(tests + VECTOR_COUNT, others, sizeof(others));
	return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
