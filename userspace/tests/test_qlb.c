// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The codec.  It is compiled into this file, to look at the state after every pass,
 * with a spy before AES, to see what is encrypted and how often.
 */
#include <limits.h>

#include "oracle.h"
#include "qlb_length.h"
#include "test.h"

static struct {
	unsigned int calls;
	u8 in[8][QLB_BLOCK_LEN];
	u8 out[8][QLB_BLOCK_LEN];
} spy;

static void spy_call(const u8 *in, const u8 *out)
{
	assert_in_range(spy.calls, 0, 7);
	memcpy(spy.in[spy.calls], in, QLB_BLOCK_LEN);
	memcpy(spy.out[spy.calls++], out, QLB_BLOCK_LEN);
}

static void spy_encrypt(const struct qlb_aes *aes, u8 *out, const u8 *in)
{
	u8 copy[QLB_BLOCK_LEN];

	memcpy(copy, in, sizeof(copy));
	qlb_aes_encrypt(aes, out, in);
	spy_call(copy, out);
}

static void spy_decrypt(const struct qlb_aes *aes, u8 *out, const u8 *in)
{
	u8 copy[QLB_BLOCK_LEN];

	memcpy(copy, in, sizeof(copy));
	qlb_aes_decrypt(aes, out, in);
	spy_call(copy, out);
}

#define qlb_aes_encrypt spy_encrypt
#define qlb_aes_encrypt_words(direct, aes, w) \
	spy_encrypt(aes, (u8 *)(w), (const u8 *)(w))
#define qlb_aes_decrypt spy_decrypt
#include "../../kmod/core/qlb.c"

/*
 * One CID, as in the draft's section "Load Balancer Test Vectors", where every CID
 * describes its length.
 */
struct vector {
	unsigned int id;
	const char *key;	/* "" is the plaintext algorithm */
	const char *server_id;
	const char *nonce;
	const char *cid;
};

#define DRAFT_KEY	"8f95f09245765f80256934e50c66207f"

static struct vector plaintext_1 = {
	0, "", "c4605e", "4504cc4f", "07c4605e4504cc4f"
};

/* The draft's second line has lost a nibble; this is what it means. */
static struct vector plaintext_2 = {
	1, "", "350d28b420", "03487d970b", "2a350d28b42003487d970b"
};

static struct vector three_passes_odd = {
	0, DRAFT_KEY, "ed793a", "ee080dbf", "0720b1d07b359d3c"
};

static struct vector four_passes_odd = {
	1, DRAFT_KEY, "ed793a51d49b8f5fab65", "ee080dbf48",
	"2fcc381bc74cb4fbad2823a3d1f8fed2"
};

static struct vector single_pass = {
	2, DRAFT_KEY, "ed793a51d49b8f5f", "ee080dbf48c0d1e5",
	"504dd2d05a7b0de9b2b9907afb5ecf8cc3"
};

/* Labelled config 3 in the draft, but the first octet says 0. */
static struct vector three_passes_even = {
	0, DRAFT_KEY, "ed793a51d49b8f5fab", "ee080dbf48c0d1e55d",
	"125779c9cc86beb3a3a4a3ca96fce4bfe0cdbc"
};

/* Section "Encryption Example". */
static struct vector example = {
	0, "fdf726a9893ec05c0632d3956680baf0", "31441a", "9c69c275",
	"0767947d29be054a"
};

/* Plaintext layouts in use elsewhere, without self-described lengths. */
static struct vector short_layout = {
	0, "", "0a01", "1122334455", "000a011122334455"
};

static struct vector long_layout = {
	0, "", "0123456789abcdef", "10203040506070",
	"000123456789abcdef10203040506070"
};

static struct qlb_server_id make_server_id(const u8 *octets, size_t len)
{
	struct qlb_server_id sid = { .len = len };

	/* cppcheck-suppress uninitvar ; memcpy() fills it */
	memcpy(sid.octets, octets, len);
	return sid;
}

static struct qlb_server_id random_server_id(size_t len)
{
	u8 octets[QLB_SERVER_ID_LEN_MAX];

	random_fill(octets, len);
	return make_server_id(octets, len);
}

static void check_vector(const struct vector *v, bool self_len)
{
	u8 octets[QLB_SERVER_ID_LEN_MAX], nonce[QLB_NONCE_LEN_MAX];
	u8 key[QLB_KEY_LEN], want[QLB_CID_LEN_MAX], cid[QLB_CID_LEN_MAX];
	u8 got_nonce[QLB_NONCE_LEN_MAX];
	struct qlb_server_id sid, got;
	struct qlb_config cfg;
	size_t nonce_len, len;

	from_hex(key, v->key);
	sid = make_server_id(octets, from_hex(octets, v->server_id));
	nonce_len = from_hex(nonce, v->nonce);
	len = from_hex(want, v->cid);
	assert_int_equal(qlb_config_check(v->id, sid.len, nonce_len), QLB_OK);
	assert_int_equal(qlb_config_init(&cfg, v->id, sid.len, nonce_len,
					 self_len, *v->key ? key : NULL), 0);
	assert_int_equal(qlb_config_id(want[0]), v->id);
	spy.calls = 0;
	assert_int_equal(qlb_encode(&cfg, &sid, nonce, 0, cid), len);
	assert_memory_equal(cid, want, len);
	spy.calls = 0;
	assert_true(qlb_decode(&cfg, want, len, &got, NULL));
	assert_memory_equal(&got, &sid, sizeof(sid));
	memset(&got, 0xee, sizeof(got));
	spy.calls = 0;
	assert_true(qlb_decode(&cfg, want, len, &got, got_nonce));
	assert_memory_equal(&got, &sid, sizeof(sid));
	assert_memory_equal(got_nonce, nonce, nonce_len);
	qlb_config_destroy(&cfg);
}

static void draft_vector(void **state)
{
	check_vector(*state, true);
}

static void known_layout(void **state)
{
	check_vector(*state, false);
}

static void example_config(struct qlb_config *cfg)
{
	u8 key[QLB_KEY_LEN];

	from_hex(key, example.key);
	assert_int_equal(qlb_config_init(cfg, 0, 3, 4, true, key), 0);
}

static void assert_block(const struct block *b, const char *half)
{
	u8 want[QLB_BLOCK_LEN] = {};

	from_hex(want, half);
	assert_memory_equal(b, want, sizeof(want));
}

static void assert_halves(const struct feistel *f, const char *left,
			  const char *right)
{
	assert_block(&f->left, left);
	assert_block(&f->right, right);
}

static void example_rounds_encode(void **state)
{
	u8 octets[QLB_CID_LEN_MAX] = {}, joined[JOINED_LEN], want[7];
	struct qlb_config cfg;
	struct feistel f;

	(void)state;
	example_config(&cfg);
	spy.calls = 0;
	from_hex(octets, "31441a9c69c275");
	feistel_split(&f, 7, octets);
	assert_halves(&f, "31441a90", "0c69c275");
	feistel_to_right(&f, &cfg.aes, 1);
	assert_halves(&f, "31441a90", "0e3c1ff9");
	feistel_to_left(&f, &cfg.aes, 2);
	assert_halves(&f, "d4a04850", "0e3c1ff9");
	feistel_to_right(&f, &cfg.aes, 3);
	assert_halves(&f, "d4a04850", "09be054a");
	feistel_to_left(&f, &cfg.aes, 4);
	assert_halves(&f, "67947d20", "09be054a");
	feistel_join(&f, 7, joined);
	from_hex(want, "67947d29be054a");
	assert_memory_equal(joined, want, sizeof(want));
}

static void example_rounds_decode(void **state)
{
	u8 octets[QLB_CID_LEN_MAX] = {}, joined[JOINED_LEN], want[7];
	struct qlb_config cfg;
	struct feistel f;

	(void)state;
	example_config(&cfg);
	spy.calls = 0;
	from_hex(octets, "67947d29be054a");
	feistel_split(&f, 7, octets);
	assert_halves(&f, "67947d20", "09be054a");
	feistel_to_left(&f, &cfg.aes, 4);
	assert_halves(&f, "d4a04850", "09be054a");
	feistel_to_right(&f, &cfg.aes, 3);
	assert_halves(&f, "d4a04850", "0e3c1ff9");
	feistel_to_left(&f, &cfg.aes, 2);
	assert_halves(&f, "31441a90", "0e3c1ff9");
	feistel_to_right(&f, &cfg.aes, 1);
	assert_halves(&f, "31441a90", "0c69c275");
	feistel_join(&f, 7, joined);
	from_hex(want, "31441a9c69c275");
	assert_memory_equal(joined, want, sizeof(want));
}

static void example_aes_blocks(void **state)
{
	/* the draft's next line has b3e4357c for b334357c; the result is right */
	static const char *const in[] = {
		"31441a90000000000000000000000701",
		"0e3c1ff9000000000000000000000702",
		"d4a04850000000000000000000000703",
		"09be054a000000000000000000000704",
	}, *const out[] = {
		"a255dd8cdacf01948d3a848c3c7fee23",
		"e5e452cb9e1bedb0b2bf830506bf4c4e",
		"b7821ab3024fed0913b6a04d18e3216f",
		"b334357cfdf81e3fafe180154eaf7378",
	};
	u8 want[QLB_BLOCK_LEN];
	unsigned int i;

	(void)state;
	check_vector(&example, true);
	/* left there by the decoding that asks for the nonce: passes 4 to 1 */
	assert_int_equal(spy.calls, 4);
	for (i = 0; i < 4; i++) {
		from_hex(want, in[3 - i]);
		assert_memory_equal(spy.in[i], want, sizeof(want));
		from_hex(want, out[3 - i]);
		assert_memory_equal(spy.out[i], want, sizeof(want));
	}
}

static void expand_example(void **state)
{
	u8 octets[QLB_CID_LEN_MAX] = { 0xaa, 0xba, 0x3c, 0xaa, 0xba, 0x3c };
	u8 want[QLB_BLOCK_LEN];
	struct qlb_config cfg;
	struct feistel f;

	(void)state;
	example_config(&cfg);
	feistel_split(&f, 6, octets);
	spy.calls = 0;
	feistel_to_left(&f, &cfg.aes, 2);
	from_hex(want, "aaba3c00000000000000000000000602");
	assert_memory_equal(spy.in[0], want, sizeof(want));
}

typedef void each_config_fn(const struct qlb_config *cfg, const char *key_hex);

/* Return: configs visited. */
static unsigned int each_config(bool keyed, each_config_fn *fn)
{
	char hex[2 * QLB_KEY_LEN + 1] = "";
	unsigned int s, n, count = 0;
	u8 key[QLB_KEY_LEN];
	struct qlb_config cfg;

	for (s = 0; s < 25; s++)
		for (n = 0; n < 25; n++) {
			if (qlb_config_check(0, s, n) != QLB_OK)
				continue;
			random_fill(key, sizeof(key));
			for (unsigned int i = 0; keyed && i < sizeof(key); i++)
				sprintf(hex + 2 * i, "%02x", key[i]);
			assert_int_equal(qlb_config_init(&cfg, random_below(7),
							 s, n, random_below(2),
							 keyed ? key : NULL),
					 0);
			fn(&cfg, hex);
			qlb_config_destroy(&cfg);
			count++;
		}
	return count;
}

static void each_pair(void **state, each_config_fn *fn)
{
	assert_int_equal(each_config(*(bool *)*state, fn), 120);
}

static void round_trip(const struct qlb_config *cfg, const char *key)
{
	u8 nonce[QLB_NONCE_LEN_MAX], got_nonce[QLB_NONCE_LEN_MAX];
	u8 cid[QLB_CID_LEN_MAX], random_bits;
	struct qlb_server_id sid, got;
	unsigned int i;
	size_t len;

	(void)key;
	for (i = 0; i < 100; i++) {
		sid = random_server_id(cfg->server_id_len);
		random_fill(nonce, sizeof(nonce));
		random_bits = random_u64();
		spy.calls = 0;
		len = qlb_encode(cfg, &sid, nonce, random_bits, cid);
		assert_int_equal(len, 1 + cfg->server_id_len + cfg->nonce_len);
		assert_int_equal(cid[0] >> 5, cfg->id);
		assert_int_equal(cid[0] & 0x1f,
				 cfg->self_len ? len - 1 : random_bits & 0x1f);
		memset(&got, 0xff, sizeof(got));
		spy.calls = 0;
		assert_true(qlb_decode(cfg, cid, len, &got, NULL));
		assert_memory_equal(&got, &sid, sizeof(sid));
		memset(&got, 0xff, sizeof(got));
		spy.calls = 0;
		assert_true(qlb_decode(cfg, cid, len, &got, got_nonce));
		assert_memory_equal(&got, &sid, sizeof(sid));
		assert_memory_equal(got_nonce, nonce, cfg->nonce_len);
	}
}

static void all_pairs_round_trip(void **state)
{
	each_pair(state, round_trip);
}

static void to_hex(char *out, const u8 *octets, size_t len)
{
	*out = 0;
	while (len--)
		out += sprintf(out, "%02x", *octets++);
}

static void same_as_oracle(const struct qlb_config *cfg, const char *key)
{
	u8 cid[QLB_CID_LEN_MAX], nonce[QLB_NONCE_LEN_MAX];
	u8 block[QLB_PLAINTEXT_LEN_MAX];
	struct qlb_server_id sid;
	unsigned int i;
	char hex[40];

	for (i = 0; i < 20; i++) {
		random_fill(block, cfg->plaintext_len);
		sid = make_server_id(block, cfg->server_id_len);
		spy.calls = 0;
		qlb_encode(cfg, &sid, block + cfg->server_id_len, 0, cid);
		to_hex(hex, block, cfg->plaintext_len);
		from_hex(block, oracle_encrypt(key, hex));
		assert_memory_equal(cid + 1, block, cfg->plaintext_len);

		/* any octets decode to something; it must be the same thing */
		random_fill(cid, sizeof(cid));
		to_hex(hex, cid + 1, cfg->plaintext_len);
		from_hex(block, oracle_decrypt(key, hex));
		spy.calls = 0;
		assert_true(qlb_decode(cfg, cid, sizeof(cid), &sid, NULL));
		assert_memory_equal(sid.octets, block, cfg->server_id_len);
		spy.calls = 0;
		assert_true(qlb_decode(cfg, cid, sizeof(cid), &sid, nonce));
		assert_memory_equal(sid.octets, block, cfg->server_id_len);
		assert_memory_equal(nonce, block + cfg->server_id_len,
				    cfg->nonce_len);
	}
}

static void all_pairs_as_oracle(void **state)
{
	each_pair(state, same_as_oracle);
}

static void every_length(const struct qlb_config *cfg, const char *key)
{
	u8 nonce[QLB_NONCE_LEN_MAX], want_nonce[QLB_NONCE_LEN_MAX];
	struct qlb_server_id sid, want, untouched;
	u8 cid[40], untouched_nonce[QLB_NONCE_LEN_MAX];
	size_t len;

	(void)key;
	memset(&untouched, 0xa5, sizeof(untouched));
	memset(untouched_nonce, 0xa5, sizeof(untouched_nonce));
	memset(want_nonce, 0xa5, sizeof(want_nonce));
	want = random_server_id(cfg->server_id_len);
	random_fill(want_nonce, cfg->nonce_len);
	for (len = 0; len <= sizeof(cid); len++) {
		/* what follows the CID is different each time */
		random_fill(cid, sizeof(cid));
		spy.calls = 0;
		qlb_encode(cfg, &want, want_nonce, 0, cid);
		random_fill(cid + 1 + cfg->plaintext_len,
			    sizeof(cid) - 1 - cfg->plaintext_len);
		sid = untouched;
		memcpy(nonce, untouched_nonce, sizeof(nonce));
		spy.calls = 0;
		if (len <= cfg->plaintext_len) {
			assert_false(qlb_decode(cfg, guarded(cid, len), len,
						&sid, nonce));
			assert_int_equal(spy.calls, 0);
			assert_memory_equal(&sid, &untouched, sizeof(sid));
			assert_memory_equal(nonce, untouched_nonce,
					    sizeof(nonce));
			continue;
		}
		assert_true(qlb_decode(cfg, guarded(cid, len), len, &sid, NULL));
		assert_memory_equal(&sid, &want, sizeof(sid));
		spy.calls = 0;
		assert_true(qlb_decode(cfg, guarded(cid, len), len, &sid,
				       nonce));
		assert_memory_equal(&sid, &want, sizeof(sid));
		/* beyond the nonce's length the buffer keeps its 0xa5 */
		assert_memory_equal(nonce, want_nonce, sizeof(nonce));
	}
}

static void all_pairs_every_length(void **state)
{
	each_pair(state, every_length);
}

static void pass_count(const struct qlb_config *cfg, const char *key)
{
	u8 cid[QLB_CID_LEN_MAX], nonce[QLB_NONCE_LEN_MAX] = {};
	static const unsigned int passes[] = {
		[QLB_PLAINTEXT] = 0, [QLB_SINGLE_PASS] = 1, [QLB_FOUR_PASS] = 4,
	};
	bool one = cfg->plaintext_len == 16;
	struct qlb_server_id sid;
	unsigned int all;

	all = !*key ? 0 : one ? 1 : 4;
	assert_int_equal(passes[cfg->algorithm], all);
	sid = random_server_id(cfg->server_id_len);
	spy.calls = 0;
	qlb_encode(cfg, &sid, nonce, 0, cid);
	assert_int_equal(spy.calls, all);
	spy.calls = 0;
	assert_true(qlb_decode(cfg, cid, sizeof(cid), &sid, nonce));
	assert_int_equal(spy.calls, all);
	spy.calls = 0;
	assert_true(qlb_decode(cfg, cid, sizeof(cid), &sid, NULL));
	if (all == 4 && cfg->nonce_len >= cfg->server_id_len)
		all = 3;
	assert_int_equal(spy.calls, all);
}

static void all_pairs_pass_count(void **state)
{
	each_pair(state, pass_count);
}

static void stays_in_room(const struct qlb_config *cfg, const char *key)
{
	u8 nonce[QLB_NONCE_LEN_MAX], room[QLB_CID_LEN_MAX + 8];
	u8 exact[QLB_NONCE_LEN_MAX];
	struct qlb_server_id sid;
	unsigned int i;

	(void)key;
	memset(room, 0xa5, sizeof(room));
	random_fill(exact, sizeof(exact));
	sid = random_server_id(cfg->server_id_len);
	spy.calls = 0;
	qlb_encode(cfg, &sid, guarded(exact, cfg->nonce_len), 0, room);
	for (i = QLB_CID_LEN_MAX; i < sizeof(room); i++)
		assert_int_equal(room[i], 0xa5);
	memset(nonce, 0xa5, sizeof(nonce));
	spy.calls = 0;
	assert_true(qlb_decode(cfg, room, QLB_CID_LEN_MAX, &sid, nonce));
	for (i = cfg->nonce_len; i < sizeof(nonce); i++)
		assert_int_equal(nonce[i], 0xa5);
}

static void all_pairs_stay_in_room(void **state)
{
	each_pair(state, stays_in_room);
}

static void config_limits(void **state)
{
	static const struct {
		unsigned int id, server_id_len, nonce_len;
		enum qlb_fault fault;
	} cases[] = {
		{ 0, 1, 4, QLB_OK },
		{ 6, 15, 4, QLB_OK },
		{ 6, 1, 18, QLB_OK },
		{ 7, 1, 4, QLB_BAD_CONFIG_ID },
		{ 8, 1, 4, QLB_BAD_CONFIG_ID },
		{ 256, 1, 4, QLB_BAD_CONFIG_ID },
		{ UINT_MAX, 1, 4, QLB_BAD_CONFIG_ID },
		{ 0, 0, 4, QLB_BAD_SERVER_ID_LEN },
		{ 0, 16, 4, QLB_BAD_SERVER_ID_LEN },
		{ 0, 257, 4, QLB_BAD_SERVER_ID_LEN },
		{ 0, UINT_MAX, 4, QLB_BAD_SERVER_ID_LEN },
		{ 0, 1, 0, QLB_BAD_NONCE_LEN },
		{ 0, 1, 3, QLB_BAD_NONCE_LEN },
		{ 0, 1, 19, QLB_BAD_NONCE_LEN },
		{ 0, 1, 260, QLB_BAD_NONCE_LEN },
		{ 0, 1, UINT_MAX, QLB_BAD_NONCE_LEN },
		{ 0, 15, 5, QLB_BAD_TOTAL_LEN },
		{ 0, 2, 18, QLB_BAD_TOTAL_LEN },
		{ 0, 10, 10, QLB_BAD_TOTAL_LEN },
	};
	unsigned int id, s, n, legal = 0;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(qlb_config_check(cases[i].id,
						  cases[i].server_id_len,
						  cases[i].nonce_len),
				 cases[i].fault);
	for (id = 0; id < 20; id++)
		for (s = 0; s < 40; s++)
			for (n = 0; n < 40; n++)
				legal += qlb_config_check(id, s, n) == QLB_OK;
	assert_int_equal(legal, QLB_CONFIGS_MAX * 120);
}

static void config_is_wiped(void **state)
{
	static const u8 zeros[sizeof(struct qlb_aes)];
	struct qlb_config cfg;

	(void)state;
	example_config(&cfg);
	assert_memory_not_equal(&cfg.aes, zeros, sizeof(zeros));
	qlb_config_destroy(&cfg);
	assert_memory_equal(&cfg.aes, zeros, sizeof(zeros));
	assert_false(qlb_has_key(&cfg));
}

static void fingerprint(void **state)
{
	struct qlb_config cfg;
	u8 key[QLB_KEY_LEN];

	(void)state;
	from_hex(key, DRAFT_KEY);
	assert_int_equal(qlb_config_init(&cfg, 0, 3, 4, false, key), 0);
	spy.calls = 0;
	/* printf 'QUIC-LB key name' | openssl enc -aes-128-ecb -nopad -K ... */
	assert_int_equal(qlb_fingerprint(&cfg), 0x170780a6);
	assert_memory_equal(spy.in[0], "QUIC-LB key name", QLB_BLOCK_LEN);
}

static bool can_be_right(bool long_form, u32 version, size_t dcid_len, u8 self_len)
{
	const u8 first = self_len - 1;
	const struct quic_hdr hdr = {
		.long_form = long_form, .version = version, .dcid = &first,
		.dcid_len = dcid_len, .dcid_view = 1,
	};

	return qlb_length_can_be_right(&hdr, 7);
}

/* Of a config whose CIDs have 8 octets. */
static void lengths(void **state)
{
	enum { V1 = 1, V2 = 0x6b3343cf, OTHER = 0x1a2a3a4a };

	(void)state;
	assert_true(can_be_right(true, V1, 8, 8));
	assert_true(can_be_right(true, V2, 20, 20));
	assert_false(can_be_right(true, V1, 9, 8));
	assert_false(can_be_right(true, V1, 7, 7));
	assert_false(can_be_right(true, V1, 21, 21));
	assert_false(can_be_right(true, V2, 21, 21));
	assert_true(can_be_right(true, OTHER, 21, 21));
	assert_true(can_be_right(false, 0, 40, 8));
	assert_true(can_be_right(false, 0, 40, 32));
	assert_false(can_be_right(false, 0, 40, 7));
}

/* The codec's part of a layout; test_layout.c has the rest. */
static void layout(void **state)
{
	const struct qlb_layout last = { .bit_offset = 48, .bits = 16, .cid_len = 8 };
	const u8 cid[] = { 0xff, 0, 1, 2, 3, 4, 0x0a, 0x01 };
	struct qlb_server_id sid;
	struct qlb_config cfg;

	(void)state;
	spy.calls = 0;
	qlb_config_init_layout(&cfg, 0, &last);
	assert_true(qlb_decode(&cfg, guarded(cid, sizeof(cid)), sizeof(cid), &sid, NULL));
	assert_int_equal(sid.len, 2);
	assert_memory_equal(sid.octets, cid + 6, 2);
	assert_false(qlb_decode(&cfg, cid, sizeof(cid) - 1, &sid, NULL));
	assert_int_equal(spy.calls, 0);
}

static void algorithm_names(void **state)
{
	(void)state;
	assert_string_equal(qlb_algorithm_name(qlb_algorithm(false, 8, 8)), "plaintext");
	assert_string_equal(qlb_algorithm_name(qlb_algorithm(true, 8, 8)), "single-pass");
	assert_string_equal(qlb_algorithm_name(qlb_algorithm(true, 8, 7)), "four-pass");
}

#define VECTOR(fn, vector)	{ #fn ": " #vector, fn, NULL, NULL, &vector }
#define KEYED(fn)		{ #fn ": keyed", fn, NULL, NULL, &keyed }
#define PLAIN(fn)		{ #fn ": plaintext", fn, NULL, NULL, &plain }

int main(void)
{
	static bool keyed = true, plain;
	const struct CMUnitTest tests[] = {
		VECTOR(draft_vector, plaintext_1),
		VECTOR(draft_vector, plaintext_2),
		VECTOR(draft_vector, three_passes_odd),
		VECTOR(draft_vector, four_passes_odd),
		VECTOR(draft_vector, single_pass),
		VECTOR(draft_vector, three_passes_even),
		VECTOR(draft_vector, example),
		VECTOR(known_layout, short_layout),
		VECTOR(known_layout, long_layout),
		cmocka_unit_test(example_rounds_encode),
		cmocka_unit_test(example_rounds_decode),
		cmocka_unit_test(example_aes_blocks),
		cmocka_unit_test(expand_example),
		KEYED(all_pairs_round_trip),
		PLAIN(all_pairs_round_trip),
		KEYED(all_pairs_as_oracle),
		PLAIN(all_pairs_as_oracle),
		KEYED(all_pairs_every_length),
		PLAIN(all_pairs_every_length),
		KEYED(all_pairs_pass_count),
		PLAIN(all_pairs_pass_count),
		KEYED(all_pairs_stay_in_room),
		PLAIN(all_pairs_stay_in_room),
		cmocka_unit_test(config_limits),
		cmocka_unit_test(algorithm_names),
		cmocka_unit_test(layout),
		cmocka_unit_test(lengths),
		cmocka_unit_test(config_is_wiped),
		cmocka_unit_test(fingerprint),
	};

	return cmocka_run_group_tests_name("qlb", tests, NULL, NULL);
}
