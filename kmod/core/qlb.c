// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * QUIC-LB connection IDs, draft-ietf-quic-load-balancers (newest text after
 * -21), sections "First CID octet" and "Server ID Encoding in Connection IDs".
 *
 * DOC: the format
 *
 *	first octet | server ID (1..15 octets) | nonce (4..18 octets)
 *
 * The first octet is never encrypted: three bits of config ID, then either the
 * length of what follows or random bits.  What follows, the "plaintext block" of
 * 5..19 octets, is left as it is when the config has no key, is one AES-128
 * block when it happens to be 16 octets long, and otherwise goes through a
 * four-round Feistel network whose round function is AES-128.
 *
 * DOC: the Feistel network
 *
 * The block is cut into a left and a right half of half_len = ceil(len / 2)
 * octets.  When len is odd the cut is in the middle of an octet: the left half
 * keeps the high nibble of it (last four bits zero) and the right half the low
 * nibble (first four bits zero), so the halves share that octet's place but not
 * its bits.  A pass takes one half, expands it to
 *
 *	half | zeros | len | pass		(16 octets)
 *
 * encrypts that, and XORs the first bits of the result over the other half.
 * Encoding runs pass 1 (left over right), 2 (right over left), 3, 4; decoding
 * runs the very same passes as 4, 3, 2, 1, as XOR undoes itself.  The left half
 * is final after pass 2: when the server ID lies in it, that is, when the nonce is
 * at least as long, a load balancer stops there and saves one AES in four.
 *
 * Example, section "Encryption Example": server ID 31441a, nonce 9c69c275.  len
 * is 7, half_len 4; the halves are 31441a90 and 0c69c275.  Pass 1 encrypts
 * 31441a90 00000000 00000000 00000701 to a255dd8c...; right becomes 0c69c275 ^
 * a255dd8c, first nibble cleared: 0e3c1ff9.  And so on to 67947d20 and 09be054a,
 * which join to 67947d29be054a.
 *
 * DOC: how it is done here
 *
 * A half is kept as two machine words holding a 16-octet block in memory order,
 * with everything that is not part of the half zero.  It is then at once the
 * input of expand (which only ORs two octets into the last word), and "truncate
 * and clear the nibble" is one AND with a mask of the same shape.  Masks are read
 * from sliding windows: to keep n octets of sixteen, start reading 16 - n octets
 * into a run of ones that is followed by zeros.
 */
#include "qlb.h"

enum {
	HALF_LEN_MAX = (QLB_PLAINTEXT_LEN_MAX + 1) / 2,
	/* a block can be stored at any octet a right half can start at */
	JOINED_LEN = QLB_PLAINTEXT_LEN_MAX - HALF_LEN_MAX + QLB_BLOCK_LEN,
};

_Static_assert(sizeof(struct qlb_server_id) == QLB_BLOCK_LEN,
	       "server_id_store() writes the struct as one block");
_Static_assert(HALF_LEN_MAX == sizeof(u64) + sizeof(u16),
	       "half_load() reads these two words");

_Static_assert(QLB_ALGORITHM_COUNT == QLB_FOUR_PASS + 1,
	       "decode() and qlb_encode() need a case for each algorithm");

/* Sixteen octets in memory order. */
struct block {
	u64 w[2];
};

struct feistel {
	struct block left;
	struct block right;
	struct block left_mask;
	struct block right_mask;
	u64 length;	/* expand's length octet, in its place in w[1] */
	bool direct;	/* qlb_aes_begin()'s */
};

/* Written out: in [0 ... 14] the prover (tools/testing/proofs) sees the first octet alone. */
#define FIVE_ONES 0xff, 0xff, 0xff, 0xff, 0xff

/* The first n octets start at 16 - n; in the second row, less a nibble. */
static const u8 window[2][2 * QLB_BLOCK_LEN] = {
	{ FIVE_ONES, FIVE_ONES, FIVE_ONES, 0xff },
	{ FIVE_ONES, FIVE_ONES, FIVE_ONES, 0xf0 },
};

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OCTET(value, index)	((u64)(value) << 8 * (index))
#else
#define OCTET(value, index)	((u64)(value) << 8 * (7 - (index)))
#endif

static __always_inline struct block block_load(const u8 *p)
{
	struct block b;

	memcpy(&b, p, sizeof(b));
	return b;
}

static __always_inline struct block block_and(struct block a, struct block b)
{
	a.w[0] &= b.w[0];
	a.w[1] &= b.w[1];
	return a;
}

static __always_inline struct block first_octets(unsigned int n,
						 unsigned int less_nibble)
{
	return block_load(&window[less_nibble][QLB_BLOCK_LEN - n]);
}

/*
 * A half and what happens to follow it.  Reads HALF_LEN_MAX octets, not a whole
 * block: the last half of the longest CID ends where the CID does.
 */
static __always_inline struct block half_load(const u8 *p)
{
	struct block b;
	u16 last;

	memcpy(&b.w[0], p, sizeof(b.w[0]));
	memcpy(&last, p + sizeof(b.w[0]), sizeof(last));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	b.w[1] = last;
#else
	b.w[1] = (u64)last << 48;
#endif
	return b;
}

/* Octets before the right half, counting the shared one as the right's. */
static inline unsigned int right_offset(unsigned int plaintext_len)
{
	return plaintext_len / 2;
}

/*
 * Cuts a plaintext block, or a ciphertext, in half: step 2.  QLB_PLAINTEXT_LEN_MAX
 * octets must be readable whatever the config says; what it does not use is
 * masked.
 */
static __always_inline void feistel_split(struct feistel *f,
					  unsigned int plaintext_len,
					  const u8 *octets)
{
	unsigned int odd = plaintext_len & 1;
	unsigned int half_len = (plaintext_len + 1) / 2;

	f->length = OCTET(plaintext_len, 6);
	f->left_mask = first_octets(half_len, odd);
	f->right_mask = first_octets(half_len, 0);
	f->right_mask.w[0] &= ~OCTET(odd * 0xf0, 0);
	f->left = block_and(half_load(octets), f->left_mask);
	f->right = block_and(half_load(octets + right_offset(plaintext_len)),
			     f->right_mask);
}

/* target ^= truncate(AES(expand(plaintext_len, pass, source))) */
static __always_inline void
feistel_pass(const struct feistel *f, const struct qlb_aes *aes,
	     unsigned int pass, struct block *target,
	     const struct block *source, const struct block *mask)
{
	struct block b = *source;

	b.w[1] |= f->length | OCTET(pass, 7);
	qlb_aes_encrypt_words(f->direct, aes, b.w);
	target->w[0] ^= b.w[0] & mask->w[0];
	target->w[1] ^= b.w[1] & mask->w[1];
}

/* Passes 1 and 3. */
static __always_inline void
feistel_to_right(struct feistel *f, const struct qlb_aes *aes, unsigned int pass)
{
	feistel_pass(f, aes, pass, &f->right, &f->left, &f->right_mask);
}

/* Passes 2 and 4. */
static __always_inline void
feistel_to_left(struct feistel *f, const struct qlb_aes *aes, unsigned int pass)
{
	feistel_pass(f, aes, pass, &f->left, &f->right, &f->left_mask);
}

/* Step 12; octets of @joined beyond the plaintext length become zero. */
static inline void feistel_join(const struct feistel *f,
				unsigned int plaintext_len,
				u8 joined[JOINED_LEN])
{
	u8 *right = joined + right_offset(plaintext_len);
	struct block b;

	memset(joined + QLB_BLOCK_LEN, 0, JOINED_LEN - QLB_BLOCK_LEN);
	memcpy(joined, &f->left, sizeof(f->left));
	b = block_load(right);
	b.w[0] |= f->right.w[0];
	b.w[1] |= f->right.w[1];
	memcpy(right, &b, sizeof(b));
}

/*
 * The struct is its length octet followed by the ID, so storing is moving the
 * block up by one octet.
 */
static __always_inline void server_id_store(struct qlb_server_id *sid,
					    unsigned int len, struct block b)
{
	b = block_and(b, first_octets(len, 0));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	b.w[1] = b.w[1] << 8 | b.w[0] >> 56;
	b.w[0] = b.w[0] << 8 | OCTET(len, 0);
#else
	b.w[1] = b.w[1] >> 8 | b.w[0] << 56;
	b.w[0] = b.w[0] >> 8 | OCTET(len, 0);
#endif
	memcpy(sid, &b, sizeof(b));
}

enum qlb_fault qlb_config_check(unsigned int id, unsigned int server_id_len,
				unsigned int nonce_len)
{
	if (id > QLB_CONFIG_ID_MAX)
		return QLB_BAD_CONFIG_ID;
	if (server_id_len < QLB_SERVER_ID_LEN_MIN ||
	    server_id_len > QLB_SERVER_ID_LEN_MAX)
		return QLB_BAD_SERVER_ID_LEN;
	if (nonce_len < QLB_NONCE_LEN_MIN || nonce_len > QLB_NONCE_LEN_MAX)
		return QLB_BAD_NONCE_LEN;
	if (server_id_len + nonce_len > QLB_PLAINTEXT_LEN_MAX)
		return QLB_BAD_TOTAL_LEN;
	return QLB_OK;
}

int qlb_config_init(struct qlb_config *cfg, u8 id, u8 server_id_len,
		    u8 nonce_len, bool self_len, const u8 *key)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->id = id;
	cfg->server_id_len = server_id_len;
	cfg->nonce_len = nonce_len;
	cfg->plaintext_len = server_id_len + nonce_len;
	cfg->self_len = self_len;
	cfg->algorithm = qlb_algorithm(key, server_id_len, nonce_len);
	return key ? qlb_aes_init(&cfg->aes, key) : 0;
}

void qlb_config_destroy(struct qlb_config *cfg)
{
	if (qlb_has_key(cfg))
		qlb_aes_destroy(&cfg->aes);
	cfg->algorithm = QLB_PLAINTEXT;
}

void qlb_config_init_layout(struct qlb_config *cfg, u8 id,
			    const struct qlb_layout *layout)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->id = id;
	cfg->server_id_len = qlb_layout_sid_len(layout);
	cfg->plaintext_len = qlb_layout_min_len(layout) - 1;
	cfg->algorithm = QLB_LAYOUT;
	cfg->layout = *layout;
	cfg->place = qlb_layout_place(layout);
}

/*
 * The encrypted cases are kept out of line, so that plaintext does not pay for
 * their stack frame.
 */
static noinline void decode_single_pass(const struct qlb_config *cfg,
					const u8 *octets,
					struct qlb_server_id *sid, u8 *nonce)
{
	struct block b;

	qlb_aes_decrypt(&cfg->aes, (u8 *)&b, octets);
	server_id_store(sid, cfg->server_id_len, b);
	if (nonce)
		memcpy(nonce, (u8 *)&b + cfg->server_id_len, cfg->nonce_len);
}

/* Undoes passes 4 to 2: the left half is as it was.  The caller ends the use of AES. */
static __always_inline void feistel_undo_three(struct feistel *f,
					       const struct qlb_config *cfg,
					       const u8 *octets)
{
	feistel_split(f, cfg->plaintext_len, octets);
	f->direct = qlb_aes_begin();
	feistel_to_left(f, &cfg->aes, 4);
	feistel_to_right(f, &cfg->aes, 3);
	feistel_to_left(f, &cfg->aes, 2);
}

/* The left half is all of the server ID. */
static noinline void decode_three_pass(const struct qlb_config *cfg,
				       const u8 *octets,
				       struct qlb_server_id *sid)
{
	struct feistel f qlb_uninitialized;

	feistel_undo_three(&f, cfg, octets);
	qlb_aes_end(f.direct);
	server_id_store(sid, cfg->server_id_len, f.left);
}

static noinline void decode_four_pass(const struct qlb_config *cfg,
				      const u8 *octets,
				      struct qlb_server_id *sid, u8 *nonce)
{
	u8 joined[JOINED_LEN] qlb_uninitialized;
	struct feistel f qlb_uninitialized;

	feistel_undo_three(&f, cfg, octets);
	feistel_to_right(&f, &cfg->aes, 1);
	qlb_aes_end(f.direct);
	feistel_join(&f, cfg->plaintext_len, joined);
	server_id_store(sid, cfg->server_id_len, block_load(joined));
	if (nonce)
		memcpy(nonce, joined + cfg->server_id_len, cfg->nonce_len);
}

/* Reads whole words, all within QLB_CID_LEN_MAX octets from @cid. */
static __always_inline bool decode(const struct qlb_config *cfg, const u8 *cid,
				   struct qlb_server_id *sid, u8 *nonce)
{
	const u8 *octets = cid + 1;

	switch (cfg->algorithm) {
	case QLB_PLAINTEXT:
		server_id_store(sid, cfg->server_id_len, block_load(octets));
		if (nonce)
			memcpy(nonce, octets + cfg->server_id_len,
			       cfg->nonce_len);
		break;
	case QLB_LAYOUT:
		return qlb_layout_decode(&cfg->layout, &cfg->place, cid, sid);
	case QLB_SINGLE_PASS:
		decode_single_pass(cfg, octets, sid, nonce);
		break;
	default: /* QLB_FOUR_PASS */
		if (!nonce && cfg->nonce_len >= cfg->server_id_len)
			decode_three_pass(cfg, octets, sid);
		else
			decode_four_pass(cfg, octets, sid, nonce);
		break;
	}
	return true;
}

/* Only for long headers: behind a short one's CID comes the packet's payload. */
static noinline bool decode_padded(const struct qlb_config *cfg, const u8 *cid,
				   size_t cid_len, struct qlb_server_id *sid,
				   u8 *nonce)
{
	u8 copy[QLB_CID_LEN_MAX] = {};

	memcpy(copy, cid, cid_len);
	return decode(cfg, copy, sid, nonce);
}

bool qlb_decode(const struct qlb_config *cfg, const u8 *cid, size_t cid_len,
		struct qlb_server_id *sid, u8 *nonce)
{
	if (cid_len <= cfg->plaintext_len)
		return false;
	if (cid_len < QLB_CID_LEN_MAX)
		return decode_padded(cfg, cid, cid_len, sid, nonce);
	return decode(cfg, cid, sid, nonce);
}

static void encode_four_pass(const struct qlb_config *cfg, u8 *octets)
{
	u8 joined[JOINED_LEN];
	struct feistel f;

	feistel_split(&f, cfg->plaintext_len, octets);
	f.direct = qlb_aes_begin();
	feistel_to_right(&f, &cfg->aes, 1);
	feistel_to_left(&f, &cfg->aes, 2);
	feistel_to_right(&f, &cfg->aes, 3);
	feistel_to_left(&f, &cfg->aes, 4);
	qlb_aes_end(f.direct);
	feistel_join(&f, cfg->plaintext_len, joined);
	memcpy(octets, joined, cfg->plaintext_len);
}

size_t qlb_encode(const struct qlb_config *cfg, const struct qlb_server_id *sid,
		  const u8 *nonce, u8 random_bits, u8 *cid)
{
	u8 low_bits = cfg->self_len ? cfg->plaintext_len : random_bits & 0x1f;

	memset(cid, 0, QLB_CID_LEN_MAX);
	*cid++ = cfg->id << 5 | low_bits;
	memcpy(cid, sid->octets, cfg->server_id_len);
	memcpy(cid + cfg->server_id_len, nonce, cfg->nonce_len);
	if (cfg->algorithm == QLB_SINGLE_PASS)
		qlb_aes_encrypt(&cfg->aes, cid, cid);
	else if (cfg->algorithm == QLB_FOUR_PASS)
		encode_four_pass(cfg, cid);
	return 1 + cfg->plaintext_len;
}

u32 qlb_fingerprint(const struct qlb_config *cfg)
{
	static const char name[] = "QUIC-LB key name";
	u8 out[QLB_BLOCK_LEN];

	qlb_aes_encrypt(&cfg->aes, out, (const u8 *)name);
	return (u32)out[0] << 24 | (u32)out[1] << 16 | (u32)out[2] << 8 | out[3];
}
