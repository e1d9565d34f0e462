/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * QUIC-LB connection IDs: draft-ietf-quic-load-balancers (newest text after
 * -21).  Pure: no allocation, no lock, no log.
 */
#ifndef _QLB_H
#define _QLB_H

#include "qlb_aes.h"
#include "qlb_layout.h"

/* Why qlb_config_check() refused; each caller words it in its own way. */
enum qlb_fault {
	QLB_OK,
	QLB_BAD_CONFIG_ID,	/* not 0..6 */
	QLB_BAD_SERVER_ID_LEN,	/* not 1..15 */
	QLB_BAD_NONCE_LEN,	/* not 4..18 */
	QLB_BAD_TOTAL_LEN,	/* server ID and nonce exceed 19 octets */
};

/*
 * What becomes of server ID and nonce in a CID, section "Server ID Encoding in Connection
 * IDs".  The draft has one number for all three: key and lengths say which it is.
 */
enum qlb_algorithm {
	QLB_PLAINTEXT,		/* without a key: nothing */
	QLB_LAYOUT,		/* not the draft's: see struct qlb_layout */
	QLB_SINGLE_PASS,	/* with a key, together one AES block */
	QLB_FOUR_PASS,		/* with a key, of any other length */
	QLB_ALGORITHM_COUNT
};

/**
 * struct qlb_config - one validated QUIC-LB configuration, or a layout
 * @id: config rotation codepoint, 0..6
 * @server_id_len: octets, 1..15
 * @nonce_len: octets, 4..18; of a layout 0
 * @plaintext_len: server_id_len + nonce_len, 5..19; of a layout one less than the octets
 *		   that a CID has at least, 0..19
 * @self_len: first octet carries the length (section "Length Self-Description")
 * @algorithm: by key and lengths, see qlb_algorithm()
 * @aes: expanded key, see qlb_aes.h; unused without one
 * @layout: of QLB_LAYOUT, else zero
 * @place: likewise
 */
struct qlb_config {
	u8 id;
	u8 server_id_len;
	u8 nonce_len;
	u8 plaintext_len;
	bool self_len;
	enum qlb_algorithm algorithm;
	struct qlb_aes aes;
	struct qlb_layout layout;
	struct qlb_place place;
};

/* The three high bits of the first octet. */
static inline u8 qlb_config_id(u8 first_octet)
{
	return first_octet >> 5;
}

/* The five low bits, where a CID tells its length, say how many octets follow. */
static inline size_t qlb_self_len(u8 first_octet)
{
	return 1 + (first_octet & 0x1f);
}

/* The algorithm of a config, by whether it has a key, and its lengths. */
static inline enum qlb_algorithm qlb_algorithm(bool has_key,
					       unsigned int server_id_len,
					       unsigned int nonce_len)
{
	if (!has_key)
		return QLB_PLAINTEXT;
	/* section "Special Case: Single Pass Encryption" */
	return server_id_len + nonce_len == QLB_BLOCK_LEN ? QLB_SINGLE_PASS :
							    QLB_FOUR_PASS;
}

/* What people call it. */
static inline const char *qlb_algorithm_name(enum qlb_algorithm algorithm)
{
	static const char * const names[] = {
		[QLB_PLAINTEXT]		= "plaintext",
		[QLB_LAYOUT]		= "layout",
		[QLB_SINGLE_PASS]	= "single-pass",
		[QLB_FOUR_PASS]		= "four-pass",
	};

	return names[algorithm];
}

/* The two without a key come first: one comparison, on the path of each datagram. */
static inline bool qlb_has_key(const struct qlb_config *cfg)
{
	return cfg->algorithm > QLB_LAYOUT;
}

enum qlb_fault qlb_config_check(unsigned int id, unsigned int server_id_len,
				unsigned int nonce_len);

/**
 * qlb_config_init() - fill a config from checked parameters
 * @cfg: the config; on error nothing in it needs qlb_config_destroy()
 * @id: config rotation codepoint
 * @server_id_len: octets
 * @nonce_len: octets
 * @self_len: encode the length in the first octet
 * @key: QLB_KEY_LEN octets, or NULL for the plaintext algorithm
 *
 * The three numbers must have passed qlb_config_check().
 * Return: 0, or the negative errno of qlb_aes_init().
 */
int qlb_config_init(struct qlb_config *cfg, u8 id, u8 server_id_len,
		    u8 nonce_len, bool self_len, const u8 *key);
void qlb_config_destroy(struct qlb_config *cfg);

/**
 * qlb_config_init_layout() - the same for a layout
 * @cfg: the config
 * @id: the number that it and its server IDs are named by
 * @layout: has passed qlb_layout_check(); copied
 */
void qlb_config_init_layout(struct qlb_config *cfg, u8 id,
			    const struct qlb_layout *layout);

/**
 * qlb_decode() - extract the server ID from a connection ID
 * @cfg: the config the CID's first octet names (not checked here)
 * @cid: the CID, first octet included
 * @cid_len: octets readable at @cid; more than the config needs is fine
 * @sid: set on success
 * @nonce: NULL, or a buffer of QLB_NONCE_LEN_MAX; asking for it costs the
 *	   fourth pass that the server ID alone may not need
 *
 * Return: false when the CID is shorter than the config, or has not a layout's fixed bits
 * (then @sid and @nonce are untouched).
 */
bool qlb_decode(const struct qlb_config *cfg, const u8 *cid, size_t cid_len,
		struct qlb_server_id *sid, u8 *nonce);

/**
 * qlb_encode() - make a connection ID
 * @cfg: the config, no layout
 * @sid: a server ID of exactly cfg->server_id_len octets (not checked)
 * @nonce: cfg->nonce_len octets, never used before with this key and, in the
 *	   plaintext algorithm, without relation to earlier ones
 * @random_bits: low five bits of the first octet unless cfg->self_len
 * @cid: QLB_CID_LEN_MAX octets of room
 *
 * Return: the CID's length in octets, 1 + cfg->plaintext_len.
 */
size_t qlb_encode(const struct qlb_config *cfg, const struct qlb_server_id *sid,
		  const u8 *nonce, u8 random_bits, u8 *cid);

/**
 * qlb_fingerprint() - a name for a key that does not give it away
 * @cfg: a keyed config
 *
 * Return: the first 32 bits, big endian, of the AES-128 encryption of the
 * 16 octets "QUIC-LB key name".  No pass of four encrypts that block: their inputs
 * end in a length of 5..19 and a pass of 1..4.  A single pass does for one server ID
 * and one nonce only, whose CID would show what the fingerprint shows.
 */
u32 qlb_fingerprint(const struct qlb_config *cfg);

#endif /* _QLB_H */
